"""``anthropic-max-proxy flows``: what is in a file of saved flows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import click

from ..inspection import views
from .flow_files import Damaged, Kept, NotFlows, read
from .flow_rows import as_dict, print_rows

VIEWS: Final[Mapping[str, views.Renderer]] = {
    name.lower(): render for name, render in views.VIEWS.items()
}
USUAL_VIEW: Final = views.AUTOMATIC.lower()
_NOT_OURS: Final = (
    "It was not recorded by anthropic-max-proxy, so there is nothing to show but: {}"
)


@click.command(
    "flows",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
)
@click.argument("file", type=click.Path(allow_dash=True))
@click.option(
    "--flow",
    "wanted",
    metavar="N|ID",
    help="One flow: its number in the list, or the beginning of a request id, ours or "
    "Anthropic's.",
)
@click.option(
    "--view",
    type=click.Choice(list(VIEWS)),
    help=f"What to show of the flow.  [default: {USUAL_VIEW}]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def command(
    ctx: click.Context,
    file: str,
    wanted: str | None,
    view: str | None,
    as_json: bool,
) -> None:
    """List the requests in a file of saved flows, or show one of them.

    FILE is one that the proxy, mitmdump or mitmweb wrote with -w, or mitmweb saved;
    - reads it from standard input. No proxy has to run. The list has a line for each
    flow: when, which model was asked for and which answered, the status, the tokens,
    how the answer ended, and what the translation warns of.

    HAR files that the proxy wrote (--set hardump=FILE) are read, too. Of those of other
    programs only method, address and status are listed.

    \b
    Views:
      translation  what became of each field, and of the answer
      client       what the client sent and got
      upstream     what Anthropic received and answered
      timeline     a stream's events by time, beside the chunks they became
      context      what the prompt consists of, and what of it was cached

    A file whose end is missing or damaged is read as far as it goes.

    \b
    Exit codes:
      0  all was read
      1  the file is damaged; what could be read is shown
      2  there is no such file or flow, or the file is of another kind

    \b
    Examples:
      anthropic-max-proxy -- -w traffic.flows
      anthropic-max-proxy flows traffic.flows
      anthropic-max-proxy flows traffic.flows --flow 3
      anthropic-max-proxy flows traffic.flows --flow req_011C --view timeline
      anthropic-max-proxy flows traffic.flows --json | jq '.[].facts.outcome.usage'
    """
    if view is not None and as_json:
        raise click.UsageError("--json has all of a flow; it goes without --view.")
    kept: list[Kept] = []
    damage: Damaged | None = None
    try:
        for one in read(file):
            kept.append(one)
    except NotFlows as wrong:
        raise click.UsageError(str(wrong)) from None
    except Damaged as wrong:
        damage = wrong
    if wanted is not None or view is not None:
        _show(_chosen(kept, wanted, file), view or USUAL_VIEW, as_json)
    elif as_json:
        click.echo(json.dumps([as_dict(one) for one in kept], indent=2))
    elif kept:
        print_rows(kept)
    else:
        click.echo(f"There are no flows in {file}.")
    if damage is not None:
        click.echo(str(damage), err=True)
        ctx.exit(1)


def _chosen(kept: list[Kept], wanted: str | None, file: str) -> Kept:
    if wanted is None:
        if len(kept) == 1:
            return kept[0]
        raise click.UsageError(
            f"There are {len(kept)} flows in {file}: choose one with --flow."
        )
    if wanted.isdecimal():
        found = [one for one in kept if one.number == int(wanted)]
    else:
        found = [one for one in kept if any(i.startswith(wanted) for i in one.ids)]
    if len(found) == 1:
        return found[0]
    problem = "There is no flow" if not found else "There are several flows"
    raise click.UsageError(
        f"{problem} {wanted!r} in {file}. Without --flow, all {len(kept)} are listed."
    )


def _show(one: Kept, view: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(as_dict(one, messages=True), indent=2))
    elif not one.recorded.facts:
        click.echo(_NOT_OURS.format(one.summary))
    else:
        click.echo(VIEWS[view](one.recorded))

"""``anthropic-max-proxy explain``: the translation of a request, nothing sent."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

import click

from ..wire import jsontext
from .explain_words import print_outcome
from .explaining import Unusable, explained, is_native

_EXAMPLE: Final = (
    'A request file holds the JSON body that a client sends, such as {"model": '
    '"gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}.'
)


@click.command(
    "explain",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
)
@click.argument(
    "request_file", metavar="REQUEST.json", type=click.Path(allow_dash=True)
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one JSON object: request, headers, report, error and more.",
)
@click.option(
    "--native/--chat",
    "native",
    default=None,
    help="Take the file for a request of Anthropic's own API, or for a chat "
    "completion.  [default: by its content]",
)
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="NAME:VALUE",
    help="A header that the client sends. Two change the translation: "
    "anthropic-version and anthropic-beta. May be repeated.",
)
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="OPTION=VALUE",
    help="An option of the proxy, such as strict=true or model_mappings=map.json, "
    "as in serve -- --set anthropic_strict=true. May be repeated.",
)
@click.pass_context
def command(
    ctx: click.Context,
    request_file: str,
    as_json: bool,
    native: bool | None,
    headers: tuple[str, ...],
    given: tuple[str, ...],
) -> None:
    """Show what the proxy would send for a request, and why.

    REQUEST.json holds the body of a request as a client sends it; - reads it from
    standard input. The file is translated by the options that the proxy would have
    here: --set, else ANTHROPIC_PROXY_… variables, else defaults, with the model
    mappings in .router-mappings.json if there are any. Printed are the Messages request
    with its headers, and a report: what became of each field, why, and by which rule of
    docs/translation.md. Nothing is sent, and no credential is shown.

    A request of Anthropic's own API is passed through by the proxy. For such a file it
    is said what changes: the credential, and for a subscription the system prompt.

    \b
    Exit codes:
      0  the request would be sent
      1  the proxy would refuse it; the error that the client gets is shown
      2  the file is not there or is not JSON, or an option is wrong

    \b
    Examples:
      anthropic-max-proxy explain request.json
      anthropic-max-proxy explain --set strict=true request.json
      anthropic-max-proxy explain --json - < request.json | jq .report.warnings
    """
    body = _content(request_file)
    document = _decoded(body, request_file)
    native = is_native(document) if native is None else native
    try:
        outcome = explained(
            document,
            body,
            native=native,
            headers=[_header(header) for header in headers],
            given=dict(_option(option) for option in given),
            env=os.environ,
            now=time.time(),
        )
    except Unusable as wrong:
        raise click.UsageError(str(wrong)) from None
    if as_json:
        click.echo(json.dumps(outcome.as_dict(), indent=2, ensure_ascii=False))
    else:
        print_outcome(outcome)
    ctx.exit(1 if outcome.error is not None else 0)


def _content(request_file: str) -> bytes:
    if request_file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(request_file).read_bytes()
    except FileNotFoundError:
        raise click.UsageError(
            f"There is no file {request_file!r}. Give the path of a file that holds a "
            "request, or - to read it from standard input."
        ) from None
    except OSError as wrong:
        raise click.UsageError(f"{request_file}: {wrong.strerror}.") from None


def _decoded(body: bytes, request_file: str) -> Any:
    name = "standard input" if request_file == "-" else request_file
    if not body.strip():
        raise click.UsageError(f"There is nothing in {name}. {_EXAMPLE}")
    try:
        return jsontext.decode(body)
    except jsontext.InvalidJSON as wrong:
        raise click.UsageError(f"{name} is not JSON: {wrong}. {_EXAMPLE}") from None


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not (name.strip() and colon):
        raise click.UsageError(f"--header {text!r}: expected NAME:VALUE.")
    return name.strip(), value.strip()


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name.strip() and equals):
        raise click.UsageError(f"--set {text!r}: expected OPTION=VALUE.")
    return name.strip(), value

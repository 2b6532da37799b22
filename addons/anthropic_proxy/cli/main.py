"""``anthropic-max-proxy``: the launcher's commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, NoReturn

import click
from click.shell_completion import CompletionItem

from .. import __version__
from .lazy_group import EXIT_CODES, LazyGroup, run
from .secret_files import take

DEFAULT_COMMAND: Final = "serve"
_COMMANDS: Final = {
    # name: module, what --help says
    "serve": ("serve", "Start the proxy. This is what runs without a command."),
    "explain": ("explain", "Show what would be sent for a request, and why."),
    "flows": ("flows", "List the requests in a file of saved flows; show one."),
    "demo": ("demo", "Show the translation at work; no account is needed."),
    "simulate": ("simulate", "Run the stand-in for Anthropic's API."),
    "completion": ("completion", "Print the completion for bash, zsh or fish."),
}
_OWN_FLAGS: Final = ("-h", "--help", "-v", "--version", "--addon-path")


def addon_path() -> Path:
    """The script for ``mitmdump -s``; it lies beside the package everywhere."""
    return Path(__file__).resolve().parents[2] / "anthropic_proxy_addon.py"


class _Launcher(LazyGroup):
    """Runs ``serve`` when no command is named: ``anthropic-max-proxy -p 8080``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # A shell that completes the first word wants to hear of every command.
        empty = not args and not ctx.resilient_parsing
        if empty or (args and args[0].startswith("-") and args[0] not in _OWN_FLAGS):
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, args)

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        super().format_options(ctx, formatter)
        options = [p for p in self._default(ctx).params if isinstance(p, click.Option)]
        records = [option.get_help_record(ctx) for option in options]
        with formatter.section("Options of serve, which runs when no command is named"):
            formatter.write_dl([record for record in records if record is not None])

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            known = {item.value for item in found}
            options = self._default(ctx).shell_complete(ctx, incomplete)
            found += [item for item in options if item.value not in known]
        return found

    def _default(self, ctx: click.Context) -> click.Command:
        command = self.get_command(ctx, DEFAULT_COMMAND)
        assert command is not None
        return command


def _print_addon_path(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(addon_path())
        ctx.exit()


@click.group(
    cls=_Launcher,
    table=_COMMANDS,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 88,
    },
    invoke_without_command=False,
    epilog=f"""\b
    Examples:
      ANTHROPIC_API_KEY=sk-ant-api03-… anthropic-max-proxy
      anthropic-max-proxy -p 8080 --minimal
      anthropic-max-proxy serve --web
      anthropic-max-proxy demo
      mitmdump -s "$(anthropic-max-proxy --addon-path)" \\
        --mode reverse:https://api.anthropic.com@127.0.0.1:8100

    A key can also be in a file that ANTHROPIC_API_KEY_FILE names, or stored by
    `anthropic-max-proxy-auth login --api-key`.

    {EXIT_CODES}
    """,
)
@click.version_option(__version__, "-v", "--version", prog_name="anthropic-max-proxy")
@click.option(
    "--addon-path",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_addon_path,
    help="Print the path of the addon, for mitmdump -s.",
)
def cli() -> None:
    """Let programs written for OpenAI's API talk to Claude."""
    take(os.environ)


def main(argv: list[str] | None = None) -> NoReturn:
    """Entry point of the script. Exit codes: 0 good, 1 failed, 2 wrong usage."""
    sys.exit(run(cli, "anthropic-max-proxy", argv))

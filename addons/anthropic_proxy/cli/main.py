"""``anthropic-max-proxy``: the launcher's commands.

Each command's module is imported when it runs, so that ``--help`` and ``--version``
do not wait for mitmproxy.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Final, NoReturn

import click

from .. import __version__

_COMMANDS: Final = {"serve": "serve", "simulate": "simulate", "demo": "demo"}
DEFAULT_COMMAND: Final = "serve"
_OWN_FLAGS: Final = ("-h", "--help", "-v", "--version", "--addon-path")


def addon_path() -> Path:
    """The script for ``mitmdump -s``; it lies beside the package everywhere."""
    return Path(__file__).resolve().parents[2] / "anthropic_proxy_addon.py"


class _LazyGroup(click.Group):
    """Runs ``serve`` when no command is named: ``anthropic-max-proxy -p 8080``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in _OWN_FLAGS):
            args = [DEFAULT_COMMAND, *args]
        return super().parse_args(ctx, args)

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        super().format_options(ctx, formatter)
        serve = self.get_command(ctx, DEFAULT_COMMAND)
        assert serve is not None
        records = [param.get_help_record(ctx) for param in serve.params]
        with formatter.section("Options of serve, which runs when no command is named"):
            formatter.write_dl([record for record in records if record is not None])

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f".{_COMMANDS[name]}", __package__)
        command: click.Command = module.command
        return command


def _print_addon_path(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(addon_path())
        ctx.exit()


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=False,
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


def main(argv: list[str] | None = None) -> NoReturn:
    """Entry point of the script. Exit codes: 0 good, 1 failed, 2 wrong usage."""
    try:
        code = cli.main(argv, prog_name="anthropic-max-proxy", standalone_mode=False)
    except click.UsageError as wrong:
        context = wrong.ctx.command_path if wrong.ctx else "anthropic-max-proxy"
        click.echo(f"{wrong.format_message()} (See {context} --help)", err=True)
        code = wrong.exit_code
    except click.ClickException as problem:
        problem.show()
        code = problem.exit_code
    except click.Abort:
        click.echo("Stopped.", err=True)
        code = 1
    sys.exit(code)

"""``anthropic-max-proxy``: the launcher's commands.

Each command's module is imported when it runs, so that ``--help`` and ``--version``
do not wait for mitmproxy.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

import click

from .. import __version__

_COMMANDS: Final = {"serve": "serve", "simulate": "simulate", "demo": "demo"}


def addon_path() -> Path:
    """The script for ``mitmdump -s``; it lies beside the package everywhere."""
    return Path(__file__).resolve().parents[2] / "anthropic_proxy_addon.py"


class _LazyGroup(click.Group):
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


def main(argv: list[str] | None = None) -> Any:
    """Entry point of the console script."""
    return cli.main(args=argv, prog_name="anthropic-max-proxy")

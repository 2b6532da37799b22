"""``auth_cli.py`` and ``anthropic-max-proxy-auth``: everything about credentials.

Each command's module is imported when it runs, so that ``--help`` starts fast; none of
them knows mitmproxy. Exit codes: 0 good, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from .. import __version__

_COMMANDS: Final = {
    # name: module, what --help says
    "login": ("auth_login", "Get a credential: API key, Console or subscription."),
    "status": ("auth_status", "Show which credential is used, and until when."),
    "refresh": ("auth_refresh", "Get a new access token now."),
    "logout": ("auth_logout", "Delete what this program has stored."),
    "chat": ("auth_chat", "Talk to Claude, directly or through a running proxy."),
    "validate": ("auth_validate", "Show what the identity block changes, if anything."),
    "import": ("auth_import", "Take over another program's token file."),
    "doctor": ("auth_doctor", "Find out what is wrong, and what to do about it."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = importlib.import_module(f".{_COMMANDS[name][0]}", __package__)
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.version_option(__version__, "-v", "--version", prog_name="anthropic-max-proxy")
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the login is kept.  [default: ~/.config/anthropic-max-proxy/"
    "tokens.json; environment: ANTHROPIC_PROXY_TOKEN_FILE]",
)
@click.pass_context
def cli(ctx: click.Context, token_file: Path | None) -> None:
    """Credentials of anthropic-max-proxy. Without a command: a menu."""
    ctx.obj = _Arguments(token_file)
    if ctx.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo(ctx.get_help(), err=True)
        ctx.exit(2)
    from .auth_menu import run

    run(ctx)


class _Arguments:
    """The options before the command; turned into settings when a command runs."""

    def __init__(self, token_file: Path | None) -> None:
        self.token_file = token_file

    def settings(self) -> Any:
        from .auth_settings import Settings

        return Settings.from_env(os.environ, self.token_file)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code. Failures that were foreseen become sentences."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # terminals that are not UTF-8
    try:
        code = cli.main(arguments, prog_name=_program_name(), standalone_mode=False)
    except click.Abort:
        click.echo("Stopped.", err=True)
        return 1
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code if isinstance(code, int) else 0


def _program_name() -> str:
    name = Path(sys.argv[0]).name
    return f"python {name}" if name.endswith(".py") else name

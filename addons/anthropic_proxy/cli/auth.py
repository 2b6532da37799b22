"""``auth_cli.py`` and ``anthropic-max-proxy-auth``: everything about credentials.

None of the commands knows mitmproxy. Exit codes: 0 good, 1 failed, 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from .. import __version__
from .lazy_group import EXIT_CODES, LazyGroup, run
from .secret_files import take

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


@click.group(
    cls=LazyGroup,
    table=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
    invoke_without_command=True,
    epilog=f"""\b
    Examples:
      anthropic-max-proxy-auth login --api-key
      anthropic-max-proxy-auth status
      anthropic-max-proxy-auth chat "Hello!" --proxy http://127.0.0.1:8100
      anthropic-max-proxy-auth --token-file ./tokens.json doctor

    Secrets are read from a prompt or from standard input, never from the command line.

    {EXIT_CODES}
    """,
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
    take(os.environ)
    ctx.obj = _Arguments(token_file)
    if ctx.invoked_subcommand is not None:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo(ctx.get_help(), err=True)
        ctx.exit(2)
    from .auth_menu import run as show_menu

    show_menu(ctx)


class _Arguments:
    """The options before the command; turned into settings when a command runs."""

    def __init__(self, token_file: Path | None) -> None:
        self.token_file = token_file

    def settings(self) -> Any:
        from .auth_settings import Settings

        return Settings.from_env(os.environ, self.token_file)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code. Failures that were foreseen become sentences."""
    return run(cli, _program_name(), arguments)


def _program_name() -> str:
    name = Path(sys.argv[0]).name
    return f"python {name}" if name.endswith(".py") else name

"""The menu: ``auth_cli.py`` without a command, on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import click

from ..credentials.sources import choose
from .auth_settings import Settings, say, with_settings

_ENTRIES: Final = (
    "Authenticate",
    "Refresh the access token",
    "Send a chat message",
    "Logout (delete what is stored)",
    "Proof of MAX plan validation",
    "Exit",
)


def run(ctx: click.Context) -> None:
    """Show the menu until the user leaves; a failure ends an entry, not the menu."""
    while True:
        _show(ctx.obj.settings())
        choice = click.prompt(
            "Choose", type=click.IntRange(1, len(_ENTRIES)), default=len(_ENTRIES)
        )
        if choice == len(_ENTRIES):
            return
        try:
            with_settings(_ACTIONS[choice - 1])()
        except click.exceptions.Exit:
            pass
        except click.ClickException as problem:
            problem.show()


def _show(settings: Settings) -> None:
    from rich.console import Console
    from rich.panel import Panel

    lines = [f"{number}. {entry}" for number, entry in enumerate(_ENTRIES, 1)]
    say()
    Console(highlight=False).print(
        Panel("\n".join(lines), title="anthropic-max-proxy", expand=False)
    )
    say(choose(settings.config).sentence)
    say()


def _authenticate(settings: Settings) -> None:
    from .auth_login import run as log_in

    log_in(settings, None)


def _refresh(settings: Settings) -> None:
    from .auth_refresh import run as refresh

    refresh(settings)


def _chat(settings: Settings) -> None:
    from .auth_chat import run as chat

    chat(settings)


def _logout(settings: Settings) -> None:
    from .auth_logout import run as logout

    if click.confirm("Delete the stored login and API key?"):
        logout(settings)


def _validate(settings: Settings) -> None:
    from .auth_validate import run as validate

    validate(settings)


_ACTIONS: Final[tuple[Callable[[Settings], None], ...]] = (
    _authenticate,
    _refresh,
    _chat,
    _logout,
    _validate,
)

"""What ``serve`` asks on its first run: whether to log in now."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from ..credentials.sources import choose
from .auth_login import run
from .auth_settings import Settings, explained, say


def offer_login(env: Mapping[str, str], token_file: Path | None = None) -> None:
    """On a terminal, without any credential: offer the login, then go on.

    A login that fails or is declined stops nothing: the proxy starts and answers
    401 with the command to type.

    Raises:
        click.UsageError: a variable holds what cannot be meant.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    settings = Settings.from_env(env, token_file)
    chosen = choose(settings.config)
    if settings.config.credential == "client" or chosen.source is not None:
        return
    say(chosen.sentence)
    try:
        if click.confirm("Log in now?", default=True):
            explained(run)(settings, None)
    except click.Abort:
        say("The proxy starts without a credential.")
    except click.ClickException as problem:
        problem.show()

"""``refresh``: a new access token now."""

from __future__ import annotations

import click

from ..credentials.console import Console
from ..credentials.oauth import TokenSet
from ..credentials.sources import choose, configured_sources
from ..credentials.subscription import Subscription
from .auth_settings import Failed, Settings, examples, say, with_settings
from .auth_words import expiry
from .progress import waiting


@click.command("refresh", epilog=examples("refresh"))
@with_settings
def command(settings: Settings) -> None:
    """Get a new access token now, whatever the old one's expiry says.

    The proxy does so by itself, five minutes ahead of time. Exit code 1: the login
    cannot be refreshed; what to do next is said.
    """
    run(settings)


def run(settings: Settings) -> None:
    """Refresh the login in use, or the one that is there, and say until when.

    Raises:
        Failed, or one of the foreseen failures.
    """
    chosen = choose(settings.config)
    configured = configured_sources(settings.config).values()
    source = next(
        (
            source
            for source in (chosen.source, *configured)
            if isinstance(source, Subscription | Console)
        ),
        None,
    )
    if source is None:
        if chosen.source is None:
            raise Failed(chosen.sentence)
        say("An API key or a token of the environment does not need a refresh.")
        return
    with waiting("Asking for a new token …"):
        tokens = refreshed(source, settings.now)
    say(f"Refreshed; the new token {expiry(tokens.expires_at, settings.now)}.")


def refreshed(source: Subscription | Console, now: float) -> TokenSet:
    """Refresh whatever the expiry says; blocks.

    Raises:
        Failed: the tokens may not be used, or somebody else renews them.
        NotLoggedIn, OAuthError, FileProblem: as ``Refresher.refresh``.
    """
    tokens = source.tokens
    problem = source.describe(now)["problem"]
    if problem:
        raise Failed(problem)
    if source.refresher is None:
        raise Failed("Another program renews this login; this one only reads it.")
    return source.refresher.refresh(tokens.access_token if tokens else "", now)

"""The source ``subscription``: a claude.ai login, by the user's own decision."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from .commands import LOG_IN_SUBSCRIPTION
from .credential import Credential
from .endpoints import OAuthEndpoints
from .oauth import TokenSet, prepare_refresh
from .refresh import Refresher, Send
from .rotating_source import RotatingSource
from .token_store import SUBSCRIPTION, TokenStore

AHEAD_S: Final = 300.0


class Subscription(RotatingSource):
    """A claude.ai login (Pro or Max), by the user's own decision (rules: 2)."""

    def __init__(self, path: Path, endpoints: OAuthEndpoints, send: Send) -> None:
        store = TokenStore(path, SUBSCRIPTION)
        self.refresher = Refresher(
            store, lambda token: prepare_refresh(endpoints, token), send
        )
        super().__init__(
            "subscription",
            store,
            self.refresher,
            ahead_s=AHEAD_S,
            credential=lambda tokens: Credential(
                "subscription", tokens.access_token, oauth=True, needs_identity=True
            ),
            log_in=LOG_IN_SUBSCRIPTION,
            objection=_unacknowledged,
        )


def _unacknowledged(tokens: TokenSet) -> str | None:
    if tokens.acknowledged_terms:
        return None
    return (
        "There are subscription tokens, but what the terms say about using them has "
        f"not been confirmed yet. {LOG_IN_SUBSCRIPTION}"
    )

"""The source ``console``: a Claude Console login, as Anthropic's own tools keep it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .commands import LOG_IN_CONSOLE
from .credential import Credential, SourceName
from .oauth import prepare_console_refresh
from .profiles import Profile
from .refresh import Refresher, Send
from .rotating_source import RotatingSource
from .token_store import CONSOLE, TokenStore

AHEAD_S: Final = 120.0


class StaticToken:
    """``ANTHROPIC_AUTH_TOKEN``: a bearer token that somebody else looks after."""

    name: SourceName = "console"

    def __init__(self, token: str) -> None:
        self._credential = Credential("console", token, oauth=True)

    def ready(self, now: float) -> Credential | None:
        """The token, always."""
        del now
        return self._credential

    async def fetch(self, now: float) -> Credential:
        """The token, always."""
        del now
        return self._credential

    async def renew(self, rejected: Credential, now: float) -> Credential | None:
        """Nothing: the variable cannot change while the program runs."""
        del rejected, now
        return None

    async def refresh_if_due(self, now: float) -> str | None:
        """Nothing: it is not ours to refresh."""
        del now
        return None

    def describe(self, now: float) -> Mapping[str, Any]:
        """Facts for ``/health`` and ``status``: never the token."""
        del now
        return {
            "source": self.name,
            "ready": True,
            "from": "ANTHROPIC_AUTH_TOKEN",
            "problem": None,
        }


class Console(RotatingSource):
    """A Console login (billed to the API), shared with Anthropic's own tools."""

    def __init__(self, profile: Profile, send: Send) -> None:
        store = TokenStore(profile.credentials_path, CONSOLE)
        client_id = profile.client_id
        self.profile = profile
        self.refresher: Refresher | None = None
        if client_id is not None:
            self.refresher = Refresher(
                store,
                lambda token: prepare_console_refresh(
                    profile.base_url, client_id, token
                ),
                send,
            )
        super().__init__(
            "console",
            store,
            self.refresher,
            ahead_s=AHEAD_S,
            credential=lambda tokens: Credential(
                "console",
                tokens.access_token,
                oauth=True,
                workspace_id=profile.workspace_id,
            ),
            log_in=LOG_IN_CONSOLE,
        )

    def describe(self, now: float) -> Mapping[str, Any]:
        """Facts for ``/health`` and ``status``: never a secret."""
        return {
            **super().describe(now),
            "profile": self.profile.name,
            "base_url": self.profile.base_url,
        }

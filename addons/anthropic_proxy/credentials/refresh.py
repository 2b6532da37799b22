"""One refresh at a time, among threads and among processes.

Refresh tokens are single use. Whoever wins the lock reads the file again, since
somebody may have refreshed already; room for the new tokens is made sure of before
the old refresh token is spent; and nothing here ever deletes tokens.
"""

from __future__ import annotations

from collections.abc import Callable

from .oauth import Reply, TokenRequest, TokenSet, parse_token_reply
from .token_store import TokenStore

Send = Callable[[TokenRequest], Reply]
"""Sends a request and returns the reply; blocks; raises ``OAuthError``."""


class NotLoggedIn(Exception):
    """There are no tokens (any more), or none that can be refreshed."""


class Refresher:
    """Exchanges the tokens of a store for newer ones. Everything blocks.

    Args:
        store: Where the tokens are.
        prepare: Makes the request from a refresh token.
        send: Sends it.
    """

    def __init__(
        self, store: TokenStore, prepare: Callable[[str], TokenRequest], send: Send
    ) -> None:
        self._store = store
        self._prepare = prepare
        self._send = send
        # New tokens that could not be saved, and the refresh token spent on them.
        self._unsaved: tuple[str, TokenSet] | None = None

    def refresh(self, stale: str, now: float) -> TokenSet:
        """Tokens whose access token is not ``stale``: refreshed here or elsewhere.

        Raises:
            NotLoggedIn: there is nothing to refresh with.
            OAuthError: the token endpoint gave none.
            FileProblem: the file cannot be read or written; nothing was spent.
        """
        with self._store.locked() as writer:
            tokens = self._recovered(self._store.read())
            if tokens is None:
                raise NotLoggedIn
            if tokens.access_token != stale and not tokens.expires_within(0, now):
                if self._unsaved:
                    writer.write(tokens)
                    self._unsaved = None
                return tokens
            if not tokens.refresh_token:
                raise NotLoggedIn
            with writer.reserve() as commit:
                request = self._prepare(tokens.refresh_token)
                reply = self._send(request)
                new = parse_token_reply(request, reply, now=now, previous=tokens)
                self._unsaved = (tokens.refresh_token, new)
                commit(new)
                self._unsaved = None
            return new

    def unsaved(self) -> TokenSet | None:
        """Tokens that exist only in memory, because saving them failed."""
        return self._unsaved[1] if self._unsaved else None

    def _recovered(self, stored: TokenSet | None) -> TokenSet | None:
        if self._unsaved is None or stored is None:
            return stored
        spent, tokens = self._unsaved
        if stored.refresh_token == spent:
            return tokens
        self._unsaved = None  # somebody logged in since
        return stored

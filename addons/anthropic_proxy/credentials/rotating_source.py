"""What the two OAuth sources have in common: tokens in a file, that expire.

The tasks of an event loop share one refresh; ``refresh`` keeps threads and processes
apart. The event loop never waits for a disk, a lock or the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from .credential import Credential, CredentialUnavailable, SourceName
from .oauth import TokenSet
from .oauth_errors import OAuthError
from .private_file import FileProblem, Stamp
from .refresh import NotLoggedIn, Refresher
from .token_store import TokenStore

JUST_OBTAINED_S: Final = 60.0
"""A token refused this soon after it was obtained is not refreshed again: the account
is what is refused, and repeated refreshes end in 429."""

_FILE_RETRY_S: Final = 5.0


class _Held(NamedTuple):
    """Tokens and what is made of them: replaced together, as threads may look on."""

    tokens: TokenSet | None
    credential: Credential | None
    """None: no tokens, or tokens that may not be used."""


class RotatingSource:
    """A source whose tokens live in a file and expire.

    Args:
        name: The option value that selects it.
        store: Where the tokens are.
        refresher: None: somebody else rotates the file; it is read again, no more.
        ahead_s: Seconds before expiry at which ``refresh_if_due`` refreshes.
        credential: What tokens are on the wire.
        log_in: What to do when there are no usable tokens, a whole sentence.
        objection: Why tokens may not be used, or None.
    """

    def __init__(
        self,
        name: SourceName,
        store: TokenStore,
        refresher: Refresher | None,
        *,
        ahead_s: float,
        credential: Callable[[TokenSet], Credential],
        log_in: str,
        objection: Callable[[TokenSet], str | None] = lambda _: None,
    ) -> None:
        self.name: SourceName = name
        self._store = store
        self._refresher = refresher
        self._ahead_s = ahead_s
        self._as_credential = credential
        self._log_in = log_in
        self._objection = objection
        self._stamp: Stamp | None = None
        self._held = _Held(None, None)  # as of _stamp, or of a refresh since
        self._problem: str | None = None  # the last failure, until something succeeds
        # When the last refresh failed, and the seconds to let the endpoint alone.
        self._pause: tuple[float, float] | None = None
        self._obtained_at: float | None = None  # when this process last refreshed
        self._flight: asyncio.Future[TokenSet] | None = None  # the refresh under way

    @property
    def tokens(self) -> TokenSet | None:
        """What the file holds now, or held when it could last be read."""
        return self._load().tokens

    def ready(self, now: float) -> Credential | None:
        """The credential while its token is valid; looks at the file's stamp only."""
        tokens, credential = self._load()
        if tokens is None or tokens.expires_within(0, now):
            return None
        return credential

    async def fetch(self, now: float) -> Credential:
        """The credential, refreshed if it has expired.

        Raises:
            CredentialUnavailable: with the command that mends it.
        """
        # One look at the tokens: were they judged by one and refreshed by another, a
        # refresh elsewhere in between would be taken for the expired ones, and spent.
        tokens = self._usable()
        if tokens.expires_within(0, now):
            tokens = await self._refreshed(tokens.access_token, now)
        return self._as_credential(tokens)

    async def renew(self, rejected: Credential, now: float) -> Credential | None:
        """A newer credential than the one that upstream answered 401 to, or None."""
        try:
            tokens = self._usable()
            if tokens.access_token == rejected.secret:
                if self._just_obtained(now):
                    return None
                tokens = await self._refreshed(rejected.secret, now)
            elif tokens.expires_within(0, now) or self._refreshing():
                tokens = await self._refreshed(tokens.access_token, now)
        except CredentialUnavailable:
            return None
        return self._as_credential(tokens)

    async def refresh_if_due(self, now: float) -> str | None:
        """Refresh ahead of expiry if that is due; what went wrong, for the log."""
        tokens, credential = self._load()
        if (
            tokens is None
            or credential is None
            or self._refresher is None
            or not tokens.refresh_token
            or not tokens.expires_within(self._ahead_s, now)
            or self._pausing(now)
        ):
            return None
        try:
            await self._refreshed(tokens.access_token, now)
        except CredentialUnavailable as unavailable:
            return str(unavailable)
        return None

    def describe(self, now: float) -> Mapping[str, Any]:
        """Facts for ``/health`` and ``status``: never a secret."""
        tokens = self.tokens
        facts: dict[str, Any] = {
            "source": self.name,
            "ready": self.ready(now) is not None,
            "file": str(self._store.path),
            "logged_in": tokens is not None,
        }
        if tokens is not None:
            facts |= {
                "account": tokens.account.get("email_address"),
                "organization": tokens.organization.get("name"),
                "scope": tokens.scope or None,
                "expires_at": _whole(tokens.expires_at),
                "refreshable": bool(self._refresher and tokens.refresh_token),
                "acknowledged_terms": tokens.acknowledged_terms,
            }
        return facts | {"problem": self._trouble(tokens)}

    def _load(self) -> _Held:
        stamp = self._store.stamp()
        if stamp == self._stamp:
            return self._held
        problem = None
        try:
            self._hold(self._store.read())
        except FileProblem as found:
            # Tokens that are in memory stay in use while they are valid.
            problem = str(found)
        self._problem, self._pause = problem, None
        self._stamp = stamp  # last: other threads take it as leave to use the rest
        return self._held

    def _hold(self, tokens: TokenSet | None) -> None:
        usable = tokens is not None and self._objection(tokens) is None
        self._held = _Held(
            tokens, self._as_credential(tokens) if tokens and usable else None
        )

    def _usable(self) -> TokenSet:
        tokens, credential = self._load()
        if tokens is None or credential is None:
            raise CredentialUnavailable(
                self._trouble(tokens) or f"You are not logged in. {self._log_in}"
            )
        return tokens

    def _trouble(self, tokens: TokenSet | None) -> str | None:
        return self._problem or (self._objection(tokens) if tokens else None)

    def _just_obtained(self, now: float) -> bool:
        return (
            self._obtained_at is not None
            and 0 <= now - self._obtained_at < JUST_OBTAINED_S
        )

    def _refreshing(self) -> bool:
        return self._flight is not None and not self._flight.done()

    def _pausing(self, now: float) -> bool:
        if self._pause is None:
            return False
        failed_at, seconds = self._pause
        return 0 <= now - failed_at < seconds  # a clock set back ends it

    async def _refreshed(self, stale: str, now: float) -> TokenSet:
        """Share the refresh that is under way, or start one in a thread.

        The thread ends what it began even if every waiter is cancelled: a refresh that
        has been sent must be saved. Waiters of other loops are held by the file lock.
        """
        if self._pausing(now):
            raise CredentialUnavailable(self._problem or self._log_in)
        loop = asyncio.get_running_loop()
        flight = self._flight
        if flight is None or not self._refreshing() or flight.get_loop() is not loop:
            flight = loop.run_in_executor(None, self._refresh, stale, now)
            flight.add_done_callback(_retrieve)
            self._flight = flight
        return await asyncio.shield(flight)

    def _refresh(self, stale: str, now: float) -> TokenSet:
        if self._refresher is None:
            raise CredentialUnavailable(
                f"The token in {self._store.path} has expired, and the program that "
                f"wrote it has not renewed it. {self._log_in}"
            )
        try:
            tokens = self._refresher.refresh(stale, now)
        except (OAuthError, FileProblem, NotLoggedIn) as failure:
            if (unsaved := self._refresher.unsaved()) is not None:
                self._hold(unsaved)
                self._problem = str(failure)
                return unsaved
            raise self._unavailable(failure, now) from None
        if tokens.access_token != stale:
            self._obtained_at = now
        self._hold(tokens)
        self._problem, self._pause = None, None
        return tokens

    def _unavailable(self, failure: Exception, now: float) -> CredentialUnavailable:
        if isinstance(failure, OAuthError):
            step = f"{failure.next_step} {self._log_in}".strip()
            if failure.retry_after_s < JUST_OBTAINED_S:
                step = failure.next_step
            sentence = f"The login could not be refreshed: {failure}. {step}"
            self._pause = (now, failure.retry_after_s)
        elif isinstance(failure, FileProblem):
            sentence = f"The login could not be refreshed: {failure}"
            self._pause = (now, _FILE_RETRY_S)
        else:
            sentence = f"You are not logged in (any more). {self._log_in}"
        self._problem = sentence
        return CredentialUnavailable(sentence)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)


def _retrieve(flight: asyncio.Future[TokenSet]) -> None:
    """Mark a failure as seen, also when every waiter has gone."""
    if not flight.cancelled():
        flight.exception()

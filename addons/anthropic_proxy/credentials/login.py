"""Logins under way: from the address the user opens to the tokens in the file.

Used by the CLI and by the proxy's ``/auth`` endpoints. The verifier goes nowhere but to
the token endpoint and where ``pending_logins`` keeps it; a login lives ten minutes and
works once.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from . import terms
from .endpoints import OAuthEndpoints
from .oauth import (
    STATE_BYTES,
    VERIFIER_BYTES,
    TokenSet,
    base64url,
    parse_token_reply,
    pkce,
    prepare_authorization_url,
    prepare_exchange,
)
from .oauth_errors import ServerTrouble, Unreachable
from .pasted import Pasted, parse_pasted
from .pending_logins import InMemory, Pending, PendingLogins
from .private_file import FileCorrupt, FileProblem
from .refresh import Send
from .token_store import TokenStore

LIFETIME_S: Final = 600.0
MAX_PENDING: Final = 64
"""Logins under way at once; the oldest gives way. A limit on memory."""

_HANDLE_BYTES: Final = 18


class LoginRefused(Exception):
    """This login cannot be finished. ``str()`` says why and what to do."""


class TermsNotAcknowledged(LoginRefused):
    """The user has not confirmed what the terms say; the login stays open."""

    def __init__(self) -> None:
        super().__init__(
            "The first login needs your confirmation that you have read what "
            f'Anthropic\'s terms say about it: "{terms.PHRASE}".'
        )


@dataclass(frozen=True, slots=True)
class LoginStart:
    """What the user needs; nothing in it is secret but the one-time state."""

    url: str
    handle: str
    expires_at: float
    """Unix seconds."""


class Logins:
    """The logins under way for one token file. Safe to use from several threads.

    Args:
        endpoints: Where to log in.
        store: Where the tokens go.
        send: Sends the exchange; blocks.
        token_bytes: Random bytes, as ``secrets.token_bytes`` gives them.
        pending: Where they are kept; in this process's memory when it is not given.
    """

    def __init__(
        self,
        endpoints: OAuthEndpoints,
        store: TokenStore,
        send: Send,
        token_bytes: Callable[[int], bytes],
        pending: PendingLogins | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._store = store
        self._send = send
        self._token_bytes = token_bytes
        self._pending = pending if pending is not None else InMemory()

    def start(self, now: float) -> LoginStart:
        """Begin a login: the address to open and the handle to finish it with.

        Raises:
            FileProblem: it cannot be kept until its code comes.
        """
        key = pkce(self._token_bytes(VERIFIER_BYTES))
        state = base64url(self._token_bytes(STATE_BYTES))
        handle = base64url(self._token_bytes(_HANDLE_BYTES))
        with self._pending.changing() as pending:
            _forget_old(pending, now)
            while len(pending) >= MAX_PENDING:
                del pending[next(iter(pending))]
            pending[handle] = Pending(key.verifier, state, now)
        url = prepare_authorization_url(
            self._endpoints, challenge=key.challenge, state=state
        )
        return LoginStart(url, handle, now + LIFETIME_S)

    def needs_acknowledgement(self) -> bool:
        """Whether the user has yet to confirm the present version of the terms."""
        stored = self._stored()
        return stored is None or stored.acknowledged_terms_version != terms.VERSION

    def finish(
        self,
        text: str,
        *,
        now: float,
        handle: str | None = None,
        acknowledgement: str | None = None,
    ) -> TokenSet:
        """Exchange what the user pasted for tokens and store them; blocks.

        Args:
            text: ``code#state``, the callback address, or (with a handle) a bare code.
            now: Unix seconds.
            handle: Which login; without it the state in ``text`` says so.
            acknowledgement: What the user typed about the terms, if they were asked.

        Raises:
            PasteUnusable: there is no code in ``text``.
            TermsNotAcknowledged: once more, please, with the phrase.
            LoginRefused: no such login, too old, used, or the state does not match.
            OAuthError: the token endpoint gave no tokens.
            FileProblem: they cannot be stored; the code was not spent.
        """
        pasted = parse_pasted(text)
        stored = self._stored()
        version = stored.acknowledged_terms_version if stored else None
        known = version == terms.VERSION
        if not known and not terms.acknowledges(acknowledgement or ""):
            raise TermsNotAcknowledged
        handle, taken = self._take(pasted, handle, now)
        try:
            return self._exchange(pasted.code, taken, now, stored if known else None)
        except (FileProblem, ServerTrouble, Unreachable) as failure:
            if not (isinstance(failure, Unreachable) and failure.sent):
                # the code is still good; the first failure is the one to tell
                with suppress(FileProblem), self._pending.changing() as pending:
                    pending[handle] = taken
            raise

    def _exchange(
        self, code: str, pending: Pending, now: float, acknowledged: TokenSet | None
    ) -> TokenSet:
        with self._store.locked() as writer:
            try:
                self._store.read()
            except FileCorrupt:
                writer.set_aside(now)
            except FileProblem:
                pass  # readable by others, say: what is written now is not
            with writer.reserve() as commit:
                request = prepare_exchange(
                    self._endpoints,
                    code=code,
                    state=pending.state,
                    verifier=pending.verifier,
                )
                tokens = parse_token_reply(request, self._send(request), now=now)
                tokens = replace(
                    tokens,
                    acknowledged_terms=acknowledged.acknowledged_terms
                    if acknowledged
                    else terms.date_of(now),
                    acknowledged_terms_version=terms.VERSION,
                )
                commit(tokens)
        return tokens

    def _take(
        self, pasted: Pasted, handle: str | None, now: float
    ) -> tuple[str, Pending]:
        """The login that ``pasted`` belongs to; it cannot be taken twice."""
        with self._pending.changing() as pending:
            _forget_old(pending, now)
            if handle is None:
                handle = _handle_of(pasted.state, pending)
            found = pending.get(handle)
            if found is None:
                raise LoginRefused(
                    "No such login is under way: it was finished, or began more than "
                    "ten minutes ago. Start again."
                )
            if pasted.state is not None and not _same(pasted.state, found.state):
                raise LoginRefused(
                    "That code belongs to another login (its state does not match). "
                    "Open the newest address and paste what it shows."
                )
            return handle, pending.pop(handle)

    def _stored(self) -> TokenSet | None:
        try:
            return self._store.read()
        except FileProblem:
            return None


def _handle_of(state: str | None, pending: Mapping[str, Pending]) -> str:
    if state is None:
        raise LoginRefused(
            "Paste all that the page shows, with the part after the # sign: "
            "without it nobody can tell which login it belongs to."
        )
    for handle, one in pending.items():
        if _same(state, one.state):
            return handle
    return ""


def _forget_old(pending: dict[str, Pending], now: float) -> None:
    for handle, one in list(pending.items()):
        if not 0 <= now - one.started_at < LIFETIME_S:
            del pending[handle]


def log_out(store: TokenStore) -> bool:
    """Delete the stored tokens; whether there were any. Blocks.

    Raises:
        FileProblem: they are still there.
    """
    if store.stamp() is None:
        return False
    with store.locked() as writer:
        return writer.remove()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("ascii"), other.encode("ascii"))

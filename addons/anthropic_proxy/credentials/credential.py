"""What a credential is to the program, and what a client's own one means."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

SourceName = Literal["api_key", "console", "client", "subscription"]

OAUTH_BETA: Final = "oauth-2025-04-20"


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """A secret and how it goes on the wire. ``repr`` never shows the secret."""

    source: SourceName
    secret: str
    oauth: bool
    """Sent as ``Authorization: Bearer`` with the OAuth beta; else as ``x-api-key``."""
    needs_identity: bool = False
    """Upstream wants the identity sentence as the first system block."""
    workspace_id: str | None = None
    """Goes with it as ``anthropic-workspace-id`` (Console profiles)."""

    @property
    def header(self) -> tuple[str, str]:
        """Name and value of the header that carries the secret."""
        if self.oauth:
            return "authorization", f"Bearer {self.secret}"
        return "x-api-key", self.secret

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """``header``, and what must go with it."""
        if self.workspace_id:
            return (self.header, ("anthropic-workspace-id", self.workspace_id))
        return (self.header,)

    @property
    def betas(self) -> tuple[str, ...]:
        """Values that ``anthropic-beta`` must hold for this credential."""
        return (OAUTH_BETA,) if self.oauth else ()

    def __repr__(self) -> str:
        return f"Credential(source={self.source!r}, oauth={self.oauth})"


class CredentialUnavailable(Exception):
    """No credential can be had now. ``str()`` says what happened and what to type."""


class Source(Protocol):
    """One place credentials come from."""

    @property
    def name(self) -> SourceName:
        """The option value that selects it."""

    def ready(self, now: float) -> Credential | None:
        """The credential if it can be had at once; None: call ``fetch``.

        Args:
            now: Unix seconds.
        """

    async def fetch(self, now: float) -> Credential:
        """The credential, refreshed if that is due.

        Raises:
            CredentialUnavailable: with the command that mends it.
        """

    async def renew(self, rejected: Credential, now: float) -> Credential | None:
        """A newer credential after upstream answered 401; None when there is none."""

    async def refresh_if_due(self, now: float) -> str | None:
        """Refresh ahead of expiry, if that is due; call it in the background.

        Never raises for a failure: what it returns says what went wrong, for the log.
        The credential that is still valid stays in use.
        """

    def describe(self, now: float) -> Mapping[str, Any]:
        """Facts for ``/health`` and ``status``: never the secret."""


@dataclass(frozen=True, slots=True)
class Presented:
    """What the client's credential headers mean (rules: credentials 3)."""

    own: Credential | None
    """A real Anthropic credential of the client's own."""
    local_key: bool
    """The local access key was presented."""


def presented(
    headers: Iterable[tuple[str, str]], *, local_key: str | None
) -> Presented:
    """Classify by the value's prefix, never by the header it came in.

    Anthropic prefers ``x-api-key`` when both headers are there, and so do we. Any
    value that is neither the local key nor an Anthropic credential is a placeholder.
    """
    values = sorted((name.lower() != "x-api-key", value) for name, value in headers)
    own: Credential | None = None
    is_local = False
    for _, value in values:
        secret = _bare(value)
        if local_key and hmac.compare_digest(_bytes(secret), _bytes(local_key)):
            is_local = True
        elif own is None:
            own = _own(secret)
    return Presented(own, is_local)


def _bare(value: str) -> str:
    scheme, _, rest = value.strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else value.strip()


def _bytes(text: str) -> bytes:
    # Header values may hold undecodable bytes as lone surrogates.
    return text.encode("utf-8", "surrogateescape")


def _own(secret: str) -> Credential | None:
    if secret.startswith("sk-ant-oat"):
        return Credential("client", secret, oauth=True)
    if secret.startswith("sk-ant-api"):
        return Credential("client", secret, oauth=False)
    return None

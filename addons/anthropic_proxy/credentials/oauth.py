"""OAuth for the subscription and the Console: what to send and what came back means.

Sends nothing and stores nothing: ``prepare_*`` builds, ``parse_*`` reads. Time and
randomness are arguments. RFC 6749 (OAuth 2.0), RFC 7636 (PKCE); where Anthropic's
server differs from them is said beside the code.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeGuard
from urllib.parse import urlencode, urlsplit, urlunsplit

from ..wire import jsontext
from .credential import OAUTH_BETA
from .endpoints import OAuthEndpoints
from .oauth_errors import BadReply, EndpointMoved, failure, redacted

VERIFIER_BYTES: Final = 32
STATE_BYTES: Final = 32
DEFAULT_EXPIRES_IN_S: Final = 3600
"""Assumed when the reply does not say (RFC 6749 5.1 only recommends it)."""


@dataclass(frozen=True, slots=True, repr=False)
class TokenSet:
    """Tokens and what is known about them. ``repr`` shows no secret."""

    access_token: str
    refresh_token: str | None = None
    expires_at: float | None = None
    """Unix seconds; None: not known to expire."""
    scope: str = ""
    account: Mapping[str, Any] = field(default_factory=dict)
    """``uuid``, ``email_address``."""
    organization: Mapping[str, Any] = field(default_factory=dict)
    """``uuid``, ``name``."""
    acknowledged_terms: str | None = None
    """The day (ISO date) on which the user confirmed the terms."""
    acknowledged_terms_version: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What else the file held: written back as it was."""

    def expires_within(self, seconds: float, now: float) -> bool:
        """Whether the access token is expired ``seconds`` from ``now``."""
        return self.expires_at is not None and self.expires_at - now <= seconds

    def __repr__(self) -> str:
        return f"TokenSet(expires_at={self.expires_at})"


@dataclass(frozen=True, slots=True, repr=False)
class Pkce:
    """A proof key (RFC 7636): the verifier is secret, the challenge is not."""

    verifier: str
    challenge: str

    def __repr__(self) -> str:
        return f"Pkce(challenge={self.challenge!r})"


@dataclass(frozen=True, slots=True, repr=False)
class TokenRequest:
    """A POST to a token endpoint, JSON both ways. ``repr`` shows no secret."""

    url: str
    fields: Mapping[str, str]
    betas: tuple[str, ...] = ()

    @property
    def body(self) -> bytes:
        """The JSON text to send."""
        return jsontext.encode(dict(self.fields))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that no message may repeat."""
        return tuple(
            self.fields[name] for name in _SECRET_FIELDS if name in self.fields
        )

    def __repr__(self) -> str:
        return f"TokenRequest({self.fields.get('grant_type')!r} to {self.url!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """What a token endpoint answered; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Reply(status={self.status})"


_SECRET_FIELDS: Final = ("code", "code_verifier", "refresh_token", "state")


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7636, appendix A)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def pkce(random_bytes: bytes) -> Pkce:
    """The key made from ``VERIFIER_BYTES`` random bytes (43 characters), S256.

    Raises:
        ValueError: fewer bytes than RFC 7636 4.1 asks for.
    """
    if len(random_bytes) < VERIFIER_BYTES:
        raise ValueError(
            f"{len(random_bytes)} random bytes given, {VERIFIER_BYTES} needed"
        )
    verifier = base64url(random_bytes)
    return Pkce(verifier, base64url(hashlib.sha256(verifier.encode("ascii")).digest()))


def prepare_authorization_url(
    endpoints: OAuthEndpoints, *, challenge: str, state: str
) -> str:
    """The address the user opens. It holds nothing secret but the one-time state."""
    query = urlencode(
        {
            "code": "true",  # show the code for pasting instead of redirecting
            "client_id": endpoints.client_id,
            "response_type": "code",
            "redirect_uri": endpoints.redirect_uri,
            "scope": endpoints.scope,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "state": state,
        }
    )
    parts = urlsplit(endpoints.authorize_url)
    merged = f"{parts.query}&{query}" if parts.query else query
    return urlunsplit((parts.scheme, parts.netloc, parts.path, merged, ""))


def prepare_exchange(
    endpoints: OAuthEndpoints, *, code: str, state: str, verifier: str
) -> TokenRequest:
    """Code for tokens. ``state`` is not in RFC 6749, but Anthropic requires it."""
    return TokenRequest(
        endpoints.token_url,
        {
            "grant_type": "authorization_code",
            "code": code,
            "state": state,
            "client_id": endpoints.client_id,
            "redirect_uri": endpoints.redirect_uri,
            "code_verifier": verifier,
        },
    )


def prepare_refresh(endpoints: OAuthEndpoints, refresh_token: str) -> TokenRequest:
    """A new access token for the subscription. Spends the refresh token."""
    return TokenRequest(
        endpoints.token_url, _refresh_fields(endpoints.client_id, refresh_token)
    )


def prepare_console_refresh(
    base_url: str, client_id: str, refresh_token: str
) -> TokenRequest:
    """The same for a Console profile, at the profile's own host."""
    return TokenRequest(
        f"{base_url.rstrip('/')}/v1/oauth/token",
        _refresh_fields(client_id, refresh_token),
        betas=(OAUTH_BETA,),
    )


def _refresh_fields(client_id: str, refresh_token: str) -> Mapping[str, str]:
    return {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": client_id,
    }


def parse_token_reply(
    request: TokenRequest, reply: Reply, *, now: float, previous: TokenSet | None = None
) -> TokenSet:
    """The tokens in a reply; what it leaves out is kept from ``previous``.

    Only a missing access token makes a reply useless: the refresh token was spent on
    it, so oddities in the other fields must not throw the new tokens away.

    Args:
        now: Unix seconds, when the request was sent.

    Raises:
        OAuthError: one subclass for each kind of failure.
    """
    if not 200 <= reply.status < 300:
        raise failure(request.url, reply.status, reply.headers, reply.body).redacted(
            request.secrets
        )
    fields = _object(request, reply)
    access_token = fields.get("access_token")
    if not is_token(access_token):
        shown = ", ".join(sorted(fields)) or "no fields"
        raise BadReply(
            f"{request.url} answered HTTP {reply.status} without an access token "
            f"(got {redacted(shown, request.secrets)})"
        )
    base = previous or TokenSet(access_token)
    refresh_token = fields.get("refresh_token")
    scope = fields.get("scope")
    return replace(
        base,
        access_token=access_token,
        refresh_token=refresh_token if is_token(refresh_token) else base.refresh_token,
        expires_at=now + _expires_in(fields.get("expires_in")),
        scope=scope if isinstance(scope, str) and scope else base.scope,
        account=_mapping(fields.get("account")) or base.account,
        organization=_mapping(fields.get("organization")) or base.organization,
    )


def _object(request: TokenRequest, reply: Reply) -> Mapping[str, Any]:
    try:
        return _mapping(jsontext.decode(reply.body))
    except jsontext.InvalidJSON:
        raise EndpointMoved(
            f"{request.url} answered HTTP {reply.status}, but not in JSON "
            "(a sign-in page of the network in between?)"
        ) from None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def is_token(value: Any) -> TypeGuard[str]:
    """Whether ``value`` is fit for a header: no white space, nothing outside ASCII."""
    return (
        isinstance(value, str)
        and bool(value)
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


def _expires_in(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return DEFAULT_EXPIRES_IN_S
    return seconds if math.isfinite(seconds) and seconds > 0 else DEFAULT_EXPIRES_IN_S

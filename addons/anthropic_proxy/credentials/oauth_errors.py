"""What can go wrong at a token endpoint, each with the next step for the user.

OAuthError
├── InvalidGrant    the code or refresh token is used up, expired or revoked
├── RateLimited     429: on this endpoint a sign of repeated bad exchanges
├── EndpointMoved   the address answers, but is not (or no longer) a token endpoint
├── Refused         any other 4xx
├── ServerTrouble   5xx
├── BadReply        a success without tokens in it
└── Unreachable     nothing came back
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

from ..wire import jsontext

MAX_SHOWN: Final = 400
"""Characters of the server's own words that a message repeats."""

_SECRET_SHAPE: Final = re.compile(r"sk-ant-[A-Za-z0-9]+-[A-Za-z0-9_\-]+")
_MENTIONS_A_GRANT: Final = re.compile(
    r"refresh.?token|authorization.?code|\bcode\b|grant", re.IGNORECASE
)


class OAuthError(Exception):
    """A token endpoint did not give tokens. ``str()`` says why and holds no secret."""

    next_step = ""
    """What the user can do, a whole sentence."""
    retry_after_s: float = 60.0
    """How long to leave the endpoint alone; infinite: until the user has acted."""

    def redacted(self, secrets: Iterable[str]) -> Self:
        """Itself, with ``secrets`` taken out of the message."""
        self.args = (redacted(str(self), secrets),)
        return self


class InvalidGrant(OAuthError):
    """The code or refresh token is used up, expired or revoked."""

    next_step = "Log in again."
    retry_after_s = float("inf")


class RateLimited(OAuthError):
    """HTTP 429. Here it means too many bad exchanges, not too much traffic."""

    next_step = (
        "Wait some minutes and try once; trying in a loop prolongs it. "
        "Other programs that log in with the same account count too."
    )


class EndpointMoved(OAuthError):
    """The address is not a token endpoint (any more)."""

    next_step = (
        "The address may have moved: look for a newer version of this program, or set "
        "ANTHROPIC_PROXY_OAUTH_TOKEN_URL."
    )


class Refused(OAuthError):
    """The endpoint understood the request and refused it."""

    next_step = "Log in again; if it is refused again, use an API key."


class ServerTrouble(OAuthError):
    """The endpoint failed; nothing is wrong with the login."""

    next_step = "Try again in a minute; nothing was lost."
    retry_after_s = 5.0


class BadReply(OAuthError):
    """A success without tokens in it."""

    next_step = "Log in again."


class Unreachable(OAuthError):
    """Nothing came back.

    Args:
        message: What happened, without secrets.
        sent: The request may have arrived, so that a single-use token may be spent.
    """

    next_step = "Check the network connection and try again; nothing was lost."
    retry_after_s = 5.0

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent
        if sent:
            self.next_step = (
                "Check the network connection and try again. The request may have "
                "arrived: if the next attempt is refused, log in again."
            )


def failure(
    url: str, status: int, headers: Mapping[str, str], body: bytes
) -> OAuthError:
    """The error that a reply outside 2xx means, in the server's own words."""
    code, description = error_of(body)
    words = ": ".join(part for part in (code, description) if part)
    message = f"{url} answered HTTP {status}" + (f" ({words})" if words else "")
    if status == 429:
        limited = RateLimited(message)
        limited.retry_after_s = max(60.0, _seconds(headers.get("retry-after")))
        return limited
    if code == "invalid_grant" or (
        status in (400, 401) and _MENTIONS_A_GRANT.search(description)
    ):
        return InvalidGrant(message)
    if status in (404, 405, 410) or status < 400:
        return EndpointMoved(message)
    return ServerTrouble(message) if status >= 500 else Refused(message)


def error_of(body: bytes) -> tuple[str, str]:
    """Code and description, from RFC 6749 5.2 or from Anthropic's own error shape.

    A body in neither shape yields no code and the start of its text, unless it is
    markup.
    """
    try:
        fields = jsontext.decode(body)
    except jsontext.InvalidJSON:
        text = body.decode("utf-8", "replace").strip()
        return "", "" if text.startswith("<") else redacted(text, ())
    if not isinstance(fields, dict):
        return "", ""
    error: Any = fields.get("error")
    if isinstance(error, dict):
        return _text(error.get("type")), _text(error.get("message"))
    return _text(error), _text(fields.get("error_description") or fields.get("message"))


def redacted(text: str, secrets: Iterable[str]) -> str:
    """``text`` without ``secrets``, token-like words and control characters, cut."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    text = _SECRET_SHAPE.sub("sk-ant-…", text)
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def _text(value: Any) -> str:
    return redacted(value, ()) if isinstance(value, str) else ""


def _seconds(value: str | None) -> float:
    """``retry-after`` in seconds; the form with a date is left to the default."""
    return float(value) if value is not None and value.isdecimal() else 0.0

"""Small facts about requests and errors, read from mitmproxy's objects."""

from __future__ import annotations

from typing import Any, Final

from mitmproxy import http
from mitmproxy.net.http.status_codes import NO_RESPONSE
from mitmproxy.proxy.layers.http._events import ResponseHeaders, ResponseProtocolError

INTERNAL: Final = "The proxy failed to handle this request; nothing was sent upstream."

BROKEN_ANSWER: Final = "The proxy failed to handle upstream's answer."

CREDENTIAL_HEADERS: Final = (
    "x-api-key",
    "api-key",
    "authorization",
    "proxy-authorization",
    "cookie",
)


def scrub(headers: http.Headers) -> None:
    """Take every header out that may hold a credential."""
    for name in CREDENTIAL_HEADERS:
        headers.pop(name, None)


def is_interim(event: ResponseHeaders) -> bool:
    """Whether this is a 1xx, with the real head still to come."""
    return 100 <= event.response.status_code < 200


def status_of(event: ResponseProtocolError) -> int | None:
    """HTTP status of an error; None when no answer is wanted."""
    code: Any = event.code
    if isinstance(code, int):  # mitmproxy 11
        return None if code == NO_RESPONSE else code
    status: int | None = code.http_status_code()
    return status


def declared_length(request: http.Request) -> int:
    """What ``content-length`` says; 0 when it says nothing that can be read."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0

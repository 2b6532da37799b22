"""Takes what is secret out of the head of a client's request."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, unquote_plus

from mitmproxy import http

from ..credentials.credential import Presented, presented
from .masking import MASK, masked

CREDENTIAL_HEADERS: Final = ("authorization", "x-api-key", "api-key")
"""Where a client's credential is looked for."""

SECRET_HEADERS: Final = (
    *CREDENTIAL_HEADERS,
    "proxy-authorization",
    "cookie",
    "x-goog-api-key",
    "x-auth-token",
)
"""Headers of a client's request that hold a secret, or may."""

_SECRET_NAMES: Final = {name.encode(): name for name in SECRET_HEADERS}

SECRET_PARAMETERS: Final = frozenset(
    {
        "key", "api_key", "api-key", "apikey", "x-api-key", "x-goog-api-key",
        "access_token", "auth_token", "token", "authorization", "auth", "code",
        "password", "secret", "client_secret",
    }
)  # fmt: skip
"""The same for the query."""

SHORTEST_KEY: Final = 8
"""A shorter local key could be a part of any header's value, by chance."""


def take_credentials(request: http.Request, local_key: str | None) -> Presented:
    """Classify the client's credentials and leave a mark in their place.

    The local access key is taken out of the head wherever it is, and so is what looks
    like an API key.
    """
    known = local_key if local_key and len(local_key) >= SHORTEST_KEY else None
    given: list[tuple[str, str]] = []
    shown_fields: list[tuple[bytes, bytes]] = []
    marked: set[str] = set()
    for name, value in request.headers.fields:
        secret = _SECRET_NAMES.get(name.lower())
        if secret is None:
            shown_fields.append((name, _masked_value(name, value, known)))
            continue
        if secret in CREDENTIAL_HEADERS:
            given.append((secret, value.decode("utf-8", "surrogateescape")))
        if secret not in marked:  # of several equal ones, one mark is left
            shown_fields.append((name, MASK.encode()))
            marked.add(secret)
    request.headers.fields = tuple(shown_fields)
    found = presented(given, local_key=local_key)
    path = request.path
    if (shown := masked_path(path, local_key)) != path:
        request.path = shown
    return found


def _masked_value(name: bytes, value: bytes, local_key: str | None) -> bytes:
    """A header's value without the local key, API keys, and a page's secrets."""
    if local_key:
        value = value.replace(local_key.encode(), MASK.encode())
    if b"sk-" in value or name.lower() == b"referer":
        text = masked_path(value.decode("utf-8", "surrogateescape"), local_key)
        return text.encode("utf-8", "surrogateescape")
    return value


def masked_path(target: str, local_key: str | None = None) -> str:
    """A path and its query without secrets. They do not travel on either."""
    path, mark, query = target.partition("?")
    keys = (local_key, quote(local_key, safe="")) if local_key else ()
    if not mark and "sk-" not in path and not any(key in path for key in keys):
        return target  # as nearly all are
    parameters = "&".join(_masked(parameter) for parameter in query.split("&"))
    return masked(f"{path}{mark}{parameters}", keys)


def _masked(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    is_secret = unquote_plus(name).lower() in SECRET_PARAMETERS
    return f"{name}={MASK}" if equals and is_secret else parameter

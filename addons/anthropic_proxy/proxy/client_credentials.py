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

    The local access key is taken out of the head wherever it is.
    """
    headers = request.headers
    found = presented(
        [
            (name, value)
            for name in CREDENTIAL_HEADERS
            for value in headers.get_all(name)
        ],
        local_key=local_key,
    )
    for name in SECRET_HEADERS:
        if name in headers:
            headers[name] = MASK
    if local_key and len(local_key) >= SHORTEST_KEY:
        key, mark = local_key.encode(), MASK.encode()
        headers.fields = tuple(
            (name, value.replace(key, mark)) for name, value in headers.fields
        )
    path = request.path
    if (shown := masked_path(path, local_key)) != path:
        request.path = shown
    return found


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

"""What lets a page of another origin read an answer (the CORS protocol, Fetch 3.3).

There is never an ``Access-Control-Allow-Credentials``: a browser then keeps from a page
what was asked for with cookies or the user's certificate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mitmproxy import http

_NAMES: Final = re.compile(
    r"[\w!#$%&'*+.^`|~-]+(?: *, *[\w!#$%&'*+.^`|~-]+)*", re.ASCII
)
_MAX_NAMES: Final = 4_096

# What a page may read of an answer, besides what every page may.
_EXPOSED: Final = (
    "x-request-id", "request-id", "retry-after", "x-should-retry", "x-ratelimit-",
    "openai-", "anthropic-", "x-translation-warnings", "x-models-source",
)  # fmt: skip


def suit(headers: http.Headers, allow_origin: str | None, *, vary: bool) -> None:
    """Make an answer readable for pages of ``allow_origin``; None: for no page.

    ``vary``: another origin may get another answer, which caches have to know.
    """
    if vary:
        varies = [name.strip() for name in headers.get("vary", "").split(",")]
        if not {"origin", "*"}.intersection(map(str.lower, varies)):
            headers["vary"] = ", ".join([*filter(None, varies), "Origin"])
    if allow_origin is None:
        return
    headers["access-control-allow-origin"] = allow_origin
    shown = sorted({name.lower() for name in headers})
    shown = [name for name in shown if name.startswith(_EXPOSED)]
    if shown:
        headers["access-control-expose-headers"] = ", ".join(shown)


def preflight(asked: Mapping[str, str]) -> dict[str, str]:
    """What an allowed page may send, beside ``Access-Control-Allow-Origin``.

    ``asked`` are the headers of its ``OPTIONS``. Any method: what an endpoint does not
    take is told by a 404, which the page can read.
    """
    fields = {
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "access-control-max-age": "600",
    }
    names = asked.get("access-control-request-headers", "")
    if len(names) <= _MAX_NAMES and _NAMES.fullmatch(names):
        fields["access-control-allow-headers"] = names
    if asked.get("access-control-request-private-network") == "true":
        fields["access-control-allow-private-network"] = "true"
    return fields

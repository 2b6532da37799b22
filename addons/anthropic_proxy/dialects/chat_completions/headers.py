"""Response headers: Anthropic's as OpenAI's clients know them (rules H.3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

Headers = list[tuple[str, str]]

_RENAMED: Final[Mapping[str, str]] = {
    "request-id": "x-request-id",
    "x-envoy-upstream-service-time": "openai-processing-ms",
}
# Where each of OpenAI's two limits is found, best first.
_SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "requests": ("requests",),
    "tokens": ("tokens", "input-tokens"),
}
_FIELDS: Final = ("limit", "remaining", "reset")
_LIMITS: Final = [
    [
        [
            (f"anthropic-ratelimit-{source}-{field}", f"x-ratelimit-{field}-{limit}")
            for field in _FIELDS
        ]
        for source in sources
    ]
    for limit, sources in _SOURCES.items()
]
"""By limit and source, each header and its name at OpenAI."""
_RESETS: Final = frozenset(
    old
    for sources in _LIMITS
    for names in sources
    for old, _ in names
    if old.endswith("-reset")
)
# Of the network in between, or with nothing left to say once they are renamed.
_STRIPPED_PREFIXES: Final = (
    "cf-",
    "anthropic-ratelimit-requests-",
    "anthropic-ratelimit-tokens-",
)
# About the connection, or about a body that is written anew.
_STRIPPED: Final = frozenset(
    {
        "alt-svc",
        "connection",
        "content-encoding",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


def openai_headers(headers: Iterable[tuple[str, str]], now: float) -> Headers:
    """The headers for the client, names in lower case: mapped ones come last.

    ``content-type`` passes through; who writes the body sets it.

    Args:
        headers: Upstream's, in order.
        now: Unix seconds, from which resets are counted.
    """
    fields = [(name.lower(), value.strip()) for name, value in headers]
    given = dict(fields)
    mapped = {new: given[old] for old, new in _RENAMED.items() if old in given}
    mapped |= _rate_limits(given, now)
    options = given.get("connection", "").lower().split(",")
    unwanted = _STRIPPED.union(mapped, [option.strip() for option in options])
    kept = [
        (name, value)
        for name, value in fields
        if name not in unwanted and not name.startswith(_STRIPPED_PREFIXES)
    ]
    return [*kept, *mapped.items()]


def _rate_limits(headers: Mapping[str, str], now: float) -> dict[str, str]:
    mapped: dict[str, str] = {}
    for sources in _LIMITS:
        for names in sources:
            before = len(mapped)
            for old, new in names:
                value = headers.get(old)
                if value is not None and old in _RESETS:
                    value = _until(value, now)
                if value is not None:
                    mapped[new] = value
            if len(mapped) > before:  # else the next best
                break
    return mapped


def _until(instant: str, now: float) -> str | None:
    """The time to an RFC 3339 instant, as OpenAI writes it; None when malformed."""
    try:
        moment = datetime.fromisoformat(instant)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return duration(moment.timestamp() - now)


def duration(seconds: float) -> str:
    """``250ms``, ``12s``, ``6m0s``, ``1h0m5s``: rounded up, and ``0s`` for the past."""
    # Instants are told to the microsecond at best; less is the noise of floats.
    milliseconds = math.ceil(round(max(seconds, 0.0) * 1000, 3))
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(math.ceil(milliseconds / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"

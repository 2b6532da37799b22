"""Times in words."""

from __future__ import annotations

from typing import Final

_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def span(seconds: float) -> str:
    """The two largest units: ``7 hours 58 minutes``.

    >>> span(28_700)
    '7 hours 58 minutes'
    """
    rest = max(0, round(abs(seconds)))
    parts: list[str] = []
    for name, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}{'s' if count != 1 else ''}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 seconds"


def expiry(expires_at: float | None, now: float) -> str:
    """When a token ends, seen from ``now`` (both Unix seconds)."""
    if expires_at is None:
        return "does not expire"
    if expires_at <= now:
        return f"expired {span(now - expires_at)} ago"
    return f"expires in {span(expires_at - now)}"

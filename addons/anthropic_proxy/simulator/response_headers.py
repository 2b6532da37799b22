"""Headers that every answer carries, besides its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

SIMULATOR: Final = "anthropic-max-proxy development tool; not Claude, not Anthropic"
ORGANIZATION: Final = "00000000-0000-4000-8000-000000000000"

_LIMITS: Final = {
    "requests": 4_000,
    "tokens": 2_000_000,
    "input-tokens": 1_600_000,
    "output-tokens": 400_000,
}
_WINDOW: Final = timedelta(minutes=1)


def rate_limit_headers(used: int, now: datetime) -> dict[str, str]:
    """Limits that are never reached.

    Args:
        used: requests before this one; each takes one from every limit.
        now: aware; the window ends a minute later.
    """
    reset = (now + _WINDOW).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    found = {}
    for name, limit in _LIMITS.items():
        prefix = f"anthropic-ratelimit-{name}"
        found[f"{prefix}-limit"] = str(limit)
        found[f"{prefix}-remaining"] = str(limit - 1 - used % limit)
        found[f"{prefix}-reset"] = reset
    return found

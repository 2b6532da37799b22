"""Token counts: what Anthropic's ``usage`` objects mean, alone and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...wire.openai import CompletionUsage

_COUNTS: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)


def merged(usage: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
    """``usage`` after a ``message_delta`` (rules G.1).

    The counts of an update are totals, so they replace; what it leaves out or gives
    as null keeps the earlier value.
    """
    news = {name: value for name, value in update.items() if value is not None}
    return {**usage, **news}


def summed(usages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The usage of several Messages that continue one turn (rules F.1, pause_turn).

    Counts add up, each Message having been paid for; anything else is the last one's.
    A single usage is returned as it is.
    """
    if len(usages) == 1:
        return dict(usages[0])
    total: dict[str, Any] = {}
    for usage in usages:
        total = _added(total, _whole(usage))
    return total


def completion_usage(usage: Mapping[str, Any]) -> CompletionUsage:
    """Anthropic's counts as OpenAI's (rules F.2); absent and null count as zero."""
    usage = _whole(usage)
    fresh, written, read, output = (_count(usage.get(name)) for name in _COUNTS)
    details = usage.get("output_tokens_details")
    thinking = details.get("thinking_tokens") if isinstance(details, dict) else None
    prompt = fresh + written + read  # input_tokens leaves out whatever was cached
    return {
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "total_tokens": prompt + output,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": _count(thinking)},
    }


def _whole(usage: Mapping[str, Any]) -> dict[str, Any]:
    """``usage`` with the beta field ``iterations`` summed into its counts.

    The counts at the top leave out compaction and declined fallback attempts.
    """
    whole = dict(usage)
    iterations = whole.pop("iterations", None)
    if isinstance(iterations, list):
        entries = [entry for entry in iterations if isinstance(entry, dict)]
        if entries:
            whole |= {
                name: sum(_count(entry.get(name)) for entry in entries)
                for name in _COUNTS
            }
    return whole


def _added(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **left,
        **{name: _sum(left.get(name), value) for name, value in right.items()},
    }


def _sum(left: Any, right: Any) -> Any:
    if isinstance(left, dict) and isinstance(right, dict):
        return _added(left, right)
    if _is_count(left) and _is_count(right):
        return left + right
    return left if right is None else right


def _count(value: Any) -> int:
    return value if _is_count(value) else 0


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

"""What the prompt cache did for a request, and where it ceased to help."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ..dialects.chat_completions.usage import completion_usage
from . import facts
from .context_parts import Part
from .recorded import Recorded
from .text import WARN, bar, count, one_line, pairs, percent, table

_WORTH_A_WARNING: Final = 0.1  # of the prompt, paid for again
_STANDS_FOR: Final[Mapping[str, Sequence[str]]] = {
    "model": ("tools", "system", "messages"),
    "tool_choice": ("messages",),
    "thinking": ("messages",),
}
_NOT_MARKED: Final = (
    "nothing is marked (cache_control); with the option anthropic_auto_cache"
    " Anthropic places a mark itself"
)


def cache_lines(
    recorded: Recorded,
    usage: Mapping[str, Any],
    parts: Sequence[Part],
    marks: Sequence[str],
    tokens: Callable[..., int],
) -> list[str]:
    """Tokens read, written and neither; the marks; the prefix.

    Args:
        marks: where the request's cache marks are.
        tokens: about how many tokens some parts are.
    """
    rows = [("marks", ", ".join(marks) or _NOT_MARKED)]
    details = completion_usage(usage)["prompt_tokens_details"]
    cached = bool(marks) or any(details.values())
    rows += _prefix(recorded, parts, tokens, cached=cached)
    return [*_counts(usage), *pairs(rows)]


def _counts(usage: Mapping[str, Any]) -> list[str]:
    if not usage:
        return ["  Anthropic gave no token counts."]
    made = completion_usage(usage)
    prompt, details = made["prompt_tokens"], made["prompt_tokens_details"]
    read, written = details["cached_tokens"], details["cache_write_tokens"]
    rows = []
    for told, tokens in (
        ("read from the cache", read),
        ("written to the cache", written),
        ("neither", prompt - read - written),
    ):
        share = tokens / prompt if prompt else 0.0
        rows.append((told, count(tokens), percent(share), bar(share)))
    return table(rows, [24, 12, 8], right=[1, 2])


def _prefix(
    recorded: Recorded,
    parts: Sequence[Part],
    tokens: Callable[..., int],
    *,
    cached: bool,
) -> list[tuple[str, str]]:
    prefix = facts.mapping(recorded, "prefix")
    if not prefix:
        return []
    previous, same, of = (
        one_line(prefix.get(key)) for key in ("previous", "same", "of")
    )
    differs = prefix.get("differs")
    if not isinstance(differs, str):
        whole = f"goes on where {previous} ended: all its {of} parts are here unchanged"
        part = f"is the beginning of {previous}: {same} of its {of} parts, unchanged"
        return [("prefix", whole if same == of else part)]
    place = _place(differs, parts)
    behind = parts[place:]
    told = f"differs from {previous} at {one_line(differs)}"
    if behind:
        told += f", {' '.join(behind[0].told.split())}"
    rows = [("prefix", f"{told}: {same} of its {of} parts are the same")]
    if behind:
        rows.append(_cost(tokens(*behind), tokens(*parts), cached=cached))
    return rows


def _cost(behind: int, whole: int, *, cached: bool) -> tuple[str, str]:
    told = f"about {count(behind)} of {count(whole)} tokens, from there to the end,"
    if not cached:
        return "cost", f"{told} could not come from the cache, which nothing here uses"
    dear = behind > whole * _WORTH_A_WARNING
    return f"{WARN} cost" if dear else "cost", f"{told} cannot come from the cache"


def _place(differs: str, parts: Sequence[Part]) -> int:
    """Index of the part that a path leads into; one past the last when there is none.

    A field that is not text of the prompt stands for what it makes upstream read anew.
    """
    wanted = _STANDS_FOR.get(differs, ())
    for place, part in enumerate(parts):
        if f"{differs}.".startswith(f"{part.path}.") or part.group in wanted:
            return place
    return len(parts)

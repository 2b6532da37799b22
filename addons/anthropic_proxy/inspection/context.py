"""The view *Context*: what fills the model's window, and what came from the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..dialects.chat_completions.answer import as_mapping
from ..dialects.chat_completions.usage import completion_usage
from . import facts
from .answers import answer_of
from .bodies import read
from .cache_text import cache_lines
from .context_parts import Part, parts_of, top_level_mark
from .facts import Side
from .recorded import Message, Recorded
from .text import (
    RULE,
    WARN,
    bar,
    count,
    heading,
    one_line,
    paragraph,
    percent,
    plural,
    size,
    table,
    text_of,
)

_HEAD: Final = ("Part", "Bytes", "≈ Tokens", "Share", "")
_GROUPS: Final = ("tools", "system", "messages")
_CAPS: Final = (50, 11, 11, 7)
_RIGHT: Final = (1, 2, 3)
_REST: Final = [""] * 4
_COUNTED: Final = (
    "The total is Anthropic's count. What the parts have of it is estimated, text by"
    " its bytes and pictures by their pixels."
)
_GUESSED: Final = (
    "Anthropic gave no count: tokens are bytes of text divided by four, and pixels"
    " divided by 750."
)


def render(recorded: Recorded, side: Side = "request") -> str:
    """Sizes, shares and the cache; the same beside request and answer."""
    message = recorded.upstream_request or recorded.client_request
    if message is None:
        return "There is no request to take apart."
    body = read(message)
    value = as_mapping(body.value)
    parts = parts_of(value)
    if not parts:
        return text_of(_without_parts(message, body.note))
    usage = _usage(recorded)
    total = completion_usage(usage)["prompt_tokens"] if usage else 0
    lines = [_title(recorded, parts, total, message)]
    if recorded.upstream_request is None:
        lines.append("Nothing was sent to Anthropic: this is the client's own request.")
    if body.note:
        lines += paragraph(f"{WARN} {body.note}", indent=2)
    shares = _Shares(parts, total)
    if recorded.upstream_request is not None:
        marks = [mark for part in parts for mark in part.marks]
        marks += top_level_mark(value)
        lines += heading("Cache")
        lines += cache_lines(recorded, usage, parts, marks, shares.tokens)
    return text_of(lines, _sizes(parts, shares), _notes(parts, total))


def _without_parts(message: Message, note: str) -> list[str]:
    told = "The request holds neither tools nor system nor messages, but"
    lines = [f"{told} {size(message.size)}."]
    return [*lines, *paragraph(f"{WARN} {note}", indent=2)] if note else lines


def _usage(recorded: Recorded) -> Mapping[str, Any]:
    noted = facts.mapping(recorded, "outcome", "usage")
    return noted or as_mapping(answer_of(read(recorded.upstream_response)).usage)


class _Shares:
    """Turns the weight of a part into tokens and a share."""

    def __init__(self, parts: Sequence[Part], total: int) -> None:
        self._weight = sum(part.weight for part in parts) or 1.0
        self._factor = total / self._weight if total else 1.0

    def tokens(self, *parts: Part) -> int:
        return round(sum(part.weight for part in parts) * self._factor)

    def row(self, told: str, *parts: Part) -> list[str]:
        share = sum(part.weight for part in parts) / self._weight
        octets = sum(part.size for part in parts)
        unknown = "+ ?" if any(part.unknown for part in parts) else ""
        tokens = f"{count(self.tokens(*parts))}{unknown}"
        return [told, count(octets), tokens, percent(share), bar(share)]


def _title(
    recorded: Recorded, parts: Sequence[Part], total: int, message: Message
) -> str:
    model = facts.text(recorded, "model_used") or facts.text(recorded, "model_asked")
    told = [model, f"{count(total)} tokens in" if total else "", size(message.size)]
    return "  ·  ".join(one_line(part) for part in told if part)


def _sizes(parts: Sequence[Part], shares: _Shares) -> list[str]:
    """One table, so that all bars have the same length: groups, then their parts."""
    groups = {
        group: [part for part in parts if part.group == group] for group in _GROUPS
    }
    rows = [
        shares.row(f"{group} ({len(found)})", *found)
        for group, found in groups.items()
        if found
    ]
    for group, found in groups.items():
        if found:
            rows += [["", *_REST], [f"{RULE} {group}", *_REST]]
            rows += [shares.row(_told(group, part), part) for part in found]
    return [*heading("Context"), *table(rows, _CAPS, head=_HEAD, right=_RIGHT)]


def _told(group: str, part: Part) -> str:
    label = part.path.removeprefix(group).removeprefix(".")
    told = f"{label} {part.told}".strip()
    return f"{told} · {', '.join(part.media)}" if part.media else told


def _notes(parts: Sequence[Part], total: int) -> list[str]:
    lines = ["", *paragraph(_COUNTED if total else _GUESSED)]
    if unknown := sum(part.unknown for part in parts):
        told = (
            f"{plural(unknown, 'part')} with documents or links: the count is too low."
        )
        lines.append(told)
    return lines

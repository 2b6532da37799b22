"""What the proxy changed in a request that it passed on, and left alone otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..dialects.chat_completions.answer import as_mapping
from .bodies import read
from .json_text import compact, folded
from .recorded import Message, Recorded
from .text import one_line, quoted, shortened, size, table

_LIMIT: Final = 60
_HEAD: Final = ("What", "The client sent", "Anthropic received")
_CAPS: Final = (30, 38)


def change_lines(recorded: Recorded) -> list[str]:
    """A table of the differences; a sentence when there are none."""
    before, after = recorded.client_request, recorded.upstream_request
    if before is None or after is None:
        return ["Passed on. What the client sent was not kept, so nothing is compared."]
    rows = [*_line(before, after), *_headers(before, after), *_body(before, after)]
    said = (
        f"Passed on in Anthropic's own dialect ({size(after.size)}), nothing translated"
    )
    if not rows:
        return [f"{said}, nothing changed."]
    return [f"{said}. Changed:", "", *table(rows, _CAPS, head=_HEAD)]


def _line(before: Message, after: Message) -> list[tuple[str, str, str]]:
    if before.line == after.line:
        return []
    return [("request line", before.line, after.line)]


def _headers(before: Message, after: Message) -> list[tuple[str, str, str]]:
    left, right = _by_name(before.headers), _by_name(after.headers)
    names = [*left, *(name for name in right if name not in left)]
    return [
        (name, left.get(name, "–"), right.get(name, "–"))
        for name in names
        if left.get(name) != right.get(name)
    ]


def _by_name(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _body(before: Message, after: Message) -> list[tuple[str, str, str]]:
    if before.body == after.body:
        return []
    both = read(before), read(after)
    left, right = (as_mapping(body.value) for body in both)
    changed = [
        (f"body: {key}", _value(left, key), _value(right, key))
        for key in dict.fromkeys((*left, *right))
        if left.get(key) != right.get(key)
    ]
    alike = all(body.kind == "json" for body in both) and both[0].value == both[1].value
    what = "same meaning" if alike else "other bytes"
    return changed or [("body", size(before.size), f"{size(after.size)}, {what}")]


def _value(holder: Mapping[str, Any], key: str) -> str:
    if key not in holder:
        return "–"
    value = holder[key]
    if isinstance(value, str):
        return quoted(value, _LIMIT)
    return shortened(one_line(folded(compact(value))), _LIMIT * 2)

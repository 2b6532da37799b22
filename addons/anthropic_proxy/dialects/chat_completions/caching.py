"""Cache marks: how many a request may hold, and in which order.

Rules A.1. Marks are put on blocks where messages and tools are translated; this module
adds the request's own mark and sees that the sum of them is legal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..report import Report
from .exchange import Settings
from .parameters import Values

MAX_MARKS: Final = 4
EPHEMERAL: Final = {"type": "ephemeral"}


def request_mark(
    values: Values, settings: Settings, report: Report
) -> dict[str, Any] | None:
    """The top-level ``cache_control``, by which upstream places a mark itself."""
    options: dict[str, Any] = values.get("prompt_cache_options", {})
    explicit = options.get("mode") == "explicit"
    if options:
        became = "no automatic mark" if explicit else "nothing: these are the defaults"
        report.mapped("prompt_cache_options", became, "A.1")
    asked: dict[str, Any] | None = values.get("cache_control")
    if asked is not None:
        report.mapped("cache_control", "cache_control", "D.5")
        return asked
    return dict(EPHEMERAL) if settings.auto_cache and not explicit else None


def with_legal_marks(body: dict[str, Any], report: Report) -> dict[str, Any]:
    """``body`` with at most `MAX_MARKS` marks, the last ones, long-lived before short.

    The request's own mark counts as one, and as the last.
    """
    found = [block["cache_control"] for block in _marked(body)]
    own = [body["cache_control"]] if "cache_control" in body else []
    surplus = max(0, len(found) + len(own) - MAX_MARKS)
    kept = found[surplus:] + own
    legal = _long_before_short(kept)
    if not surplus and legal == kept:
        return body
    if surplus:
        reason = f"a request holds {MAX_MARKS} cache marks; the last ones were kept"
        token = "cache_control:last_4_kept"
        report.altered("messages", f"{MAX_MARKS} cache marks", "A.1", reason, token)
    if legal != kept:
        reason = "a mark for an hour cannot follow one for five minutes"
        token = "cache_control.ttl:shortened"
        report.altered("messages", "five-minute cache marks", "A.1", reason, token)
    marks: list[Any] = [None] * surplus + legal
    rebuilt = _remarked(body, iter(marks))
    return rebuilt | ({"cache_control": marks[-1]} if own else {})


def _long_before_short(marks: list[Any]) -> list[Any]:
    long = list(itertools.takewhile(lambda mark: mark.get("ttl") == "1h", marks))
    rest = marks[len(long) :]
    return long + [EPHEMERAL if mark.get("ttl") == "1h" else mark for mark in rest]


def _marked(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    contents = [message["content"] for message in body["messages"]]
    for blocks in (body.get("tools"), body.get("system"), *contents):
        if isinstance(blocks, list):
            yield from (block for block in blocks if block.get("cache_control"))


def _remarked(body: dict[str, Any], marks: Iterator[Any]) -> dict[str, Any]:
    """A copy whose marked blocks have these marks instead; None takes one off."""

    def remark(blocks: Any) -> Any:
        if not isinstance(blocks, list):
            return blocks
        return [
            _with_mark(block, next(marks)) if block.get("cache_control") else block
            for block in blocks
        ]

    head = {key: remark(body[key]) for key in ("tools", "system") if key in body}
    messages = [
        message | {"content": remark(message["content"])}
        for message in body["messages"]
    ]
    return body | head | {"messages": messages}


def _with_mark(block: dict[str, Any], mark: Any) -> dict[str, Any]:
    bare = {key: value for key, value in block.items() if key != "cache_control"}
    return bare if mark is None else bare | {"cache_control": mark}

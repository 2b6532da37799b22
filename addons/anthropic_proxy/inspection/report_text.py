"""The report of a request as a table: what became of each field, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..dialects.chat_completions.answer import as_mapping, as_text
from . import facts
from .recorded import Recorded
from .text import WARN, WRONG, one_line, table

# What one has to know comes first.
_ORDER: Final[Mapping[str, tuple[int, str]]] = {
    "rejected": (0, WRONG),
    "altered": (1, WARN),
    "ignored": (2, WARN),
    "mapped": (4, ""),
}
_UNKNOWN: Final = (3, "?")
_HEAD: Final = ("", "Fate", "Field", "Became", "Rule", "Why")
_CAPS: Final = (1, 8, 26, 30, 5)
_NOTHING: Final = {"rejected": "an error"}
_ONE_MESSAGE: Final = re.compile(r"messages\.\[\d+\]")
_FOLD_FROM: Final = 6


def report_lines(recorded: Recorded) -> list[str]:
    """The table; what was lost or changed before what arrived whole."""
    entries = [as_mapping(item) for item in facts.items(_report(recorded, "entries"))]
    entries.sort(key=lambda entry: _place(entry)[0])
    rows = [_row(entry) for entry in entries]
    return table(_folded(rows), _CAPS, head=_HEAD)


def warning_tokens(recorded: Recorded) -> list[str]:
    """The warnings of the request and of its answer, each once."""
    tokens = [
        *facts.texts(recorded, "report", "warnings"),
        *facts.texts(recorded, "outcome", "warnings"),
    ]
    return list(dict.fromkeys(tokens))


def has_report(recorded: Recorded) -> bool:
    """Whether a translation was made, or tried."""
    return bool(facts.items(_report(recorded, "entries")))


def tally(recorded: Recorded) -> str:
    """How many fields met which fate."""
    found: dict[str, int] = {}
    for item in facts.items(_report(recorded, "entries")):
        fate = as_text(as_mapping(item).get("disposition")) or "?"
        found[fate] = found.get(fate, 0) + 1
    ordered = sorted(found, key=lambda fate: _ORDER.get(fate, _UNKNOWN)[0])
    return ", ".join(f"{found[fate]} {one_line(fate)}" for fate in ordered)


def _report(recorded: Recorded, key: str) -> Any:
    return facts.value(recorded, "report", key)


def _place(entry: Mapping[str, Any]) -> tuple[int, str]:
    return _ORDER.get(as_text(entry.get("disposition")), _UNKNOWN)


def _row(entry: Mapping[str, Any]) -> list[Any]:
    became = entry.get("became")
    if became is None:
        became = _NOTHING.get(as_text(entry.get("disposition")), "nothing")
    return [
        _place(entry)[1],
        entry.get("disposition"),
        entry.get("field"),
        became,
        entry.get("rule"),
        entry.get("reason"),
    ]


def _folded(rows: Sequence[list[Any]]) -> list[list[Any]]:
    """Long runs of messages that simply became messages, on one row each."""
    shown: list[list[Any]] = []
    at = 0
    while at < len(rows):
        end = at
        while end < len(rows) and _is_plain_message(rows[end], rows[at]):
            end += 1
        if end - at >= _FOLD_FROM:
            shown.append(_run(rows[at], rows[end - 1], end - at))
            at = end
        else:
            shown += rows[at : max(end, at + 1)]
            at = max(end, at + 1)
    return shown


def _is_plain_message(row: Sequence[Any], first: Sequence[Any]) -> bool:
    _, fate, field, became, rule, why = row
    return (
        not why
        and isinstance(field, str)
        and isinstance(became, str)
        and _ONE_MESSAGE.fullmatch(field) is not None
        and became.startswith("messages")
        and (fate, rule) == (first[1], first[4])
    )


def _run(first: Sequence[Any], last: Sequence[Any], count: int) -> list[Any]:
    mark, fate, field, became, rule, _ = first
    return [
        mark,
        fate,
        f"{field} … {last[2].removeprefix('messages.')}",
        f"{became} … {last[3].removeprefix('messages')}",
        rule,
        f"{count} messages, one after the other",
    ]

"""The list of flows: a table for people, plain values for programs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rich.text import Text

from ..inspection.recorded import Message
from ..proxy.masking import one_line
from .explain_words import columns, console, print_table
from .flow_files import Kept

_INPUT: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)
_TITLES: Final = (
    "#", "time", "endpoint", "asked → used", "status", "in", "cached", "out", "finish",
    "seconds", "warnings, error",
)  # fmt: skip
_NUMBERS: Final = ("#", "status", "in", "cached", "out", "seconds")
_MESSAGES: Final = (
    "client_request",
    "upstream_request",
    "upstream_response",
    "client_response",
)


def print_rows(kept: Sequence[Kept]) -> None:
    """A line for each flow; a narrow one on a terminal, a full one for ``grep``."""
    table = columns(*_TITLES)
    for column in table.columns:
        if column.header in _NUMBERS:
            column.justify, column.no_wrap = "right", True
    out, day = console(), ""
    for one in kept:
        date, clock = _moment(one.started)
        if out.is_terminal and date != day:
            table.add_row("", Text(date, "dim"))
        day = date
        when = clock if out.is_terminal else f"{date} {clock}"
        table.add_row(*_cells(one, when))
    print_table(out, table)


def as_dict(one: Kept, *, messages: bool = False) -> dict[str, Any]:
    """Everything that is known of a flow, in values that JSON has.

    Args:
        messages: with the four messages; bytes that are not UTF-8 read U+FFFD.
    """
    facts = {
        name: _plain(fact)
        for name, fact in one.recorded.facts.items()
        if name not in _MESSAGES
    }
    found: dict[str, Any] = {
        "number": one.number,
        "time": datetime.fromtimestamp(one.started, UTC).isoformat(),
        "summary": one.summary,
        "facts": facts,
    }
    if messages:
        found["messages"] = {
            name: _message(getattr(one.recorded, name)) for name in _MESSAGES
        }
    return found


def _message(message: Message | None) -> dict[str, Any] | None:
    if message is None:
        return None
    return {
        "line": message.line,
        "headers": [list(field) for field in message.headers],
        "body": message.body.decode("utf-8", "replace"),
        "size": message.size,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _moment(seconds: float) -> tuple[str, str]:
    """Day and time here."""
    here = time.localtime(seconds)
    return time.strftime("%Y-%m-%d", here), time.strftime("%H:%M:%S", here)


def _cells(one: Kept, when: str) -> Iterable[Text]:
    facts = one.recorded.facts
    if not facts:
        return map(Text, (str(one.number), when, "(not ours)", one.summary))
    outcome = _mapping(facts.get("outcome"))
    status, error = outcome.get("status"), outcome.get("error")
    failed = bool(error) or (isinstance(status, int) and status >= 400)
    seconds = outcome.get("duration")
    return (
        Text(str(one.number)),
        Text(when),
        Text(one_line(str(facts.get("endpoint") or ""))),
        Text(one_line(_models(facts))),
        Text(_status(status), "red" if failed else "green"),
        *map(Text, _tokens(outcome.get("usage"))),
        Text(one_line(str(outcome.get("finish") or ""))),
        Text(f"{seconds:.2f}" if isinstance(seconds, int | float) else ""),
        _notes(facts, outcome),
    )


def _notes(facts: Mapping[str, Any], outcome: Mapping[str, Any]) -> Text:
    report = _mapping(facts.get("report"))
    warnings = outcome.get("warnings") or report.get("warnings") or []
    notes = Text(one_line(", ".join(map(str, warnings))), "yellow")
    if error := outcome.get("error"):
        notes.append(" " if warnings else "").append(one_line(str(error)), "red")
    return notes


def _status(status: Any) -> str:
    return str(status) if isinstance(status, int) else "none"


def _models(facts: Mapping[str, Any]) -> str:
    asked, used = facts.get("model_asked"), facts.get("model_used")
    if asked and used and asked != used:
        return f"{asked} → {used}"
    return str(used or asked or "")


def _tokens(usage: Any) -> tuple[str, str, str]:
    """In, of these from the cache, out."""
    if not isinstance(usage, Mapping):
        return ("", "", "")
    counts = {name: _count(usage.get(name)) for name in (*_INPUT, "output_tokens")}
    whole = sum(counts[name] for name in _INPUT)
    cached = counts["cache_read_input_tokens"]
    return (str(whole), str(cached or ""), str(counts["output_tokens"]))


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

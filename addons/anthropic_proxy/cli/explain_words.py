"""An explanation for people: colours on a terminal, plain text everywhere else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.json import JSON
from rich.table import Table
from rich.text import Text

from ..proxy.masking import one_line, several_lines
from .explaining import Explained, plain

PIPE_WIDTH: Final = 10_000
"""Columns when there is no terminal: what belongs on a line stays on it."""
_NATIVE: Final = """\
The proxy passes this on as it is, byte for byte. The model's name is not mapped.
Of the client's headers the credential is replaced; cookies and what is about one
connection alone are left out.
"""
_STYLES: Final = {
    "mapped": "green",
    "altered": "yellow",
    "ignored": "yellow",
    "rejected": "bold red",
}


def console() -> Console:
    """Obeys NO_COLOR; a file or a pipe gets no colour, and lines of any length."""
    found = Console(highlight=False, markup=False, emoji=False)
    if not found.is_terminal:
        found.width = PIPE_WIDTH
    return found


def columns(*titles: str) -> Table:
    """A table without lines."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def print_table(out: Console, table: Table) -> None:
    """Without blanks at the ends of lines, where nobody would see why."""
    if out.is_terminal:
        out.print(table)
        return
    with out.capture() as captured:
        out.print(table)
    for line in captured.get().splitlines():
        out.print(line.rstrip(), soft_wrap=True)


def print_outcome(explained: Explained) -> None:
    """The request that would be sent, or the error; then the report."""
    out, outcome = console(), explained.outcome
    out.print(_headline(explained), style="bold")
    for note in explained.notes:
        out.print(one_line(note), style="yellow", soft_wrap=True)
    out.print()
    if outcome.error is not None:
        out.print(f"Refused: the client gets {outcome.status}", style="bold red")
        _print_json(out, outcome.error)
        if outcome.report["entries"]:
            out.print("\nWhat was read before:")
    elif explained.native:
        _print_native(out, explained)
    else:
        _print_request(out, explained)
        _print_json(out, outcome.request)
    _print_report(out, outcome.report)


def _headline(explained: Explained) -> str:
    outcome, way = explained.outcome, explained.way
    kind = "Anthropic's own API" if explained.native else "Chat completion"
    parts = [kind]
    if outcome.model_used:
        asked, used = outcome.model_asked, outcome.model_used
        parts.append(used if asked == used else f"{asked} → {used}")
    parts.append(f"credential: {way.credential or 'none'}")
    return one_line(" · ".join(parts))


def _print_request(out: Console, explained: Explained) -> None:
    out.print(f"POST {explained.way.upstream}/v1/messages", style="cyan")
    for name, value in explained.headers.items():
        out.print(one_line(f"{name}: {value}"), style="dim", soft_wrap=True)
    out.print()


def _print_native(out: Console, explained: Explained) -> None:
    out.print(_NATIVE)
    _print_request(out, explained)
    request = explained.outcome.request
    if explained.identity_added and isinstance(request, dict):
        out.print(
            "A subscription token needs its sentence in front, so system becomes:"
        )
        _print_json(out, request.get("system"))
    else:
        out.print("The body stays as it is.")


def _print_json(out: Console, value: Any) -> None:
    text = several_lines(json.dumps(plain(value), indent=2, ensure_ascii=False))
    if out.is_terminal and not out.no_color:
        try:
            out.print(JSON(text), soft_wrap=True)
            return
        except ValueError:
            pass  # an escaped control character is no JSON any more
    out.print(text, soft_wrap=True)


def _print_report(out: Console, report: Mapping[str, Any]) -> None:
    entries = report["entries"]
    if not entries:
        return
    table = columns("field", "became", "why", "rule", "warning")
    for entry in entries:
        style = _STYLES.get(entry["disposition"], "")
        became = entry["became"] or entry["disposition"]
        if entry["disposition"] == "altered":
            became = f"altered → {became}"
        table.add_row(
            Text(one_line(entry["field"])),
            Text(one_line(became), style),
            Text(one_line(entry["reason"])),
            Text(entry["rule"]),
            Text(one_line(entry["warning"] or ""), "yellow"),
        )
    counts = Counter(entry["disposition"] for entry in entries)
    summed = ", ".join(f"{count} {name}" for name, count in counts.items())
    out.print(f"\nReport: {summed}", style="bold")
    print_table(out, table)

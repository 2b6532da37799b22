"""Counts and spans over many recorded requests."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .recorded import Recorded

_READ: Final = "cache_read_input_tokens"
_WRITTEN: Final = "cache_creation_input_tokens"
_TOKENS: Final = {
    "not cached": "input_tokens",
    "read from the cache": _READ,
    "written to the cache": _WRITTEN,
    "out": "output_tokens",
}


@dataclass(slots=True)
class Figures:
    """What ``gathered`` found."""

    requests: int = 0
    not_ours: int = 0
    unfinished: int = 0
    by: dict[str, Counter[str]] = field(default_factory=dict)
    """Counted things by title: dialect, status, model, finish, warning, error."""
    tokens: Counter[str] = field(default_factory=Counter)
    """By Anthropic's names in ``usage``."""
    spans: dict[str, list[float]] = field(default_factory=dict)
    """Seconds by title."""


def gathered(recordings: Iterable[Recorded]) -> Figures:
    """Count. Flows that have no facts are none of ours."""
    figures = Figures()
    for recorded in recordings:
        facts = recorded.facts
        if not facts:
            figures.not_ours += 1
            continue
        figures.requests += 1
        outcome = facts.get("outcome") or {}
        figures.unfinished += not outcome
        for title, values in _counted(facts, outcome):
            figures.by.setdefault(title, Counter()).update(values)
        usage = outcome.get("usage") or {}
        for name in _TOKENS.values():
            if isinstance(count := usage.get(name), int):
                figures.tokens[name] += count
        for title, key in (("first byte", "first_byte"), ("duration", "duration")):
            if isinstance(seconds := outcome.get(key), int | float):
                figures.spans.setdefault(title, []).append(seconds)
    return figures


def _counted(
    facts: Mapping[str, Any], outcome: Mapping[str, Any]
) -> Iterator[tuple[str, list[str]]]:
    """What one request adds to each table."""
    asked, used = facts.get("model_asked"), facts.get("model_used")
    model = f"{asked} → {used}" if asked and used and asked != used else used or asked
    singles = {
        "Dialect": facts.get("dialect"),
        "Endpoint": facts.get("endpoint"),
        "Status": outcome.get("status"),
        "Model": model,
        "Finish": outcome.get("finish"),
        "Error": outcome.get("error"),
    }
    for title, value in singles.items():
        if value is not None:
            yield title, [str(value)]
    report = facts.get("report") or {}
    said = [*(report.get("warnings") or []), *(outcome.get("warnings") or [])]
    yield "Warning", list(dict.fromkeys(map(str, said)))


def rendered(figures: Figures) -> str:
    """The figures as text."""
    if not figures.requests:
        return "None of these flows was recorded by anthropic-max-proxy."
    lines = [f"{figures.requests} requests"]
    if figures.unfinished:
        lines[0] += f", {figures.unfinished} of them without an end"
    if figures.not_ours:
        lines[0] += f" ({figures.not_ours} flows of others are not counted)"
    for title in ("Dialect", "Endpoint", "Status", "Model", "Finish"):
        lines += _table(title, figures.by.get(title, Counter()).most_common())
    lines += _table("Tokens", _token_rows(figures.tokens))
    if figures.spans:
        lines += ["", f"{'Seconds':<20}{'median':>10}{'p95':>10}{'longest':>10}"]
        lines += [
            f"  {title:<18}{quantile(spans, 0.5):>10.3f}{quantile(spans, 0.95):>10.3f}"
            f"{max(spans):>10.3f}"
            for title, spans in figures.spans.items()
        ]
    for title in ("Warning", "Error"):
        lines += _table(f"{title}s", figures.by.get(title, Counter()).most_common())
    return "\n".join(lines)


def _token_rows(tokens: Counter[str]) -> list[tuple[str, int]]:
    if not tokens:
        return []
    whole = tokens["input_tokens"] + tokens[_READ] + tokens[_WRITTEN]
    return [("in", whole), *((title, tokens[name]) for title, name in _TOKENS.items())]


def _table(title: str, rows: Sequence[tuple[str, int]]) -> list[str]:
    if not rows:
        return []
    width = max(len(f"{count}") for _, count in rows)
    return ["", title, *(f"  {count:>{width}}  {name}" for name, count in rows)]


def quantile(spans: Sequence[float], share: float) -> float:
    """The nearest rank: a value that was really measured."""
    ordered = sorted(spans)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

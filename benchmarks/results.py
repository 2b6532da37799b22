"""The report of a run: tables, as Markdown and as data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from .figures import BARE, DIRECT, Figures, Spread
from .scenarios import SCENARIOS, TURNS, Metric, Pace, Scenario
from .subjects import Line, Subject
from .targets import TARGETS

NOT_MEASURED: Final = "—"
NOISY_CORES: Final = 0.1
"""Other work on the machine, in cores, from which its figures are in doubt."""


@dataclass(frozen=True, slots=True)
class Table:
    """A title above columns."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where, when and of what."""

    date: str
    commit: str
    machine: str
    cores: int
    rounds: int
    minutes: float
    pace: Pace
    failures: tuple[str, ...] = ()


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


def _with_spread(found: Spread, unit: str) -> str:
    text = f"{found.median:,.2f} {unit}"
    if found.rounds > 1:
        text += f" ({found.low:,.2f} to {found.high:,.2f})"
    return text


def targets_table(
    figures: Figures, line: Line, scenarios: Iterable[Scenario] = SCENARIOS
) -> Table:
    """Each promise: what it asks for, what came out, whether it is met."""
    names = {scenario.name for scenario in scenarios}
    rows = []
    for target in TARGETS:
        if target.scenario not in names:
            continue
        found = target.measured(figures, line.name)
        if found is None:
            shown, verdict = NOT_MEASURED, "not measured"
        else:
            shown = _with_spread(found, target.unit)
            verdict = "met" if target.met(found) else "**not met**"
        rows.append((target.title, target.wanted, shown, verdict))
    columns = ("Launcher, × = multiple of bare", "Target", "Measured", "")
    return Table(f"Targets: {line.name}", columns, rows)


def _cell(
    figures: Figures, scenario: Scenario, metric: Metric, line: Line, subject: Subject
) -> str:
    name = metric.name
    if subject.name == DIRECT:  # nothing is added to itself
        name = name.removeprefix("added_")
    key = (scenario.name, line.name, subject.name, name)
    value = figures.value(*key)
    if value is None:
        return NOT_MEASURED
    text = _number(value.median, metric.digits)
    ratio = figures.ratio(*key)
    if ratio is None or subject.name in (DIRECT, BARE):
        return text
    return f"{text} ({ratio.median:.2f} ×)"


def results_table(figures: Figures, line: Line, subjects: Iterable[Subject]) -> Table:
    """Every figure of every scenario, one column a subject."""
    shown = tuple(subjects)
    rows = []
    for scenario in SCENARIOS:
        for metric in scenario.metrics:
            cells = [_cell(figures, scenario, metric, line, s) for s in shown]
            if set(cells) != {NOT_MEASURED}:
                rows.append((f"{scenario.title}: {metric.label}", *cells))
    columns = ("", *(subject.name for subject in shown))
    return Table(f"All figures: {line.name}", columns, rows)


_RATES: Final = ("requests_per_s", "deltas_per_s")


def instruments_table(figures: Figures, lines: Sequence[Line]) -> Table:
    """How far upstream and load generator are from being what is measured."""
    rows = []
    for scenario in SCENARIOS:
        rate = next((m for m in scenario.metrics if m.name in _RATES), None)
        if rate is None:
            continue
        direct = figures.value(scenario.name, "", DIRECT, rate.name)
        proxies = _proxies(figures, scenario, rate, lines)
        if direct is None or not proxies:
            continue
        fastest, name, line = max(proxies)
        cores = figures.value(scenario.name, line, name, "instrument_cores")
        rows.append((
            f"{scenario.title}: {rate.label}",
            _number(direct.median, 0),
            f"{_number(fastest, 0)} ({name})",
            f"{direct.median / fastest:.0f} ×",
            _number(cores.median, 2) if cores else NOT_MEASURED,
        ))  # fmt: skip
    columns = ("", "direct", "fastest proxy", "headroom", "cores they used meanwhile")
    return Table("Upstream and load generator", columns, rows)


def _proxies(
    figures: Figures, scenario: Scenario, rate: Metric, lines: Sequence[Line]
) -> list[tuple[float, str, str]]:
    """(rate, subject, line) of everything that was measured, but direct."""
    names = {m.subject for m in figures.measurements} - {DIRECT}
    keys = [(name, line.name) for name in sorted(names) for line in lines]
    found = [
        (figures.value(scenario.name, line, name, rate.name), name, line)
        for name, line in keys
    ]
    return [(value.median, name, line) for value, name, line in found if value]


def noise(figures: Figures) -> tuple[float, float]:
    """Cores kept busy by others while measuring: median and most of all windows."""
    windows = sorted(
        m.metrics["other_cores"]
        for m in figures.measurements
        if "other_cores" in m.metrics
    )
    return (windows[len(windows) // 2], windows[-1]) if windows else (0.0, 0.0)


def notes(
    figures: Figures, about: Circumstances, subjects: Iterable[Subject]
) -> list[str]:
    """What a reader has to know before the tables."""
    median, most = noise(figures)
    doubt = " **Too much: do not trust these figures.**" if median > NOISY_CORES else ""
    pace = about.pace
    said = [
        f"{about.date}, commit {about.commit}. {about.machine}, {about.cores} cores.",
        f"Rounds: {about.rounds}, in {about.minutes:.1f} minutes; in each all subjects "
        f"in turn ({TURNS} times for JSON with 1 and 8 connections and for the first "
        f"token); windows of {pace.window_ms / 1000:g} s (paced streams "
        f"{pace.paced_window_ms / 1000:g} s), memory after {pace.memory_requests:,} "
        "requests. Everything on 127.0.0.1, clear text HTTP/1.1, keep-alive.",
        "Values are medians of the rounds. × is the multiple of bare on the same "
        "mitmproxy, taken round by round. Added: more than direct in the same round; "
        "the column direct has the whole time then. CPU is that of the proxy's process "
        "tree.",
        f"Others kept {median:.2f} cores busy while we measured, {most:.2f} at most."
        f"{doubt}",
    ]
    said += [f"`{subject.name}`: {subject.meaning}." for subject in subjects]
    said += [f"Failed: {failure}" for failure in about.failures]
    return said


def markdown(title: str, said: Iterable[str], tables: Iterable[Table]) -> str:
    """The whole report."""
    parts = [f"# {title}", "\n".join(f"- {line}" for line in said)]
    for table in tables:
        head = [table.columns, ("---",) * len(table.columns)]
        lines = [f"| {' | '.join(row)} |" for row in (*head, *table.rows)]
        parts += [f"## {table.title}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def data(figures: Figures, about: Circumstances, lines: Iterable[Line]) -> str:
    """Every measurement of every round, as JSON text."""
    found: dict[str, Any] = {
        "circumstances": asdict(about),
        "lines": [line.name for line in lines],
        "measurements": [asdict(measured) for measured in figures.measurements],
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"

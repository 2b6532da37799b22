"""From what was measured to what is said: medians, added times, ratios to bare."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

ADDED: Final = ("p50_ms", "first_p50_ms", "delta_p50_ms", "delta_p99_ms")
"""Metrics of which ``added_…`` says how much more than without a proxy."""

DIRECT: Final = "direct"
BARE: Final = "bare"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One subject in one scenario in one round, or in one of a round's turns."""

    scenario: str
    line: str
    """Which mitmproxy; empty for the subject without one."""
    subject: str
    round: int
    """Turns are counted on: the second round's first of four is 5."""
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True)
class Spread:
    """Median of the rounds, and how far they lie apart."""

    median: float
    low: float
    high: float
    rounds: int


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` (0 to 1) of them do not exceed.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Iterable[float]) -> Spread | None:
    """None when there are no values."""
    known = list(values)
    if not known:
        return None
    return Spread(statistics.median(known), min(known), max(known), len(known))


class Figures:
    """All measurements of a run, and what follows from them.

    Added times and ratios are taken round by round, because within one round all
    subjects met the same machine; only then the median is taken.
    """

    def __init__(self, measurements: Iterable[Measurement]) -> None:
        measured = list(measurements)
        base = {(m.scenario, m.round): m for m in measured if m.subject == DIRECT}
        self.measurements = [
            _with_added(m, base.get((m.scenario, m.round))) for m in measured
        ]

    def _values(
        self, scenario: str, line: str, subject: str, metric: str
    ) -> dict[int, float]:
        line = "" if subject == DIRECT else line
        key = (scenario, line, subject)
        return {
            m.round: m.metrics[metric]
            for m in self.measurements
            if (m.scenario, m.line, m.subject) == key and metric in m.metrics
        }

    def value(
        self, scenario: str, line: str, subject: str, metric: str
    ) -> Spread | None:
        """A metric over all rounds."""
        return spread(self._values(scenario, line, subject, metric).values())

    def ratio(
        self, scenario: str, line: str, subject: str, metric: str
    ) -> Spread | None:
        """The same, as a multiple of bare on the same mitmproxy in the same round."""
        mine = self._values(scenario, line, subject, metric)
        bare = self._values(scenario, line, BARE, metric)
        both = mine.keys() & bare.keys()
        return spread(mine[n] / bare[n] for n in sorted(both) if bare[n] > 0)


def _with_added(measured: Measurement, direct: Measurement | None) -> Measurement:
    if direct is None or measured.subject == DIRECT:
        return measured
    both = measured.metrics.keys() & direct.metrics.keys()
    added = {
        f"added_{name}": measured.metrics[name] - direct.metrics[name]
        for name in ADDED
        if name in both
    }
    return replace(measured, metrics=measured.metrics | added)

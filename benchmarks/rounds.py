"""All subjects in turn, scenario after scenario, round after round."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from .figures import Measurement
from .instruments import MeasuringError
from .measuring import Bench, Contender
from .scenarios import Scenario
from .subjects import Line, Subject

_FAILURE_CHARACTERS = 500


def contenders(lines: Sequence[Line], subjects: Sequence[Subject]) -> list[Contender]:
    """The subjects without a proxy once, then every other one on every line."""
    alone = [Contender(s, None) for s in subjects if s.process is None]
    proxies = [s for s in subjects if s.process is not None]
    return alone + [Contender(s, line) for line in lines for s in proxies]


def is_for(scenario: Scenario, subject: Subject) -> bool:
    """Whether the two say anything about each other."""
    named = not scenario.subjects or subject.name in scenario.subjects
    return named and (not subject.scenarios or scenario.name in subject.scenarios)


class Rounds:
    """What was measured is kept as it comes, so that a run can be broken off."""

    def __init__(
        self, bench: Bench, minutes: float, tell: Callable[[float, str], None]
    ) -> None:
        """``tell`` gets the seconds since the beginning, and what comes next."""
        self._bench = bench
        self._limit_seconds = minutes * 60
        self._tell = tell
        self._began = time.monotonic()
        self.measurements: list[Measurement] = []
        self.failures: list[str] = []
        self.count = 0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def run(self, scenarios: Sequence[Scenario], order: Sequence[Contender]) -> None:
        """At least one round, and more while another is expected to fit."""
        for scenario in scenarios:
            if scenario.once:
                self._turn(scenario, order, 0)
        repeated = [scenario for scenario in scenarios if not scenario.once]
        longest = 0.0
        while repeated and (
            self.count == 0 or self.seconds + longest < self._limit_seconds
        ):
            began = self.seconds
            self.count += 1
            for scenario in repeated:
                self._round(scenario, order)
            longest = max(longest, self.seconds - began)

    def _round(self, scenario: Scenario, order: Sequence[Contender]) -> None:
        earlier = (self.count - 1) * scenario.turns
        for number in range(earlier, earlier + scenario.turns):
            first = number % len(order)  # nobody always comes after the same one
            self._turn(scenario, [*order[first:], *order[:first]], number + 1)

    def _turn(
        self, scenario: Scenario, order: Sequence[Contender], number: int
    ) -> None:
        for contender in order:
            subject, line = contender.subject.name, contender.line
            if not is_for(scenario, contender.subject):
                continue
            what = f"{scenario.name}, {contender.label}"
            self._tell(self.seconds, f"round {self.count}: {what}")
            try:
                found = self._bench.measure(contender, scenario)
            except MeasuringError as wrong:
                said = " ".join(str(wrong)[:_FAILURE_CHARACTERS].split())
                self.failures.append(f"{what} (round {number}): {said}")
                continue
            name = line.name if line else ""
            self.measurements.append(
                Measurement(scenario.name, name, subject, number, found)
            )

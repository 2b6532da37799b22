"""What the launcher has to reach, on each supported line of mitmproxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .figures import Figures, Spread

SUBJECT: Final = "launcher"


@dataclass(frozen=True, slots=True)
class Target:
    """One promise."""

    title: str
    scenario: str
    metric: str
    bound: float
    unit: str
    """``×`` is a multiple of bare; everything else is taken as it is."""
    at_least: bool = False

    @property
    def wanted(self) -> str:
        """In words."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g} {self.unit}"

    def measured(self, figures: Figures, line: str) -> Spread | None:
        """What it came to; None when it was not measured."""
        find = figures.ratio if self.unit == "×" else figures.value
        return find(self.scenario, line, SUBJECT, self.metric)

    def met(self, found: Spread) -> bool:
        """By the median."""
        if self.at_least:
            return found.median >= self.bound
        return found.median <= self.bound


TARGETS: Final = (
    Target(
        "JSON requests/s, 8 connections", "json-8", "requests_per_s", 2.2, "×", True
    ),
    Target("Added latency, 1 connection", "json-1", "added_p50_ms", 0.6, "×"),
    Target("Added time to first token", "first-token", "added_first_p50_ms", 0.6, "×"),
    Target("Deltas/s, 16 streams", "streams-16", "deltas_per_s", 2.0, "×", True),
    Target("200 paced streams, CPU", "paced-200", "cpu_ms_per_1000_deltas", 0.95, "×"),
    Target("200 paced streams, added p99", "paced-200", "added_delta_p99_ms", 25, "ms"),
    Target("10 MB of images, added", "image-10mb", "added_p50_ms", 1.3, "×"),
    Target("RSS, idle", "memory", "idle_mb", 80, "MB"),
    Target("RSS, growth under load", "memory", "growth_mb", 10, "MB"),
    Target("Start to first answer", "start", "first_answer_s", 1.2, "s"),
)

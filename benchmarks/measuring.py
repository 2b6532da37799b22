"""One subject in one scenario: what comes out is a dict of metrics."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from .figures import percentile
from .instruments import ENDLESS, Load, MeasuringError, Observed, Upstream, observe
from .processes import pss_mb, rss_mb, wait_until_quiet
from .prompts import Prompt, Route, request
from .scenarios import MEMORY, PACED_INTERVAL_US, START, Pace, Scenario
from .subjects import Line, Running, Subject

_IDLE_SECONDS: Final = 1.0
_NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Contender:
    """A subject on one line; the line is None for the one without a proxy."""

    subject: Subject
    line: Line | None

    @property
    def label(self) -> str:
        """For the progress display and for failures."""
        if self.line is None:
            return self.subject.name
        return f"{self.subject.name} ({self.line.mitmproxy_version})"


class Bench:
    """Upstream, requests and the proxies that are kept running between rounds."""

    def __init__(self, directory: Path, upstream: Upstream, pace: Pace) -> None:
        self._directory = directory
        self._upstream = upstream
        self._pace = pace
        self._kept: dict[Path, Running] = {}  # by home
        self._requests: dict[tuple[str, Prompt], Path] = {}

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        for running in self._kept.values():
            running.stop()

    def measure(self, contender: Contender, scenario: Scenario) -> dict[str, float]:
        """One measurement.

        Raises:
            MeasuringError: the subject did not do what it has to.
        """
        own_process = {START.name: self._start, MEMORY.name: self._memory}
        if (steps := own_process.get(scenario.name)) is None:
            return self._under_load(contender, scenario)
        running = self._new(contender, scenario)
        try:
            return steps(running, contender)
        finally:
            running.stop()

    # -- a load on a process that stays --------------------------------------------

    def _under_load(self, contender: Contender, scenario: Scenario) -> dict[str, float]:
        assert scenario.load is not None
        request_file = self._request(contender.subject.route, scenario.prompt)
        load = self._in_pace(scenario.load)
        running = self._running(contender, scenario)
        pid = running.pid if running else None
        if pid is not None:
            wait_until_quiet(pid)
        port = running.port if running else self._upstream.port
        try:
            seen = observe(
                load, port=port, request=request_file, upstream=self._upstream, pid=pid
            )
        except MeasuringError:
            if running:
                self._give_up(running)
            raise
        return metrics(seen, load)

    def _in_pace(self, load: Load) -> Load:
        paced = load.deltas == ENDLESS
        window = self._pace.paced_window_ms if paced else self._pace.window_ms
        return replace(load, warmup_ms=self._pace.warmup_ms, window_ms=window)

    def _running(self, contender: Contender, scenario: Scenario) -> Running | None:
        if contender.line is None:
            return None
        wanted = self._new(contender, scenario)
        if (kept := self._kept.get(wanted.home)) is not None:
            return kept
        self._kept[wanted.home] = wanted  # before it starts: it is stopped in any case
        try:
            self._first_answer(wanted, contender)
        except MeasuringError:
            self._give_up(wanted)
            raise
        return wanted

    def _give_up(self, running: Running) -> None:
        """Who failed is started anew for the next scenario."""
        self._kept.pop(running.home).stop()

    def _new(self, contender: Contender, scenario: Scenario) -> Running:
        line = contender.line
        process = contender.subject.process_for(stream=scenario.prompt.stream)
        assert line is not None
        assert process is not None
        home = self._directory / f"{line.mitmproxy_version}-{process}"
        return Running(line, process, self._upstream.port, home)

    # -- a process for one measurement ---------------------------------------------

    def _start(self, running: Running, contender: Contender) -> dict[str, float]:
        if (
            running.is_first
        ):  # makes certificates and .pyc files, as only the first does
            self._first_answer(running, contender)
            running.stop()
        return {"first_answer_s": self._first_answer(running, contender)}

    def _memory(self, running: Running, contender: Contender) -> dict[str, float]:
        assert MEMORY.load is not None
        self._first_answer(running, contender)
        time.sleep(_IDLE_SECONDS)
        steps, pss = [rss_mb(running.pid)], pss_mb(running.pid)
        load = replace(MEMORY.load, requests=self._pace.memory_requests // 2)
        request_file = self._request(contender.subject.route, MEMORY.prompt)
        port, upstream, pid = running.port, self._upstream, running.pid
        for _ in range(2):
            observe(load, port=port, request=request_file, upstream=upstream, pid=pid)
            steps.append(rss_mb(pid))
        idle, half, loaded = steps
        return {
            "idle_mb": idle,
            "idle_pss_mb": pss,
            "loaded_mb": loaded,
            "growth_mb": loaded - idle,
            "late_growth_mb": loaded - half,
        }

    # -- requests ------------------------------------------------------------------

    def _first_answer(self, running: Running, contender: Contender) -> float:
        hello = self._request(contender.subject.route, START.prompt)
        return running.start(hello.read_bytes())

    def _request(self, route: Route, prompt: Prompt) -> Path:
        key = (route.path, prompt)
        if key not in self._requests:
            path = self._directory / f"request-{len(self._requests)}"
            path.write_bytes(request(route, prompt))
            self._requests[key] = path
        return self._requests[key]


def metrics(seen: Observed, load: Load) -> dict[str, float]:
    """Everything that one observation says; scenarios show a part of it."""
    found = {
        "subject_cores": seen.used.subject / seen.seconds,
        "instrument_cores": seen.used.instruments / seen.seconds,
        "other_cores": seen.used.others / seen.seconds,
    }
    counted = {"request": (seen.requests, 1), "1000_deltas": (seen.deltas, 1_000)}
    for name, (count, unit) in counted.items():
        if count:
            found[f"cpu_ms_per_{name}"] = seen.used.subject * 1_000 * unit / count
    if seen.requests:
        found["requests_per_s"] = seen.requests / seen.seconds
    if seen.deltas:
        found["deltas_per_s"] = seen.deltas / seen.seconds
    if load.deltas == ENDLESS:
        due = load.connections * seen.seconds * 1_000_000 / PACED_INTERVAL_US
        found["delivered"] = seen.deltas / due
    times = {"": seen.latency, "first_": seen.first, "delta_": seen.delta}
    for name, values in times.items():
        if values:
            found[f"{name}p50_ms"] = percentile(values, 0.5) / _NS_PER_MS
            found[f"{name}p99_ms"] = percentile(values, 0.99) / _NS_PER_MS
    return found

"""``python -m benchmarks.soak``: does anything leak or lie in the long run?

Tens of thousands of requests through the launcher, half of them to an upstream that
breaks, some of them from clients that leave. Every client judges what it was told. In
between, when all is quiet, the proxy is asked what it still holds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from .instruments import MeasuringError
from .processes import rss_mb, spawn, stop
from .prompts import API_KEY
from .soak_clients import Ask, Client, Outcome, plan
from .soak_probe import FILE_VARIABLE, SIGNAL
from .soak_upstream import FaultyUpstream
from .subjects import ROOT, Line, free_port, line_of

CONNECTIONS: Final = 32
START_SECONDS: Final = 60.0
QUIET_SECONDS: Final = 4.0
"""All timeouts of the proxy under test together, and a little more."""
WARM_UP: Final = 0.2
"""The share of requests after which memory should have found its level."""
MOST_GROWTH_MB: Final = 8.0
_MOST_SHOWN: Final = 10
_TIMEOUTS: Final = {
    "CONNECT_TIMEOUT": "5",
    "RESPONSE_TIMEOUT": "1.5",
    "IDLE_TIMEOUT": "1.5",
    "PING_INTERVAL": "0.3",
    "MODEL_REFRESH": "false",
    "LOG_LEVEL": "minimal",
}
_BAD_WORDS: Final = ("Traceback", "crashed", "never awaited", "exception")


@dataclass(frozen=True, slots=True)
class Sample:
    """The proxy at rest."""

    requests: int
    seconds: float
    rss_mb: float
    files: int
    tasks: int
    threads: int
    objects: int
    live: dict[str, int]
    types: dict[str, int]

    @property
    def row(self) -> str:
        """A line of the table."""
        live = sum(self.live.values())
        return (
            f"| {self.requests:,} | {self.rss_mb:.1f} | {self.files} | {self.tasks} "
            f"| {self.threads} | {self.objects:,} | {live} |"
        )


HEAD: Final = (
    "| Requests | RSS, MB | Files open | Tasks | Threads | Objects | Live |\n"
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


@dataclass
class Result:
    """All that was seen."""

    line: Line
    samples: list[Sample] = field(default_factory=list)
    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    """Lines of the log that must not be there."""

    def failures(self) -> list[str]:
        """What breaks the promise; empty when nothing does."""
        first, last = self.samples[0], self.samples[-1]
        total = last.requests
        warm = next(s for s in self.samples if s.requests >= total * WARM_UP)
        found = [f"a client was misled: {what}" for what in self.wrong[:_MOST_SHOWN]]
        found += [f"logged: {line}" for line in self.logged[:_MOST_SHOWN]]
        grown = last.rss_mb - warm.rss_mb
        if grown > MOST_GROWTH_MB:
            found.append(f"memory grew by {grown:.1f} MB after the warm-up")
        for name in ("files", "tasks", "threads"):
            before, after = getattr(first, name), getattr(last, name)
            if after > before:
                found.append(f"{name}: {before} at the start, {after} at the end")
        for name, alive in last.live.items():
            if alive > first.live[name]:
                found.append(f"{alive} × {name} are still alive")
        return found


class Subject:
    """The launcher under test."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, home: Path) -> None:
        self.process = process
        self.port = port
        self.log = home / "log"
        self._probe = home / "probe"

    async def sample(self, requests: int, seconds: float) -> Sample:
        """Ask what it holds.

        Raises:
            MeasuringError: it does not answer.
        """
        pid = self.process.pid
        self._probe.unlink(missing_ok=True)
        os.kill(pid, SIGNAL)
        deadline = time.monotonic() + START_SECONDS
        while not self._probe.exists():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise MeasuringError("the proxy does not say what it holds")
            await asyncio.sleep(0.02)
        counts: dict[str, Any] = json.loads(self._probe.read_text())
        files = len(os.listdir(f"/proc/{pid}/fd"))
        return Sample(requests, seconds, rss_mb(pid), files, **counts)

    def bad_lines(self) -> list[str]:
        """What the log has to say about errors of ours."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return [line for line in lines if any(word in line for word in _BAD_WORDS)]


@contextmanager
def running(line: Line, upstream_port: int, home: Path) -> Iterator[Subject]:
    """A launcher with a probe in it."""
    port = free_port()
    command = [str(line.python), "-m", "benchmarks.soak_probe", "serve"]
    command += ["--port", str(port), "--upstream", f"http://127.0.0.1:{upstream_port}"]
    settings = {f"ANTHROPIC_PROXY_{name}": value for name, value in _TIMEOUTS.items()}
    env = settings | {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join((str(ROOT / "addons"), str(ROOT))),
        "ANTHROPIC_API_KEY": API_KEY,
        FILE_VARIABLE: str(home / "probe"),
    }
    subject_log = home / "log"
    with subject_log.open("wb") as log:
        process = spawn(
            command, output=log.fileno(), errors=subprocess.STDOUT, cwd=home, env=env
        )
    try:
        yield Subject(process, port, home)
    finally:
        stop(process)


async def _ready(subject: Subject) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and subject.process.poll() is None:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", subject.port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    said = subject.log.read_text("utf-8", "replace")[-2_000:]
    raise MeasuringError(f"the proxy does not listen\n{said}")


async def soak(
    line: Line, asks: Iterator[Ask], step: int, seed: int, home: Path
) -> Result:
    """Run it all, and print a row for each sample. The log stays in ``home``."""
    result = Result(line)
    dice = random.Random(seed)
    async with FaultyUpstream(seed) as upstream:
        with running(line, upstream.port, home) as subject:
            await _ready(subject)
            began = time.monotonic()
            done = 0
            while True:
                await asyncio.sleep(QUIET_SECONDS)
                seconds = time.monotonic() - began
                sample = await subject.sample(done, seconds)
                result.samples.append(sample)
                click.echo(sample.row)
                portion = deque(itertools.islice(asks, step))
                if not portion:
                    break
                done += len(portion)
                await _portion(portion, subject.port, dice, result)
            result.logged = subject.bad_lines()
    return result


async def _portion(
    asks: deque[Ask], port: int, dice: random.Random, result: Result
) -> None:
    clients = [Client(port, dice) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(client.run(asks) for client in clients))
    for client in clients:
        result.outcomes += client.outcomes
        result.wrong += client.wrong


def _summary(result: Result) -> Iterator[str]:
    outcomes: tuple[Outcome, ...] = ("answered", "failed", "left", "wrong")
    yield f"| Route | {' | '.join(outcomes)} |"
    yield "| --- |" + " ---: |" * len(outcomes)
    for kind in sorted({kind for kind, _ in result.outcomes}):
        cells = [f"{result.outcomes[kind, outcome]:,}" for outcome in outcomes]
        yield f"| {kind} | {' | '.join(cells)} |"


def _grown(result: Result) -> str:
    """The types of which there are most more than after the warm-up."""
    last = result.samples[-1]
    warm = next(s for s in result.samples if s.requests >= last.requests * WARM_UP)
    more = Counter(last.types)
    more.subtract({name: warm.types.get(name, 0) for name in last.types})
    return ", ".join(f"{name} {n:+}" for name, n in more.most_common(8) if n > 0)


@click.command()
@click.option("--requests", default=50_000, show_default=True, help="Not streamed.")
@click.option("--streams", default=10_000, show_default=True)
@click.option("--step", default=5_000, show_default=True, help="Between two samples.")
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--python",
    default=Path(sys.executable),
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The interpreter of another line of mitmproxy.",
)
def main(requests: int, streams: int, step: int, seed: int, python: Path) -> None:
    """Soak the launcher; exits with 1 when something leaked or lied."""
    home = Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        line = line_of(python)
        click.echo(f"{line.name}, {requests:,} requests and {streams:,} streams\n")
        click.echo(HEAD)
        asks = plan(requests, streams, seed)
        result = asyncio.run(soak(line, asks, step, seed, home))
    except MeasuringError as wrong:
        raise click.ClickException(str(wrong)) from None
    click.echo("\n" + "\n".join(_summary(result)))
    click.echo(f"\n{result.samples[-1].seconds:.0f} s. Grown: {_grown(result) or '–'}")
    failures = result.failures()
    if failures:
        click.echo("\n".join([*failures, f"The log: {home / 'log'}"]))
        sys.exit(1)
    click.echo("Nothing leaked, and nobody was misled.")
    shutil.rmtree(home)


if __name__ == "__main__":
    main()

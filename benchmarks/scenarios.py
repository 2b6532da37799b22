"""What is done to every subject, and which figures of it are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .instruments import ENDLESS, Load
from .prompts import MEGABYTE, Prompt, long_text, streamed

STREAM_DELTAS: Final = 500
PACED_STREAMS: Final = 200
PACED_INTERVAL_US: Final = 50_000

TURNS: Final = 4
"""Of what is over in a millisecond or two, and has a target."""

_HELLO: Final = Prompt("What is a proxy?")


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of one subject; ``label`` has its unit."""

    name: str
    label: str
    digits: int = 0


_REQUESTS: Final = Metric("requests_per_s", "requests/s")
_REQUEST_CPU: Final = Metric("cpu_ms_per_request", "CPU ms a request", 2)
_ADDED: Final = Metric("added_p50_ms", "added ms, median", 2)
_DELTAS: Final = Metric("deltas_per_s", "deltas/s")
_DELTA_CPU: Final = Metric("cpu_ms_per_1000_deltas", "CPU ms per 1,000 deltas")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load and its figures. Without a load: a process of its own, see measuring."""

    name: str
    title: str
    metrics: tuple[Metric, ...]
    prompt: Prompt = _HELLO
    load: Load | None = None
    once: bool = False
    """Before the first round instead of in each."""
    turns: int = 1
    """How often in each round. A second on a shared machine says little by itself."""
    subjects: frozenset[str] = frozenset()
    """The only ones it is for; empty: all."""


def _json(
    name: str, title: str, connections: int, *metrics: Metric, turns: int = 1
) -> Scenario:
    shown = (_REQUESTS, _REQUEST_CPU, *metrics)
    return Scenario(name, title, shown, load=Load(connections), turns=turns)


def _streams(connections: int) -> Scenario:
    return Scenario(
        f"streams-{connections}",
        f"{connections} unpaced stream{'s' * (connections > 1)} of 500 deltas",
        (_DELTAS, _DELTA_CPU),
        streamed(STREAM_DELTAS, 0),
        Load(connections, deltas=STREAM_DELTAS),
    )


def _large(name: str, title: str, prompt: Prompt) -> Scenario:
    return Scenario(name, title, (_ADDED, _REQUEST_CPU), prompt, Load(1))


MEMORY: Final = Scenario(
    "memory",
    "Memory",
    (
        Metric("idle_mb", "RSS MB, idle after the first answer", 1),
        Metric("idle_pss_mb", "of it its own or its share (PSS), MB", 1),
        Metric("loaded_mb", "RSS MB, after the requests", 1),
        Metric("growth_mb", "growth, MB", 1),
        Metric("late_growth_mb", "of it in the second half, MB", 1),
    ),
    load=Load(8, warmup_ms=0),
    once=True,
    subjects=frozenset(("bare", "launcher", "workers", "saving")),
)
START: Final = Scenario(
    "start",
    "Start",
    (Metric("first_answer_s", "s to the first answer", 2),),
    subjects=frozenset(("bare", "plain", "launcher", "workers", "saving")),
)
SCENARIOS: Final = (
    MEMORY,
    START,
    _json("json-1", "JSON, 1 connection", 1, _ADDED, turns=TURNS),
    _json("json-8", "JSON, 8 connections", 8, turns=TURNS),
    _json("json-64", "JSON, 64 connections", 64),
    Scenario(
        "first-token",
        "Time to first token, 1 connection",
        (Metric("added_first_p50_ms", "added ms, median", 2),),
        # The second delta is late, so that the first does not share its packet.
        streamed(2, 2_000),
        Load(1, deltas=2),
        turns=TURNS,
    ),
    _streams(1),
    _streams(16),
    _streams(64),
    Scenario(
        "paced-200",
        "200 streams, a delta every 50 ms",
        (
            Metric("added_delta_p50_ms", "added ms, median", 2),
            Metric("added_delta_p99_ms", "added ms, 99th percentile", 1),
            _DELTA_CPU,
            Metric("delivered", "share of deltas delivered", 2),
        ),
        streamed(1_000_000, PACED_INTERVAL_US),
        # A little more than a tenth of the interval: starts that fill it evenly.
        Load(PACED_STREAMS, deltas=ENDLESS, stagger_us=5_250),
    ),
    _large("prompt-1mb", "Prompt of 1 MB", Prompt(long_text(MEGABYTE))),
    _large("image-10mb", "Two images, 10 MB of base64", Prompt("Look.", images=2)),
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to measure."""

    minutes: float
    """Rounds are begun while one more is expected to fit."""
    warmup_ms: int
    window_ms: int
    paced_window_ms: int
    memory_requests: int


FULL: Final = Pace(11.5, 200, 1_000, 3_000, 20_000)
QUICK: Final = Pace(1.75, 100, 400, 1_500, 1_000)

"""The upstream and the load generator: compiled when needed, started, read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import answers
from .processes import cpu_seconds, machine_cpu_seconds, spawn, stop, tree

SOURCES: Final = Path(__file__).parent
ENDLESS: Final = -1
"""Deltas of an answer that goes on until the load generator hangs up."""

_FLAGS: Final = ("-O2", "-std=gnu11", "-Wall", "-Wextra")


class MeasuringError(Exception):
    """A subject did not answer as it has to."""


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "anthropic-max-proxy" / "benchmarks"


def compiled(name: str) -> Path:
    """The program made of ``name``.c.

    Raises:
        MeasuringError: there is no compiler, or it refuses.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise MeasuringError("The benchmarks need a C compiler (cc, gcc or clang).")
    parts = [SOURCES / f"{name}.c", SOURCES / "common.h"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()
    program = _cache() / f"{name}-{digest[:16]}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        fresh = program.with_suffix(f".{os.getpid()}")
        command = [compiler, *_FLAGS, "-o", str(fresh), str(parts[0])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MeasuringError(f"{name}.c does not compile:\n{done.stderr}")
        fresh.replace(program)
    return program


class Upstream:
    """The upstream of all subjects; ``port`` is on 127.0.0.1."""

    def __init__(self, directory: Path) -> None:
        """``directory`` is for the bytes it answers with."""
        answers.write(directory)
        command = (compiled("upstream"), str(directory))
        errors = (directory / "upstream.log").open("wb")
        with errors:
            self._process = spawn(
                command, output=subprocess.PIPE, errors=errors.fileno()
            )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self.pid = self._process.pid

    def __enter__(self) -> Upstream:
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._process)


@dataclass(frozen=True, slots=True)
class Load:
    """What the load generator is to do; see load.c."""

    connections: int
    deltas: int = 0
    stagger_us: int = 0
    warmup_ms: int = 200
    window_ms: int = 1_000
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds during the window."""

    subject: float
    instruments: float
    others: float
    """By everything else on the machine."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the load generator saw in the window; times in ns."""

    seconds: float
    requests: int
    deltas: int
    latency: list[int]
    first: list[int]
    delta: list[int]
    used: Used


class _Meter:
    """Reads the CPU times at both ends of the window."""

    def __init__(self, subject: int | None, instruments: list[int]) -> None:
        self._groups = (tree(subject) if subject else [], instruments, [os.getpid()])
        self._begin: list[float] = []

    def _now(self) -> list[float]:
        return [*map(cpu_seconds, self._groups), machine_cpu_seconds()]

    def begin(self) -> None:
        self._begin = self._now()

    def end(self) -> Used:
        pairs = zip(self._begin, self._now(), strict=True)
        subject, instruments, own, machine = (after - before for before, after in pairs)
        others = max(0.0, machine - subject - instruments - own)
        return Used(subject, instruments, others)


def observe(
    load: Load, *, port: int, request: Path, upstream: Upstream, pid: int | None
) -> Observed:
    """Run the load against 127.0.0.1:``port``; ``pid`` is the subject's process.

    Raises:
        MeasuringError: an answer was not a 200, not complete, or did not come.
    """
    numbers = [load.connections, load.stagger_us, load.warmup_ms, load.window_ms]
    numbers += [load.requests, load.deltas]
    command = [str(compiled("load")), str(port), str(request), *map(str, numbers)]
    process = spawn(command, output=subprocess.PIPE, errors=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        meter = _Meter(pid, [process.pid, upstream.pid])
        used = None
        if process.stdout.readline() == b"begin\n":
            meter.begin()
            if process.stdout.readline() == b"end\n":
                used = meter.end()
        line = process.stdout.readline()
        if used is None or not line:
            said = process.stderr.read().decode("utf-8", "replace").strip()
            raise MeasuringError(said or "the load generator ended without a word")
        return Observed(**json.loads(line), used=used)
    finally:
        stop(process)

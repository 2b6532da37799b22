"""Processes that never outlive the benchmark, and what they use (Linux: /proc)."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICK_SECONDS: Final = 1 / os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG: Final = 1
_STOP_SECONDS: Final = 5.0
_QUIET_WINDOW_SECONDS: Final = 0.05
_libc: Final = ctypes.CDLL(None)


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def spawn(
    command: Sequence[str | Path],
    *,
    output: int,
    errors: int,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """A process in a group of its own that ends when we do, even if we are killed."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        cwd=cwd,
        env=env,
        start_new_session=True,
        preexec_fn=_die_with_parent,  # safe: we have no threads
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end; after five seconds end it with all its children."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name, which may hold spaces: [0] = state."""
    text = (_PROC / str(pid) / "stat").read_text("ascii", "replace")
    return text.rpartition(")")[2].split()


def tree(pid: int) -> list[int]:
    """``pid`` and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            try:
                parent = int(_stat(int(entry.name))[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for known in found:  # grows while it is walked
        found.extend(children.get(known, ()))
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time, with that of children that have ended."""
    ticks = 0
    for pid in pids:
        try:
            ticks += sum(map(int, _stat(pid)[11:15]))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return ticks * _TICK_SECONDS


def rss_mb(pid: int) -> float:
    """Resident memory of the whole tree, in MB of 2**20 bytes."""
    pages = 0
    for known in tree(pid):
        try:
            pages += int((_PROC / str(known) / "statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def pss_mb(pid: int) -> float:
    """The same, with each shared page divided by those who share it."""
    kilobytes = 0
    for known in tree(pid):
        try:
            text = (_PROC / str(known) / "smaps_rollup").read_text("ascii", "replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        lines = [line.split() for line in text.splitlines()]
        kilobytes += sum(int(line[1]) for line in lines if line[0] == "Pss:")
    return kilobytes / 1024


def machine_cpu_seconds() -> float:
    """What all cores have worked since the machine started, stolen time included."""
    fields = (_PROC / "stat").read_text().partition("\n")[0].split()[1:9]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) * _TICK_SECONDS


def wait_until_quiet(pid: int, patience: float = _STOP_SECONDS) -> None:
    """Let it finish what the last measurement left behind."""
    pids = tree(pid)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        before = cpu_seconds(pids)
        time.sleep(_QUIET_WINDOW_SECONDS)
        if cpu_seconds(pids) - before <= _TICK_SECONDS:
            return

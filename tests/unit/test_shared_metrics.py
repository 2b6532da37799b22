"""What several processes count is added up; what the dead had under way is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from anthropic_proxy.proxy import shared_metrics

PACKAGE = Path(__file__).resolve().parents[2] / "addons"

# Counts once, in a process of its own; with "live" it then waits for its end.
ONE = """
import sys
from anthropic_proxy.proxy.metrics import Metrics
from anthropic_proxy.proxy.shared_metrics import VARIABLE
import os
metrics = Metrics(os.environ[VARIABLE])
metrics.refused(400)
metrics.families.in_flight.set(3)
print(metrics.rendered("")[0].decode())
print("END", flush=True)
sys.stdin.read()
"""


def one(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A process that has counted, and what it showed."""
    process = subprocess.Popen(
        [sys.executable, "-c", ONE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ
        | {shared_metrics.VARIABLE: str(folder), "PYTHONPATH": str(PACKAGE)},
    )
    assert process.stdout is not None
    return process, "".join(iter(process.stdout.readline, "END\n"))


def end(process: subprocess.Popen[str]) -> None:
    process.communicate()
    assert process.returncode == 0


def value(text: str, name: str) -> float:
    """Of the only series of this name, whatever its labels."""
    lines = [line for line in text.splitlines() if line.startswith(name)]
    assert len(lines) == 1, lines
    return float(lines[0].rpartition(" ")[2])


def test_processes_count_together(tmp_path: Path) -> None:
    first, alone = one(tmp_path)
    second, both = one(tmp_path)
    requests = "anthropic_proxy_requests_total{"
    live, memory = "anthropic_proxy_requests_in_flight", "process_resident_memory_bytes"
    start = "process_start_time_seconds"
    assert (value(alone, requests), value(both, requests)) == (1, 2)
    assert (value(alone, live), value(both, live)) == (3, 6)
    if Path("/proc/self/stat").exists():
        assert value(both, memory) > 1.5 * value(alone, memory)
        assert value(both, start) == value(alone, start)
    assert "anthropic_proxy_build_info{" in both
    end(first)
    third, after = one(tmp_path)
    assert value(after, requests) == 3
    assert value(after, live) == 6
    end(second)
    end(third)


def test_the_folder_is_there_for_as_long_as_it_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(shared_metrics.VARIABLE, raising=False)
    with shared_metrics.one_folder():
        folder = Path(os.environ[shared_metrics.VARIABLE])
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
    assert shared_metrics.VARIABLE not in os.environ


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a directory"):
        shared_metrics.count_in(CollectorRegistry(), str(tmp_path / "none"))

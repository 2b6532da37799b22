"""Several processes that serve one port count together: prometheus-client's own way.

Each writes its numbers into files of a folder, and whichever is asked adds them up. The
folder's name travels in a variable of the environment, which the library reads too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from prometheus_client import CollectorRegistry, ProcessCollector, values
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"

_FILE: Final = re.compile(r"\w+_(\d+)\.db")
_EARLIEST: Final = "process_start_time_seconds"


@contextmanager
def one_folder() -> Iterator[None]:
    """Have the processes that are forked inside count together."""
    with TemporaryDirectory(
        prefix="anthropic-max-proxy-", ignore_cleanup_errors=True
    ) as folder:
        os.environ[VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[VARIABLE]


def count_in(registry: CollectorRegistry, folder: str) -> None:
    """Make metrics that are created from now on count in ``folder``; show the sums.

    Raises:
        ValueError: there is no such folder.
    """
    registry.register(_Processes(folder))
    MultiProcessCollector(registry, path=folder)
    values.ValueClass = _shared_values()


@cache  # two of them would write into the same file
def _shared_values() -> Any:
    return values.MultiProcessValue()


class _Processes(Collector):
    """Memory, time and files of all processes together; the earliest start.

    Registered before the numbers: what dead processes had under way is taken out.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        """One family for each of what ``ProcessCollector`` knows of one process."""
        totals: dict[str, Metric] = {}
        for pid in self._living():
            one = ProcessCollector(pid=partial(int, pid), registry=None)
            for family in one.collect():
                total = totals.setdefault(family.name, family)
                if total is not family:
                    total.samples = [*map(_both, total.samples, family.samples)]
        return totals.values()

    def _living(self) -> Iterator[int]:
        pids = {
            int(found[1])
            for file in Path(self._folder).iterdir()
            if (found := _FILE.fullmatch(file.name))
        }
        for pid in sorted(pids):
            if _lives(pid):
                yield pid
            else:
                mark_process_dead(pid, self._folder)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _both(one: Any, other: Any) -> Any:
    add = min if one.name == _EARLIEST else sum
    return one._replace(value=add((one.value, other.value)))

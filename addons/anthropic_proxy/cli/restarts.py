"""When a worker that ended is replaced, and when there is no sense in another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SETTLED_SECONDS: Final = 5.0
"""Who has lived this long is replaced at once; after short lives there is a pause."""

MAX_FAILED_STARTS: Final = 5
"""In a row; a start has failed when the worker ends before it serves."""

LONGEST_PAUSE_SECONDS: Final = 10.0


@dataclass(slots=True)
class Restarts:
    """What the past of all workers says about the next one. ``now`` is monotonic."""

    next_start: float = 0.0
    """No worker begins before this time."""
    anyone_served: bool = False
    _short_lives: int = 0  # in a row
    _failed_starts: int = 0  # in a row

    def serves(self) -> None:
        """A worker has begun to serve."""
        self.anyone_served = True
        self._failed_starts = 0

    def ended(self, now: float, *, lived: float, served: bool) -> None:
        """One has ended that nobody stopped, after ``lived`` seconds."""
        self._failed_starts += not served
        short = lived < SETTLED_SECONDS or not served
        self._short_lives = self._short_lives + 1 if short else 0
        self.next_start = now + pause_seconds(self._short_lives)

    @property
    def hopeless(self) -> bool:
        """The very first one has failed, so the settings are wrong, or many have."""
        limit = MAX_FAILED_STARTS if self.anyone_served else 1
        return self._failed_starts >= limit


def pause_seconds(short_lives: int) -> float:
    """How long to wait with the next worker after so many short lives in a row."""
    if short_lives <= 1:
        return 0.0
    doubled = min(short_lives - 2, 10)  # a power of two too large is an error
    return min(0.5 * 2.0**doubled, LONGEST_PAUSE_SECONDS)

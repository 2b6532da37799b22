"""What a direct exchange waits for, and since when. The same spans as ``waiting``'s."""

from __future__ import annotations

from typing import Final

from .stages import Timeouts
from .waiting import CONNECT, IDLE, NEARLY, RESPONSE


class Clock:
    """All instants are in monotonic seconds."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._connecting: float | None = None
        self._limit: float | None = None  # seconds that upstream may be silent
        self._heard = 0.0  # when upstream last gave a sign of life
        self._told: float | None = None  # when the client last got something
        self._answered = False  # the head of upstream's answer is here

    def connecting(self, now: float) -> None:
        """A connection to upstream is being opened."""
        self._connecting = now

    def connected(self) -> None:
        """It is, or it failed."""
        self._connecting = None

    def asked(self, now: float, limit: float) -> None:
        """The request is with upstream, which has ``limit`` seconds to answer."""
        self._heard, self._limit, self._answered = now, limit, False
        if self._told is None:  # not for a second request of the same answer
            self._told = now

    def heard(self, now: float) -> None:
        """Upstream sent something."""
        self._heard = now

    def answered(self) -> None:
        """The head of the answer is here."""
        self._answered, self._limit = True, self._timeouts.idle

    def over(self) -> None:
        """Nothing more is wanted of upstream."""
        self._limit = self._connecting = None

    def told(self, now: float) -> None:
        """The client got something."""
        self._told = now

    def overdue(self, now: float) -> str | None:
        """What did not come in time, for the client; None: nothing is late."""
        timeouts = self._timeouts
        if self._connecting is not None:
            if now - self._connecting < timeouts.connect:
                return None
            return (
                f"no connection to upstream within {timeouts.connect:g} seconds"
                f" ({CONNECT})"
            )
        if self._limit is None or now < self._heard + self._limit:
            return None
        if self._answered:
            return f"upstream fell silent for {self._limit:.3g} seconds ({IDLE})"
        return f"upstream gave no answer within {self._limit:.5g} seconds ({RESPONSE})"

    def wants_ping(self, now: float) -> bool:
        """Whether the client has waited long enough for a sign of life."""
        span: Final = self._timeouts.ping * NEARLY
        return self._told is not None and now - self._told >= span

    def due(self, now: float) -> float:
        """When to look again; never a time that has passed."""
        wanted = [now + self._timeouts.ping]
        if self._connecting is not None:
            wanted.append(self._connecting + self._timeouts.connect)
        if self._limit is not None:
            wanted.append(self._heard + self._limit)
        if self._told is not None:
            wanted.append(self._told + self._timeouts.ping)
        return min(when for when in wanted if when > now)

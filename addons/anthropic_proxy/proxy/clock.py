"""What a request waits for, and since when.

mitmproxy waits for ever, and closes a client's connection after 600 seconds without an
event on it. A layer's clock is such an event: while a request is under way it ticks at
least once in a ping interval.
"""

from __future__ import annotations

from typing import Final

from mitmproxy import http

from .call import Call
from .stages import Stages, Timeouts

CONNECT: Final = "anthropic_connect_timeout"
RESPONSE: Final = "anthropic_response_timeout"
IDLE: Final = "anthropic_idle_timeout"
NEARLY: Final = 0.999
"""A timer may fire a little before its time."""


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

    @property
    def has_asked(self) -> bool:
        """Whether upstream was asked, once or more."""
        return self._told is not None

    def heard(self, now: float) -> None:
        """Upstream sent something."""
        self._heard = now

    def answered(self, now: float) -> None:
        """The head of the answer is here, or more of it."""
        self._heard, self._answered, self._limit = now, True, self._timeouts.idle

    def over(self) -> None:
        """Nothing more is wanted of upstream."""
        self._limit = self._connecting = None

    def told(self, now: float) -> None:
        """The client got something. Counts from when upstream was asked."""
        if self._told is not None:
            self._told = now

    def no_connection(self, now: float) -> str | None:
        """Why the connection under way is given up; None: it is not late."""
        seconds = self._timeouts.connect
        if self._connecting is None or now - self._connecting < seconds:
            return None
        return f"no connection to upstream within {seconds:g} seconds ({CONNECT})"

    def silence(self, now: float) -> str | None:
        """Why upstream is given up; None: it is not late."""
        if self._limit is None or now < self._heard + self._limit:
            return None
        if self._answered:
            return f"upstream fell silent for {self._limit:.3g} seconds ({IDLE})"
        return f"upstream gave no answer within {self._limit:.5g} seconds ({RESPONSE})"

    def wants_ping(self, now: float) -> bool:
        """Whether the client has waited long enough for a sign of life."""
        return (
            self._told is not None and now - self._told >= self._timeouts.ping * NEARLY
        )

    def due(self, now: float) -> float:
        """When to look again.

        Never a time that has passed: what is late stays late until something happens,
        and the clock would do nothing but tick.
        """
        timeouts = self._timeouts
        wanted = [now + timeouts.ping]
        if self._connecting is not None:
            wanted.append(self._connecting + timeouts.connect)
        if self._limit is not None:
            wanted.append(self._heard + self._limit)
        if self._told is not None:
            wanted.append(self._told + timeouts.ping)
        return min(when for when in wanted if when > now)


def sign_of_life(
    stages: Stages, call: Call | None, *, head_sent: bool
) -> tuple[http.Response | None, bytes]:
    """What a stream's client gets while it waits: a head if it has none, and a ping."""
    head = None
    if call is None or call.broken:
        return None, b""
    if not head_sent:
        head = stages.early_head(call)
        if head is None:
            return None, b""
        call.early = True
    return head, stages.ping(call)

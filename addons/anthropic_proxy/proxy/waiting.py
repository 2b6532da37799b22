"""How long a stream waits for upstream, and what its client gets meanwhile.

mitmproxy waits for ever, and closes a client's connection after 600 seconds without an
event on it. The layer's clock (``egress_layer``) is such an event: while a request is
under way it ticks at least once in a ping interval.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import SendHttp
from mitmproxy.proxy.layers.http._events import (
    RequestEndOfMessage,
    RequestProtocolError,
    ResponseData,
    ResponseHeaders,
    ResponseProtocolError,
)

from .client_errors import ClientErrors
from .stages import Stages

Commands = layer.CommandGenerator[None]

STOPPED: Final = "The proxy was stopped before the answer was complete."
CONNECT: Final = "anthropic_connect_timeout"
RESPONSE: Final = "anthropic_response_timeout"
IDLE: Final = "anthropic_idle_timeout"
NEARLY: Final = 0.999
"""A timer may fire a little before its time."""


@dataclass
class Tick(events.Event):
    """Time has passed; ``now`` is in monotonic seconds."""

    now: float


@dataclass
class Stop(events.Event):
    """The proxy stops: what is under way ends now."""


# Named, for every event is looked at: a union in place is made anew each time.
_OF_THE_CLOCK: Final = (Tick, Stop)
_OF_AN_ANSWER: Final = (ResponseData, ResponseHeaders)


class Waiting(ClientErrors):
    """The part of ``EgressStream`` that looks at the clock."""

    def __init__(self, context: Context, stream_id: int, stages: Stages) -> None:
        super().__init__(context, stream_id, stages)
        self.connecting: float | None = None  # since when, in monotonic seconds
        self._asked = False  # the request is with upstream
        self._limit: float | None = None  # seconds that upstream may be silent
        self._heard = 0.0  # when upstream last gave a sign of life
        self._told = 0.0  # when the client last got something
        self._leaving: str | None = None  # why upstream's connection is to be closed

    # -- what is waited for --------------------------------------------------------

    def _note_sent(self, event: events.Event) -> None:
        """Something goes out, to upstream or to the client."""
        if isinstance(event, RequestEndOfMessage):
            if self._call is not None:
                self._limit = self._stages.response_timeout(self._call)
            self._heard, self._upstream_answered = time.monotonic(), False
            if not self._asked:  # not for a second request of the same answer
                self._asked, self._told = True, self._heard
        elif isinstance(event, _OF_AN_ANSWER):
            self._told = time.monotonic()

    def _note_received(self, event: events.Event) -> None:
        """Something came from upstream."""
        if isinstance(event, _OF_AN_ANSWER):
            self._upstream_answered = True
            self._heard = time.monotonic()
            self._limit = self._stages.timeouts.idle

    def due(self, now: float) -> float:
        """When the clock is next needed, in monotonic seconds.

        Never a time that has passed: what is late stays late until something happens,
        and the clock would do nothing but tick.
        """
        timeouts = self._stages.timeouts
        wanted = [now + timeouts.ping]
        if self.connecting is not None:
            wanted.append(self.connecting + timeouts.connect)
        if self._limit is not None:
            wanted.append(self._heard + self._limit)
        if self._asked:
            wanted.append(self._told + timeouts.ping)
        return min(when for when in wanted if when > now)

    def connect_timed_out(self, now: float) -> bool:
        """Whether the connection under way takes too long; notes why it will fail."""
        seconds = self._stages.timeouts.connect
        if self.connecting is None or now - self.connecting < seconds:
            return False
        reason = f"no connection to upstream within {seconds:g} seconds ({CONNECT})"
        self._fails_with(504, reason, "timeout")
        return True

    # -- the clock -----------------------------------------------------------------

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, _OF_THE_CLOCK):
            return self._on_clock(event)
        handled: Commands = super()._handle_event(event)
        return handled

    def _on_clock(self, event: Tick | Stop) -> Commands:
        if self.server_state in (self.state_done, self.state_errored):
            return
        if isinstance(event, Stop):
            self._fails_with(503, STOPPED, "server_shutting_down")
            yield from self._give_up(STOPPED, self._refusal(STOPPED, status=503))
        elif self._limit is not None and event.now >= self._heard + self._limit:
            yield from self._timed_out()
        else:
            yield from self._ping_when_due(event.now)

    def _on_clock_during_a_hook(self, event: Tick | Stop) -> Commands:
        """Only what needs no hook itself: the base class would keep the event back."""
        if isinstance(event, Stop):
            self._fails_with(503, STOPPED, "server_shutting_down")
            self._leaving = STOPPED
            yield SendHttp(self._refusal(STOPPED, status=503), self.context.client)
        else:
            yield from self._ping_when_due(event.now)

    def _ping_when_due(self, now: float) -> Iterator[commands.Command]:
        if self._asked and now - self._told >= self._stages.timeouts.ping * NEARLY:
            self._told = (
                now  # also when there is nothing to send: not due again at once
            )
            yield from self._ping()

    def _timed_out(self) -> Commands:
        limit, self._limit = self._limit, None
        if self._upstream_answered:
            reason = f"upstream fell silent for {limit:.3g} seconds ({IDLE})"
        else:
            reason = f"upstream gave no answer within {limit:.5g} seconds ({RESPONSE})"
        self._fails_with(504, reason, "timeout")
        yield from self._give_up(reason, self._refusal(reason, status=504))

    def _ping(self) -> Iterator[commands.Command]:
        """A sign of life for the client of a stream; the head too, if it has none."""
        call, client = self._call, self.context.client
        if call is None or call.broken:
            return
        if not self._head_sent:
            head = self._stages.early_head(call)
            if head is None:
                return
            call.early = True
            yield SendHttp(ResponseHeaders(self.stream_id, head, False), client)
        if ping := self._stages.ping(call):
            yield SendHttp(ResponseData(self.stream_id, ping), client)

    def _give_up(self, reason: str, error: ResponseProtocolError) -> Commands:
        """Tell the client, and have no more of this upstream connection."""
        self._leaving = reason
        yield from self.handle_protocol_error(error)
        yield from self._leave()  # when there was nobody to tell

    def _leave(self) -> Iterator[commands.Command]:
        """Close upstream's connection if it is given up.

        It has to be closed before the client is told: a next request that the client
        has sent already begins with the end of this answer, and would be written into
        the connection that is still waiting for it.
        """
        reason, self._leaving = self._leaving, None
        if reason is not None and self._asked:
            done_with_upstream = RequestProtocolError(
                self.stream_id, reason, RequestProtocolError.code
            )
            yield SendHttp(done_with_upstream, self.context.server)

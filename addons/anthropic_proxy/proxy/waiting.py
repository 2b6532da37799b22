"""The part of a stream of mitmproxy's that waits: for upstream, and for the end."""

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
)

from .client_errors import ClientErrors
from .clock import Clock, sign_of_life
from .stages import Stages

Commands = layer.CommandGenerator[None]

STOPPED: Final = "The proxy was stopped before the answer was complete."


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
        self.clock = Clock(stages.timeouts)
        self._leaving: str | None = None  # why upstream's connection is to be closed

    # -- what is waited for --------------------------------------------------------

    def _note_sent(self, event: events.Event) -> None:
        """Something goes out, to upstream or to the client."""
        if isinstance(event, RequestEndOfMessage):
            if self._call is not None:
                limit = self._stages.response_timeout(self._call)
                self.clock.asked(time.monotonic(), limit)
        elif isinstance(event, _OF_AN_ANSWER):
            self.clock.told(time.monotonic())

    def _note_received(self, event: events.Event) -> None:
        """Something came from upstream."""
        if isinstance(event, _OF_AN_ANSWER):
            self.clock.answered(time.monotonic())

    def connect_timed_out(self, now: float) -> bool:
        """Whether the connection under way takes too long; notes why it will fail."""
        reason = self.clock.no_connection(now)
        if reason is None:
            return False
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
            yield from self._give_up(STOPPED, 503)
        elif (reason := self.clock.silence(event.now)) is not None:
            self.clock.over()
            self._fails_with(504, reason, "timeout")
            yield from self._give_up(reason, 504)
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
        if not self.clock.wants_ping(now):
            return
        self.clock.told(now)  # also when there is nothing to send
        client = self.context.client
        head, ping = sign_of_life(self._stages, self._call, head_sent=self._head_sent)
        if head is not None:
            yield SendHttp(ResponseHeaders(self.stream_id, head, False), client)
        if ping:
            yield SendHttp(ResponseData(self.stream_id, ping), client)

    def _give_up(self, reason: str, status: int) -> Commands:
        """Tell the client, and have no more of this upstream connection."""
        self._leaving = reason
        yield from self.handle_protocol_error(self._refusal(reason, status=status))
        yield from self._leave()  # when there was nobody to tell

    def _leave(self) -> Iterator[commands.Command]:
        """Close upstream's connection if it is given up.

        It has to be closed before the client is told: a next request that the client
        has sent already begins with the end of this answer, and would be written into
        the connection that is still waiting for it.
        """
        reason, self._leaving = self._leaving, None
        if reason is not None and self.clock.has_asked:
            done_with_upstream = RequestProtocolError(
                self.stream_id, reason, RequestProtocolError.code
            )
            yield SendHttp(done_with_upstream, self.context.server)

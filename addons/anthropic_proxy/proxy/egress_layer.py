"""Our HTTP layer: one for each client connection, with streams of our own.

It keeps the clock of its streams, and bounds what a client can make it remember.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from mitmproxy.net.http.http1 import assemble_response
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode
from mitmproxy.proxy.layers.http._events import (
    RequestProtocolError,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._http1 import Http1Server

from .egress import EgressStream
from .gathering import Gathered
from .http_facts import NOT_HTTP, is_html_refusal, without_bytes
from .stages import Stages
from .waiting import Stop, Tick

Commands = layer.CommandGenerator[None]

HEAD_BYTES: Final = 256 * 1024
"""Largest head of a request, and what may follow a request that is being answered."""
HEAD_SECONDS: Final = 60.0
"""How long a client may take over a head."""
UNREAD_BYTES: Final = 32 * 1024 * 1024
"""How much of an answer an HTTP/2 client may leave unread."""
UNREAD: Final = "the client does not read its answer"
READS_BETWEEN_LOOKS: Final = 32
HEAD_TOO_LARGE: Final = f"The request's head is larger than {HEAD_BYTES} bytes."
HEAD_TOO_SLOW: Final = f"The request's head took more than {HEAD_SECONDS:g} seconds."


class EgressLayer(HttpLayer):
    """mitmproxy's HTTP layer with streams of our own."""

    streams: dict[int, Any]

    def __init__(
        self, context: Context, mode: HTTPMode, stages: Callable[[], Stages]
    ) -> None:
        super().__init__(context, mode)
        self._stages = stages  # asked per request: options may change in between
        self._silenced = False  # the client was refused; nothing more is sent to it
        self._timer: commands.RequestWakeup | None = None
        self._reads = 0  # of upstream's sockets
        self._head_since: float | None = None  # an unfinished head is being read

    @property
    def is_idle(self) -> bool:
        """Whether the next request may as well be read by another layer."""
        client = self.context.client
        reader = self.connections.get(client)
        if not isinstance(reader, Http1Server) or not client.connected:
            return False
        return not (self.streams or self._silenced or len(reader.buf))

    # -- connections ---------------------------------------------------------------

    def _handle_event(self, event: events.Event) -> Commands:
        """What the base class wants done, mended where it speaks to the client."""
        for command in self._handled(event):
            if isinstance(command, commands.SendData):
                if command.connection is self.context.client:
                    if self._silenced:
                        continue
                    self._mend_refusal(command)
            elif isinstance(command, commands.Log):
                command.message = without_bytes(command.message)
            yield command

    def _handled(self, event: events.Event) -> Commands:
        if isinstance(event, events.Wakeup) and event.command is self._timer:
            self._timer = None
            return self._on_clock(Tick(time.monotonic()))
        if isinstance(event, Stop):
            return self._on_clock(event)
        handled: Commands = super()._handle_event(event)
        return handled

    def _mend_refusal(self, command: commands.SendData) -> None:
        """mitmproxy words in HTML what it cannot read; nothing is sent after it."""
        if is_html_refusal(command.data):
            self._silenced = True
            refusal = self._stages().failure(None, 400, NOT_HTTP)
            command.data = assemble_response(refusal)

    def event_to_child(self, child: layer.Layer, event: events.Event) -> Commands:
        """Called by the base class for everything; what upstream sent is gathered.

        It calls itself, for each event of a request within the one before: a generator
        more around every one would be passed by every command.
        """
        if isinstance(event, events.DataReceived):
            return self._received(child, event)
        return super().event_to_child(child, event)

    def _received(self, child: layer.Layer, event: events.DataReceived) -> Commands:
        is_client = event.connection is self.context.client
        child = Gathered(child, event.connection, is_client=is_client)
        yield from super().event_to_child(child, event)
        if is_client:
            yield from self._bounded()
        elif self.context.client.alpn == b"h2":
            yield from self._bounded_http2()

    def make_stream(self, stream_id: int) -> Commands:
        """Called by the base class for each request."""
        stream = EgressStream(self.context.fork(), stream_id, self._stages())
        self.streams[stream_id] = stream
        yield from self.event_to_child(stream, events.Start())
        yield from self._wind(time.monotonic())

    # -- the clock -----------------------------------------------------------------

    def _wind(self, now: float) -> Iterator[commands.Command]:
        """Have the clock tick when it is next needed.

        A timer that runs is always early enough: no span that begins later can be
        shorter than the shortest one, which is what a first tick waits for.
        """
        waiting = self.streams or self._head_since is not None
        if self._timer is not None or not waiting:
            return
        timeouts = self._stages().timeouts
        due = [stream.clock.due(now) for stream in self.streams.values()]
        delay = min([timeouts.shortest, *(when - now for when in due)])
        self._timer = commands.RequestWakeup(max(delay, 0.001))
        yield self._timer

    def _on_clock(self, event: events.Event) -> Commands:
        for stream in list(self.streams.values()):
            yield from self.event_to_child(stream, event)
        if isinstance(event, Tick):
            for connection in self._overdue(event.now):
                yield commands.CloseConnection(connection)
            began = self._head_since
            if began is not None and event.now - began >= HEAD_SECONDS:
                yield from self._refuse(408, HEAD_TOO_SLOW)
            yield from self._wind(event.now)

    def _overdue(self, now: float) -> list[Any]:
        """Connections that are not there in time.

        Closing one ends the attempt, and mitmproxy tells the streams that wait for it.
        """
        return [
            connection
            for connection, waiting in self.waiting_for_establishment.items()
            if any(
                stream.connect_timed_out(now)
                for command in waiting
                if isinstance(stream := self.command_sources[command], EgressStream)
            )
        ]

    # -- bounds --------------------------------------------------------------------

    def _bounded(self) -> Iterator[commands.Command]:
        """Bound what is read but not understood yet: an unfinished head, pipelining."""
        reader = self.connections.get(self.context.client)
        if not isinstance(reader, Http1Server):
            return
        pending = len(reader.buf)
        if not pending:
            self._head_since = None
            return
        stages = self._stages()
        limit = HEAD_BYTES + (stages.body_limit() if self.streams else 0)
        if pending > limit:
            yield from self._refuse(431, HEAD_TOO_LARGE)
        elif not self.streams and self._head_since is None:
            self._head_since = time.monotonic()
            yield from self._wind(self._head_since)

    def _bounded_http2(self) -> Commands:
        """Give up a client that takes nothing: mitmproxy keeps all of it for later."""
        self._reads += 1
        if self._reads % READS_BETWEEN_LOOKS:
            return
        writer: Any = self.connections[self.context.client]
        for stream_id, unsent in list(writer.h2_conn.stream_buffers.items()):
            stream = self.streams.get(stream_id)
            if (
                stream is not None
                and sum(len(one.data) for one in unsent) > UNREAD_BYTES
            ):
                code = RequestProtocolError.code
                gone = RequestProtocolError(stream_id, UNREAD, code)
                yield from self.event_to_child(stream, gone)
                reset = ResponseProtocolError(stream_id, UNREAD, code)
                yield from self.event_to_child(writer, reset)

    def _refuse(self, status: int, reason: str) -> Iterator[commands.Command]:
        """Close the client's connection; say why unless it is in another answer."""
        client = self.context.client
        if not self.streams and not self._silenced:
            refusal = self._stages().failure(None, status, reason)
            yield commands.SendData(client, assemble_response(refusal))
        self._silenced = True
        self._head_since = None
        yield commands.CloseConnection(client)

"""Connections as our HTTP layer reads them: gathered, mended, or refused."""

from __future__ import annotations

from collections.abc import Iterator

from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseProtocolError,
)

Commands = layer.CommandGenerator[None]


class Refused(layer.Layer):
    """A connection that is none of ours: closed at once, nothing is read from it."""

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)


class Gathered(layer.Layer):
    """A connection whose body fragments come once per socket read.

    mitmproxy passes on each HTTP chunk by itself, at a fixed cost that is most of what
    a stream of small deltas takes.

    It also has no trailers: they raise, and the connection would hang for ever. Here
    they end it with an error.

    And it tells of an answer's end before its own connection is through with it. What
    the client has pipelined would be sent into that, so the end is told last.
    """

    def __init__(
        self, child: layer.Layer, connection: Connection, *, is_client: bool
    ) -> None:
        # Not a layer of the stack, only in the place of one for the length of an event.
        self._child = child
        self._connection = connection
        self._is_client = is_client

    def _handle_event(self, event: events.Event) -> Commands:
        raise NotImplementedError

    def handle_event(self, event: events.Event) -> Commands:
        """The child's commands, runs of body data joined into one."""
        run: list[ResponseData] = []
        ends: list[ReceiveHttp] = []
        try:
            for command in self._child.handle_event(event):
                if isinstance(command, ReceiveHttp) and (
                    isinstance(command.event, ResponseData)
                    and (not run or run[0].stream_id == command.event.stream_id)
                ):
                    run.append(command.event)
                    continue
                yield from _joined(run)
                run = []
                if isinstance(command, ReceiveHttp) and (
                    isinstance(command.event, ResponseEndOfMessage)
                ):
                    ends.append(command)
                else:
                    yield command
        except NotImplementedError:
            yield from _joined(run)
            yield from self._broken_off()
        else:
            yield from _joined(run)
        yield from ends

    def _broken_off(self) -> Iterator[commands.Command]:
        stream_id = getattr(self._child.context.layers[-1], "stream_id", None)
        yield commands.CloseConnection(self._connection)
        if stream_id is None:
            return
        kind = RequestProtocolError if self._is_client else ResponseProtocolError
        yield ReceiveHttp(
            kind(stream_id, "HTTP trailers are not understood", kind.code)
        )


def _joined(run: list[ResponseData]) -> Iterator[commands.Command]:
    if run:
        data = b"".join([event.data for event in run])
        yield ReceiveHttp(ResponseData(run[0].stream_id, data))

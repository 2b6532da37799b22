"""Body data from upstream, joined to one event for each read of the socket."""

from __future__ import annotations

from collections.abc import Iterator

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ResponseData

Commands = layer.CommandGenerator[None]


class Gathered(layer.Layer):
    """An upstream connection whose body fragments come once per socket read.

    mitmproxy passes on each HTTP chunk by itself, at a fixed cost that is most of what
    a stream of small deltas takes.
    """

    def __init__(self, child: layer.Layer) -> None:
        # Not a layer of the stack, only in the place of one for the length of an event.
        self._child = child

    def _handle_event(self, event: events.Event) -> Commands:
        raise NotImplementedError

    def handle_event(self, event: events.Event) -> Commands:
        """The child's commands, runs of body data joined into one."""
        run: list[ResponseData] = []
        for command in self._child.handle_event(event):
            if isinstance(command, ReceiveHttp) and (
                isinstance(command.event, ResponseData)
                and (not run or run[0].stream_id == command.event.stream_id)
            ):
                run.append(command.event)
                continue
            yield from _joined(run)
            run = []
            yield command
        yield from _joined(run)


def _joined(run: list[ResponseData]) -> Iterator[commands.Command]:
    if run:
        data = b"".join([event.data for event in run])
        yield ReceiveHttp(ResponseData(run[0].stream_id, data))

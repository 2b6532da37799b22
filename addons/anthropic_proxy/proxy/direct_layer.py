"""A layer below mitmproxy's hooks, for the plain requests of which nobody is told.

Most of what mitmproxy does for a request is to tell addons of it, and to keep apart
what they may change in between. Where no addon listens (``audience``), requests to the
two endpoints that make messages are read and answered here: with a flow for our stages,
and without mitmproxy's streams and events. Everything else, request by request, goes to
``EgressLayer`` with the bytes as they came: HTTP/2, what is not plain HTTP/1.1
(``framing``), other endpoints, and all as soon as somebody looks (ADR 8).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final, cast

from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HTTPMode

from .direct_exchange import DirectExchange
from .direct_upstream import UpstreamConnection
from .egress_layer import HEAD_BYTES, EgressLayer
from .framing import RequestHead, request_head
from .stages import Stages
from .waiting import Stop

logger = logging.getLogger(__name__)

Commands = layer.CommandGenerator[None]

PATHS: Final = frozenset({b"/v1/chat/completions", b"/v1/messages"})
HOOKS: Final = ("requestheaders", "request", "responseheaders", "response", "error")


class DirectLayer(layer.Layer):
    """One client connection; one request at a time, on one upstream connection."""

    def __init__(
        self, context: Context, mode: HTTPMode, stages: Callable[[], Stages]
    ) -> None:
        super().__init__(context)
        self._mode = mode
        self._stages = stages  # asked per request: options may change in between
        self.upstream = UpstreamConnection(context, self)
        self._unread: list[bytes] = []  # what the client sent
        self._size = 0  # of that
        self._head: RequestHead | None = None  # of the request that is being read
        self._exchange: DirectExchange | None = None
        self._hook: tuple[commands.Command, Callable[[], Any]] | None = None
        self._timer: commands.RequestWakeup | None = None
        self._other: EgressLayer | None = None
        self._is_others = False  # what the client sends next
        self._gone = False  # the client's connection is closed

    @property
    def streams(self) -> dict[int, Any]:
        """What is under way, for a clean stop."""
        if self._exchange is not None or self._head is not None:
            return {0: self}
        return self._other.streams if self._other is not None else {}

    # -- events --------------------------------------------------------------------

    def handle_event(self, event: events.Event) -> Commands:
        """In place of the base class's, which keeps events back while a layer waits.

        Here nothing waits inside a generator: what is waited for is a state.
        """
        try:
            yield from self._on_event(event)
        except Exception:  # mitmproxy would leave the client waiting
            logger.exception("a connection is closed: the proxy failed to handle it")
            yield from self._hang_up()

    def _handle_event(self, event: events.Event) -> Commands:
        raise NotImplementedError  # ``handle_event`` is all there is

    def _on_event(self, event: events.Event) -> Commands:
        if (
            isinstance(event, events.DataReceived)
            and event.connection is self.context.client
        ):
            yield from self._from_client(event)
        else:
            yield from self._on_other_event(event)
            if self._size and not self._is_others:
                yield from self._advance()

    def _on_other_event(self, event: events.Event) -> Commands:
        if self.upstream.owns(event):
            yield from self.upstream.handle_event(event)
        elif isinstance(event, events.Start):
            # Earlier the client's TLS has not agreed on a protocol.
            if self.context.client.alpn == b"h2":
                yield from self._give(None)
        elif isinstance(event, Stop):
            yield from self._stop(event)
        elif isinstance(event, events.Wakeup) and event.command is self._timer:
            self._timer = None
            if self._exchange is not None:
                yield from self._exchange.tick(time.monotonic())
                yield from self._wind()
        elif self._hook is not None and _completes(event, self._hook[0]):
            then, self._hook = self._hook[1], None
            yield from then()
        elif _is_closed(event, self.context.client):
            yield from self._client_left(event)
        elif self._other is not None and _is_for(self._other, event):
            yield from self._give(event)

    def _from_client(self, event: events.DataReceived) -> Commands:
        if self._is_others:
            yield from self._give(event)
        elif not self._gone:
            self._unread.append(event.data)
            self._size += len(event.data)
            if self._exchange is None:
                yield from self._advance()
            elif self._size > HEAD_BYTES + self._stages().body_limit():
                yield from self._hang_up()

    # -- requests ------------------------------------------------------------------

    def _advance(self) -> Commands:
        """Begin the next request if it is whole; give it away if it is not plain."""
        while self._size and self._exchange is None and not self._gone:
            if self._head is None and not self._takes_head():
                data, self._unread, self._size = b"".join(self._unread), [], 0
                yield from self._give(events.DataReceived(self.context.client, data))
                return
            head = self._head
            if head is None or self._size < head.length:
                return
            data = b"".join(self._unread)
            body, rest = data[: head.length], data[head.length :]
            self._head, self._size = None, len(rest)
            self._unread = [rest] if rest else []
            yield from self._begin(head, body)

    def _takes_head(self) -> bool:
        """Read the head of a request that is for us."""
        stages = self._stages()
        data = b"".join(self._unread)
        found = request_head(data)
        if found is None or stages.told(*HOOKS):
            return False
        head, size = found
        if (
            head.method != b"POST"
            or head.target.partition(b"?")[0] not in PATHS
            or head.length > stages.body_limit()
        ):
            return False
        self._head, self._unread, self._size = head, [data[size:]], len(data) - size
        return True

    def _begin(self, head: RequestHead, body: bytes) -> Commands:
        exchange = self._exchange = DirectExchange(self, self._stages(), head, body)
        yield from exchange.begin()
        yield from self._wind()

    def wait_for(
        self, hook: commands.StartHook, then: Callable[[], Any]
    ) -> layer.CommandGenerator[None]:
        """Run a hook, and go on when it is through."""
        # No layer above has to wait. mitmproxy sets it so too, and says it is a bool.
        hook.blocking = cast(bool, self)
        self._hook = hook, then
        yield hook

    def over(self, *, closes: bool) -> Commands:
        """The exchange has ended."""
        self._exchange = self._hook = None
        if closes or self._stages().stopping:
            yield from self._hang_up()

    # -- upstream ------------------------------------------------------------------

    def connected(self, error: str | None) -> Commands:
        """Upstream's connection is open, or why it is not."""
        if self._exchange is not None:
            yield from self._exchange.connected(error)

    def received(self, data: bytes) -> Commands:
        """Upstream sent something."""
        if self._exchange is not None:
            yield from self._exchange.received(data)
        else:  # nobody asked
            yield from self.upstream.close()

    def closed(self) -> Commands:
        """Upstream closed its connection."""
        if self._exchange is not None:
            yield from self._exchange.closed()
        else:
            yield from self.upstream.close()

    # -- ends ----------------------------------------------------------------------

    def _wind(self) -> Commands:
        """Have the clock tick when it is next needed."""
        if self._timer is not None or self._exchange is None:
            return
        now = time.monotonic()
        delay = min(
            self._stages().timeouts.shortest, self._exchange.clock.due(now) - now
        )
        self._timer = commands.RequestWakeup(max(delay, 0.001))
        yield self._timer

    def _client_left(self, event: events.Event) -> Commands:
        if self._other is not None:
            yield from self._give(event)
        if (exchange := self._under_way()) is not None:
            yield from exchange.client_left()
        else:
            yield from self._hang_up()

    def _under_way(self) -> DirectExchange | None:
        """The exchange that is to end now, also one whose request is not whole."""
        if self._exchange is None and self._head is not None:
            self._exchange = DirectExchange(self, self._stages(), self._head, b"")
            self._head, self._unread, self._size = None, [], 0
            self._exchange.take_in()
        return self._exchange

    def _hang_up(self) -> Commands:
        self._gone = True
        self._unread, self._size, self._head = [], 0, None
        yield from self.upstream.close()
        yield commands.CloseConnection(self.context.client)

    def _stop(self, event: Stop) -> Commands:
        if (exchange := self._under_way()) is not None:
            yield from exchange.stop()
        elif self._other is not None:
            yield from self._give(event)

    # -- mitmproxy's layer -----------------------------------------------------------

    def _give(self, event: events.Event | None) -> Commands:
        """To the layer that tells addons, until it is idle again."""
        other = self._other
        if other is None:
            other = self._other = EgressLayer(self.context, self._mode, self._stages)
            yield from other.handle_event(events.Start())
        if event is not None:
            yield from other.handle_event(event)
        self._is_others = not other.is_idle


def _completes(event: events.Event, command: commands.Command) -> bool:
    return isinstance(event, events.CommandCompleted) and event.command is command


def _is_closed(event: events.Event, client: Any) -> bool:
    return isinstance(event, events.ConnectionClosed) and event.connection is client


def _is_for(other: EgressLayer, event: events.Event) -> bool:
    """Whether the other layer knows what an event is about."""
    if isinstance(event, events.Wakeup):
        return True
    if isinstance(event, events.CommandCompleted):
        return event.command in other.command_sources
    if isinstance(event, events.ConnectionEvent):
        return event.connection in other.connections
    return True

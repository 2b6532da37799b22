"""The connection to upstream under ``direct_layer``, with TLS where it is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from mitmproxy.connection import Server
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.tls import ServerTLSLayer

Commands = layer.CommandGenerator[None]
Target = tuple[str, str, int]
"""Scheme, host and port."""


class Listener(Protocol):
    """Who is told what happens on the connection."""

    def connected(self, error: str | None) -> Commands:
        """It is open, or why it is not."""

    def received(self, data: bytes) -> Commands:
        """Upstream sent something."""

    def closed(self) -> Commands:
        """Upstream closed it."""


@dataclass
class _Send(events.Event):
    data: bytes


class _Innermost(layer.Layer):
    """What is inside the TLS, or is all there is."""

    def __init__(self, context: Context, listener: Listener) -> None:
        super().__init__(context)
        self._listener = listener

    def _handle_event(self, event: events.Event) -> Commands:
        server = self.context.server
        if isinstance(event, events.DataReceived):
            yield from self._listener.received(event.data)
        elif isinstance(event, _Send):
            yield commands.SendData(server, event.data)
        elif isinstance(event, events.Start):
            error = yield commands.OpenConnection(server)
            yield from self._listener.connected(error)
        elif isinstance(event, events.ConnectionClosed):
            yield from self._listener.closed()


class UpstreamConnection:
    """At most one connection at a time, kept from request to request."""

    def __init__(self, context: Context, listener: Listener) -> None:
        self._context = context
        self._listener = listener
        self._target: Target | None = None
        self.server: Server | None = None
        self._top: layer.Layer | None = None
        self._awaited: list[commands.Command] = []
        self._inside = False  # the listener is being told of something

    def is_open_to(self, target: Target | None) -> bool:
        """Whether it can be used for the next request."""
        server = self.server
        return server is not None and server.connected and target == self._target

    def owns(self, event: events.Event) -> bool:
        """Whether an event is about this connection."""
        if isinstance(event, events.ConnectionEvent):
            return event.connection is self.server
        return isinstance(event, events.CommandCompleted) and any(
            command is event.command for command in self._awaited
        )

    def open(self, target: Target) -> Commands:
        """A new one, in place of what is there."""
        yield from self.close()
        scheme, host, port = self._target = target
        context = self._context.fork()
        self.server = context.server = Server(address=(host, port))
        if scheme == "https":
            context.server.sni = host
            context.server.alpn_offers = [b"http/1.1"]  # else the client's, HTTP/2 too
            self._top = tls = ServerTLSLayer(context, context.server)
            tls.child_layer = _Innermost(context, self._listener)
        else:
            self._top = _Innermost(context, self._listener)
        yield from self.handle_event(events.Start())

    def handle_event(self, event: events.Event) -> Commands:
        """An event that it ``owns``."""
        if isinstance(event, events.CommandCompleted):
            self._awaited = [one for one in self._awaited if one is not event.command]
        if self._top is None:
            return
        before, self._inside = self._inside, True
        for command in self._top.handle_event(event):
            if self._awaits(command):
                self._awaited.append(command)
            yield command
        self._inside = before

    def send(self, data: bytes) -> Commands:
        """Bytes for upstream.

        What the listener wants sent while it is told of something comes out through
        the TLS layer as it is, and would be encrypted twice.
        """
        if self._inside and self.server is not None:
            yield commands.SendData(self.server, data)
        else:
            yield from self.handle_event(_Send(data))

    def close(self) -> Commands:
        """Now, also while it is being opened; nothing more is heard of it."""
        server, self.server, self._top, self._awaited = self.server, None, None, []
        if server is not None:
            yield commands.CloseConnection(server)

    def _awaits(self, command: commands.Command) -> bool:
        """Whether the completion of a command comes back to this connection."""
        if isinstance(command, commands.OpenConnection):
            return command.connection is self.server
        # A hook of its TLS: mitmproxy notes there which layer waits.
        waiting: Any = command.blocking
        return isinstance(command, commands.StartHook) and waiting is self._top

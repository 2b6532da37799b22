"""The way of a stream's data from upstream's socket to the client's, cut short.

Between the two, mitmproxy passes each piece through some thirty generators, which is
half of what a delta costs. None of them has a say in it once the answer is streamed to
an HTTP/1.1 client: the body's bytes go through ``response.stream``, and what comes out
is sent as a chunk. Here that is done at once, and only that. Everything else, such as
the end of the answer, an error, a lost client or a clock's tick, takes the long way.
"""

from __future__ import annotations

from typing import Any

from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.layers.http import HttpClient, HttpLayer
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ResponseData
from mitmproxy.proxy.layers.http._http1 import Http1Client, Http1Server

from .chunk_reading import WholeChunks
from .egress import EgressStream
from .gathering import http1_client

Commands = layer.CommandGenerator[None]


class PassingStream(EgressStream):
    """A stream that can do what it has to do with a piece of data in one step."""

    def pass_on(self, data: bytes) -> list[bytes] | None:
        """What the client is sent for ``data`` of upstream's body.

        None when that cannot be said in one step; nothing has been done then.
        """
        call, response = self._call, self.flow.response
        if (
            self._paused is not None
            or self.server_state != self.state_stream_response_body
            or call is None
            or call.early
            or response is None
        ):
            return None
        sent: list[bytes] = []
        for event in self._without_echoes(ResponseData(self.stream_id, data)):
            assert isinstance(event, ResponseData)
            self._note_received(event)
            feed = response.stream
            pieces = feed(event.data) if callable(feed) else event.data
            sent += [pieces] if isinstance(pieces, bytes) else pieces
            if sent:
                self._note_sent(event)
        return sent


class CutThrough:
    """From one connection to upstream to the client, for one answer."""

    def __init__(
        self,
        stream: PassingStream,
        upstream: Http1Client,
        chunks: WholeChunks,
        client: Connection,
        *,
        encrypted: bool,
    ) -> None:
        """``chunks`` reads for ``upstream``; ``encrypted``: what a layer decrypts."""
        self._stream = stream
        self._upstream = upstream
        self._chunks = chunks
        self._client = client
        self._encrypted = encrypted
        if encrypted:
            upstream.state = self._read_body  # until the end of the answer

    @property
    def is_over(self) -> bool:
        """Whether that answer has ended, one way or another."""
        stream = self._stream
        return (
            _reader(self._upstream) is not self._chunks
            or stream.server_state != stream.state_stream_response_body
        )

    def take(self, event: events.DataReceived) -> list[commands.SendData] | None:
        """What is to be done about bytes from upstream's socket.

        None when they have to take the long way; nothing has been done then.
        """
        if self._encrypted or event.connection is not self._upstream.conn:
            return None
        body = self._chunks.pass_by(self._upstream.buf, event.data)
        return self._sent(body) if body else None

    def _read_body(self, event: events.Event) -> Commands:
        """In place of ``Http1Client.read_body``: saves what follows the decryption."""
        if isinstance(event, events.DataReceived):
            body = self._chunks.take(self._upstream.buf)
            if body and (sent := self._sent(body)) is not None:
                yield from sent
            elif body:  # queued, while the stream waits for a hook
                yield ReceiveHttp(ResponseData(self._stream.stream_id, body))
        yield from self._upstream.read_body(event)

    def _sent(self, body: bytes) -> list[commands.SendData] | None:
        pieces = self._stream.pass_on(body)
        if pieces is None:
            return None
        return [
            commands.SendData(self._client, b"%x\r\n%b\r\n" % (len(piece), piece))
            for piece in pieces
            if piece  # an empty chunk would end the body
        ]


def cut_through(layer_: HttpLayer, connection: Connection) -> CutThrough | None:
    """For the answer that ``connection`` brings; None unless its data can be cut short.

    That is so for a chunked body which is being streamed to an HTTP/1.1 client.
    """
    top: Any = layer_.connections.get(connection)
    upstream = http1_client(top) if top is not None else None
    client = layer_.connections[layer_.context.client]
    if upstream is None or not isinstance(client, Http1Server):
        return None
    stream = layer_.streams.get(upstream.stream_id or 0)
    if (
        not isinstance(stream, PassingStream)
        or client.stream_id != stream.stream_id
        or stream.server_state != stream.state_stream_response_body
        or not _is_chunked(client)
        or not isinstance(chunks := _reader(upstream), WholeChunks)
        # mitmproxy 12: it would keep a copy of what it passes on.
        or getattr(layer_.context.options, "store_streamed_bodies", False)
    ):
        return None
    encrypted = not isinstance(top, HttpClient | Http1Client)
    return CutThrough(stream, upstream, chunks, client.conn, encrypted=encrypted)


def _reader(upstream: Http1Client) -> Any:
    return getattr(upstream, "body_reader", None)


def _is_chunked(client: Http1Server) -> bool:
    """Whether the client has the head of a chunked answer."""
    if client.response is None:
        return False
    coding: str = client.response.headers.get("transfer-encoding", "")
    return "chunked" in coding.lower()

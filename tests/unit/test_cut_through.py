"""A stream's data by the short way and by the long one: the client gets the same.

mitmproxy's layers do no I/O, so no sockets are needed: bytes go in as events, and what
comes out as commands is collected.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import taddons

from anthropic_proxy.credentials.sources import choose
from anthropic_proxy.dialects.chat_completions.exchange import Exchange
from anthropic_proxy.dialects.chat_completions.memory import RecentThinking
from anthropic_proxy.dialects.chat_completions.stream import ChunkStream, Transcoder
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.proxy import options, runtime
from anthropic_proxy.proxy.chunk_reading import whole_chunks
from anthropic_proxy.proxy.egress_layer import EgressLayer
from anthropic_proxy.proxy.pipeline import Pipeline
from support.message_stream import BLOCK, END, LAST_CHUNK, START, text_delta
from support.raw_upstream import chunk, stream_head

KEY = "sk-ant-api03-key-of-the-proxy"
ENVIRONMENT = {
    "HOME": "/nowhere",
    "ANTHROPIC_API_KEY": KEY,
    "ANTHROPIC_PROXY_UPSTREAM": "http://127.0.0.1:9",
    "ANTHROPIC_PROXY_LOG_LEVEL": "quiet",
}
DELTAS = [text_delta(text) for text in ("Hi", " you", '!\n"é😀"', "", " bye")]
HEAD = stream_head()


def pipeline() -> Pipeline:
    chosen, catalog = options.read({}, ENVIRONMENT), Catalog.load()
    credentials = runtime.credentials_config(chosen, ENVIRONMENT)
    found = runtime.Runtime(
        options=chosen,
        catalog=catalog,
        mapping=runtime.model_mapping(chosen, catalog),
        settings=runtime.settings(chosen),
        credentials=credentials,
        chosen=choose(credentials),
        memory=RecentThinking(0),
        now=lambda: 1_700_000_000.0,
    )
    return Pipeline(found, lambda hook: False)


@pytest.fixture(scope="module")
def core() -> Iterator[Options]:
    with taddons.context(Proxyserver()) as context:
        yield context.options


STAGES = pipeline()


class Ways(EgressLayer):
    """Counts what takes the long way."""

    long = 0

    def _handle_event(self, event: events.Event) -> Any:
        ours = isinstance(event, events.DataReceived)
        self.long += ours and event.connection is not self.context.client
        return super()._handle_event(event)


class LongWay(EgressLayer):
    """As if there were no short one."""

    def handle_event(self, event: events.Event) -> Any:
        return HttpLayer.handle_event(self, event)


def request(path: str) -> bytes:
    asked = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 99,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
    }
    body = json.dumps(asked).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\ncontent-type: application/json\r\n\r\n" + body


CHAT, NATIVE = request("/v1/chat/completions"), request("/v1/messages")


class Connections:
    """One client's connection, and what goes to and from it and upstream."""

    def __init__(self, core: Options, kind: type[EgressLayer] = EgressLayer) -> None:
        self.client = Client(
            peername=("127.0.0.1", 1),
            sockname=("127.0.0.1", 2),
            timestamp_start=1.0,
            state=ConnectionState.OPEN,
            proxy_mode=ProxyMode.parse("reverse:http://127.0.0.1:9"),
        )
        context = Context(self.client, core)
        context.server.address = ("127.0.0.1", 9)
        self.layer = kind(context, HTTPMode.transparent, lambda: STAGES)
        self.upstreams: list[Server] = []
        self.sent = b""
        self._do(events.Start())

    def _do(self, event: events.Event) -> None:
        opened: list[events.Event] = []
        for command in self.layer.handle_event(event):
            if isinstance(command, commands.OpenConnection):
                command.connection.state = ConnectionState.OPEN
                assert isinstance(command.connection, Server)
                self.upstreams.append(command.connection)
                opened.append(events.OpenConnectionCompleted(command, None))
            elif isinstance(command, commands.SendData):
                if command.connection is self.client:
                    self.sent += command.data
            elif isinstance(command, commands.CloseConnection):
                command.connection.state = ConnectionState.CLOSED
            else:
                assert isinstance(command, commands.RequestWakeup | commands.Log)
        for completed in opened:
            self._do(completed)

    def ask(self, data: bytes) -> None:
        self._do(events.DataReceived(self.client, data))

    def answer(self, *pieces: bytes) -> None:
        """What upstream's socket gives, read by read."""
        for piece in pieces:
            if self.upstreams[-1].state is ConnectionState.OPEN:
                self._do(events.DataReceived(self.upstreams[-1], piece))

    def hang_up(self) -> None:
        upstream = self.upstreams[-1]
        if upstream.state is ConnectionState.OPEN:
            upstream.state = ConnectionState.CAN_WRITE
            self._do(events.ConnectionClosed(upstream))

    def leave(self) -> None:
        self.client.state = ConnectionState.CLOSED
        self._do(events.ConnectionClosed(self.client))

    def told(self) -> bytes:
        """The body that the client got since the last time, its end as ``|``."""
        head, _, body = self.sent.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        self.sent = b""
        told, rest = whole_chunks(body + b"\r\n", 0)
        return told + (b"|" if body[rest:] == LAST_CHUNK else body[rest:])


def translated(body: bytes) -> bytes:
    """What a client of OpenAI's API gets for it."""
    exchange = Exchange(
        created=1_700_000_000,
        model_asked="claude-sonnet-5-5",
        model_used="claude-sonnet-5-5",
    )
    return Transcoder(ChunkStream(exchange)).feed(body)


EXPECTED = {CHAT: translated, NATIVE: bytes}
STREAM = [START, BLOCK, *DELTAS, END]


@pytest.mark.parametrize("asked", [CHAT, NATIVE], ids=["chat", "native"])
class TestTheShortWay:
    """Taken by whole chunks of a body; all else goes as before."""

    def test_data_takes_it_from_the_second_read_of_a_body_on(self, core, asked):
        connections = Connections(core, Ways)
        connections.ask(asked)
        connections.answer(HEAD, chunk(START + BLOCK), *map(chunk, DELTAS))
        assert connections.layer.long == 3  # the head, and two to tell where chunks end
        assert connections.told() == EXPECTED[asked](START + BLOCK + b"".join(DELTAS))
        connections.answer(chunk(END) + LAST_CHUNK)
        assert connections.layer.long == 4

    def test_several_chunks_may_come_at_once(self, core, asked):
        connections = Connections(core, Ways)
        connections.ask(asked)
        connections.answer(HEAD + chunk(START) + chunk(BLOCK))
        connections.answer(b"".join(map(chunk, DELTAS)))
        assert connections.layer.long == 1
        connections.answer(chunk(END), LAST_CHUNK)
        assert connections.layer.long == 2
        assert connections.told() == EXPECTED[asked](b"".join(STREAM)) + b"|"

    def test_it_is_found_again_for_the_next_answer(self, core, asked):
        connections = Connections(core, Ways)
        for _ in range(2):
            connections.ask(asked)
            before = connections.layer.long
            connections.answer(HEAD + chunk(START), chunk(BLOCK))
            connections.answer(*map(chunk, DELTAS), chunk(END), LAST_CHUNK)
            assert connections.layer.long - before <= 3
            assert connections.told() == EXPECTED[asked](b"".join(STREAM)) + b"|"
        assert len(connections.upstreams) == 1

    def test_and_on_another_connection(self, core, asked):
        connections = Connections(core, Ways)
        connections.ask(asked)
        connections.answer(HEAD + chunk(b"".join(STREAM[:-1])), chunk(END), LAST_CHUNK)
        connections.hang_up()
        connections.ask(asked)
        assert len(connections.upstreams) == 2
        before = connections.layer.long
        connections.answer(HEAD + chunk(START + BLOCK), *map(chunk, DELTAS))
        assert connections.layer.long - before <= 2

    def test_a_client_of_http_1_0_has_no_chunks(self, core, asked):
        connections = Connections(core, Ways)
        connections.ask(asked.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        connections.answer(HEAD, chunk(START + BLOCK), *map(chunk, DELTAS))
        assert connections.layer.long == 2 + len(DELTAS)
        body = connections.sent.partition(b"\r\n\r\n")[2]
        assert body == EXPECTED[asked](START + BLOCK + b"".join(DELTAS))

    def test_a_client_that_left_gets_nothing(self, core, asked):
        connections = Connections(core, Ways)
        connections.ask(asked)
        connections.answer(HEAD + chunk(START), chunk(BLOCK), chunk(DELTAS[0]))
        connections.leave()
        before = connections.sent
        connections.upstreams[-1].state = ConnectionState.OPEN  # bytes on their way
        connections.answer(chunk(DELTAS[1]))
        assert connections.sent == before

    @pytest.mark.parametrize(
        "end", [b"", b"5\r\nev", b"x\r\n", b"0\r\nx-trailer: 1\r\n\r\n"]
    )
    def test_what_breaks_off_ends_as_it_does_the_long_way(self, core, asked, end):
        told = []
        for kind in (EgressLayer, LongWay):
            connections = Connections(core, kind)
            connections.ask(asked)
            connections.answer(HEAD + chunk(START), chunk(BLOCK), chunk(DELTAS[0]), end)
            connections.hang_up()
            told.append(connections.told())
        assert told[0] == told[1]
        assert b"error" in told[0]


def encoded(body: bytes, sizes: Iterable[int], styles: Iterable[str]) -> bytes:
    """The body in chunks of these sizes, whose lengths are written in these styles."""
    out, start = b"", 0
    for size, style in zip(sizes, itertools.cycle(styles), strict=False):
        piece = body[start : start + size]
        if piece:
            out += style.format(len(piece)).encode() + b"\r\n" + piece + b"\r\n"
        start += size
    return out + (chunk(body[start:]) if body[start:] else b"")


STYLES = st.lists(
    st.sampled_from(["{:x}", "{:x}", "{:X}", "{:04x}", "{:x};a=b"]), min_size=1
)
WHOLE = b"".join(STREAM)


@settings(deadline=None, max_examples=60)
@given(
    asked=st.sampled_from([CHAT, NATIVE]),
    sizes=st.lists(st.integers(1, 300), max_size=12),
    styles=STYLES,
    cuts=st.lists(st.integers(0, 2 * len(WHOLE)), max_size=12),
    ended=st.booleans(),
)
@example(CHAT, [len(part) for part in STREAM], ["{:x}"], [0], True)
def test_however_it_is_cut_the_client_is_told_the_same(
    core, asked, sizes, styles, cuts, ended
):
    answer = HEAD + encoded(WHOLE, sizes, styles) + (LAST_CHUNK if ended else b"")
    places = [0, *sorted(cut % (len(answer) + 1) for cut in cuts), len(answer)]
    reads = [answer[a:b] for a, b in itertools.pairwise(places) if a < b]
    connections = Connections(core)
    connections.ask(asked)
    connections.answer(*reads)
    connections.hang_up()
    assert connections.told() == EXPECTED[asked](WHOLE) + b"|"

"""What a client and upstream may do on a connection below mitmproxy's hooks.

The launcher has nobody to tell of a request and handles it in ``direct_layer``;
``mitmdump`` prints each and has mitmproxy's own HTTP. A caller sees no difference.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import pytest

from support.message_stream import ANSWER, BLOCK, END, LAST_CHUNK, START, TEXT
from support.raw_upstream import (
    Hangup,
    RawUpstream,
    chunk,
    json_answer,
    pause,
    stream_head,
)
from support.running_proxy import RunningProxy

KEY = "sk-ant-api03-test-key-of-the-proxy"
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
EVENTS = START + BLOCK + TEXT + END
STREAM = stream_head() + chunk(EVENTS) + LAST_CHUNK
HEALTH = b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"
SECONDS = 5


class Upstream:
    """Gives ``reply`` if there is one, else what the request asks for."""

    def __init__(self) -> None:
        self.reply: bytes | None = None
        self.pieces = 0  # bytes at a time; 0: all at once
        self.hangs_up = False
        self.quiet = threading.Event()  # all of the last reply was written

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        self.quiet.clear()
        try:
            self._answer(connection, request)
        finally:
            self.quiet.set()

    def _answer(self, connection: socket.socket, request: bytes) -> None:
        reply = self.reply
        if reply is None:
            reply = STREAM if b'"stream":true' in request else json_answer(200, ANSWER)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(reply), self.pieces or len(reply)):
            connection.sendall(reply[at : at + (self.pieces or len(reply))])
            if self.pieces:
                time.sleep(0.0005)
        if self.hangs_up:
            raise Hangup


@dataclass
class Bench:
    """Two proxies with one upstream."""

    script: Upstream
    raw: RawUpstream
    launcher: RunningProxy
    mitmdump: RunningProxy
    asked: int = 0

    @property
    def news(self) -> list[bytes]:
        """What upstream was asked since the last look."""
        found = self.raw.requests[self.asked :]
        self.asked += len(found)
        return found


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    script = Upstream()
    environment = {"ANTHROPIC_API_KEY": KEY}

    def running(command: str) -> RunningProxy:
        return RunningProxy(
            tmp_path_factory.mktemp(command),
            upstream=raw.url,
            command=command,
            environment=environment,
        )

    with (
        RawUpstream(script) as raw,
        running("launcher") as launcher,
        running("mitmdump") as mitmdump,
    ):
        yield Bench(script, raw, launcher, mitmdump)
        for proxy in (launcher, mitmdump):
            assert "crashed" not in proxy.log
            assert "Traceback" not in proxy.log


@pytest.fixture
def bench(processes: Bench) -> Bench:
    script = processes.script
    script.reply, script.pieces, script.hangs_up = None, 0, False
    processes.asked = len(processes.raw.requests)
    return processes


@dataclass
class Answer:
    status: int
    fields: dict[bytes, bytes]
    body: bytes
    raw: bytes

    @property
    def text(self) -> str:
        """What the model said."""
        assert self.status == 200, self.raw
        found: str = json.loads(self.body)["choices"][0]["message"]["content"]
        return found


class Client:
    """One connection, on which everything is written and read as it is."""

    def __init__(self, proxy: RunningProxy) -> None:
        self.socket = socket.create_connection(("127.0.0.1", proxy.port), SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file: BinaryIO = self.socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, *pieces: bytes) -> None:
        for number, piece in enumerate(pieces):
            if number:
                pause(0.02)
            self.socket.sendall(piece)

    def answer(self) -> Answer:
        """The next whole answer."""
        head = [self._file.readline()]
        while head[-1].strip():
            head.append(self._file.readline())
        fields = {}
        for line in head[1:-1]:
            name, _, value = line.partition(b":")
            fields[name.lower()] = value.strip().lower()
        body, wire = self._body(fields)
        status = int(head[0].split()[1]) if head[0] else 0
        return Answer(status, fields, body, b"".join(head) + wire)

    def _body(self, fields: dict[bytes, bytes]) -> tuple[bytes, bytes]:
        if b"content-length" in fields:
            body = self._file.read(int(fields[b"content-length"]))
            return body, body
        if fields.get(b"transfer-encoding") != b"chunked":
            return b"", b""
        body = wire = b""
        while True:
            line = self._file.readline()
            piece = self._file.read(int(line, 16) + 2)
            body, wire = body + piece[:-2], wire + line + piece
            if piece == b"\r\n":
                return body, wire

    def ask(self, *pieces: bytes) -> Answer:
        self.send(*pieces)
        return self.answer()

    def rest(self) -> bytes:
        """All that comes until the proxy closes the connection."""
        return self._file.read()


@pytest.fixture
def client(bench: Bench) -> Iterator[Client]:
    with Client(bench.launcher) as connected:
        yield connected


def body_of(text: str = "Hi", **more: Any) -> bytes:
    messages = [{"role": "user", "content": text}]
    body = {"model": "claude-sonnet-5-5", "max_tokens": 9, "messages": messages}
    return json.dumps(body | more, separators=(",", ":")).encode()


def request(
    text: str = "Hi",
    *fields: bytes,
    path: str = CHAT,
    body: bytes | None = None,
    version: bytes = b"HTTP/1.1",
    **more: Any,
) -> bytes:
    content = body_of(text, **more) if body is None else body
    lines = [
        b"POST %b %b" % (path.encode(), version),
        b"host: localhost",
        b"content-type: application/json",
        b"content-length: %d" % len(content),
        *fields,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + content


def chunked_request(text: str = "Hi") -> bytes:
    head = request(body=b"").replace(
        b"content-length: 0", b"transfer-encoding: chunked"
    )
    body = body_of(text)
    return head + chunk(body[:20]) + chunk(body[20:]) + LAST_CHUNK


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


# -- a client's connection -------------------------------------------------------------


def test_requests_of_one_connection_may_be_for_different_layers(
    bench: Bench, client: Client
) -> None:
    before = bench.raw.connections
    assert client.ask(request("1")).text == "Hi"
    assert client.ask(HEALTH).status == 200
    assert client.ask(request("2")).text == "Hi"
    assert client.ask(chunked_request("3")).text == "Hi"
    assert client.ask(request("4")).text == "Hi"
    assert client.ask(HEALTH.replace(b"health", b"nowhere")).status == 404
    texts = [json.loads(one.partition(b"\r\n\r\n")[2]) for one in bench.news]
    said = [one["messages"][0]["content"] for one in texts]
    assert said == ["1", "2", "3", "4"]
    assert bench.raw.connections == before + 2  # each layer has its own


@pytest.mark.parametrize("at", [1, 10, 34, 36, 60, 107, 108, 109, 110])
def test_a_head_in_two_pieces(bench: Bench, client: Client, at: int) -> None:
    whole = request("1")
    assert client.ask(whole[:at], whole[at:]).text == "Hi"
    assert client.ask(request("2")).text == "Hi"
    assert [b'"1"' in one for one in bench.news] == [True, False]


def test_a_body_in_many_pieces(bench: Bench, client: Client) -> None:
    whole = request("a" * 3000)
    end = whole.index(b"\r\n\r\n") + 4
    for pieces in ([whole[:end], *cut(whole[end:], 300)], cut(whole, 900)):
        assert client.ask(*pieces).text == "Hi"
        assert [b"a" * 3000 in one for one in bench.news] == [True]


@pytest.mark.parametrize("stream", [False, True])
def test_pipelined_requests_are_answered_in_turn(
    bench: Bench, client: Client, stream: bool
) -> None:
    client.send(b"".join(request(str(n), stream=stream) for n in range(3)))
    for _ in range(3):
        answer = client.answer()
        assert answer.status == 200
        assert b"Hi" in answer.body
    said = [re.search(rb'"content":"?(?:.*?text":")?(\d)', one) for one in bench.news]
    assert [one[1] for one in said if one] == [b"0", b"1", b"2"]


def test_pipelined_requests_for_different_layers(bench: Bench, client: Client) -> None:
    client.send(request("1") + HEALTH + request("2") + chunked_request("3") + HEALTH)
    assert client.answer().text == "Hi"
    assert b'"status"' in client.answer().body
    assert client.answer().text == "Hi"
    assert client.answer().text == "Hi"
    assert b'"status"' in client.answer().body
    assert len(bench.news) == 3
    assert client.ask(request("4")).text == "Hi"


def test_half_a_request_behind_a_whole_one(client: Client) -> None:
    whole = request()
    client.send(whole + whole[:50])
    assert client.answer().text == "Hi"
    assert client.ask(whole[50:] + whole[:-9]).text == "Hi"
    assert client.ask(whole[-9:]).text == "Hi"


def metric(bench: Bench, name: str) -> float:
    with Client(bench.launcher) as client:
        lines = client.ask(HEALTH.replace(b"health", b"metrics")).body.decode()
    found = [line for line in lines.splitlines() if line.startswith(name)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)


@pytest.mark.parametrize("sent", [-1, -30])
def test_a_client_that_leaves_in_its_body_is_counted(bench: Bench, sent: int) -> None:
    name = "anthropic_proxy_client_disconnects_total"
    before = metric(bench, name)
    with Client(bench.launcher) as client:
        client.send(request()[:sent])
        pause()
    pause(0.1)
    assert metric(bench, name) == before + 1
    assert not bench.news


def test_a_client_may_ask_whether_to_send_its_body(
    bench: Bench, client: Client
) -> None:
    whole = request("Hi", b"expect: 100-continue")
    end = whole.index(b"\r\n\r\n") + 4
    assert client.ask(whole[:end]).status == 100
    assert not bench.news
    assert client.ask(whole[end:]).text == "Hi"
    assert client.ask(request()).text == "Hi"
    assert all(b"expect" not in one.lower() for one in bench.news)


def test_a_query_is_passed_on(bench: Bench, client: Client) -> None:
    answer = client.ask(request(path=MESSAGES + "?beta=true"))
    assert (answer.status, answer.body) == (200, ANSWER)
    assert bench.news[0].startswith(b"POST /v1/messages?beta=true HTTP/1.1\r\n")
    assert client.ask(request(path=CHAT + "?api-version=1")).text == "Hi"
    assert bench.news[0].startswith(b"POST /v1/messages HTTP/1.1\r\n")


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_of_http_1_0(client: Client, stream: bool) -> None:
    client.send(request(version=b"HTTP/1.0", stream=stream))
    answer = client.answer()
    assert answer.status == 200
    assert b"transfer-encoding" not in answer.fields
    if stream:
        assert client.rest().endswith(b"data: [DONE]\n\n")
    else:
        assert answer.text == "Hi"


@pytest.mark.parametrize("word", [b"close", b"Close"])
def test_a_client_may_have_its_connection_closed(client: Client, word: bytes) -> None:
    answer = client.ask(request("Hi", b"connection: " + word))
    assert answer.text == "Hi"
    assert answer.fields[b"connection"] == b"close"
    assert client.rest() == b""


def test_two_clients_do_not_wait_for_each_other(bench: Bench) -> None:
    with Client(bench.launcher) as one, Client(bench.launcher) as other:
        bench.script.pieces = 7
        slow = threading.Thread(target=lambda: one.ask(request("slow", stream=True)))
        slow.start()
        pause()
        bench.script.pieces = 0
        for number in range(5):
            assert other.ask(request(str(number))).text == "Hi"
        slow.join(SECONDS)
        assert not slow.is_alive()
        assert len(bench.news) == 6


# -- upstream's answers ----------------------------------------------------------------


def with_head(*lines: bytes, body: bytes = ANSWER, first: bytes = b"200 OK") -> bytes:
    head = [b"HTTP/1.1 " + first, b"content-type: application/json", *lines]
    return b"\r\n".join([*head, b"", body])


LENGTH = b"content-length: %d" % len(ANSWER)
ODD_CHUNKS = b'%X;a="b"\r\n%b\r\n00;last\r\n\r\n'
# Legal, and not what upstream usually sends.
ODD: dict[str, bytes] = {
    "a length, and no more": with_head(LENGTH),
    "chunks with extensions": with_head(
        b"transfer-encoding: chunked",
        body=ODD_CHUNKS % (len(ANSWER), ANSWER),
    ),
    "two words of the connection": with_head(
        LENGTH, b"Connection: close, x-foo", b"x-foo: 1"
    ),
    "the connection closes": with_head(LENGTH, b"connection: Close"),
    "keep-alive with parameters": with_head(
        LENGTH, b"connection: keep-alive", b"keep-alive: timeout=5"
    ),
    "bare line feeds": with_head(LENGTH).replace(b"\r\n", b"\n"),
    "loud names": with_head(LENGTH.upper(), b"X-A:b", b"X-E:"),
    "no reason": with_head(LENGTH, first=b"200"),
    "folded": with_head(LENGTH, b"x-a: b\r\n  c"),
    "more than an answer": with_head(LENGTH, body=ANSWER + b"\r\nHTTP/1.1 200"),
    "two answers": with_head(LENGTH) * 2,
    "without a length": with_head(),
    "HTTP/1.0 without a length": with_head().replace(b"1.1", b"1.0", 1),
    "HTTP/1.0 with a length": with_head(LENGTH).replace(b"1.1", b"1.0", 1),
}
ENDS_WITH_CONNECTION = {"without a length", "HTTP/1.0 without a length"}


@pytest.mark.parametrize("pieces", [0, 1])
@pytest.mark.parametrize("name", ODD)
def test_odd_answers_are_read(
    bench: Bench, client: Client, name: str, pieces: int
) -> None:
    script = bench.script
    script.reply, script.pieces = ODD[name], pieces
    script.hangs_up = name in ENDS_WITH_CONNECTION
    assert client.ask(request()).text == "Hi"
    # What follows an answer is told from the next one's only if it comes before
    # the next request goes out.
    assert script.quiet.wait(SECONDS)
    pause()
    script.pieces = 0
    answer = client.ask(request(path=MESSAGES))
    assert (answer.status, answer.body) == (200, ANSWER)
    assert b"x-foo" not in answer.fields
    assert b"connection" not in answer.fields
    script.reply, script.hangs_up = None, False
    assert client.ask(request("afterwards")).text == "Hi"


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_a_stream_in_small_pieces(bench: Bench, client: Client, path: str) -> None:
    whole = client.ask(request(path=path, stream=True))
    for size, pieces in ((1, 0), (1, 99), (7, 5), (64, 1)):
        chunks = b"".join(map(chunk, cut(EVENTS, size)))
        bench.script.reply = stream_head() + chunks + LAST_CHUNK
        bench.script.pieces = pieces
        answer = client.ask(request(path=path, stream=True))
        assert masked(answer.body) == masked(whole.body)


# What nobody can be sure of: no answer at all, and the next request is not harmed.
UNSURE = {
    "a length and chunks": with_head(
        LENGTH, b"transfer-encoding: chunked", body=chunk(ANSWER) + LAST_CHUNK
    ),
    "two lengths": with_head(LENGTH, b"content-length: 5"),
    "the same length twice": with_head(LENGTH, LENGTH),
    "an empty length": with_head(b"content-length:"),
    "a space in a name": with_head(LENGTH, b"x y: z"),
    "a space before a colon": with_head(b"content-length : 5"),
    "a line of one carriage return": b"HTTP/1.1 200 OK\r\n\r\r\nx: y\r\n\r\n",
    "chunks without a body": with_head(
        b"transfer-encoding: chunked", first=b"204 None", body=LAST_CHUNK
    ),
    "chunks of HTTP/1.0": with_head(
        b"transfer-encoding: chunked", body=chunk(ANSWER) + LAST_CHUNK
    ).replace(b"1.1", b"1.0", 1),
    "trailers": with_head(
        b"transfer-encoding: chunked",
        body=chunk(ANSWER) + b"0\r\nx-sum: 1\r\n\r\n",
    ),
    "an answer before the answer": b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\n"
    + with_head(LENGTH),
    "another protocol": b"HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("name", UNSURE)
def test_an_answer_that_is_not_clear_is_refused(bench: Bench, name: str) -> None:
    bench.script.reply = UNSURE[name]
    answers = []
    for proxy in (bench.launcher, bench.mitmdump):
        with Client(proxy) as client:
            answer = client.ask(request())
            assert answer.status == 502
            assert client.rest() == b""
            answers.append(masked(answer.raw))
    bench.script.reply = None
    with Client(bench.launcher) as client:
        assert client.ask(request("afterwards")).text == "Hi"


# What upstream sends of a stream behind its head, in one piece with it or behind it.
BROKEN_STREAMS = {
    "no chunk": b"xyz\r\n",
    "no chunk behind one": chunk(START) + b"xyz\r\n",
    "a chunk that is too long": chunk(START) + b"4\r\nevent: x\r\n",
    "trailers": chunk(START + BLOCK + TEXT) + b"0\r\nx-sum: 1\r\n\r\n",
}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("name", BROKEN_STREAMS)
def test_a_stream_that_breaks_has_a_head_and_an_error(
    bench: Bench, client: Client, name: str, path: str, at_once: bool
) -> None:
    bench.script.reply = stream_head() + BROKEN_STREAMS[name]
    bench.script.pieces = 0 if at_once else len(stream_head())
    answer = client.ask(request(path=path, stream=True))
    assert answer.status == 200
    assert answer.fields[b"content-type"].startswith(b"text/event-stream")
    assert b'"error":{' in answer.body
    assert b"[DONE]" not in answer.body
    bench.script.reply, bench.script.pieces = None, 0
    assert client.ask(request("afterwards")).text == "Hi"


# -- the same by both layers -----------------------------------------------------------


def masked(wire: bytes) -> bytes:
    """Without what is never the same twice."""
    wire = re.sub(rb"req_[0-9a-f]{24}", b"req_ID", wire)
    return re.sub(rb'"created":\d+', b'"created":0', wire)


def error(kind: str, message: str) -> bytes:
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return json.dumps(body).encode()


Case = tuple[bytes, bytes | None]
"""What the client sends, and what upstream answers; None: as it usually does."""

RETRY = b"retry-after: 3"
CASES: dict[str, Callable[[str], Case]] = {
    "whole": lambda path: (request(path=path), None),
    "stream": lambda path: (request(path=path, stream=True), None),
    "with a key of the client's": lambda path: (
        request("Hi", b"authorization: Bearer sk-mine", b"x-api-key: mine", path=path),
        None,
    ),
    "from a web page": lambda path: (
        request("Hi", b"origin: http://localhost:3000", path=path),
        None,
    ),
    "from a strange web page": lambda path: (
        request("Hi", b"origin: http://evil.example", path=path),
        None,
    ),
    "headers of upstream's": lambda path: (
        request(path=path),
        with_head(
            LENGTH,
            b"request-id: req_upstream",
            b"anthropic-ratelimit-requests-remaining: 7",
            b"set-cookie: a=b",
            b"strict-transport-security: max-age=1",
            b"Server: x",
            b"date: Mon, 01 Jan 2024 00:00:00 GMT",
        ),
    ),
    "chunked and whole": lambda path: (
        request(path=path),
        with_head(b"transfer-encoding: chunked", body=chunk(ANSWER) + LAST_CHUNK),
    ),
    "an empty body": lambda path: (request(path=path, body=b""), None),
    "no JSON": lambda path: (request(path=path, body=b"{nope"), None),
    "a wrong type": lambda path: (request(path=path, temperature="hot"), None),
    "a path that is not": lambda path: (request(path=path + "/x"), None),
    "a method that is not": lambda path: (
        request(path=path).replace(b"POST", b"PUT", 1),
        None,
    ),
    "no model": lambda path: (
        request(path=path),
        json_answer(404, error("not_found_error", "model: x")),
    ),
    "too many": lambda path: (
        request(path=path),
        json_answer(429, error("rate_limit_error", "Slow down."), RETRY),
    ),
    "too many for a stream": lambda path: (
        request(path=path, stream=True),
        json_answer(429, error("rate_limit_error", "Slow down."), RETRY),
    ),
    "overloaded": lambda path: (
        request(path=path),
        json_answer(529, error("overloaded_error", "Overloaded")),
    ),
    "failed": lambda path: (
        request(path=path),
        json_answer(500, error("api_error", "Sorry")),
    ),
    "failed in HTML": lambda path: (
        request(path=path),
        json_answer(500, b"<html>sorry</html>"),
    ),
    "not allowed": lambda path: (
        request(path=path),
        json_answer(401, error("authentication_error", "No.")),
    ),
    "no content": lambda path: (request(path=path), b"HTTP/1.1 204 No Content\r\n\r\n"),
    "not modified": lambda path: (
        request(path=path),
        b"HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n",
    ),
    "a redirect": lambda path: (
        request(path=path),
        json_answer(307, b"location: https://elsewhere.example/"),
    ),
    "an empty answer": lambda path: (request(path=path), json_answer(200, b"")),
    "a stream with a length": lambda path: (
        request(path=path, stream=True),
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(EVENTS), EVENTS),
    ),
    "a stream that fails": lambda path: (
        request(path=path, stream=True),
        stream_head()
        + chunk(START + BLOCK + TEXT + b"event: error\ndata: ")
        + chunk(error("overloaded_error", "Overloaded") + b"\n\n")
        + LAST_CHUNK,
    ),
    "a stream without an end": lambda path: (
        request(path=path, stream=True),
        stream_head() + chunk(START + BLOCK + TEXT) + LAST_CHUNK,
    ),
    "an echo of the key": lambda path: (
        request(path=path),
        json_answer(
            400, error("invalid_request_error", f"{KEY}?"), b"x-seen: " + KEY.encode()
        ),
    ),
}


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("name", CASES)
def test_both_layers_answer_the_same(bench: Bench, path: str, name: str) -> None:
    asked, bench.script.reply = CASES[name](path)
    found = []
    for proxy in (bench.launcher, bench.mitmdump):
        with Client(proxy) as client:
            answers = [client.ask(asked)]
            if answers[0].fields.get(b"connection") != b"close":
                answers.append(client.ask(asked))
            found.append(([masked(one.raw) for one in answers], bench.news))
    assert found[0] == found[1]
    assert found[0][0][0].startswith(b"HTTP/1.1 ")
    assert KEY.encode() not in b"".join(found[0][0])

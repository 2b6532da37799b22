"""Clients that leave, stall, flood, lie about lengths, or send too much."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import h2.connection
import httpx
import pytest

from support.message_stream import (
    ANSWER,
    BLOCK,
    END,
    LAST_CHUNK,
    START,
    TEXT,
    text_delta,
)
from support.raw_upstream import RawUpstream, chunk, json_answer, stream_head
from support.running_proxy import RunningProxy

MEGABYTE = 1024 * 1024
LIMIT = 4 * MEGABYTE
# The spans and bounds of a proxy under test; a script sets what is not an option.
SHORT_HEADS = """
from anthropic_proxy.proxy import egress_layer

egress_layer.HEAD_SECONDS = 1.0
"""
ENVIRONMENT = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-test-key",
    "ANTHROPIC_PROXY_BODY_LIMIT": str(LIMIT),
    "ANTHROPIC_PROXY_PING_INTERVAL": "0.5",
}


class Upstream:
    """Answers by what the request's text says; counts what it got and lost."""

    def __init__(self) -> None:
        self.asked = 0
        self.last = b""
        self.lost = 0
        self.sent = 0

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        self.asked += 1
        self.last = request
        if b"for ever" in request:
            self._for_ever(connection)
        elif b"a flood" in request:
            self._flood(connection)
        elif b'"stream":true' in request.replace(b" ", b""):
            connection.sendall(stream_head() + chunk(START + BLOCK + TEXT + END))
            connection.sendall(LAST_CHUNK)
        else:
            connection.sendall(json_answer(200, ANSWER))

    def _for_ever(self, connection: socket.socket) -> None:
        try:
            connection.sendall(stream_head() + chunk(START + BLOCK))
            for _ in range(3000):
                connection.sendall(chunk(TEXT))
                time.sleep(0.01)
        except OSError:
            self.lost += 1
            raise

    def _flood(self, connection: socket.socket) -> None:
        """200 MB, as fast as they are taken."""
        delta = chunk(text_delta("x" * 60_000))
        connection.sendall(stream_head() + chunk(START + BLOCK))
        try:
            for _ in range(3_400):
                connection.sendall(delta)
                self.sent += len(delta)
        except OSError:
            self.lost += 1
            raise


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture(scope="module")
def proxy(
    upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    home = tmp_path_factory.mktemp("clients")
    script = home / "short_heads.py"
    script.write_text(SHORT_HEADS, "utf-8")
    with (
        RawUpstream(upstream) as raw,
        RunningProxy(
            home,
            upstream=raw.url,
            arguments=("-s", str(script), "--set", "flow_detail=0"),
            environment=ENVIRONMENT,
        ) as running,
    ):
        yield running
        assert "crashed" not in running.log
        assert "Traceback" not in running.log


@pytest.fixture(autouse=True)
def _the_proxy_goes_on(proxy: RunningProxy) -> Iterator[None]:
    yield
    body = {
        "model": "claude-sonnet-5-5",
        "messages": [{"role": "user", "content": "Hi"}],
    }
    url = f"{proxy.url}/v1/chat/completions"
    answer = httpx.post(url, json=body, trust_env=False, timeout=20)
    assert answer.json()["choices"][0]["message"]["content"] == "Hi"


def request(
    text: str = "Hi", *fields: bytes, path: str = "/v1/chat/completions"
) -> bytes:
    body = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": text}],
        "stream": text != "Hi",
    }
    content = json.dumps(body).encode()
    lines = [
        b"POST %s HTTP/1.1" % path.encode(),
        b"host: localhost",
        b"content-type: application/json",
        b"content-length: %d" % len(content),
        *fields,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + content


def connect(proxy: RunningProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), 20)


def read_all(connection: socket.socket) -> bytes:
    found = b""
    try:
        while data := connection.recv(65536):
            found += data
    except ConnectionResetError:
        pass
    return found


def read_until(connection: socket.socket, mark: bytes) -> bytes:
    found = b""
    while mark not in found:
        data = connection.recv(65536)
        assert data, found
        found += data
    return found


def wait_until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def resident(proxy: RunningProxy) -> int:
    """Bytes of memory that the process has."""
    status = Path(f"/proc/{proxy.pid}/status").read_text("utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


# -- clients that leave ----------------------------------------------------------------


@pytest.mark.parametrize("sent", [0, 10, 70, 190])
def test_a_client_that_leaves_before_its_request_is_complete(
    proxy: RunningProxy, upstream: Upstream, sent: int
) -> None:
    before = upstream.asked
    with connect(proxy) as client:
        client.sendall(request()[:sent])
    time.sleep(0.2)
    assert upstream.asked == before


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_client_that_leaves_a_stream_ends_it_upstream_within_a_second(
    proxy: RunningProxy, upstream: Upstream, path: str
) -> None:
    before = upstream.lost
    with connect(proxy) as client:
        client.sendall(request("for ever", path=path))
        read_until(client, b"delta")
    wait_until(lambda: upstream.lost > before, seconds=1)


def test_a_client_that_resets_its_connection(
    proxy: RunningProxy, upstream: Upstream
) -> None:
    before = upstream.lost
    client = connect(proxy)
    client.sendall(request("for ever"))
    read_until(client, b"delta")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    wait_until(lambda: upstream.lost > before, seconds=1)


# -- clients that stall ----------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_client_that_reads_nothing_costs_no_memory(
    proxy: RunningProxy, upstream: Upstream
) -> None:
    before, upstream.sent = resident(proxy), 0
    with connect(proxy) as client:
        client.sendall(request("a flood"))
        read_until(client, b"delta")
        sent = -1
        while sent != upstream.sent:  # until upstream is held back
            sent = upstream.sent
            time.sleep(0.5)
        assert sent < 60 * MEGABYTE  # kernels' buffers among them
        assert resident(proxy) - before < 60 * MEGABYTE


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_an_http2_client_that_reads_nothing_is_given_up(
    proxy: RunningProxy, upstream: Upstream
) -> None:
    """HTTP/2 has no backpressure in mitmproxy: what is not taken would pile up."""
    before, lost = resident(proxy), upstream.lost
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    http2 = h2.connection.H2Connection()
    with context.wrap_socket(connect(proxy), server_hostname="localhost") as client:
        assert client.selected_alpn_protocol() == "h2"
        http2.initiate_connection()
        http2.send_headers(
            1,
            [
                (":method", "POST"),
                (":scheme", "https"),
                (":authority", "localhost"),
                (":path", "/v1/chat/completions"),
                ("content-type", "application/json"),
            ],
        )
        http2.send_data(1, request("a flood").partition(b"\r\n\r\n")[2], True)
        client.sendall(http2.data_to_send())
        wait_until(lambda: upstream.lost > lost, seconds=60)  # it could not send it all
        assert resident(proxy) - before < 100 * MEGABYTE


def test_a_head_that_comes_too_slowly_is_refused(proxy: RunningProxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\n")
        began = time.monotonic()
        for _ in range(40):
            try:
                client.sendall(b"x-slow: 1\r\n")
            except OSError:
                break
            time.sleep(0.1)
        assert b" 408 " in read_all(client)
        assert time.monotonic() - began < 10


def test_a_head_without_an_end_is_refused(proxy: RunningProxy) -> None:
    with connect(proxy) as client:
        _send_all(client, MEGABYTE, b"GET /health HTTP/1.1\r\nx: ")
        assert b" 431 " in read_all(client)


def test_what_is_pipelined_is_bounded(proxy: RunningProxy) -> None:
    with connect(proxy) as client:
        client.sendall(request("for ever"))
        read_until(client, b"delta")
        with pytest.raises(ConnectionError):
            client.sendall(b"x" * 20 * LIMIT)


# -- clients that flood ----------------------------------------------------------------


def test_a_thousand_connections_at_once(proxy: RunningProxy) -> None:
    clients = [connect(proxy) for _ in range(1000)]
    try:
        for client in clients:
            client.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert all(b"200 OK" in client.recv(4096) for client in clients)
    finally:
        for client in clients:
            client.close()


def test_pipelined_requests_are_answered_in_order(proxy: RunningProxy) -> None:
    last = request("Hi", b"connection: close")
    with connect(proxy) as client:
        client.sendall(request() * 9 + last)
        answers = read_all(client)
    assert answers.count(b"HTTP/1.1 200 OK") == 10
    assert answers.count(b"chatcmpl-") == 10


# -- requests whose end is unclear -----------------------------------------------------

SMUGGLED = b"GET /v1/files HTTP/1.1\r\nhost: localhost\r\n\r\n"
SHAPES = {
    "two lengths": [b"content-length: 5"],
    "a length and chunks": [b"transfer-encoding: chunked"],
    "a length that is a list": [b"content-length: 5, 6"],
    "a length below zero": [b"content-length: -1"],
    "a length with a sign": [b"content-length: +5"],
    "chunks by another name": [b"transfer-encoding: xchunked"],
    "chunks twice": [b"transfer-encoding: chunked, chunked"],
    "chunks after a tab": [b"transfer-encoding:\tchunked"],
    "a name with a space": [b"content-length : 5"],
    "a name that is empty": [b": 5"],
    "a line without a colon": [b"nonsense"],
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_request_whose_end_is_unclear_smuggles_nothing(
    proxy: RunningProxy, upstream: Upstream, name: str
) -> None:
    before = upstream.asked
    with connect(proxy) as client:
        client.sendall(request("Hi", *SHAPES[name]) + SMUGGLED)
        client.settimeout(1)
        try:
            answer = read_all(client)
        except TimeoutError:
            answer = b""
    asked = upstream.asked - before
    assert asked <= 1
    assert answer.count(b"HTTP/1.1 2") <= asked
    assert b"<html" not in answer


def test_a_folded_header_does_not_arrive_as_two_lines(
    proxy: RunningProxy, upstream: Upstream
) -> None:
    folded = request("Hi", b"x-folded: a\r\n b: c", path="/v1/messages")
    with connect(proxy) as client:
        client.sendall(folded)
        answer = read_until(client, b"\r\n\r\n")
    assert b" 400 " in answer or b"\r\n b: c" not in upstream.last


# -- requests that are too much --------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_body_over_the_limit_is_refused_before_it_is_read(
    proxy: RunningProxy, upstream: Upstream, path: str
) -> None:
    before = upstream.asked
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\n"
        f"content-type: application/json\r\ncontent-length: {LIMIT + 1}\r\n\r\n"
    )
    with connect(proxy) as client:
        client.sendall(head.encode())
        answer = read_until(client, b"\r\n\r\n")
        assert b" 413 " in answer
    assert upstream.asked == before


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_chunks_over_the_limit_are_refused_where_they_pass_it(
    proxy: RunningProxy, path: str
) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(2 * LIMIT // 65536):
            yield b"x" * 65536

    head = {"content-type": "application/json"}
    url = proxy.url + path
    answer = httpx.post(url, content=pieces(), headers=head, trust_env=False)
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_an_upload_that_is_refused_midway_still_learns_why(
    proxy: RunningProxy, path: str
) -> None:
    """A client that sends on regardless must not have the answer reset away."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\n"
        f"content-type: application/json\r\ncontent-length: {4 * LIMIT}\r\n\r\n"
    )
    with connect(proxy) as client:
        client.sendall(head.encode())
        sender = threading.Thread(target=_send_all, args=(client, 4 * LIMIT))
        sender.start()
        sender.join(20)
        assert b" 413 " in read_all(client)


def _send_all(client: socket.socket, size: int, first: bytes = b"") -> None:
    try:
        client.sendall(first + b"x" * size)
    except OSError:
        return

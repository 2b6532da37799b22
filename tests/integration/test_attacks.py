"""What a hostile client, upstream or addon must not achieve."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.raw_upstream import (
    Hangup,
    RawUpstream,
    chunk,
    json_answer,
    pause,
    stream_head,
)
from support.running_proxy import RunningProxy

from .conftest import PROXY_KEY

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
CANARY = "sk-ant-api03-test-canary-in-a-broken-head"
PASTED = "canary-code#canary-state"
ENVIRONMENT = {"ANTHROPIC_API_KEY": PROXY_KEY}


class Upstream:
    """Answers with ``reply``, then hangs up."""

    def __init__(self) -> None:
        self.reply = json_answer(200, b"{}")

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        connection.sendall(self.reply)
        pause(0.2)
        raise Hangup


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture(scope="module")
def raw(upstream: Upstream) -> Iterator[RawUpstream]:
    with RawUpstream(upstream) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(
    raw: RawUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    """Saves every flow; at the end nothing that was written may hold a secret."""
    home = tmp_path_factory.mktemp("attacked")
    arguments = ("-w", str(home / "flows"), "--set", "flow_detail=3")
    with RunningProxy(
        home, upstream=raw.url, environment=ENVIRONMENT, arguments=arguments
    ) as running:
        yield running
        running.stop()
        for path in (path for path in home.rglob("*") if path.is_file()):
            content = path.read_bytes()
            for secret in (PROXY_KEY, CANARY, *PASTED.split("#")):
                assert secret.encode() not in content, (path, secret)
        assert "crashed" not in running.log


def talk(proxy: RunningProxy, *pieces: bytes) -> bytes:
    """What comes back on a raw connection until it is closed."""
    received = b""
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as client:
        for piece in pieces:
            client.sendall(piece)
            pause()
        client.settimeout(3)
        try:
            while data := client.recv(65536):
                received += data
        except TimeoutError:
            pass
    return received


@pytest.mark.parametrize(
    "head",
    [
        f"POST /v1/messages HTTP/1.1\r\nauthorization: Bearer {CANARY}\r\nx",
        f"POST /v1/messages HTTP/1.1\r\nAuthorization Bearer {CANARY}\r\n\r\n",
        f"POST /v1/messages?key={CANARY} HTTP/9 nonsense\r\n\r\n",
        f"POST /v1/messages HTTP/1.1\r\nhost: x\r\n{CANARY} : y\r\n\r\n",
    ],
)
def test_a_broken_head_is_not_repeated_anywhere(head: str, proxy: RunningProxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as client:
        client.sendall(head.encode())
        pause(0.2)
    pause(0.2)
    assert CANARY not in proxy.log  # the fixture looks at the rest


@pytest.mark.parametrize(
    "head",
    [
        "nonsense\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nno colon\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: odd\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused_once_and_in_json(
    head: str, proxy: RunningProxy
) -> None:
    answer = talk(proxy, head.encode())
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1 400") == 1
    assert b"<html" not in answer
    assert b'"error":{' in answer


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/auth/callback"),
        ("PUT", "/auth/callback"),
        ("POST", "/auth/callbck"),
        ("POST", "/v1/auth/callback"),
        ("GET", "/auth/callback?code=canary-code&state=canary-state"),
    ],
)
def test_a_pasted_code_stays_in_no_flow(
    method: str, path: str, proxy: RunningProxy
) -> None:
    httpx.request(method, f"{proxy.url}{path}", json={"code": PASTED}, trust_env=False)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages/../../api/oauth/token",
        "/v1/files/%2e%2e/%2e%2e/api",
        "/v1/files/%252e%252e/api",
        "/v1/files/..%5c..%5capi",
    ],
)
def test_a_path_that_climbs_goes_nowhere(
    path: str, proxy: RunningProxy, raw: RawUpstream
) -> None:
    before = len(raw.requests)
    head = f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    assert talk(proxy, head.encode()).startswith(b"HTTP/1.1 404")
    assert len(raw.requests) == before


@pytest.mark.parametrize("method", ["TRACE", "F@O", "CONNECT"])
def test_odd_methods_go_nowhere(
    method: str, proxy: RunningProxy, raw: RawUpstream
) -> None:
    before = len(raw.requests)
    head = f"{method} /v1/messages HTTP/1.1\r\nhost: localhost\r\n"
    head += "connection: close\r\n\r\n"
    assert b" 40" in talk(proxy, head.encode())[:14]
    assert len(raw.requests) == before


def test_a_header_that_ends_a_line_goes_nowhere(
    proxy: RunningProxy, raw: RawUpstream
) -> None:
    before = len(raw.requests)
    head = (
        "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n"
        "anthropic-beta: a\rGET /v1/files HTTP/1.1\r\n\r\n{}"
    )
    assert talk(proxy, head.encode()).startswith(b"HTTP/1.1 400")
    assert len(raw.requests) == before


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(
    proxy: RunningProxy,
) -> None:
    bomb = gzip.compress(b" " * 34_000_000)
    answer = httpx.post(
        f"{proxy.url}/v1/chat/completions",
        content=bomb,
        headers={"content-encoding": "gzip"},
        trust_env=False,
        timeout=20,
    )
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request_too_large"


def test_a_compressed_body_is_understood(
    proxy: RunningProxy, upstream: Upstream, raw: RawUpstream
) -> None:
    upstream.reply = json_answer(400, b"{}")
    body = b'{"model": "gpt-4o", "messages": [{"role": "user", "content": "zip"}]}'
    httpx.post(
        f"{proxy.url}/v1/chat/completions",
        content=gzip.compress(body),
        headers={"content-encoding": "gzip"},
        trust_env=False,
    )
    assert b'"content":"zip"' in raw.requests[-1]


TRAILERS = b"0\r\nx-trailer: 1\r\n\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        stream_head() + chunk(b"event: ping\ndata: {}\n\n") + TRAILERS,
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        b"transfer-encoding: chunked\r\n\r\n" + chunk(b"{}") + TRAILERS,
    ],
)
def test_trailers_of_upstream_end_in_an_error(
    reply: bytes, proxy: RunningProxy, upstream: Upstream
) -> None:
    upstream.reply = reply
    stream = reply.startswith(stream_head())
    answer = httpx.post(
        f"{proxy.url}/v1/chat/completions",
        json=CHAT | {"stream": stream},
        trust_env=False,
        timeout=10,
    )
    assert '"error"' in answer.text
    assert "[DONE]" not in answer.text


def test_trailers_of_a_client_end_its_connection(proxy: RunningProxy) -> None:
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
        "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"
    )
    talk(proxy, head.encode(), TRAILERS)  # returns: the connection was closed


@pytest.mark.parametrize("status", [b"101 Switching Protocols", b"103 Early Hints"])
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/chat/completions"])
def test_an_interim_answer_is_not_taken_for_one(
    status: bytes, path: str, proxy: RunningProxy, upstream: Upstream
) -> None:
    upstream.reply = b"HTTP/1.1 " + status + b"\r\nupgrade: x\r\n\r\nafter"
    answer = httpx.post(f"{proxy.url}{path}", json=CHAT, trust_env=False, timeout=10)
    assert answer.status_code == 502
    assert "after" not in answer.text


@pytest.mark.parametrize("path", ["/health", "/v1/messages"])
def test_a_client_that_wants_its_connection_closed_gets_that(
    path: str, proxy: RunningProxy, upstream: Upstream
) -> None:
    upstream.reply = json_answer(200, b"{}")
    method = "GET" if path == "/health" else "POST"
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n"
        "content-length: 0\r\n\r\n"
    )
    answer = talk(proxy, head.encode())
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer.lower()


def test_an_answer_with_an_odd_byte_in_a_header_is_not_lost(
    proxy: RunningProxy, upstream: Upstream
) -> None:
    upstream.reply = json_answer(429, b"{}", b"x-note: caf\xe9")
    answer = httpx.post(f"{proxy.url}/v1/chat/completions", json=CHAT, trust_env=False)
    assert answer.status_code == 429


def test_the_credential_does_not_follow_a_rewritten_target(home: Path) -> None:
    """mitmproxy's other addons run after us: map-remote, scripts, an edit by hand."""
    with (
        RawUpstream(lambda c, _: c.sendall(json_answer(200, b"{}"))) as evil,
        RawUpstream(lambda c, _: c.sendall(json_answer(200, b"{}"))) as meant,
    ):
        arguments = ("--map-remote", f"|{meant.url}/|{evil.url}/")
        with RunningProxy(
            home, upstream=meant.url, environment=ENVIRONMENT, arguments=arguments
        ) as proxy:
            answer = httpx.post(
                f"{proxy.url}/v1/chat/completions", json=CHAT, trust_env=False
            )
            assert answer.status_code == 500
            assert answer.json()["error"]["type"] == "server_error"
            assert evil.requests == []
            assert meant.requests == []

"""Upstream over TLS, as it always is in production, under both of our HTTP layers."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from support.message_stream import ANSWER, BLOCK, END, LAST_CHUNK, START, TEXT
from support.raw_upstream import Hangup, chunk, json_answer, pause, stream_head
from support.running_proxy import RunningProxy
from support.tls_upstream import TlsUpstream

KEY = "sk-ant-api03-test-key-of-the-proxy"
PATHS = ("/v1/chat/completions", "/v1/messages")
MEGABYTE = 1024 * 1024
STREAM = stream_head() + chunk(START + BLOCK + TEXT + END) + LAST_CHUNK


class Script:
    """Answers by what the request's text says."""

    def __init__(self) -> None:
        self.hangs_up_on: set[str] = set()  # before an answer, and once for each text

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        whole, stream = json_answer(200, ANSWER), b'"stream":true' in request
        for text in list(self.hangs_up_on):
            if text.encode() in request:
                self.hangs_up_on.remove(text)
                raise Hangup
        if b"cut off" in request:
            half = STREAM[: -len(LAST_CHUNK) - 40] if stream else whole[:-9]
            connection.sendall(half)
            pause()
            if b"politely" in request:
                _say_goodbye(connection)
            raise Hangup
        connection.sendall(STREAM if stream else whole)
        if b"and goodbye" in request:
            _say_goodbye(connection)
            raise Hangup
        if b"and gone" in request:
            raise Hangup


def _say_goodbye(connection: socket.socket) -> None:
    assert isinstance(connection, ssl.SSLSocket)
    connection.settimeout(0.1)
    connection.unwrap()


@pytest.fixture(scope="module")
def script() -> Script:
    return Script()


@pytest.fixture(scope="module")
def upstream(
    script: Script, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TlsUpstream]:
    with TlsUpstream(script, tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture(scope="module", params=["launcher", "mitmdump"])
def proxy(
    request: pytest.FixtureRequest,
    upstream: TlsUpstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningProxy]:
    trusted = f"ssl_verify_upstream_trusted_ca={upstream.certificate}"
    with RunningProxy(
        tmp_path_factory.mktemp(request.param),
        upstream=upstream.url,
        command=request.param,
        arguments=("--set", trusted),
        environment={"ANTHROPIC_API_KEY": KEY},
    ) as running:
        yield running
        assert "crashed" not in running.log
        assert "Traceback" not in running.log


@pytest.fixture
def client(proxy: RunningProxy) -> Iterator[http.client.HTTPConnection]:
    """One connection; it opens another when the proxy closes it."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
    yield connection
    connection.close()


def ask(
    client: http.client.HTTPConnection,
    text: str = "Hi",
    *,
    path: str = PATHS[0],
    stream: bool = False,
) -> tuple[int, bytes]:
    body: dict[str, Any] = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": text}],
        "stream": stream,
    }
    content = json.dumps(body, separators=(",", ":"))
    headers = {"content-type": "application/json"}
    client.request("POST", path, content, headers)
    answer = client.getresponse()
    return answer.status, answer.read()


def assert_answered(answer: tuple[int, bytes], path: str, *, stream: bool) -> None:
    status, body = answer
    assert status == 200
    if path == PATHS[1]:
        assert body == (START + BLOCK + TEXT + END if stream else ANSWER)
    elif stream:
        assert b'"content":"Hi"' in body
        assert body.endswith(b"data: [DONE]\n\n")
    else:
        assert json.loads(body)["choices"][0]["message"]["content"] == "Hi"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_requests_share_one_connection(
    client: http.client.HTTPConnection, upstream: TlsUpstream, path: str, stream: bool
) -> None:
    before = upstream.connections
    for _ in range(3):
        assert_answered(ask(client, path=path, stream=stream), path, stream=stream)
    assert upstream.connections == before + 1
    head = upstream.requests[-1].partition(b"\r\n\r\n")[0].lower()
    assert b"x-api-key: " + KEY.encode() in head
    assert b"host: localhost:%d" % upstream.port in head


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("how", ["and goodbye", "and gone"])
def test_a_connection_that_upstream_closed_is_replaced(
    client: http.client.HTTPConnection, upstream: TlsUpstream, path: str, how: str
) -> None:
    before = upstream.connections
    assert_answered(ask(client, how, path=path), path, stream=False)
    pause()
    assert_answered(ask(client, path=path), path, stream=False)
    assert_answered(ask(client, path=path, stream=True), path, stream=True)
    assert upstream.connections == before + 2


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_a_request_on_a_connection_that_is_just_being_closed_is_asked_again(
    client: http.client.HTTPConnection,
    upstream: TlsUpstream,
    script: Script,
    path: str,
    stream: bool,
) -> None:
    assert_answered(ask(client, path=path), path, stream=False)
    before, asked = upstream.connections, len(upstream.requests)
    script.hangs_up_on.add("just now")
    answer = ask(client, "just now", path=path, stream=stream)
    assert_answered(answer, path, stream=stream)
    assert upstream.connections == before + 1
    assert len(upstream.requests) == asked + 2
    assert upstream.requests[-1] == upstream.requests[-2]


def test_a_fresh_connection_that_is_closed_is_not_asked_again(
    client: http.client.HTTPConnection, upstream: TlsUpstream, script: Script
) -> None:
    asked = len(upstream.requests)
    script.hangs_up_on.add("at once")
    status, body = ask(client, "at once")
    assert status == 502
    assert json.loads(body)["error"]["type"] == "server_error"
    assert len(upstream.requests) == asked + 1


def test_ten_megabytes_arrive_whole(
    client: http.client.HTTPConnection, upstream: TlsUpstream
) -> None:
    text = "0123456789abcdef" * (10 * MEGABYTE // 16)
    assert_answered(ask(client, text), PATHS[0], stream=False)
    assert text.encode() in upstream.requests[-1]
    assert_answered(ask(client), PATHS[0], stream=False)


@pytest.mark.parametrize("text", ["cut off", "cut off politely"])
@pytest.mark.parametrize("path", PATHS)
def test_half_an_answer_is_an_error(
    client: http.client.HTTPConnection, path: str, text: str
) -> None:
    status, body = ask(client, text, path=path)
    assert status == 502
    assert json.loads(body)["error"]["message"]
    assert_answered(ask(client, path=path), path, stream=False)


@pytest.mark.parametrize("text", ["cut off", "cut off politely"])
def test_half_a_stream_ends_with_an_error(
    client: http.client.HTTPConnection, text: str
) -> None:
    status, body = ask(client, text, stream=True)
    assert status == 200
    assert b'"content":"Hi"' in body
    assert b'"type":"server_error"' in body.replace(b" ", b"")
    assert b"[DONE]" not in body
    assert_answered(ask(client), PATHS[0], stream=False)


def test_layers_take_turns_on_one_connection(
    client: http.client.HTTPConnection,
) -> None:
    for _ in range(2):
        assert_answered(ask(client), PATHS[0], stream=False)
        client.request("GET", "/health")
        health = client.getresponse()
        assert (health.status, bool(health.read())) == (200, True)


def test_http_2_is_not_offered_to_upstream(
    client: http.client.HTTPConnection, proxy: RunningProxy, upstream: TlsUpstream
) -> None:
    assert_answered(ask(client), PATHS[0], stream=False)
    unseen = {"serve", "flow_detail=0"} & set(proxy.command_line())
    assert upstream.alpn[-1] == ("http/1.1" if unseen else None)
    assert upstream.names[-1] == "localhost"


@pytest.mark.parametrize("proxy", ["launcher"], indirect=True)
def test_what_a_client_offers_over_tls_is_not_offered_to_upstream(
    proxy: RunningProxy, upstream: TlsUpstream
) -> None:
    """It could be HTTP/2, which this upstream would choose, and does not speak."""
    offer = ssl.create_default_context()
    offer.check_hostname, offer.verify_mode = False, ssl.CERT_NONE
    offer.set_alpn_protocols(["http/1.1", "h2"])
    client = http.client.HTTPSConnection(
        "127.0.0.1", proxy.port, timeout=20, context=offer
    )
    assert_answered(ask(client), PATHS[0], stream=False)
    assert_answered(ask(client, stream=True), PATHS[0], stream=True)
    client.close()
    assert upstream.alpn[-1] == "http/1.1"

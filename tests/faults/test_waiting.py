"""An upstream that keeps everybody waiting. The spans are short here, as options."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
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

RESPONSE, IDLE, PING = 1.5, 1.2, 0.4
OPTIONS = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-test-key",
    "ANTHROPIC_PROXY_RESPONSE_TIMEOUT": str(RESPONSE),
    "ANTHROPIC_PROXY_IDLE_TIMEOUT": str(IDLE),
    "ANTHROPIC_PROXY_PING_INTERVAL": str(PING),
}
BEGUN = stream_head() + chunk(START + BLOCK + TEXT)
REST = chunk(END) + LAST_CHUNK
OVERLOADED = json_answer(
    529, b'{"type":"error","error":{"type":"overloaded_error","message":"Busy."}}'
)
CHAT, NATIVE = "/v1/chat/completions", "/v1/messages"


class Upstream:
    """Plays ``steps``: bytes are sent, numbers are seconds of silence."""

    def __init__(self) -> None:
        self.steps: list[bytes | float] = []
        self.closed = 0  # connections that the proxy gave up
        self.hangups = 0  # requests still to be answered by closing the connection

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        if self.hangups:
            self.hangups -= 1
            raise Hangup
        for step in self.steps:
            if isinstance(step, bytes):
                connection.sendall(step)
                continue
            connection.settimeout(step)
            try:
                if not connection.recv(1):
                    self.closed += 1
                    raise OSError
            except TimeoutError:
                connection.settimeout(None)


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture(scope="module")
def proxy(
    upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    home = tmp_path_factory.mktemp("waiting")
    with (
        RawUpstream(upstream) as raw,
        RunningProxy(home, upstream=raw.url, environment=OPTIONS) as running,
    ):
        yield running
        assert "crashed" not in running.log
        assert "Traceback" not in running.log


class Answer:
    """What came, and when, in seconds since the request."""

    def __init__(self, proxy: RunningProxy, path: str, **fields: Any) -> None:
        body = {
            "model": "claude-sonnet-5-5",
            "max_tokens": 9,
            "messages": [{"role": "user", "content": "Hi"}],
            **fields,
        }
        began = time.monotonic()
        self.pieces: list[tuple[float, bytes]] = []
        with httpx.stream(
            "POST", proxy.url + path, json=body, trust_env=False, timeout=20
        ) as answer:
            self.status = answer.status_code
            self.head_after = time.monotonic() - began
            for piece in answer.iter_raw():
                self.pieces.append((time.monotonic() - began, piece))
        self.seconds = time.monotonic() - began
        self.text = b"".join(piece for _, piece in self.pieces).decode()

    @property
    def last_event(self) -> dict[str, Any]:
        data = [line[6:] for line in self.text.splitlines() if line[:6] == "data: "]
        found: dict[str, Any] = json.loads(data[-1])
        return found


def assert_given_up(upstream: Upstream, before: int) -> None:
    for _ in range(100):
        if upstream.closed > before:
            return
        pause(0.01)
    raise AssertionError("the proxy keeps its connection to upstream")


@pytest.mark.parametrize("path", [CHAT, NATIVE])
def test_a_request_behind_a_stream_that_falls_silent_is_answered_too(
    proxy: RunningProxy, upstream: Upstream, path: str
) -> None:
    """The second is on the connection before the first has its answer."""
    upstream.steps, before = [BEGUN, 9.0], upstream.closed
    body = json.dumps(
        {
            "model": "claude-sonnet-5-5",
            "max_tokens": 9,
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": True,
        }
    )
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}"
    request = f"{head}\r\nContent-Type: application/json\r\n\r\n{body}"
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=8) as client:
        client.sendall(request.encode() * 2)
        received = b""
        while received.count(b"\r\n" + LAST_CHUNK) < 2:  # no id that ends in 0
            data = client.recv(65536)
            assert data, received
            received += data
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.count(b"anthropic_idle_timeout") == 2
    assert b"[DONE]" not in received
    assert_given_up(upstream, before + 1)


@pytest.mark.parametrize("path", [CHAT, NATIVE])
def test_silence_before_the_first_byte_is_a_504(
    proxy: RunningProxy, upstream: Upstream, path: str
) -> None:
    upstream.steps, before = [9.0], upstream.closed
    answer = Answer(proxy, path)
    assert answer.status == 504
    assert answer.seconds >= RESPONSE
    error = json.loads(answer.text)["error"]
    assert "anthropic_response_timeout" in error["message"]
    assert error["type"] == {CHAT: "server_error", NATIVE: "timeout_error"}[path]
    assert_given_up(upstream, before)


def test_a_stream_that_never_begins_is_an_error_event_after_pings(
    proxy: RunningProxy, upstream: Upstream
) -> None:
    upstream.steps, before = [9.0], upstream.closed
    answer = Answer(proxy, CHAT, stream=True)
    assert answer.status == 200
    assert answer.head_after >= PING * 0.9  # not before there was a reason
    assert answer.text.startswith(": ping\n\n: ping\n\n")
    assert answer.last_event["error"]["code"] == "timeout"
    assert "[DONE]" not in answer.text
    assert_given_up(upstream, before)


@pytest.mark.parametrize("path", [CHAT, NATIVE])
def test_silence_in_a_stream_is_an_error_event_after_pings(
    proxy: RunningProxy, upstream: Upstream, path: str
) -> None:
    upstream.steps, before = [BEGUN, 9.0], upstream.closed
    answer = Answer(proxy, path, stream=True)
    assert answer.text.count("ping") >= 2
    assert "anthropic_idle_timeout" in answer.last_event["error"]["message"]
    assert "[DONE]" not in answer.text
    assert "message_stop" not in answer.text
    assert_given_up(upstream, before)


@pytest.mark.parametrize("path", [CHAT, NATIVE])
def test_silence_in_the_middle_of_json_is_a_504(
    proxy: RunningProxy, upstream: Upstream, path: str
) -> None:
    upstream.steps = [json_answer(200, ANSWER)[:-9], 9.0]
    answer = Answer(proxy, path)
    assert answer.status == 504
    assert "anthropic_idle_timeout" in json.loads(answer.text)["error"]["message"]


@pytest.mark.parametrize("path", [CHAT, NATIVE])
def test_pings_fill_the_pauses_of_a_slow_stream(
    proxy: RunningProxy, upstream: Upstream, path: str
) -> None:
    upstream.steps = [BEGUN, 0.9, chunk(TEXT), 0.9, REST]
    answer = Answer(proxy, path, stream=True)
    assert answer.text.count("ping") >= 2
    assert "error" not in answer.text
    assert answer.text.count("Hi") == 2


def test_no_ping_of_ours_tears_an_event_of_upstreams(
    proxy: RunningProxy, upstream: Upstream
) -> None:
    upstream.steps = [
        stream_head() + chunk(START + BLOCK + TEXT[:-9]), 0.9, chunk(TEXT[-9:]), REST,
    ]  # fmt: skip
    answer = Answer(proxy, NATIVE, stream=True)
    assert answer.text == (START + BLOCK + TEXT + END).decode()


def test_an_answer_that_begins_late_arrives_whole(
    proxy: RunningProxy, upstream: Upstream
) -> None:
    upstream.steps = [1.0, BEGUN, REST]
    answer = Answer(proxy, CHAT, stream=True)
    assert answer.text.startswith(": ping\n\n")
    assert answer.text.rstrip().endswith("data: [DONE]")
    assert answer.text.count("chat.completion.chunk") >= 2


def test_a_refusal_that_comes_late_is_an_error_event(
    proxy: RunningProxy, upstream: Upstream
) -> None:
    upstream.steps = [1.0, OVERLOADED]
    answer = Answer(proxy, CHAT, stream=True)
    assert answer.status == 200
    assert answer.last_event["error"]["code"] == "overloaded"
    assert answer.last_event["error"]["message"] == "Busy."
    assert "[DONE]" not in answer.text


@pytest.mark.parametrize("path", [CHAT, NATIVE])
def test_a_refusal_that_comes_soon_keeps_its_status(
    proxy: RunningProxy, upstream: Upstream, path: str
) -> None:
    upstream.steps = [OVERLOADED]
    assert Answer(proxy, path, stream=True).status == {CHAT: 503, NATIVE: 529}[path]


@pytest.mark.parametrize("path", [CHAT, NATIVE])
def test_what_is_not_streamed_may_take_as_long_as_its_tokens(
    proxy: RunningProxy, upstream: Upstream, path: str
) -> None:
    upstream.steps = [RESPONSE + 0.6, json_answer(200, ANSWER)]
    answer = Answer(proxy, path, max_tokens=100)  # 100 tokens are 2.8 s
    assert answer.status == 200
    assert "Hi" in answer.text


def test_a_kept_connection_that_upstream_has_closed_is_not_an_error(
    proxy: RunningProxy, upstream: Upstream
) -> None:
    body = {
        "model": "claude-sonnet-5-5",
        "messages": [{"role": "user", "content": "Hi"}],
    }
    with httpx.Client(base_url=proxy.url, trust_env=False) as client:
        upstream.steps = [json_answer(200, ANSWER)]
        assert client.post(CHAT, json=body).status_code == 200
        upstream.hangups = 1  # the second request finds the connection closed
        assert client.post(CHAT, json=body).status_code == 200
        upstream.hangups = 2  # a fresh one is closed too: that is upstream's failure
        assert client.post(CHAT, json=body).status_code == 502
    assert upstream.hangups == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("path", [CHAT, NATIVE])
def test_waiting_costs_nothing(
    proxy: RunningProxy, upstream: Upstream, path: str
) -> None:
    """The clock ticks now and then, and does not spin once something is late."""

    def switches() -> int:
        status = Path(f"/proc/{proxy.pid}/status").read_text("utf-8")
        return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])

    upstream.steps = [json_answer(200, ANSWER)]
    assert Answer(proxy, path).status == 200
    upstream.steps, before = [RESPONSE + 1, json_answer(200, ANSWER)], switches()
    assert Answer(proxy, path, max_tokens=100).status == 200
    assert switches() - before < 200  # a clock that spins makes a thousand a second

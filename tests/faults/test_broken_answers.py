"""An upstream that breaks in every way: the client is told, and life goes on."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import httpx
import pytest

from support.message_stream import ANSWER, BLOCK, END, START, TEXT
from support.message_stream import LAST_CHUNK as LAST
from support.raw_upstream import (
    Hangup,
    RawUpstream,
    chunk,
    json_answer,
    pause,
    stream_head,
)
from support.running_proxy import RunningProxy

# What upstream sends before it hangs up. None of it is an answer.
NO_ANSWER = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-le",
    "garbage": b"\x00\x01\x02 this is not HTTP\r\n\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
    "too few bytes": json_answer(200, ANSWER)[:-9],
    "JSON that is not JSON": json_answer(200, b'{"id": "msg'),
    "JSON that is not a Message": json_answer(200, b'["no"]'),
    "an HTML error": json_answer(502, b"<html>bad gateway</html>"),
    "an empty error": json_answer(500, b""),
    "a body after 200 that is HTML": json_answer(200, b"<html></html>"),
}

# What a stream consists of before upstream hangs up.
CUT_STREAMS = {
    "right after the head": stream_head(),
    "after the first event": stream_head() + chunk(START),
    "in the middle of an event": stream_head() + chunk(START + BLOCK + TEXT[:-9]),
    "in the middle of a chunk": stream_head() + chunk(START + BLOCK + TEXT)[:-7],
    "before message_stop": stream_head() + chunk(START + BLOCK + TEXT),
    "ended properly without message_stop": stream_head()
    + chunk(START + BLOCK + TEXT)
    + LAST,
    "an event that is not JSON": stream_head()
    + chunk(START + b"event: x\ndata: {nope\n\n")
    + LAST,
}
WHOLE_STREAM = stream_head() + chunk(START + BLOCK + TEXT + END)


class Upstream:
    """Answers with ``reply``, then hangs up."""

    def __init__(self) -> None:
        self.reply = b""

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        connection.sendall(self.reply)
        pause()
        raise Hangup


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture(scope="module")
def fragile(
    upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    home = tmp_path_factory.mktemp("fragile")
    environment = {"ANTHROPIC_API_KEY": "sk-ant-api03-test-key"}
    with (
        RawUpstream(upstream) as raw,
        RunningProxy(home, upstream=raw.url, environment=environment) as proxy,
    ):
        yield proxy
        assert "crashed" not in proxy.log
        assert "Traceback" not in proxy.log


def post(proxy: RunningProxy, path: str, *, stream: bool) -> httpx.Response:
    body = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 99,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": stream,
    }
    return httpx.post(f"{proxy.url}{path}", json=body, trust_env=False, timeout=20)


def assert_still_works(proxy: RunningProxy, upstream: Upstream) -> None:
    upstream.reply = json_answer(200, ANSWER)
    answer = post(proxy, "/v1/chat/completions", stream=False)
    assert answer.json()["choices"][0]["message"]["content"] == "Hi"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", NO_ANSWER)
def test_no_answer_is_an_error_in_openais_shape(
    fragile: RunningProxy, upstream: Upstream, name: str, stream: bool
) -> None:
    upstream.reply = NO_ANSWER[name]
    answer = post(fragile, "/v1/chat/completions", stream=stream)
    assert answer.status_code in (500, 502)
    error = answer.json()["error"]
    assert error["type"] == "server_error"
    assert error["message"]
    assert "<html" not in answer.text
    assert "\\x00" not in answer.text
    assert_still_works(fragile, upstream)


@pytest.mark.parametrize("name", ["nothing", "garbage", "too few bytes"])
def test_no_answer_is_an_error_in_anthropics_shape(
    fragile: RunningProxy, upstream: Upstream, name: str
) -> None:
    upstream.reply = NO_ANSWER[name]
    answer = post(fragile, "/v1/messages", stream=False)
    assert answer.status_code == 502
    assert answer.json()["type"] == "error"
    assert answer.json()["error"]["type"] == "api_error"
    assert_still_works(fragile, upstream)


@pytest.mark.parametrize("name", CUT_STREAMS)
def test_a_cut_stream_ends_with_an_error_and_without_done(
    fragile: RunningProxy, upstream: Upstream, name: str
) -> None:
    upstream.reply = CUT_STREAMS[name]
    answer = post(fragile, "/v1/chat/completions", stream=True)
    assert answer.status_code == 200
    frames = [line[6:] for line in answer.text.splitlines() if line[:6] == "data: "]
    assert json.loads(frames[-1])["error"]["type"] == "server_error"
    assert "[DONE]" not in frames
    assert not any('"finish_reason":"' in frame for frame in frames)
    assert_still_works(fragile, upstream)


@pytest.mark.parametrize("name", [n for n in CUT_STREAMS if "not JSON" not in n])
def test_a_cut_native_stream_ends_with_an_error_event(
    fragile: RunningProxy, upstream: Upstream, name: str
) -> None:
    upstream.reply = CUT_STREAMS[name]
    answer = post(fragile, "/v1/messages", stream=True)
    assert answer.status_code == 200
    last = answer.text.rstrip("\n").split("\n\n")[-1]
    assert "event: error" in last
    assert "message_stop" not in answer.text
    assert_still_works(fragile, upstream)


@pytest.mark.parametrize(
    ("path", "end"), [("/v1/chat/completions", "[DONE]"), ("/v1/messages", 'stop"}')]
)
def test_a_whole_answer_survives_a_connection_that_breaks_after_it(
    fragile: RunningProxy, upstream: Upstream, path: str, end: str
) -> None:
    upstream.reply = WHOLE_STREAM  # no last chunk: cut, but nothing is missing
    answer = post(fragile, path, stream=True)
    assert answer.text.rstrip().endswith(end)
    assert "error" not in answer.text


def test_one_byte_at_a_time(
    fragile: RunningProxy, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = START + BLOCK + TEXT + END
    upstream.reply = stream_head() + b"".join(chunk(bytes([b])) for b in body) + LAST
    answer = post(fragile, "/v1/chat/completions", stream=True)
    assert answer.text.rstrip().endswith("[DONE]")
    assert '"content":"Hi"' in answer.text


BAD_BODIES = {
    "not JSON": (b"{nope", None),
    "empty": (b"", None),
    "not an object": (b"[1]", None),
    "NaN": (b'{"model": "gpt-4o", "temperature": NaN}', None),
    "not UTF-8": (b'{"model": "\xff"}', None),
    "nested too deeply": (b'{"messages":' + b"[" * 100_000, None),
    "no messages": (b'{"model": "gpt-4o"}', "messages"),
    "messages is a string": (b'{"model": "gpt-4o", "messages": "Hi"}', "messages"),
    "no messages in the list": (b'{"model": "gpt-4o", "messages": []}', "messages"),
    "no model": (b'{"messages": [{"role": "user", "content": "Hi"}]}', "model"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_openais_400(fragile: RunningProxy, name: str) -> None:
    content, param = BAD_BODIES[name]
    answer = httpx.post(
        f"{fragile.url}/v1/chat/completions", content=content, trust_env=False
    )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert answer.headers["x-request-id"].startswith("req_")

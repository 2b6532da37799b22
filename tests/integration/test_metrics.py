"""Each request is counted once, whichever way it ends, and nothing stays live."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.oauth_server import RunningOAuthServer
from support.raw_upstream import Hangup, RawUpstream, chunk, json_answer, stream_head
from support.running_proxy import RunningProxy, free_port

from .test_subscription import log_in, token_file

CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "Hi"}],
}
NATIVE = {"model": "claude-sonnet-5-5", "max_tokens": 9, "messages": CHAT["messages"]}
MODEL = "claude-sonnet-5-5"
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": MODEL,
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 3,
        "output_tokens": 5,
        "cache_read_input_tokens": 7,
        "cache_creation_input_tokens": 11,
    },
}
TIMEOUT_S = 3


def event(type_: str, **fields: Any) -> bytes:
    return f"event: {type_}\ndata: {json.dumps({'type': type_, **fields})}\n\n".encode()


START = event("message_start", message=MESSAGE | {"content": [], "stop_reason": None})
DELTA = event(
    "content_block_start", index=0, content_block={"type": "text", "text": ""}
) + event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hi"})
END = (
    event("content_block_stop", index=0)
    + event(
        "message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 5}
    )
    + event("message_stop")
)
ERROR = event("error", error={"type": "overloaded_error", "message": "Overloaded"})
LAST = b"0\r\n\r\n"

WHOLE = json_answer(200, json.dumps(MESSAGE).encode())
STREAM = stream_head() + chunk(START + DELTA + END) + LAST
BEGUN = stream_head() + chunk(START + DELTA)

# Stages that raise for requests which say so; `begin` sees every request first.
BUGS = """
from anthropic_proxy.proxy import pipeline
from anthropic_proxy.proxy.addon import AnthropicProxy

addons = [AnthropicProxy()]
Pipeline = pipeline.Pipeline
wanted = {}

def breaking(name, stage):
    def step(self, subject, *rest):
        call = getattr(subject, "call", subject)
        if wanted.get(call.id) == name:
            raise RuntimeError("a bug of ours")
        return stage(self, subject, *rest)
    return step

begin = Pipeline.begin

def first(self, flow, host):
    bug = flow.request.headers.get("x-bug")
    call = begin(self, flow, host)
    if bug == "begin":
        raise RuntimeError("a bug of ours")
    wanted[call.id] = bug
    return call

Pipeline.begin = first
for name in (
    "must_wait", "request", "response_headers", "response", "error", "goes_on"
):
    setattr(Pipeline, name, breaking(name, getattr(Pipeline, name)))
"""


class Upstream:
    """Sends ``reply``, and then hangs up unless it is to stay silent."""

    def __init__(self) -> None:
        self.reply = WHOLE
        self.stays = False

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        connection.sendall(self.reply)
        if self.stays:
            connection.settimeout(10)
            connection.recv(1)  # until the proxy closes
        raise Hangup


@dataclass
class Bench:
    """A proxy, what is behind it, and how many requests it was asked."""

    proxy: RunningProxy
    upstream: Upstream
    client: httpx.Client
    asked: int = 0

    def ask(self, way: Act) -> tuple[dict[str, float], dict[str, float]]:
        """The series before and after one request."""
        before = self.settled(0)
        self.asked += 1
        way(self)
        return before, self.settled(counted(before) + 1)

    def series(self) -> dict[str, float]:
        """Counters and gauges of ours, and the counts of the histograms."""
        text = self.client.get("/metrics").text
        found = {}
        for line in text.splitlines():
            name, _, value = line.rpartition(" ")
            plain = name.partition("{")[0]
            if line.startswith("anthropic_proxy_") and not plain.endswith(
                ("_bucket", "_sum", "_created", "_info")
            ):
                found[name.removeprefix("anthropic_proxy_")] = float(value)
        return found

    def settled(self, asked: float) -> dict[str, float]:
        """The series once so many have ended, and nothing is live."""
        deadline = time.monotonic() + 15
        while True:
            found = self.series()
            live = found["requests_in_flight"], found["live_streams"]
            if counted(found) >= asked and live == (0, 0):
                return found
            assert time.monotonic() < deadline, (counted(found), asked, live)
            time.sleep(0.05)


Act = Callable[[Bench], None]


def a_client(proxy: RunningProxy) -> httpx.Client:
    """A connection for each request: none inherits what another one did to its own."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=proxy.url, limits=limits, trust_env=False, timeout=20)


def counted(found: dict[str, float]) -> float:
    """All requests but the scrapes themselves."""
    return sum(
        value
        for name, value in found.items()
        if name.startswith("requests_total{") and 'endpoint="metrics"' not in name
    )


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    home = tmp_path_factory.mktemp("metrics")
    script = home / "addon_under_test.py"
    script.write_text(BUGS)
    upstream = Upstream()
    options = {
        "response_timeout": TIMEOUT_S,
        "idle_timeout": TIMEOUT_S,
        "body_limit": 100_000,
    }
    sets = [f"--set=anthropic_{name}={value}" for name, value in options.items()]
    environment = {"ANTHROPIC_API_KEY": "sk-ant-api03-test-key"}
    with (
        RawUpstream(upstream) as raw,
        RunningProxy(
            home,
            upstream=raw.url,
            addon=script,
            arguments=tuple(sets),
            environment=environment,
            settle_seconds=1.5,
        ) as proxy,
        a_client(proxy) as client,
    ):
        running = Bench(proxy, upstream, client)
        yield running
        assert counted(running.series()) == running.asked
        assert "crashed" not in proxy.log


# --- ways to ask, and to leave ---


def post(
    reply: bytes = WHOLE,
    path: str = "/v1/chat/completions",
    *,
    stays: bool = False,
    bug: str | None = None,
    content: bytes | None = None,
    **fields: Any,
) -> Act:
    """Ask and read the answer to its end."""

    def act(bench: Bench) -> None:
        bench.upstream.reply, bench.upstream.stays = reply, stays
        body = NATIVE if path.startswith("/v1/messages") else CHAT
        headers = {"content-type": "application/json"} | ({"x-bug": bug} if bug else {})
        with suppress(httpx.RemoteProtocolError):  # some answers end in the middle
            bench.client.post(
                path,
                content=content or json.dumps(body | fields).encode(),
                headers=headers,
            )

    return act


def get(path: str) -> Act:
    """Ask for something that is answered here."""

    def act(bench: Bench) -> None:
        bench.client.get(path)

    return act


def raw(*pieces: bytes, until: bytes = b"", reply: bytes = b"") -> Act:
    """Send bytes, read until ``until`` comes (or to the end), and hang up."""

    def act(bench: Bench) -> None:
        bench.upstream.reply, bench.upstream.stays = reply, True
        with socket.create_connection(("127.0.0.1", bench.proxy.port), 10) as client:
            for piece in pieces:
                client.sendall(piece)
                time.sleep(0.1)
            received = b""
            while until not in received or not until:
                data = client.recv(65536) if until != b"nothing" else b""
                received += data
                if not data:
                    break

    return act


def http1(body: dict[str, Any], *, cut: int | None = None) -> bytes:
    """A request in bytes; ``cut``: how much of its body is sent."""
    content = json.dumps(body).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content[:cut]


class OnlyHttp2(ssl.SSLContext):
    """mitmproxy takes the client's first choice, which with httpx is HTTP/1.1."""

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        super().set_alpn_protocols(["h2"])


def http2(*, leave: bool) -> Act:
    """A stream over HTTP/2, read to its end or given up in the middle."""

    def act(bench: Bench) -> None:
        bench.upstream.reply = BEGUN if leave else STREAM
        bench.upstream.stays = leave
        url = f"https://127.0.0.1:{bench.proxy.port}/v1/chat/completions"
        context = OnlyHttp2(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            httpx.Client(http2=True, verify=context, trust_env=False) as client,
            client.stream("POST", url, json=CHAT | {"stream": True}) as answer,
        ):
            assert answer.http_version == "HTTP/2"
            for _ in answer.iter_bytes():
                if leave:
                    break

    return act


# --- the ways ---


@dataclass
class Way:
    """What is done, and what it changes."""

    act: Act
    status: str
    changes: dict[str, int] = field(default_factory=dict)
    model: str = MODEL


def upstream_failed(kind: str) -> dict[str, int]:
    return {f'upstream_failures_total{{kind="{kind}"}}': 1}


LEFT = {"client_disconnects_total": 1}
BUG = {"internal_errors_total": 1}
NONE = "none"
CHUNKED = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
)

WAYS: dict[str, Way] = {
    # whole
    "an answer": Way(post(), "200"),
    "a stream": Way(post(STREAM, stream=True), "200"),
    "a native answer": Way(post(path="/v1/messages"), "200"),
    "a native stream": Way(post(STREAM, "/v1/messages", stream=True), "200"),
    "a stream over HTTP/2": Way(http2(leave=False), "200"),
    # answered here
    "a body that is not JSON": Way(post(content=b"{"), "400", model=NONE),
    "a body that is too large": Way(post(content=b" " * 100_001), "413", model=NONE),
    "a body without a length that is too large": Way(
        raw(CHUNKED, chunk(b" " * 100_001)), "413", model=NONE
    ),
    "a path that is not there": Way(get("/nonsense"), "404", model=NONE),
    "health": Way(get("/health"), "200", model=NONE),
    # refused by mitmproxy
    "bytes that are not HTTP": Way(raw(b"nonsense\r\n\r\n"), "400", model=NONE),
    "a method that opens a tunnel": Way(
        raw(b"CONNECT x:443 HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"),
        "400",
        model=NONE,
    ),
    # upstream
    "a rate limit": Way(
        post(json_answer(429, b"{}")), "429", upstream_failed("rate_limited")
    ),
    "overloaded": Way(
        post(json_answer(529, b"{}"), "/v1/messages"),
        "529",
        upstream_failed("overloaded"),
    ),
    "an error of upstream": Way(
        post(json_answer(500, b"{}")), "500", upstream_failed("server_error")
    ),
    "a refusal": Way(post(json_answer(403, b"{}")), "403", upstream_failed("refused")),
    "no answer": Way(post(b""), "502", upstream_failed("no_answer")),
    "an answer that is not HTTP": Way(
        post(b"garbage\r\n\r\n"), "502", upstream_failed("no_answer")
    ),
    "an interim answer": Way(
        post(b"HTTP/1.1 101 X\r\n\r\n"), "502", upstream_failed("no_answer")
    ),
    "an answer that is no message": Way(
        post(json_answer(200, b"[]")), "502", upstream_failed("unusable")
    ),
    "a redirect": Way(
        post(json_answer(302, b"", b"location: /")), "502", upstream_failed("unusable")
    ),
    "an answer that is cut": Way(post(WHOLE[:-9]), "502", upstream_failed("cut")),
    "a stream that is cut": Way(
        post(BEGUN, stream=True), "200", upstream_failed("cut")
    ),
    "a native stream that is cut": Way(
        post(BEGUN, "/v1/messages", stream=True), "200", upstream_failed("cut")
    ),
    "a stream without its end": Way(
        post(BEGUN + LAST, stream=True), "200", upstream_failed("stream_error")
    ),
    "an error in a stream": Way(
        post(BEGUN + chunk(ERROR) + LAST, stream=True),
        "200",
        upstream_failed("stream_error"),
    ),
    "silence before an answer": Way(
        post(b"", stays=True, stream=True), "504", upstream_failed("timeout")
    ),
    "silence in a stream": Way(
        post(BEGUN, stays=True, stream=True), "200", upstream_failed("timeout")
    ),
    # the client leaves
    "left in the middle of the body": Way(
        raw(http1(CHAT, cut=9), until=b"nothing"), NONE, LEFT, model=NONE
    ),
    "left before the answer": Way(raw(http1(CHAT), until=b"nothing"), NONE, LEFT),
    "left in the middle of a stream": Way(
        raw(http1(CHAT | {"stream": True}), until=b"Hi", reply=BEGUN), "200", LEFT
    ),
    "left in the middle of a stream over HTTP/2": Way(http2(leave=True), "200", LEFT),
    # bugs
    "a bug in begin": Way(post(bug="begin"), "500", BUG, model=NONE),
    "a bug in must_wait": Way(post(bug="must_wait"), "500", BUG, model=NONE),
    "a bug in request": Way(post(bug="request"), "500", BUG, model=NONE),
    "a bug in response_headers": Way(post(bug="response_headers"), "500", BUG),
    "a bug in response": Way(post(bug="response"), "500", BUG),
    "a bug in response after a stream": Way(
        post(STREAM, bug="response", stream=True), "200", BUG
    ),
    "a bug in goes_on": Way(post(bug="goes_on"), "500", BUG),
    "a bug in error": Way(post(b"", bug="error"), "502", BUG),
}


@pytest.mark.parametrize("name", WAYS)
def test_every_end_is_counted_once(name: str, bench: Bench) -> None:
    way = WAYS[name]
    before, after = bench.ask(way.act)
    changed = {
        series: after[series] - before.get(series, 0)
        for series in after
        if after[series] != before.get(series, 0)
    }
    ended = [series for series in requests_in(changed) if "metrics" not in series]
    assert [changed[series] for series in ended] == [1]
    assert [labels_of(series)["status"] for series in ended] == [way.status]
    assert [labels_of(series)["model"] for series in ended] == [way.model]
    failures = {
        series: by
        for series, by in changed.items()
        if series.startswith(("upstream_failures", "client_disc", "internal_errors"))
    }
    assert failures == way.changes


def requests_in(series: dict[str, float]) -> list[str]:
    return [name for name in series if name.startswith("requests_total{")]


def labels_of(series: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', series))


@pytest.mark.parametrize("stream", [False, True])
def test_tokens_warnings_and_the_first_token_are_counted(
    stream: bool, bench: Bench
) -> None:
    way = post(STREAM if stream else WHOLE, stream=stream, seed=1)
    before, after = bench.ask(way)
    grown = {name: after[name] - before.get(name, 0) for name in after}
    tokens = {"input": 3, "output": 5, "cache_read": 7, "cache_creation": 11}
    for kind, count in tokens.items():
        assert grown[f'tokens_total{{kind="{kind}",model="{MODEL}"}}'] == count
    assert grown['translation_warnings_total{warning="seed:ignored"}'] == 1
    where = f'dialect="openai",model="{MODEL}"'
    first = f"time_to_first_token_seconds_count{{{where}}}"
    assert grown.get(first, 0) == int(stream)


def test_what_is_live_is_seen(bench: Bench) -> None:
    def look_and_leave(bench: Bench) -> None:
        bench.upstream.reply, bench.upstream.stays = BEGUN, True
        with socket.create_connection(("127.0.0.1", bench.proxy.port), 10) as client:
            client.sendall(http1(CHAT | {"stream": True}))
            while b"Hi" not in client.recv(65536):
                pass
            seen.update(bench.series())

    seen: dict[str, float] = {}
    bench.ask(look_and_leave)
    assert (seen["requests_in_flight"], seen["live_streams"]) == (1, 1)


# --- who may read it, and what a login does ---

KEY = "a-local-key-of-the-tests"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """With a local key, a login that has expired, and nobody at upstream's address."""
    home: Path = tmp_path_factory.mktemp("guarded")
    with RunningOAuthServer(label="canary") as server:
        log_in(home, server, expires_in=-60)
        environment = server.environment | {
            "ANTHROPIC_PROXY_TOKEN_FILE": str(token_file(home)),
            "ANTHROPIC_PROXY_LOCAL_KEY": KEY,
            "ANTHROPIC_PROXY_ALLOWED_HOSTS": "proxy.example.net",
            "ANTHROPIC_PROXY_UPSTREAM": f"http://127.0.0.1:{free_port()}",
        }
        with (
            RunningProxy(home, upstream=server.url, environment=environment) as proxy,
            a_client(proxy) as client,
        ):
            yield client


def scrape(client: httpx.Client, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/metrics", headers=named)


BEARER = f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer another"}, 401),
        ({"authorization": BEARER}, 200),
        ({"authorization": BEARER, "host": "proxy.example.net"}, 200),
        ({"authorization": BEARER, "host": "evil.example"}, 403),
        ({"authorization": BEARER, "origin": "https://evil.example"}, 403),
        ({"authorization": BEARER, "sec_fetch_site": "cross-site"}, 403),
    ],
)
def test_who_has_the_key_may_scrape(
    headers: dict[str, str], status: int, guarded: httpx.Client
) -> None:
    answer = scrape(guarded, **headers)
    assert answer.status_code == status
    assert ("anthropic_proxy_requests_total" in answer.text) is (status == 200)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost"}, 200),
        ({"host": "proxy.example.net"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
    ],
)
def test_without_a_key_this_machine_may_scrape(
    headers: dict[str, str], status: int, bench: Bench
) -> None:
    assert scrape(bench.client, **headers).status_code == status


def test_the_format_is_the_one_that_is_asked_for(bench: Bench) -> None:
    plain = scrape(bench.client)
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    other = scrape(bench.client, accept="application/openmetrics-text;version=1.0.0")
    assert other.headers["content-type"].startswith("application/openmetrics-text")
    assert other.text.endswith("# EOF\n")


def test_a_refresh_and_an_upstream_that_is_not_there_are_counted(
    guarded: httpx.Client,
) -> None:
    headers = {"authorization": BEARER}
    answer = guarded.post("/v1/chat/completions", json=CHAT, headers=headers)
    assert answer.status_code == 502
    text = scrape(guarded, **headers).text
    assert 'anthropic_proxy_token_refreshes_total{result="success"} 1.0' in text
    failed = 'anthropic_proxy_upstream_failures_total{kind="unreachable"} 1.0'
    assert failed in text
    for secret in (KEY, "canary"):
        assert secret not in text


# --- several processes ---


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no workers here")
def test_workers_count_together(tmp_path: Path) -> None:
    """Whichever worker is asked, and also for one that is not there any more."""
    environment = {
        "ANTHROPIC_API_KEY": "sk-ant-api03-test-key",
        "ANTHROPIC_PROXY_WORKERS": "2",
    }
    upstream, asked = Upstream(), 20
    with (
        RawUpstream(upstream) as raw,
        RunningProxy(
            tmp_path, upstream=raw.url, command="launcher", environment=environment
        ) as proxy,
        a_client(proxy) as client,
    ):
        bench = Bench(proxy, upstream, client)
        for _ in range(asked):
            post()(bench)
        bench.settled(asked)
        assert {counted(bench.series()) for _ in range(10)} == {asked}
        listed = re.search(r"2 workers serve, as processes (\d+), (\d+)", proxy.log)
        assert listed is not None
        os.kill(int(listed[1]), signal.SIGKILL)
        post()(bench)
        bench.settled(asked + 1)
        assert {counted(bench.series()) for _ in range(10)} == {asked + 1}

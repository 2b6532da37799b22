"""The native route: what the client sent goes up, what upstream sent comes down."""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.raw_upstream import RawUpstream, chunk, json_answer, stream_head
from support.running_proxy import RunningProxy

from .conftest import PROXY_KEY

IDENTITY = "You are Claude Code, Anthropic's official CLI for Claude."
TOKEN = "sk-ant-oat01-test-canary-of-the-subscription"
# Spelled as no encoder would: order, numbers, escapes, white space, equal keys.
BODY = (
    b'{ "future_field" : {"b":1.50,"a":1e2},\n\t"model":"claude-x","model":"claude-y",'
    b'"max_tokens":100 ,"messages":[{"role":"user","content":"\\u00fc \xc3\xbc \\/"},'
    b'{"role":"user","content":[{"type":"block_of_2031","x":[]}]}]}  \n'
)
EVENTS = (
    b'event: message_start\r\ndata: {"type":"message_start","message":{"model":'
    b'"claude-y","usage":{"input_tokens":3}}}\r\n\r\n'
    b': a comment\n\nevent: event_of_2031\ndata: {"type" : "event_of_2031"}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)
HEADERS = (
    b"request-id: req_of_upstream",
    b"anthropic-ratelimit-requests-remaining: 5",
    b"retry-after: 7",
    b"x-should-retry: true",
    b"set-cookie: a=b",
    b"x-future: kept",
)


def answers(connection: socket.socket, request: bytes) -> None:
    head, _, body = request.partition(b"\r\n\r\n")
    if b"/big" in head:
        connection.sendall(json_answer(200, b'{"size":%d}' % len(body), *HEADERS))
    elif b"/gzip" in head:
        zipped = gzip.compress(b'{"type":"message","usage":{}}', mtime=0)
        connection.sendall(json_answer(200, zipped, b"content-encoding: gzip"))
    elif b"/refused" in head:
        refused = b'{"type":"error", "error":{"type":"new","message":"No."},"x":1}'
        connection.sendall(json_answer(418, refused, *HEADERS))
    elif b"/file" in head:
        plain = b"content-type: application/octet-stream"
        whole = json_answer(200, bytes(range(256)) * 4)
        connection.sendall(whole.replace(b"content-type: application/json", plain))
    elif b"/stream" in head:
        connection.sendall(stream_head(*HEADERS))
        for at in range(0, len(EVENTS), 7):
            connection.sendall(chunk(EVENTS[at : at + 7]))
        connection.sendall(b"0\r\n\r\n")
    else:
        connection.sendall(json_answer(200, b'{"ok" :\t1.0}', *HEADERS))


@pytest.fixture(scope="module")
def upstream() -> Iterator[RawUpstream]:
    with RawUpstream(answers) as running:
        yield running


def login(home: Path) -> dict[str, str]:
    """A subscription login; its credential is the only one that needs the sentence."""
    path = home / "tokens.json"
    path.touch(0o600)
    document = {
        "version": 1,
        "type": "subscription",
        "access_token": TOKEN,
        "refresh_token": "sk-ant-ort01-test-canary",
        "expires_at": int(time.time() + 3600),
        "acknowledged_terms": "2026-11-01",
        "acknowledged_terms_version": "2026-09-26",
    }
    path.write_text(json.dumps(document))
    return {"ANTHROPIC_PROXY_TOKEN_FILE": str(path)}


SOURCES: dict[str, dict[str, str]] = {
    "api_key": {"ANTHROPIC_API_KEY": PROXY_KEY},
    "console": {"ANTHROPIC_AUTH_TOKEN": "sk-ant-oat01-test-token-of-the-console"},
    "client": {"ANTHROPIC_PROXY_CREDENTIAL": "client"},
    "subscription": {},
}


@pytest.fixture(scope="module", params=list(SOURCES))
def source(
    request: pytest.FixtureRequest,
    upstream: RawUpstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, RunningProxy]]:
    home = tmp_path_factory.mktemp("home")
    environment = dict(SOURCES[request.param])
    if request.param == "subscription":
        environment = login(home)
    with RunningProxy(home, upstream=upstream.url, environment=environment) as proxy:
        yield request.param, proxy


@pytest.fixture(scope="module")
def proxy(
    upstream: RawUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    home = tmp_path_factory.mktemp("home")
    environment = {"ANTHROPIC_API_KEY": PROXY_KEY}
    with RunningProxy(home, upstream=upstream.url, environment=environment) as running:
        yield running


def send(proxy: RunningProxy, path: str, content: Any = BODY, **more: Any) -> Any:
    headers = {
        "content-type": "application/json",
        "x-api-key": "sk-ant-api03-test-canary-of-the-client",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "one-2031-01-01, two-2031-01-01",
        "x-stainless-lang": "js",
        "user-agent": "claude-cli/9.9.9 (external, cli)",
    }
    with httpx.Client(trust_env=False, timeout=30) as client:
        request = client.build_request(
            more.pop("method", "POST"),
            f"{proxy.url}{path}",
            content=content,
            headers=headers | more,
        )
        response = client.send(request, stream=True)
        raw = b"".join(response.iter_raw())
    return response, raw


def parts(request: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, {name.lower(): value.strip() for name, _, value in pairs}, body


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages?beta=true&x=/stream"])
def test_bodies_are_identical_in_both_directions(
    source: tuple[str, RunningProxy], upstream: RawUpstream, path: str
) -> None:
    name, proxy = source
    extra = {} if name == "client" else {"x-api-key": "not-used"}
    answer, raw = send(proxy, path, **extra)
    assert answer.status_code == 200
    first, headers, body = parts(upstream.requests[-1])
    assert first == f"POST {path} HTTP/1.1"
    if name == "subscription":
        block = b'"system":[{"type":"text","text":"%s"}],' % IDENTITY.encode()
        assert body == b"{" + block + BODY[1:]
    else:
        assert digest(body) == digest(BODY)
    expected = EVENTS if "/stream" in path else b'{"ok" :\t1.0}'
    assert digest(raw) == digest(expected)
    betas = "one-2031-01-01, two-2031-01-01"
    oauth = "one-2031-01-01,two-2031-01-01,oauth-2025-04-20"
    assert headers["anthropic-beta"] in (betas.replace(" ", ""), oauth)
    assert ("oauth" in headers["anthropic-beta"]) is (
        name in ("console", "subscription")
    )
    assert headers["anthropic-version"] == "2023-06-01"
    assert headers["x-stainless-lang"] == "js"
    # A subscription token is never sent under another program's name.
    kept = name != "subscription"
    assert (headers["user-agent"] == "claude-cli/9.9.9 (external, cli)") is kept


def test_what_upstream_says_in_headers_comes_back(proxy: RunningProxy) -> None:
    for path in ("/v1/messages", "/v1/messages?/stream", "/v1/messages?/refused"):
        answer, _ = send(proxy, path)
        assert answer.headers["request-id"] == "req_of_upstream"
        assert answer.headers["x-request-id"] == "req_of_upstream"
        assert answer.headers["anthropic-ratelimit-requests-remaining"] == "5"
        assert answer.headers["retry-after"] == "7"
        assert answer.headers["x-should-retry"] == "true"
        assert answer.headers["x-future"] == "kept"


def test_a_refusal_passes_through(proxy: RunningProxy) -> None:
    answer, raw = send(proxy, "/v1/messages?/refused", b"this is not JSON")
    assert answer.status_code == 418
    assert raw == b'{"type":"error", "error":{"type":"new","message":"No."},"x":1}'


def test_a_gzip_answer_is_not_touched(proxy: RunningProxy) -> None:
    answer, raw = send(proxy, "/v1/messages?/gzip", **{"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert raw == gzip.compress(b'{"type":"message","usage":{}}', mtime=0)


def test_a_chunked_request_keeps_its_bytes(
    proxy: RunningProxy, upstream: RawUpstream
) -> None:
    pieces = [BODY[:5], BODY[5:90], BODY[90:]]
    answer, _ = send(proxy, "/v1/messages", iter(pieces))
    assert answer.status_code == 200
    _, headers, body = parts(upstream.requests[-1])
    assert body == BODY
    assert "transfer-encoding" not in headers


def test_ten_megabytes_go_up_as_they_are(
    source: tuple[str, RunningProxy], upstream: RawUpstream
) -> None:
    name, proxy = source
    filler = b"A" * 10_000_000
    big = b'{"messages":[{"content":"%s"}],"system" :"Hi"}' % filler
    key = {} if name == "client" else {"x-api-key": "not-used"}
    answer, _ = send(proxy, "/v1/messages?/big", big, **key)
    assert answer.status_code == 200
    body = parts(upstream.requests[-1])[2]
    if name == "subscription":
        before, system, after = big.partition(b'"Hi"')
        assert body.startswith(before + b'[{"type":"text","text":"You are')
        assert body.endswith(system + b"}]" + after)
    else:
        assert digest(body) == digest(big)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v1/v1/messages", "/v1/messages"),
        ("POST", "//v1/messages", "/v1/messages"),
        ("POST", "/v1/messages/batches", None),
        ("GET", "/v1/messages/batches?limit=2", None),
        ("GET", "/v1/messages/batches/b_1/results", None),
        ("DELETE", "/v1/files/file_1", None),
        ("GET", "/v1/files/x%2Fy/content", None),
        ("PUT", "/v1/skills", None),
        ("GET", "/v1/organizations/me", None),
    ],
)
def test_the_whole_of_anthropics_api_is_forwarded(
    method: str,
    path: str,
    expected: str | None,
    proxy: RunningProxy,
    upstream: RawUpstream,
) -> None:
    body = BODY if method in ("POST", "PUT") else None
    answer, _ = send(proxy, path, body, method=method)
    assert answer.status_code == 200
    first, _, received = parts(upstream.requests[-1])
    assert first == f"{method} {expected or path} HTTP/1.1"
    assert received == (body or b"")


def test_a_file_comes_back_as_it_is(proxy: RunningProxy) -> None:
    answer, raw = send(proxy, "/v1/files/file_1", None, method="GET")
    assert raw == bytes(range(256)) * 4
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/completions", "/v1/messagesx"])
def test_what_only_openai_has_is_not_forwarded(
    path: str, proxy: RunningProxy, upstream: RawUpstream
) -> None:
    before = len(upstream.requests)
    answer = httpx.post(f"{proxy.url}{path}", json={}, trust_env=False)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_url"
    assert len(upstream.requests) == before


@pytest.mark.parametrize("declared", [True, False])
def test_too_large_a_body_is_refused_in_anthropics_words(
    declared: bool, home: Path, upstream: RawUpstream
) -> None:
    environment = {"ANTHROPIC_API_KEY": PROXY_KEY, "ANTHROPIC_PROXY_BODY_LIMIT": "10k"}
    with RunningProxy(home, upstream=upstream.url, environment=environment) as proxy:
        before = len(upstream.requests)
        large = b"x" * 20_000
        content: Any = large if declared else iter([large[:9_000], large[9_000:]])
        answer, raw = send(proxy, "/v1/messages", content)
        assert answer.status_code == 413
        error = json.loads(raw)
        assert error["type"] == "error"
        assert error["error"]["type"] == "request_too_large"
        assert len(upstream.requests) == before


def test_without_a_credential_the_error_is_anthropics(
    home: Path, upstream: RawUpstream
) -> None:
    with RunningProxy(home, upstream=upstream.url) as proxy:
        answer = httpx.post(f"{proxy.url}/v1/messages", content=BODY, trust_env=False)
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "authentication_error"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_count_tokens_gets_the_sentence_and_a_batch_does_not(
    source: tuple[str, RunningProxy], upstream: RawUpstream
) -> None:
    name, proxy = source
    for path, expected in (
        ("count_tokens", name == "subscription"),
        ("batches", False),
    ):
        send(proxy, f"/v1/messages/{path}", **{"x-api-key": "not-used"})
        assert (IDENTITY.encode() in upstream.requests[-1]) is expected

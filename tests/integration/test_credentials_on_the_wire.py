"""Which credential goes upstream, and that none is anywhere else."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.raw_upstream import RawUpstream, json_answer
from support.running_proxy import RunningProxy

from .conftest import PROXY_KEY

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
CLIENT_KEY = "sk-ant-api03-test-canary-of-the-client"
CLIENT_TOKEN = "sk-ant-oat01-test-canary-of-the-client"
MESSAGE = (
    b'{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5",'
    b'"content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn",'
    b'"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}'
)


def message_upstream() -> RawUpstream:
    return RawUpstream(
        lambda connection, _: connection.sendall(json_answer(200, MESSAGE))
    )


def headers_of(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return {name.lower(): value.strip() for name, _, value in pairs}


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningProxy, RawUpstream]]:
    """A proxy that saves all its flows; at the end no file may hold a secret."""
    home = tmp_path_factory.mktemp("recorded")
    with message_upstream() as upstream, saved_proxy(home, upstream) as proxy:
        yield proxy, upstream
        proxy.stop()
        assert_nowhere(home, PROXY_KEY, CLIENT_KEY, CLIENT_TOKEN)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, {"x-api-key": PROXY_KEY}),
        ({"authorization": "Bearer not-used"}, {"x-api-key": PROXY_KEY}),
        ({"authorization": "Bearer sk-proj-123"}, {"x-api-key": PROXY_KEY}),
        ({"x-api-key": "sk-ant-1234"}, {"x-api-key": PROXY_KEY}),
        ({"authorization": f"Bearer {CLIENT_KEY}"}, {"x-api-key": CLIENT_KEY}),
        ({"x-api-key": CLIENT_KEY}, {"x-api-key": CLIENT_KEY}),
        (
            {"authorization": f"Bearer {CLIENT_TOKEN}"},
            {
                "authorization": f"Bearer {CLIENT_TOKEN}",
                "anthropic-beta": "oauth-2025-04-20",
            },
        ),
        (
            {"x-api-key": CLIENT_KEY, "authorization": "Bearer dummy"},
            {"x-api-key": CLIENT_KEY},
        ),
    ],
)
def test_the_credential_is_chosen_by_what_the_value_is(
    path: str,
    sent: dict[str, str],
    expected: dict[str, str],
    recorded: tuple[RunningProxy, RawUpstream],
) -> None:
    proxy, upstream = recorded
    answer = httpx.post(f"{proxy.url}{path}", json=CHAT, headers=sent, trust_env=False)
    assert answer.status_code == 200
    received = headers_of(upstream.requests[-1])
    secrets = ("x-api-key", "authorization", "anthropic-beta")
    assert {k: v for k, v in received.items() if k in secrets} == expected
    assert "***" not in received.values()


def saved_proxy(home: Path, upstream: RawUpstream) -> RunningProxy:
    return RunningProxy(
        home,
        upstream=upstream.url,
        arguments=("-w", str(home / "flows"), "--set", "flow_detail=3"),
        environment={"ANTHROPIC_API_KEY": PROXY_KEY},
    )


def assert_nowhere(folder: Path, *secrets: str) -> None:
    """No file that the proxy wrote, its log included, holds a secret."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "flows" and path.stat().st_size for path in files)
    for path in files:
        content = path.read_bytes()
        for secret in secrets:
            assert secret.encode() not in content, path


def test_without_a_credential_the_answer_says_what_to_do(home: Path) -> None:
    with (
        message_upstream() as upstream,
        RunningProxy(home, upstream=upstream.url) as proxy,
    ):
        for path in ("/v1/chat/completions", "/v1/messages"):
            answer = httpx.post(f"{proxy.url}{path}", json=CHAT, trust_env=False)
            assert answer.status_code == 401
            assert "ANTHROPIC_API_KEY" in answer.json()["error"]["message"]
        assert upstream.connections == 0


def test_a_flow_in_flight_is_saved_without_a_secret(home: Path) -> None:
    """mitmproxy saves unfinished flows when it is stopped."""
    arrived, done = threading.Event(), threading.Event()

    def silent(connection: object, request: bytes) -> None:
        arrived.set()
        done.wait(20)

    with RawUpstream(silent) as upstream, saved_proxy(home, upstream) as proxy:
        thread = threading.Thread(target=_ask_and_ignore, args=(proxy.url,))
        thread.start()
        assert arrived.wait(10)
        assert CLIENT_KEY.encode() in upstream.requests[0]
        proxy.stop()
        done.set()
        thread.join(10)
        assert_nowhere(home, CLIENT_KEY, PROXY_KEY)


def _ask_and_ignore(url: str) -> None:
    with contextlib.suppress(httpx.TransportError):
        httpx.post(
            f"{url}/v1/chat/completions",
            json=CHAT,
            headers={"authorization": f"Bearer {CLIENT_KEY}"},
            trust_env=False,
            timeout=30,
        )

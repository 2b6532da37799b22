"""The official Anthropic SDK through the proxy's native route."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import anthropic
import httpx
import pytest
from anthropic import Anthropic, DefaultHttpxClient

from anthropic_proxy.simulator.server import SimulatorThread
from support.running_proxy import RunningProxy

MODEL = "claude-sonnet-5-5"


@pytest.fixture
def client(proxy: RunningProxy) -> Any:
    with Anthropic(
        base_url=proxy.url,
        api_key="not-used",
        max_retries=0,
        http_client=DefaultHttpxClient(trust_env=False),
    ) as client:
        yield client


def ask(client: Anthropic, text: str, **extra: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    request = {"model": MODEL, "max_tokens": 4096, "messages": messages}
    return client.messages.create(**(request | extra))


def test_text(client: Anthropic) -> None:
    message = ask(client, "Hello")
    assert message.type == "message"
    assert message.content[-1].text
    assert message.stop_reason == "end_turn"


def test_stream_helper(client: Anthropic) -> None:
    messages: Any = [{"role": "user", "content": "[[long 20]]"}]
    with client.messages.stream(
        model=MODEL, max_tokens=4096, messages=messages
    ) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text
    assert final.stop_reason == "end_turn"


def test_count_tokens(client: Anthropic) -> None:
    messages: Any = [{"role": "user", "content": "Hello"}]
    counted = client.messages.count_tokens(model=MODEL, messages=messages)
    assert counted.input_tokens > 0


@pytest.mark.parametrize("status", [400, 404, 429, 529])
def test_errors_pass_through(client: Anthropic, status: int) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        ask(client, f"[[error {status}]]")
    assert caught.value.status_code == status
    assert caught.value.request_id


def test_a_cut_stream_is_an_error(client: Anthropic) -> None:
    messages: Any = [{"role": "user", "content": "[[cut after=3]] [[long 20]]"}]
    with (
        pytest.raises(anthropic.APIError),
        client.messages.stream(
            model=MODEL, max_tokens=4096, messages=messages
        ) as stream,
    ):
        stream.until_done()
    assert ask(client, "Hello").stop_reason == "end_turn"


@pytest.mark.parametrize("stream", [False, True])
def test_the_body_goes_up_byte_for_byte(
    proxy: RunningProxy, simulator: SimulatorThread, stream: bool
) -> None:
    body = {
        "model": MODEL,
        "stream": stream,
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "Grüße \u2028 \U0001f600"}],
    }
    sent = json.dumps(body, indent=3, ensure_ascii=True).encode() + b"\n  "
    answer = httpx.post(
        f"{proxy.url}/v1/messages",
        content=sent,
        headers={
            "content-type": "application/json",
            "anthropic-version": "2026-10-21",
            "x-api-key": "not-used",
            "x-custom": "kept",
        },
        trust_env=False,
    )
    assert answer.status_code == 200
    received = simulator.requests[-1]
    digest = hashlib.sha256(received.body).hexdigest()
    assert digest == hashlib.sha256(sent).hexdigest()
    assert ("x-custom", "kept") in [(k.lower(), v) for k, v in received.headers]


def test_an_unknown_path_of_anthropics_gets_anthropics_404(proxy: RunningProxy) -> None:
    answer = httpx.get(f"{proxy.url}/v1/messages/nonsense", trust_env=False)
    assert answer.status_code == 404
    assert answer.json()["type"] == "error"
    assert answer.json()["error"]["type"] == "not_found_error"

"""The stand-in on a real socket, with Anthropic's own SDK as its client."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anthropic
import httpx
import pytest
from anthropic.types import (
    Message,
    MessageTokensCount,
    ModelInfo,
    RawMessageStreamEvent,
)
from pydantic import TypeAdapter

from anthropic_proxy.simulator.oauth import OAuthServer
from anthropic_proxy.simulator.profile import IDENTITY, Profile
from anthropic_proxy.simulator.server import Simulator, SimulatorThread

ROOT = Path(__file__).parents[2]
KEY = "sk-ant-api03-test"
OAT = "sk-ant-oat01-test"
EVENTS: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
HEADERS = {"x-api-key": KEY, "anthropic-version": "2026-10-21"}
WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "Current weather of a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


@pytest.fixture(scope="module")
def stand_in() -> Iterator[SimulatorThread]:
    with SimulatorThread() as running:
        yield running


@pytest.fixture(autouse=True)
def _forget(stand_in: SimulatorThread) -> None:
    stand_in.requests.clear()


@pytest.fixture(scope="module")
def client(stand_in: SimulatorThread) -> Iterator[anthropic.Anthropic]:
    with sdk(stand_in.url) as opened:
        yield opened


@pytest.fixture(scope="module")
def http(stand_in: SimulatorThread) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stand_in.url, trust_env=False, timeout=5) as opened:
        yield opened


def sdk(url: str, **settings: Any) -> anthropic.Anthropic:
    settings = {"api_key": KEY, "max_retries": 0, "timeout": 5, **settings}
    return anthropic.Anthropic(base_url=url, **settings)


def ask(text: str, **more: Any) -> dict[str, Any]:
    body = {
        "model": "claude-opus-4-8",
        "max_tokens": 4000,
        "messages": [{"role": "user", "content": text}],
    }
    return {**body, **more}


def said(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def ask_text(body: dict[str, Any]) -> str:
    text: str = body["messages"][0]["content"]
    return text


VARIED = [
    ask("Hello there"),
    ask("[[web_search mitmproxy]]"),
    ask("[[citations]]"),
    ask("[[refusal]]"),
    ask("[[redacted]][[text Yes.]]", model="claude-opus-5-5"),
    ask("Hi", model="claude-haiku-4-5", stop_sequences=["said"]),
    ask("Weather in Rome and Oslo?", tools=[WEATHER], model="claude-sonnet-5-5"),
    ask("Hi", max_tokens=0),
    ask("[[pause_turn 1]]"),
]


@pytest.mark.parametrize(
    "body", VARIED, ids=lambda body: body["messages"][0]["content"]
)
def test_answers_are_messages_to_the_letter(
    http: httpx.Client, body: dict[str, Any]
) -> None:
    answer = http.post("/v1/messages", json=body, headers=HEADERS)
    assert answer.status_code == 200
    Message.model_validate_json(answer.content, strict=True)


@pytest.mark.parametrize(
    "body", VARIED, ids=lambda body: body["messages"][0]["content"]
)
def test_streams_build_the_same_message(
    client: anthropic.Anthropic, http: httpx.Client, body: dict[str, Any]
) -> None:
    headers = {**HEADERS, "accept": "text/event-stream"}
    whole = {**body, "stream": True}
    with http.stream("POST", "/v1/messages", json=whole, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: ") and '"ping"' not in line:
                EVENTS.validate_json(line[6:], strict=True)
    with client.messages.stream(**body) as stream:
        streamed = stream.get_final_message()
    created = client.messages.create(**body)
    for message in (streamed, created):
        message.id = "msg_x"
        message.content = [unsigned(block) for block in message.content]
    assert streamed.to_dict() == created.to_dict()


def unsigned(block: Any) -> Any:
    """Drop what the streaming helpers add, and nothing of ours."""
    keep = {k: v for k, v in block.to_dict().items() if k != "parsed_output"}
    return type(block).construct(**keep)


def test_a_tool_loop_runs_with_thinking(client: anthropic.Anthropic) -> None:
    body = ask("Weather in Rome and Oslo?", tools=[WEATHER], model="claude-sonnet-5-5")
    first = client.messages.create(**body)
    assert first.stop_reason == "tool_use"
    calls = [block for block in first.content if block.type == "tool_use"]
    assert [call.input for call in calls] == [{"city": "Rome"}, {"city": "Oslo"}]
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": f"{n}C"}
        for n, call in enumerate(calls)
    ]
    content: Any = [block.to_dict() for block in first.content]
    history: Any = [
        *body["messages"],
        {"role": "assistant", "content": content},
        {"role": "user", "content": results},
    ]
    second = client.messages.create(**{**body, "messages": history})
    assert said(second) == "get_weather answered: 0C\nget_weather answered: 1C"
    content[0]["thinking"] = "altered"
    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
        client.messages.create(**{**body, "messages": history})


def test_tokens_are_counted(client: anthropic.Anthropic, http: httpx.Client) -> None:
    body = {key: value for key, value in ask("Hello").items() if key != "max_tokens"}
    counted = client.messages.count_tokens(**body)
    assert (
        counted.input_tokens
        == client.messages.create(**ask("Hello")).usage.input_tokens
    )
    answer = http.post("/v1/messages/count_tokens", json=body, headers=HEADERS)
    MessageTokensCount.model_validate_json(answer.content, strict=True)


def test_models_are_paged(client: anthropic.Anthropic, http: httpx.Client) -> None:
    ids = [model.id for model in client.models.list(limit=4)]
    assert len(ids) == len(set(ids)) == 19
    assert {"claude-sonnet-5-5", "claude-haiku-4-5-20251001"} <= set(ids)
    page = http.get("/v1/models?limit=2&before_id=" + ids[4], headers=HEADERS).json()
    assert [model["id"] for model in page["data"]] == ids[2:4]
    assert page["has_more"] is True
    retired = http.get("/v1/models?lifecycle=retired", headers=HEADERS).json()
    assert "claude-3-haiku-20240307" in [model["id"] for model in retired["data"]]
    for model in (*page["data"], *retired["data"]):
        ModelInfo.model_validate_json(json.dumps(model), strict=True)


def test_a_model_is_found_by_its_alias(client: anthropic.Anthropic) -> None:
    assert client.models.retrieve("claude-haiku-4-5").id == "claude-haiku-4-5-20251001"
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("gpt-4o")


BAD_PAGES = [
    "limit=0",
    "limit=x",
    "after_id=no",
    "lifecycle=x",
    "after_id=claude-opus-5&before_id=claude-opus-5",
]


@pytest.mark.parametrize("query", BAD_PAGES)
def test_a_bad_page_is_refused(http: httpx.Client, query: str) -> None:
    assert http.get(f"/v1/models?{query}", headers=HEADERS).status_code == 400


# errors


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError),
        (404, anthropic.NotFoundError),
        (409, anthropic.ConflictError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.APIStatusError),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_scripted_errors_are_the_sdks_errors(
    client: anthropic.Anthropic, status: int, kind: type, stream: bool
) -> None:
    with pytest.raises(anthropic.APIStatusError) as raised:
        client.messages.create(**ask(f"[[error {status}]]"), stream=stream)
    assert isinstance(raised.value, kind)
    body: Any = raised.value.body
    assert raised.value.status_code == status
    assert body["request_id"] == raised.value.request_id


def test_the_sdk_tries_again_until_it_is_answered(stand_in: SimulatorThread) -> None:
    with sdk(stand_in.url, max_retries=3) as patient:
        text = "[[error 529 retry-after=0 times=2]][[text ok]]"
        assert said(patient.messages.create(**ask(text))) == "ok"
    assert [request.status for request in stand_in.requests] == [529, 529, 200]


def test_the_sdk_does_not_repeat_what_is_wrong(stand_in: SimulatorThread) -> None:
    with sdk(stand_in.url, max_retries=3) as patient:
        with pytest.raises(anthropic.BadRequestError, match=r"n: Extra inputs"):
            patient.messages.create(**ask("Hi"), extra_body={"n": 1})
        limit = "[[error 429 code=enforced_spend_limit_reached]]"
        with pytest.raises(anthropic.RateLimitError):
            patient.messages.create(**ask(limit))
    assert [(r.status, r.rule) for r in stand_in.requests] == [(400, 4), (429, None)]


def test_an_error_page_is_html(http: httpx.Client) -> None:
    body = ask("[[error html 502]]")
    answer = http.post("/v1/messages", json=body, headers=HEADERS)
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "text/html"


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/nothing", 404, "not_found_error"),
        ("POST", "/v1/chat/completions", 404, "not_found_error"),
        ("GET", "/v1/messages", 405, "invalid_request_error"),
    ],
)
def test_other_paths_and_methods(
    http: httpx.Client, method: str, path: str, status: int, kind: str
) -> None:
    answer = http.request(method, path, headers=HEADERS)
    assert answer.status_code == status
    assert answer.json()["error"]["type"] == kind
    assert answer.headers["request-id"] == answer.json()["request_id"]


def test_a_large_body_is_413() -> None:
    with (
        SimulatorThread(profile=Profile(max_body_bytes=10_000)) as small,
        sdk(small.url) as client,
        pytest.raises(anthropic.APIStatusError) as raised,
    ):
        client.messages.create(**ask("x" * 10_000))
    assert raised.value.status_code == 413


# faults of delivery


@pytest.mark.parametrize("fault", ["chunks 1", "crlf", "ping", "slow 1ms", "chunks 64"])
def test_harmless_faults_change_nothing(
    client: anthropic.Anthropic, fault: str
) -> None:
    with client.messages.stream(**ask(f"[[{fault}]][[text Grüße, 世界.]]")) as stream:
        assert "".join(stream.text_stream) == "Grüße, 世界."


def test_unknown_events_are_skipped(http: httpx.Client) -> None:
    body = ask("[[unknown-event]][[text Hello.]]", stream=True)
    answer = http.post("/v1/messages", json=body, headers=HEADERS)
    assert "event: simulated_event" in answer.text
    assert "message_stop" in answer.text


@pytest.mark.parametrize("where", ["after=0", "after=4", "after=70b"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_cut_connection_is_noticed(
    http: httpx.Client, where: str, stream: bool
) -> None:
    body = ask(f"[[cut {where}]][[long 20]]", stream=stream)
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/v1/messages", json=body, headers=HEADERS)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("where", ["", " after=2"])
def test_silence_runs_into_the_clients_timeout(
    http: httpx.Client, stream: bool, where: str
) -> None:
    body = ask(f"[[silent{where}]][[long 20]]", stream=stream)
    with pytest.raises(httpx.ReadTimeout):
        http.post("/v1/messages", json=body, headers=HEADERS, timeout=0.2)


@pytest.mark.parametrize("fault", ["garbage", "truncate-json"])
def test_json_may_be_broken(http: httpx.Client, fault: str) -> None:
    answer = http.post("/v1/messages", json=ask(f"[[{fault}]]"), headers=HEADERS)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_an_error_may_end_a_stream(client: anthropic.Anthropic) -> None:
    text = "[[error-midstream overloaded_error after=4]][[long 20]]"
    with (
        pytest.raises(anthropic.APIStatusError, match="Overloaded"),
        client.messages.stream(**ask(text)) as stream,
    ):
        stream.until_done()
    with pytest.raises(anthropic.APIStatusError) as raised:
        client.messages.create(**ask(text))
    assert raised.value.status_code == 529


# headers, credentials, the recorder


def test_every_answer_says_what_it_is(http: httpx.Client) -> None:
    for body, status in ((ask("Hi"), 200), (ask("Hi", n=1), 400)):
        answer = http.post("/v1/messages", json=body, headers=HEADERS)
        assert answer.status_code == status
        assert "not Claude" in answer.headers["x-simulator"]
        assert answer.headers["request-id"].startswith("req_")
        assert "anthropic-ratelimit-requests-remaining" in answer.headers
        assert answer.headers.get("x-should-retry") == (
            "false" if status == 400 else None
        )


def test_json_is_compressed_for_those_who_take_it(http: httpx.Client) -> None:
    plain, packed = (
        http.post(
            "/v1/messages",
            json=ask("Hi"),
            headers={**HEADERS, "accept-encoding": encoding},
        )
        for encoding in ("identity", "gzip, br")
    )
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()


def test_oauth_tokens_expire(stand_in: SimulatorThread, http: httpx.Client) -> None:
    headers = {
        "authorization": f"Bearer {OAT}",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": "oauth-2025-04-20",
    }
    assert http.get("/v1/models", headers=headers).status_code == 200
    assert http.post("/simulator/expire", json={"token": OAT}).status_code == 200
    answer = http.get("/v1/models", headers=headers)
    assert answer.status_code == 401
    assert "expired" in answer.json()["error"]["message"]
    assert http.post("/simulator/expire", content=b"[]").status_code == 400


def test_a_plans_token_needs_the_identity(stand_in: SimulatorThread) -> None:
    beta = {"anthropic-beta": "oauth-2025-04-20"}
    token = {"api_key": None, "auth_token": "sk-ant-oat01-sub-x"}
    with sdk(stand_in.url, **token, default_headers=beta) as plan:
        blocks: Any = [{"type": "text", "text": IDENTITY}]
        plan.messages.create(**ask("Hi"), system=blocks)
        with pytest.raises(anthropic.BadRequestError, match="only authorized for use"):
            plan.messages.create(**ask("Hi"), system="Be brief.")


def test_requests_are_remembered_as_they_came(
    stand_in: SimulatorThread, http: httpx.Client
) -> None:
    raw = b'{"model":"claude-opus-4-8", "max_tokens":5,"messages":[]}  '
    http.post("/v1/messages?beta=true", content=raw, headers=HEADERS)
    recorded = stand_in.requests[-1]
    assert recorded.body == raw
    assert recorded.path == "/v1/messages?beta=true"
    assert recorded.header("X-API-Key") == KEY
    assert (recorded.status, recorded.rule) == (400, 9)
    assert KEY not in repr(recorded)
    shown = http.get("/simulator/requests").text
    assert KEY not in shown
    assert json.loads(shown)[-1]["rule"] == 9
    http.delete("/simulator/requests")
    assert stand_in.requests == []


def test_help_is_there_to_read(http: httpx.Client) -> None:
    assert "[[pause_turn 2]]" in http.get("/simulator/help").text


def test_only_the_last_requests_are_kept() -> None:
    with SimulatorThread(keep=2) as few, httpx.Client(trust_env=False) as http:
        for _ in range(4):
            http.get(f"{few.url}/v1/models")
        assert len(few.requests) == 2


# ways to run it


def test_it_runs_in_a_loop_that_runs() -> None:
    async def scenario() -> int:
        simulator = Simulator()
        port = await simulator.start()
        try:
            async with httpx.AsyncClient(trust_env=False) as http:
                url = f"http://127.0.0.1:{port}/v1/messages"
                answer = await http.post(url, json=ask("Hi"), headers=HEADERS)
                return answer.status_code
        finally:
            await simulator.stop()

    assert asyncio.run(scenario()) == 200


def test_stopping_does_not_wait_for_silent_requests() -> None:
    body = ask("[[silent after=1]]", stream=True)
    with httpx.Client(trust_env=False) as http, ExitStack() as opened:
        running = opened.enter_context(SimulatorThread())
        url = f"{running.url}/v1/messages"
        with http.stream("POST", url, json=body, headers=HEADERS) as answer:
            assert next(answer.iter_lines()) == "event: message_start"
            started = time.monotonic()
            opened.close()
            assert time.monotonic() - started < 3


def test_a_port_that_is_taken_is_reported(stand_in: SimulatorThread) -> None:
    with pytest.raises(OSError, match="in use"), SimulatorThread(port=stand_in.port):
        pass


def test_the_judge_needs_no_server() -> None:
    code = (
        "import sys, anthropic_proxy.simulator.validation;"
        "sys.exit(any(name in sys.modules for name in ('tornado', 'mitmproxy')))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT / "addons", check=True)


def test_other_servers_can_be_added() -> None:
    with (
        SimulatorThread(routes=OAuthServer().routes()) as both,
        httpx.Client(base_url=both.url, trust_env=False) as http,
    ):
        refused = http.post("/v1/oauth/token", json={"grant_type": "refresh_token"})
        assert 400 <= refused.status_code < 500
        assert http.get("/v1/models", headers=HEADERS).status_code == 200

"""The official OpenAI SDK against the running proxy and the strict simulator."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient, DefaultHttpxClient, OpenAI

from anthropic_proxy.simulator.server import SimulatorThread
from support.running_proxy import RunningProxy

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


@pytest.fixture
def client(proxy: RunningProxy) -> Any:
    with OpenAI(
        base_url=f"{proxy.url}/v1",
        api_key="not-used",
        max_retries=0,
        http_client=DefaultHttpxClient(trust_env=False),
    ) as client:
        yield client


def ask(client: OpenAI, text: str, **extra: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(
        **({"model": "gpt-4o", "messages": messages} | extra)
    )


def upstream_body(simulator: SimulatorThread) -> Any:
    return json.loads(simulator.requests[-1].body)


def test_text(client: OpenAI, simulator: SimulatorThread) -> None:
    answer = ask(client, "Hello")
    assert answer.object == "chat.completion"
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == "claude-sonnet-5-5"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == (
        answer.usage.prompt_tokens + answer.usage.completion_tokens
    )
    assert answer._request_id.startswith("req_")


def test_system_and_several_turns(client: OpenAI, simulator: SimulatorThread) -> None:
    ask(
        client,
        "",
        messages=[
            {"role": "system", "content": "Be terse."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi."},
            {"role": "user", "content": "And now?"},
        ],
    )
    body = upstream_body(simulator)
    assert body["system"] == "Be terse."
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]


def test_stream(client: OpenAI) -> None:
    chunks = list(ask(client, "[[long 20]]", stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks][-1] == "stop"
    texts = [c.choices[0].delta.content for c in chunks if c.choices[0].delta.content]
    assert len(texts) >= 10
    assert {c.id for c in chunks} == {chunks[0].id}
    assert all(c.usage is None for c in chunks)


def test_stream_with_usage(client: OpenAI) -> None:
    options = {"include_usage": True}
    chunks = list(ask(client, "Hello", stream=True, stream_options=options))
    assert chunks[-1].choices == []
    assert chunks[-1].usage.prompt_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_stream_helper(client: OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "Hello"}]
    with client.chat.completions.stream(model="gpt-4o", messages=messages) as stream:
        for _ in stream:
            pass
        final = stream.get_final_completion()
    assert final.choices[0].message.content
    assert final.choices[0].message.role == "assistant"


def test_stream_helper_with_tools(client: OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "Weather in Paris and in Oslo?"}]
    tools: Any = [WEATHER]
    with client.chat.completions.stream(
        model="gpt-4o", messages=messages, tools=tools
    ) as stream:
        final = stream.get_final_completion()
    calls = final.choices[0].message.tool_calls
    assert [json.loads(call.function.arguments) for call in calls] == [
        {"city": "Paris"},
        {"city": "Oslo"},
    ]


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_loop_with_parallel_calls(
    client: OpenAI, simulator: SimulatorThread, streamed: bool
) -> None:
    messages: Any = [{"role": "user", "content": "Weather in Paris and in Oslo?"}]
    tools: Any = [WEATHER]
    first: Any
    if streamed:
        with client.chat.completions.stream(
            model="gpt-4o", messages=messages, tools=tools
        ) as stream:
            first = stream.get_final_completion()
    else:
        first = ask(client, "", messages=messages, tools=tools)
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.content is None or isinstance(message.content, str)
    assert len(message.tool_calls) == 2
    plain = message.model_dump(
        include={"role", "content", "tool_calls"}, exclude_none=True
    )
    for call in plain["tool_calls"]:
        call.pop("index", None)
        call["function"].pop("parsed_arguments", None)
    messages.append(plain)
    for call in message.tool_calls:
        messages.append(
            {"role": "tool", "tool_call_id": call.id, "content": "18 degrees"}
        )
    second = ask(client, "", messages=messages, tools=tools)
    assert "18 degrees" in second.choices[0].message.content
    results = upstream_body(simulator)["messages"][-1]["content"]
    assert [block["type"] for block in results] == ["tool_result"] * 2


def test_async_client(proxy: RunningProxy) -> None:
    async def converse() -> tuple[str, int]:
        async with AsyncOpenAI(
            base_url=f"{proxy.url}/v1",
            api_key="not-used",
            http_client=DefaultAsyncHttpxClient(trust_env=False),
        ) as client:
            request: Any = {
                "model": "gpt-4o",
                "messages": [{"role": "user", "content": "Hello"}],
            }
            answers = await asyncio.gather(
                *(client.chat.completions.create(**request) for _ in range(5))
            )
            count = 0
            stream = await client.chat.completions.create(**request, stream=True)
            async for _ in stream:
                count += 1
            return answers[0].choices[0].message.content, count

    text, count = asyncio.run(converse())
    assert text
    assert count > 2


@pytest.mark.parametrize(
    ("command", "error", "code"),
    [
        ("[[error 400]]", openai.BadRequestError, None),
        ("[[error 401]]", openai.AuthenticationError, "invalid_api_key"),
        ("[[error 403]]", openai.PermissionDeniedError, "permission_denied"),
        ("[[error 404]]", openai.NotFoundError, None),
        ("[[error 413]]", openai.APIStatusError, "request_too_large"),
        ("[[error 429]]", openai.RateLimitError, "rate_limit_exceeded"),
        ("[[error 500]]", openai.InternalServerError, None),
        ("[[error 529]]", openai.InternalServerError, "overloaded"),
        ("[[error html 502]]", openai.InternalServerError, "bad_gateway"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_openai_errors(
    client: OpenAI,
    command: str,
    error: type[openai.APIStatusError],
    code: str | None,
    stream: bool,
) -> None:
    with pytest.raises(error) as caught:
        ask(client, command, stream=stream)
    assert caught.value.code == code
    assert "<html" not in str(caught.value)


@pytest.mark.parametrize(
    "command", ["[[cut after=3]]", "[[error-midstream overloaded_error]]"]
)
def test_a_cut_stream_is_an_error(client: OpenAI, command: str) -> None:
    stream = ask(client, f"{command} [[long 20]]", stream=True)
    with pytest.raises(openai.APIError) as caught:
        list(stream)
    assert not isinstance(caught.value, openai.APIStatusError)
    assert ask(client, "Hello").choices[0].message.content


def test_refusal(client: OpenAI) -> None:
    answer = ask(client, "[[refusal]]")
    assert answer.choices[0].finish_reason == "content_filter"
    assert answer.choices[0].message.refusal


def test_length(client: OpenAI) -> None:
    answer = ask(client, "[[stop max_tokens]]")
    assert answer.choices[0].finish_reason == "length"


def test_pause_turn_is_continued(client: OpenAI, simulator: SimulatorThread) -> None:
    before = len(simulator.requests)
    answer = ask(client, "[[pause_turn 2]]")
    assert answer.choices[0].finish_reason == "stop"
    assert len(simulator.requests) == before + 3


def test_pause_turn_is_continued_in_a_stream(
    client: OpenAI, simulator: SimulatorThread
) -> None:
    before = len(simulator.requests)
    chunks = list(ask(client, "[[pause_turn 2]]", stream=True))
    assert len(simulator.requests) == before + 3
    assert [c.choices[0].delta.role for c in chunks if c.choices[0].delta.role] == [
        "assistant"
    ]
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_structured_output(client: OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    answer = ask(client, "Who?", response_format=form)
    assert set(json.loads(answer.choices[0].message.content)) == {"name", "age"}


def test_warnings_reach_the_client(client: OpenAI) -> None:
    messages: Any = [{"role": "user", "content": "Hello"}]
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-4o", messages=messages, seed=7, presence_penalty=0
    )
    assert raw.headers["x-translation-warnings"] == "seed:ignored"


def test_n_is_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, "Hello", n=2)
    assert caught.value.param == "n"
    assert caught.value.code == "unsupported_value"

"""``litellm``, the SDK, in both dialects."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import litellm
import openai
import pytest
import tasks
from pydantic import BaseModel
from stage import Upstream

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": tasks.get_weather.__doc__,
        "parameters": tasks.WEATHER_SCHEMA,
    },
}


class Person(BaseModel):
    name: str
    born: int


@pytest.fixture(scope="module", params=["openai", "anthropic"])
def base(proxy: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The arguments that lead to the proxy."""
    if request.param == "openai":
        ours = {"model": "openai/gpt-4o", "api_base": f"{proxy}/v1"}
    else:
        ours = {"model": "anthropic/claude-sonnet-5-5", "api_base": proxy}
    return {**ours, "api_key": "unused", "max_retries": 0}


def asking(content: Any, **more: Any) -> Any:
    return {"messages": [{"role": "user", "content": content}], **more}


def test_text(base: dict[str, Any]) -> None:
    answer: Any = litellm.completion(**base, **asking(tasks.PROMPT))
    assert "hello to Ada" in answer.choices[0].message.content
    assert answer.usage.completion_tokens > 0


def test_stream(base: dict[str, Any]) -> None:
    options = {"include_usage": True}
    asked = asking("[[long 30]]", stream=True, stream_options=options)
    chunks: Any = list(litellm.completion(**base, **asked))
    assert len([c for c in chunks if c.choices and c.choices[0].delta.content]) > 10
    assert chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_loop(base: dict[str, Any], upstream: Upstream, streamed: bool) -> None:
    asked = asking(tasks.CITIES, tools=[WEATHER])
    first: Any = litellm.completion(**base, **asked, stream=streamed)
    if streamed:
        first = litellm.stream_chunk_builder(list(first))
    message = first.choices[0].message
    asked["messages"].append(message)
    for call in message.tool_calls:
        result = tasks.get_weather(**json.loads(call.function.arguments))
        asked["messages"].append(
            {"role": "tool", "tool_call_id": call.id, "content": result}
        )
    second: Any = litellm.completion(**base, **asked)
    tasks.check_answer(second.choices[0].message.content)
    tasks.check_results(upstream.results)


@pytest.mark.parametrize("base", ["openai"], indirect=True)
def test_structured_output(base: dict[str, Any], upstream: Upstream) -> None:
    """Not for ``anthropic/…``: there it sends a field that Anthropic has renamed."""
    asked = asking(tasks.PERSON, response_format=Person)
    answer: Any = litellm.completion(**base, **asked)
    Person.model_validate_json(answer.choices[0].message.content)
    assert upstream.sent["output_config"]["format"]["type"] == "json_schema"


def test_image(base: dict[str, Any], upstream: Upstream) -> None:
    parts = [
        {"type": "text", "text": tasks.ABOUT_PICTURE},
        {"type": "image_url", "image_url": {"url": tasks.PICTURE_URL}},
    ]
    answer: Any = litellm.completion(**base, **asking(parts))
    assert "1 image" in answer.choices[0].message.content
    tasks.check_picture(upstream.sent)


@pytest.mark.parametrize(
    ("command", "kinds", "message"),
    [
        (tasks.REFUSED, {"BadRequestError"}, tasks.REFUSED_MESSAGE),
        # Whatever is an "invalid_request_error" in OpenAI's dialect is a bad request.
        ("[[error 401]]", {"BadRequestError", "AuthenticationError"}, "invalid x-api"),
        (tasks.LIMITED, {"RateLimitError"}, tasks.LIMITED_MESSAGE),
        (
            tasks.OVERLOADED,
            {"ServiceUnavailableError", "InternalServerError"},
            tasks.OVERLOADED_MESSAGE,
        ),
    ],
)
def test_error(
    base: dict[str, Any], command: str, kinds: set[str], message: str
) -> None:
    with pytest.raises(openai.APIError, match=message) as caught:
        litellm.completion(**base, **asking(command))
    assert type(caught.value).__name__ in kinds


@pytest.mark.parametrize("base", ["openai"], indirect=True)
def test_abort(base: dict[str, Any], upstream: Upstream) -> None:
    """Not for ``anthropic/…``: there it keeps the connection when it is closed."""

    async def read() -> None:
        asked = asking(tasks.ENDLESS, stream=True)
        stream: Any = await litellm.acompletion(**base, **asked)
        for _ in range(3):
            await anext(stream)
        await stream.aclose()
        await asyncio.to_thread(upstream.expect_to_be_left)

    asyncio.run(read())

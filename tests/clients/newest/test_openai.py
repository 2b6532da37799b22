"""``openai``, OpenAI's own SDK for Python."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
import tasks
from openai import AsyncOpenAI, OpenAI
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


@pytest.fixture(scope="module")
def client(proxy: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{proxy}/v1", api_key="unused", max_retries=0) as client:
        yield client


def asking(content: Any, **more: Any) -> Any:
    messages = [{"role": "user", "content": content}]
    return {"model": "gpt-4o", "messages": messages, **more}


def test_text(client: OpenAI) -> None:
    answer = client.chat.completions.create(**asking(tasks.PROMPT))
    assert "hello to Ada" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens > 0


def test_stream(client: OpenAI) -> None:
    options = {"include_usage": True}
    asked = asking("[[long 30]]", stream=True, stream_options=options)
    chunks = list(client.chat.completions.create(**asked))
    words = [c.choices[0].delta.content for c in chunks if c.choices]
    assert len(list(filter(None, words))) > 10
    assert chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_loop(client: OpenAI, upstream: Upstream, streamed: bool) -> None:
    asked = asking(tasks.CITIES, tools=[WEATHER])
    if streamed:
        with client.chat.completions.stream(**asked) as stream:
            message = stream.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(**asked).choices[0].message
    asked["messages"].append(message)
    for call in message.tool_calls:
        result = tasks.get_weather(**json.loads(call.function.arguments))
        asked["messages"].append(
            {"role": "tool", "tool_call_id": call.id, "content": result}
        )
    second = client.chat.completions.create(**asked)
    tasks.check_answer(second.choices[0].message.content)
    tasks.check_results(upstream.results)


def test_structured_output(client: OpenAI, upstream: Upstream) -> None:
    asked = asking(tasks.PERSON, response_format=Person)
    answer = client.chat.completions.parse(**asked)
    assert isinstance(answer.choices[0].message.parsed, Person)
    assert upstream.sent["output_config"]["format"]["type"] == "json_schema"


def test_image(client: OpenAI, upstream: Upstream) -> None:
    parts = [
        {"type": "text", "text": tasks.ABOUT_PICTURE},
        {"type": "image_url", "image_url": {"url": tasks.PICTURE_URL}},
    ]
    answer = client.chat.completions.create(**asking(parts))
    assert "1 image" in answer.choices[0].message.content
    tasks.check_picture(upstream.sent)


@pytest.mark.parametrize(
    ("command", "kind", "message"),
    [
        (tasks.REFUSED, openai.BadRequestError, tasks.REFUSED_MESSAGE),
        ("[[error 401]]", openai.AuthenticationError, "invalid x-api-key"),
        ("[[error 404]]", openai.NotFoundError, "Not found"),
        (tasks.LIMITED, openai.RateLimitError, tasks.LIMITED_MESSAGE),
        (tasks.OVERLOADED, openai.InternalServerError, tasks.OVERLOADED_MESSAGE),
    ],
)
def test_error(client: OpenAI, command: str, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        client.chat.completions.create(**asking(command))


def test_abort(client: OpenAI, upstream: Upstream) -> None:
    with client.chat.completions.create(**asking(tasks.ENDLESS, stream=True)) as stream:
        for _ in range(3):
            next(stream)
    upstream.expect_to_be_left()


def test_abort_of_a_cancelled_task(proxy: str, upstream: Upstream) -> None:
    async def converse() -> None:
        begun = asyncio.Event()

        async def read(client: AsyncOpenAI) -> None:
            stream = await client.chat.completions.create(
                **asking(tasks.ENDLESS, stream=True)
            )
            async for _ in stream:
                begun.set()

        async with AsyncOpenAI(base_url=f"{proxy}/v1", api_key="unused") as client:
            reading = asyncio.create_task(read(client))
            await begun.wait()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            upstream.expect_to_be_left()

    asyncio.run(converse())

"""``pydantic-ai`` in both dialects: one agent, two models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import tasks
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.output import NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from stage import Upstream


class Person(BaseModel):
    name: str
    born: int


@pytest.fixture(scope="module", params=["openai", "anthropic"])
def model(proxy: str, request: pytest.FixtureRequest) -> Any:
    if request.param == "openai":
        openai = OpenAIProvider(base_url=f"{proxy}/v1", api_key="unused")
        return OpenAIChatModel("gpt-4o", provider=openai)
    anthropic = AnthropicProvider(base_url=proxy, api_key="unused")
    return AnthropicModel("claude-sonnet-5-5", provider=anthropic)


def test_text(model: Any) -> None:
    result = Agent(model).run_sync(tasks.PROMPT)
    assert "hello to Ada" in result.output
    assert result.usage.output_tokens > 0


def test_stream(model: Any) -> None:
    with Agent(model).run_stream_sync("[[long 30]]") as result:
        pieces = list(result.stream_text(delta=True, debounce_by=None))
    assert len(pieces) > 10


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_loop(model: Any, upstream: Upstream, streamed: bool) -> None:
    agent = Agent(model, tools=[tasks.get_weather], instructions="Be brief.")
    if streamed:
        with agent.run_stream_sync(tasks.CITIES) as result:
            last = result.get_output()
    else:
        last = agent.run_sync(tasks.CITIES).output
    tasks.check_answer(last)
    tasks.check_results(upstream.results)


ADA = '{"name": "Ada Lovelace", "born": 1815}'


@pytest.mark.parametrize(
    ("way", "command"),
    [
        (NativeOutput, ""),
        (ToolOutput, f"[[tool final_result {ADA}]]"),
        (PromptedOutput, f"[[json {ADA}]]"),
    ],
)
def test_structured_output(model: Any, way: Any, command: str) -> None:
    agent = Agent(model, output_type=way(Person))
    assert isinstance(agent.run_sync(tasks.PERSON + command).output, Person)


def test_image(model: Any, upstream: Upstream) -> None:
    picture = BinaryContent.from_data_uri(tasks.PICTURE_URL)
    result = Agent(model).run_sync([tasks.ABOUT_PICTURE, picture])
    assert "1 image" in result.output
    tasks.check_picture(upstream.sent)


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        (tasks.REFUSED, 400, tasks.REFUSED_MESSAGE),
        ("[[error 401]]", 401, "invalid x-api-key"),
    ],
)
def test_error(model: Any, command: str, status: int, message: str) -> None:
    with pytest.raises(ModelHTTPError, match=message) as caught:
        Agent(model).run_sync(command)
    assert caught.value.status_code == status


def test_abort(model: Any, upstream: Upstream) -> None:
    async def read() -> None:
        async with Agent(model).run_stream(tasks.ENDLESS) as result:
            words: AsyncIterator[str] = result.stream_text(delta=True, debounce_by=None)
            for _ in range(3):
                await anext(words)
            await result.cancel()
        upstream.expect_to_be_left()

    asyncio.run(read())

"""``openai-agents`` with its model for chat completions."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest
import tasks
from agents import (
    Agent,
    OpenAIChatCompletionsModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from pydantic import BaseModel
from stage import Upstream

set_tracing_disabled(True)


class Person(BaseModel):
    name: str
    born: int


@pytest.fixture
def model(proxy: str) -> OpenAIChatCompletionsModel:
    client = AsyncOpenAI(base_url=f"{proxy}/v1", api_key="unused", max_retries=0)
    return OpenAIChatCompletionsModel(model="gpt-4o", openai_client=client)


def test_text(model: OpenAIChatCompletionsModel) -> None:
    agent = Agent(name="Greeter", instructions="Be brief.", model=model)
    result = Runner.run_sync(agent, tasks.PROMPT)
    assert "hello to Ada" in result.final_output
    assert result.context_wrapper.usage.output_tokens > 0


async def streamed(agent: Agent, asked: Any) -> tuple[str, int]:
    """The final output, and the number of text deltas."""
    result = Runner.run_streamed(agent, asked)
    deltas = 0
    async for event in result.stream_events():
        if event.type == "raw_response_event":
            deltas += event.data.type == "response.output_text.delta"
    return result.final_output, deltas


def test_stream(model: OpenAIChatCompletionsModel) -> None:
    _, deltas = asyncio.run(streamed(Agent(name="Poet", model=model), "[[long 30]]"))
    assert deltas > 10


@pytest.mark.parametrize("is_streamed", [False, True])
def test_tool_loop(
    model: OpenAIChatCompletionsModel, upstream: Upstream, is_streamed: bool
) -> None:
    tool = function_tool(tasks.get_weather)
    agent = Agent(name="Reporter", model=model, tools=[tool])
    if is_streamed:
        output, _ = asyncio.run(streamed(agent, tasks.CITIES))
    else:
        output = Runner.run_sync(agent, tasks.CITIES).final_output
    tasks.check_answer(output)
    tasks.check_results(upstream.results)


def test_handoff(model: OpenAIChatCompletionsModel, upstream: Upstream) -> None:
    poet = Agent(name="Poet", handoff_description="Writes sonnets.", model=model)
    chief = Agent(name="Chief", model=model, handoffs=[poet])
    result = Runner.run_sync(chief, "Let the poet write sonnets, please.", max_turns=3)
    assert result.last_agent is poet


def test_structured_output(model: OpenAIChatCompletionsModel) -> None:
    agent = Agent(name="Historian", model=model, output_type=Person)
    assert isinstance(Runner.run_sync(agent, tasks.PERSON).final_output, Person)


def test_image(model: OpenAIChatCompletionsModel, upstream: Upstream) -> None:
    parts = [
        {"type": "input_text", "text": tasks.ABOUT_PICTURE},
        {"type": "input_image", "image_url": tasks.PICTURE_URL, "detail": "auto"},
    ]
    agent = Agent(name="Looker", model=model)
    result = Runner.run_sync(agent, [{"role": "user", "content": parts}])
    assert "1 image" in result.final_output
    tasks.check_picture(upstream.sent)


@pytest.mark.parametrize(
    ("command", "kind", "message"),
    [
        (tasks.REFUSED, openai.BadRequestError, tasks.REFUSED_MESSAGE),
        (tasks.LIMITED, openai.RateLimitError, tasks.LIMITED_MESSAGE),
        (tasks.OVERLOADED, openai.InternalServerError, tasks.OVERLOADED_MESSAGE),
    ],
)
def test_error(
    model: OpenAIChatCompletionsModel, command: str, kind: Any, message: str
) -> None:
    with pytest.raises(kind, match=message):
        Runner.run_sync(Agent(name="Unlucky", model=model), command)


def test_abort(model: OpenAIChatCompletionsModel, upstream: Upstream) -> None:
    async def read() -> None:
        result = Runner.run_streamed(Agent(name="Poet", model=model), tasks.ENDLESS)
        async for event in result.stream_events():
            if event.type == "raw_response_event":
                result.cancel()
        await asyncio.to_thread(upstream.expect_to_be_left)

    asyncio.run(read())

"""``langchain-openai``: the chat model, and an agent of ``langchain`` upon it."""

from __future__ import annotations

from typing import Any

import openai
import pytest
import tasks
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel
from stage import Upstream


class Person(BaseModel):
    """A person."""

    name: str
    born: int


@pytest.fixture(scope="module")
def model(proxy: str) -> ChatOpenAI:
    return ChatOpenAI(
        base_url=f"{proxy}/v1",
        api_key="unused",
        model="gpt-4o",
        max_retries=0,
        stream_usage=True,  # the default only without a base_url
    )


def test_text(model: ChatOpenAI) -> None:
    answer = model.invoke(tasks.PROMPT)
    assert "hello to Ada" in answer.text
    assert answer.usage_metadata["output_tokens"] > 0


def test_stream(model: ChatOpenAI) -> None:
    chunks = list(model.stream("[[long 30]]"))
    assert len([chunk for chunk in chunks if chunk.text]) > 10
    whole = sum(chunks[1:], chunks[0])
    assert whole.usage_metadata["output_tokens"] > 0


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_loop(model: ChatOpenAI, upstream: Upstream, streamed: bool) -> None:
    agent = create_agent(model, tools=[tool(tasks.get_weather)], system_prompt="Brief.")
    asked: Any = {"messages": [{"role": "user", "content": tasks.CITIES}]}
    if streamed:
        pieces = [piece for piece, _ in agent.stream(asked, stream_mode="messages")]
        last = "".join(piece.text for piece in pieces if piece.type != "tool")
    else:
        last = agent.invoke(asked)["messages"][-1].text
    tasks.check_answer(last)
    tasks.check_results(upstream.results)


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_structured_output(model: ChatOpenAI, upstream: Upstream, method: Any) -> None:
    found = model.with_structured_output(Person, method=method).invoke(tasks.PERSON)
    assert isinstance(found, Person)
    assert upstream.sent["output_config"]["format"]["type"] == "json_schema"


def test_structured_output_of_an_agent(model: ChatOpenAI) -> None:
    agent = create_agent(model, tools=[], response_format=Person)
    asked: Any = {"messages": [{"role": "user", "content": tasks.PERSON}]}
    assert isinstance(agent.invoke(asked)["structured_response"], Person)


def test_image(model: ChatOpenAI, upstream: Upstream) -> None:
    parts = [
        {"type": "text", "text": tasks.ABOUT_PICTURE},
        {"type": "image", "base64": tasks.PICTURE, "mime_type": "image/png"},
    ]
    assert "1 image" in model.invoke([{"role": "user", "content": parts}]).text
    tasks.check_picture(upstream.sent)


@pytest.mark.parametrize(
    ("command", "kind", "message"),
    [
        (tasks.REFUSED, openai.BadRequestError, tasks.REFUSED_MESSAGE),
        (tasks.LIMITED, openai.RateLimitError, tasks.LIMITED_MESSAGE),
        (tasks.OVERLOADED, openai.InternalServerError, tasks.OVERLOADED_MESSAGE),
    ],
)
def test_error(model: ChatOpenAI, command: str, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        model.invoke(command)


def test_abort(model: ChatOpenAI, upstream: Upstream) -> None:
    stream: Any = model.stream(tasks.ENDLESS)
    for _ in range(3):
        next(stream)
    stream.close()
    upstream.expect_to_be_left()

"""``anthropic``, Anthropic's own SDK for Python: what passes through untranslated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
import tasks
from anthropic import Anthropic, beta_tool
from pydantic import BaseModel
from stage import Upstream

WEATHER: Any = {
    "name": "get_weather",
    "description": tasks.get_weather.__doc__,
    "input_schema": tasks.WEATHER_SCHEMA,
}


class Person(BaseModel):
    name: str
    born: int


@pytest.fixture(scope="module")
def client(proxy: str) -> Iterator[Anthropic]:
    with Anthropic(base_url=proxy, api_key="unused", max_retries=0) as client:
        yield client


def asking(content: Any, **more: Any) -> Any:
    messages = [{"role": "user", "content": content}]
    request = {"model": "claude-sonnet-5-5", "max_tokens": 4096, "messages": messages}
    return {**request, **more}


def test_text(client: Anthropic) -> None:
    answer = client.messages.create(**asking(tasks.PROMPT))
    assert "hello to Ada" in answer.content[-1].text
    assert answer.usage.output_tokens > 0


def test_stream(client: Anthropic) -> None:
    with client.messages.stream(**asking("[[long 30]]")) as stream:
        assert len(list(stream.text_stream)) > 10
        assert stream.get_final_message().stop_reason == "end_turn"


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_loop(client: Anthropic, upstream: Upstream, streamed: bool) -> None:
    asked = asking(tasks.CITIES, tools=[WEATHER])
    if streamed:
        with client.messages.stream(**asked) as stream:
            first = stream.get_final_message()
    else:
        first = client.messages.create(**asked)
    results = [
        {
            "type": "tool_result",
            "tool_use_id": block.id,
            "content": tasks.get_weather(**block.input),
        }
        for block in first.content
        if block.type == "tool_use"
    ]
    asked["messages"].append({"role": "assistant", "content": first.content})
    asked["messages"].append({"role": "user", "content": results})
    second = client.messages.create(**asked)
    tasks.check_answer(second.content[-1].text)
    tasks.check_results(upstream.results)


def test_tool_runner(client: Anthropic, upstream: Upstream) -> None:
    tools: Any = [beta_tool(tasks.get_weather)]
    # A beta by which Anthropic keeps the messages; the simulator does not have it.
    asked = asking(tasks.CITIES, tools=tools, thread=False)
    last = client.beta.messages.tool_runner(**asked).until_done()
    tasks.check_answer(last.content[-1].text)
    tasks.check_results(upstream.results)


def test_structured_output(client: Anthropic, upstream: Upstream) -> None:
    asked = asking(tasks.PERSON, output_format=Person)
    answer = client.messages.parse(**asked)
    assert isinstance(answer.parsed_output, Person)
    assert upstream.sent["output_config"]["format"]["type"] == "json_schema"


def test_image(client: Anthropic, upstream: Upstream) -> None:
    source = {"type": "base64", "media_type": "image/png", "data": tasks.PICTURE}
    parts = [
        {"type": "image", "source": source},
        {"type": "text", "text": tasks.ABOUT_PICTURE},
    ]
    answer = client.messages.create(**asking(parts))
    assert "1 image" in answer.content[-1].text
    tasks.check_picture(upstream.sent)


@pytest.mark.parametrize(
    ("command", "kind", "message"),
    [
        (tasks.REFUSED, anthropic.BadRequestError, tasks.REFUSED_MESSAGE),
        ("[[error 401]]", anthropic.AuthenticationError, "invalid x-api-key"),
        ("[[error 404]]", anthropic.NotFoundError, "Not found"),
        (tasks.LIMITED, anthropic.RateLimitError, tasks.LIMITED_MESSAGE),
        (tasks.OVERLOADED, anthropic.OverloadedError, tasks.OVERLOADED_MESSAGE),
    ],
)
def test_error(client: Anthropic, command: str, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        client.messages.create(**asking(command))


def test_abort(client: Anthropic, upstream: Upstream) -> None:
    with client.messages.stream(**asking(tasks.ENDLESS)) as stream:
        for _ in range(3):
            next(stream.text_stream)
    upstream.expect_to_be_left()

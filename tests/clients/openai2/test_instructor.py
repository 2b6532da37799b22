"""``instructor``: structured answers by its ways of asking for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import instructor
import pytest
import tasks
from instructor import Image, Mode
from instructor.core import InstructorRetryException
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel, field_validator
from stage import Upstream

ADA = '[[json {"name": "Ada Lovelace", "born": 1815}]]'


class Person(BaseModel):
    name: str
    born: int


class City(BaseModel):
    """Current weather in a city."""

    city: str


@pytest.fixture(scope="module")
def openai(proxy: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{proxy}/v1", api_key="unused", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def client(openai: OpenAI) -> Any:
    return instructor.from_openai(openai, mode=Mode.JSON_SCHEMA)


def asking(content: Any, **more: Any) -> Any:
    messages = [{"role": "user", "content": content}]
    return {"model": "gpt-4o", "messages": messages, **more}


def test_text(client: Any) -> None:
    answer = client.create(**asking(tasks.PROMPT), response_model=None)
    assert "hello to Ada" in answer.choices[0].message.content


@pytest.mark.parametrize(
    ("mode", "command"),
    [
        (Mode.TOOLS, ""),
        (Mode.JSON_SCHEMA, ""),
        (Mode.JSON, ADA),
        (Mode.MD_JSON, ADA),
    ],
)
def test_structured_output(openai: OpenAI, mode: Mode, command: str) -> None:
    client = instructor.from_openai(openai, mode=mode)
    asked = asking(tasks.PERSON + command)
    person, completion = client.create_with_completion(**asked, response_model=Person)
    assert isinstance(person, Person)
    assert completion.usage.completion_tokens > 0


def test_stream(proxy: str) -> None:
    """Only the asynchronous client hands out parts before the whole is there."""

    async def read() -> list[Any]:
        async with AsyncOpenAI(base_url=f"{proxy}/v1", api_key="unused") as openai:
            client = instructor.from_openai(openai, mode=Mode.JSON_SCHEMA)
            parts = client.create_partial(**asking(ADA), response_model=Person)
            return [part async for part in parts]

    people = asyncio.run(read())
    assert people[0].born is None
    assert isinstance(people[-1].born, int)


def test_tool_loop(openai: OpenAI, upstream: Upstream) -> None:
    """What does not validate goes back as the result of the call."""
    refused: list[str] = []

    class Weather(BaseModel):
        city: str

        @field_validator("city")
        @classmethod
        def second_time(cls, city: str) -> str:
            refused.append(city)
            assert len(refused) > 1, "ask again"
            return city

    client = instructor.from_openai(openai, mode=Mode.TOOLS)
    found = client.create(
        **asking("The weather in Paris?"), response_model=Weather, max_retries=2
    )
    assert isinstance(found, Weather)
    assert "ask again" in str(upstream.results)


def test_several_calls(openai: OpenAI) -> None:
    client = instructor.from_openai(openai, mode=Mode.TOOLS)
    found = client.create_iterable(**asking(tasks.CITIES), response_model=City)
    assert all(isinstance(city, City) for city in found)


def test_image(client: Any, upstream: Upstream) -> None:
    parts = [tasks.ABOUT_PICTURE, Image.from_base64(tasks.PICTURE_URL)]
    assert isinstance(client.create(**asking(parts), response_model=Person), Person)
    tasks.check_picture(upstream.sent)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (tasks.REFUSED, tasks.REFUSED_MESSAGE),
        (tasks.LIMITED, tasks.LIMITED_MESSAGE),
    ],
)
def test_error(client: Any, command: str, message: str) -> None:
    with pytest.raises(InstructorRetryException, match=message):
        client.create(**asking(command), response_model=Person, max_retries=1)


def test_abort(proxy: str, upstream: Upstream) -> None:
    """Leaving the loop is not enough: the stream ends with its OpenAI client."""

    async def read() -> None:
        async with AsyncOpenAI(base_url=f"{proxy}/v1", api_key="unused") as openai:
            client = instructor.from_openai(openai, mode=Mode.MD_JSON)
            asked = asking(f"{ADA} {tasks.ENDLESS}")
            parts = client.create_partial(**asked, response_model=Person)
            await anext(parts)
        await asyncio.to_thread(upstream.expect_to_be_left)

    asyncio.run(read())

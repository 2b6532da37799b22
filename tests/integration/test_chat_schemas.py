"""Schemas through the official SDK: strict tools, formats, ``parse`` and ``stream``."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from support.chat_user import WEATHER, ChatUser, said

CLOSED: dict[str, Any] = {**WEATHER["parameters"], "additionalProperties": False}
OPEN: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}


def tool(name: str, **function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {**WEATHER, "name": name, **function}}


def test_strict_tools(chat: ChatUser) -> None:
    bounded = {"type": "string", "maxLength": 80}
    parameters = {**CLOSED, "properties": {"city": bounded}}
    answer = chat.ask(
        "Weather in Paris?",
        tools=[
            tool("get_weather", strict=True, parameters=parameters),
            tool("open", strict=True, parameters=OPEN),
        ],
    )
    closed, open_ = answer.sent["tools"]
    assert closed["strict"] is True
    assert closed["input_schema"]["additionalProperties"] is False
    assert closed["input_schema"]["properties"]["city"] == {
        "type": "string",
        "description": "{maxLength: 80}",
    }
    assert "strict" not in open_
    assert open_["input_schema"] == OPEN
    assert answer.warnings == ["tools.strict:downgraded"]


class Address(BaseModel):
    street: str
    number: int | None


class Person(BaseModel):
    name: str
    age: int
    addresses: list[Address]


def test_parse_with_a_pydantic_model(chat: ChatUser) -> None:
    messages: Any = [said("user", "Who?")]
    answer = chat.client.chat.completions.parse(
        model="gpt-4o", messages=messages, response_format=Person
    )
    assert isinstance(answer.choices[0].message.parsed, Person)
    sent = json.loads(chat.simulator.requests[-1].body)
    assert sent["output_config"]["format"]["type"] == "json_schema"


def test_stream_with_a_pydantic_model(chat: ChatUser) -> None:
    messages: Any = [said("user", "Who?")]
    with chat.client.chat.completions.stream(
        model="gpt-4o", messages=messages, response_format=Person
    ) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"content.delta", "content.done"} <= kinds
    assert isinstance(final.choices[0].message.parsed, Person)


def test_a_strict_tool_is_parsed(chat: ChatUser) -> None:
    messages: Any = [said("user", "Person named Ada")]
    tools: Any = [openai.pydantic_function_tool(Person)]
    answer = chat.client.chat.completions.parse(
        model="gpt-4o", messages=messages, tools=tools
    )
    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert isinstance(calls[0].function.parsed_arguments, Person)


def json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "it", "schema": schema}}


@pytest.mark.parametrize(
    ("form", "warning"),
    [
        ({"type": "json_object"}, "response_format:json_object_not_enforced"),
        (json_schema(OPEN), "response_format:schema_not_enforced"),
    ],
)
def test_json_that_cannot_be_enforced(
    chat: ChatUser, form: dict[str, Any], warning: str
) -> None:
    fenced = '[[text ```json\n{"a": 1}\n```]]'
    answer = chat.ask(fenced, response_format=form)
    assert answer.text == '{"a": 1}'
    assert answer.warnings == [warning]
    assert "output_config" not in answer.sent
    assert "JSON" in answer.sent["system"]
    assert chat.ask("[[text ```x```]]", response_format=form).text == "```x```"

"""What the stand-in says by itself: echoes, calls, values for schemas."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anthropic_proxy.simulator.schema_values import schema_value
from anthropic_proxy.simulator.tool_calls import proper_names
from simulator_cases.case import (
    OAUTH,
    WEATHER,
    Body,
    answered,
    call,
    closed,
    loop,
    output_format,
    result,
    said,
    system,
    text,
    tool,
    user,
)


def inputs(message: Body) -> list[Any]:
    return [b["input"] for b in message["content"] if b["type"] == "tool_use"]


def test_the_echo_proves_what_was_received() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://e"}}
    message = said([text("Look at this"), image], system="One two three")
    spoken = message["content"][0]["text"]
    assert "You said: Look at this" in spoken
    assert "1 message, 1 image, 3 words of system prompt" in spoken


def test_two_cities_make_two_calls() -> None:
    message = said("What's the weather in Paris and New York?", tools=[WEATHER])
    assert inputs(message) == [{"city": "Paris"}, {"city": "New York"}]


def test_parallel_calls_can_be_forbidden() -> None:
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    message = said("Weather in Paris and Rome?", tools=[WEATHER], tool_choice=choice)
    assert inputs(message) == [{"city": "Paris"}]


def test_a_tool_is_found_by_its_description() -> None:
    message = said("Which city has the best forecast?", tools=[WEATHER])
    assert len(inputs(message)) == 1


def test_no_tool_is_called_that_is_not_meant_or_not_allowed() -> None:
    assert inputs(said("Tell me a joke", tools=[WEATHER])) == []
    none = {"type": "none"}
    assert inputs(said("Weather?", tools=[WEATHER], tool_choice=none)) == []


def test_arguments_come_from_the_text_then_from_the_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "unit": {"enum": ["celsius", "fahrenheit"]},
            "when": {"type": "string", "format": "date"},
            "detail": {"type": "boolean", "default": False},
            "note": {"type": "string"},
        },
        "required": ["city", "days", "when", "detail"],
    }
    weather = {"name": "weather", "input_schema": schema}
    message = said("Weather in Rome for 3 days in fahrenheit", tools=[weather])
    assert inputs(message) == [
        {
            "city": "Rome",
            "days": 3,
            "unit": "fahrenheit",
            "when": "2026-11-22",
            "detail": False,
        }
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Compare Paris with Rome", ["Paris", "Rome"]),
        ("Paris please", ["Paris"]),
        ("Is it warm in New York, Rome?", ["New York", "Rome"]),
        ("look up `main.py` for Bob", ["main.py", "Bob"]),
        ("What is it?", []),
    ],
)
def test_proper_names(text: str, names: list[str]) -> None:
    assert proper_names(text) == names


def test_a_search_runs_on_the_server() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    message = said("Search for mitmproxy", tools=[search])
    assert [b["type"] for b in message["content"]][:1] == ["server_tool_use"]
    assert message["usage"]["server_tool_use"]["web_search_requests"] == 1


def test_forced_tools_are_called_whatever_was_said() -> None:
    for choice in ({"type": "any"}, {"type": "tool", "name": "get_weather"}):
        message = said("Hi", tools=[WEATHER], tool_choice=choice)
        assert [b["name"] for b in message["content"]] == ["get_weather"]


def test_a_last_instruction_forces_a_tool_too() -> None:
    must = system("You must respond by calling the tool other.")
    message = answered(
        {"tools": [WEATHER, tool("other")], "messages": [user("Hi"), must]}
    ).message
    assert [b["name"] for b in message["content"]] == ["other"]


def test_results_are_quoted() -> None:
    calls = (call("a"), call("b", name="other"))
    results = (result("a", content="20C"), result("b", content="no", is_error=True))
    message = answered(loop(*results, calls=calls)).message
    assert message["content"] == [
        text("get_weather answered: 20C\nother failed with: no")
    ]


def test_a_question_after_the_results_is_heard() -> None:
    message = answered(loop(result(), text("And the weather in Oslo?"))).message
    assert message["stop_reason"] == "tool_use"


def test_a_format_is_kept() -> None:
    schema = closed(
        name={"type": "string"}, tags={"type": "array", "items": {"type": "null"}}
    )
    message = said("Hi", output_config=output_format(schema))
    found = json.loads(message["content"][0]["text"])
    assert set(found) == {"name", "tags"}
    assert isinstance(found["tags"], list)


VALUES: list[tuple[Body, Any]] = [
    ({"type": "integer", "minimum": 5}, 5),
    ({"type": "integer", "exclusiveMinimum": 5, "multipleOf": 4}, 8),
    ({"type": "number", "maximum": 0.5}, 0.5),
    ({"type": ["null", "boolean"]}, True),
    ({"anyOf": [{"const": 3}, {"type": "null"}]}, 3),
    ({"enum": ["b", "a"]}, "b"),
    ({"type": "array", "items": {"type": "null"}, "minItems": 2}, [None, None]),
    ({"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000000"),
    ({"type": "string", "maxLength": 3}, "sim"),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"const": 1}}}, 1),
    (
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"const": 1}}},
                {"properties": {"b": {"const": 2}}},
            ]
        },
        {"a": 1, "b": 2},
    ),
]


@pytest.mark.parametrize(("schema", "value"), VALUES)
def test_values_fit_their_schema(schema: Body, value: Any) -> None:
    assert schema_value(schema) == value


def test_a_recursive_schema_has_an_end() -> None:
    children = {"type": "array", "items": {"$ref": "#"}}
    schema_value({"type": "object", "properties": {"children": children}})


def test_a_plan_is_answered_when_it_shows_its_identity() -> None:
    plan = {**OAUTH, "authorization": "Bearer sk-ant-oat01-sub-x"}
    identity = "You are Claude Code, Anthropic's official CLI for Claude."
    made = answered({"system": [text(identity)]}, plan)
    assert made.message["role"] == "assistant"

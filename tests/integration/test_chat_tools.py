"""Tools, choices and schemas through the official SDK: JSON and streams alike."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.chat_user import WEATHER, WEATHER_TOOL, ChatUser, call, said

STREAMED = pytest.mark.parametrize("stream", [False, True])
SONNET, HAIKU = "claude-sonnet-5-5", "claude-haiku-5-5"
CUSTOM: dict[str, Any] = {
    "type": "custom",
    "custom": {
        "name": "run.sql",
        "description": "Run a query",
        "format": {
            "type": "grammar",
            "grammar": {"syntax": "lark", "definition": "start: /SELECT.*/"},
        },
    },
}
CLOSED: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
OPEN: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}


def tool(name: str, **function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {**WEATHER, "name": name, **function}}


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


@STREAMED
def test_names_and_ids_that_upstream_would_refuse(chat: ChatUser, stream: bool) -> None:
    names = ["weather.get", "weather_get", "x" * 129, "größe"]
    first = chat.ask(
        "Weather in Paris?", tools=[tool(name) for name in names], stream=stream
    )
    sent = [one["name"] for one in first.sent["tools"]]
    assert len(set(sent)) == 4
    assert sent[1] == "weather_get"
    assert first.warnings == ["tools.name:sanitised"]
    calls = first.message.tool_calls
    assert {one.function.name for one in calls} <= set(names)
    assert "weather.get" in {one.function.name for one in calls}
    second = chat.ask(
        [
            said("user", "Weather in Paris?"),
            said("assistant", None, tool_calls=[call("functions.a:0", "weather.get")]),
            said("tool", "18 degrees", tool_call_id="functions.a:0"),
        ],
        tools=[tool(name) for name in names],
        stream=stream,
    )
    turns = second.sent["messages"]
    assert turns[1]["content"][0]["name"] == sent[0]
    assert turns[1]["content"][0]["id"] == turns[2]["content"][0]["tool_use_id"]
    assert "18 degrees" in second.text


@STREAMED
def test_custom_tools_all_the_way(chat: ChatUser, stream: bool) -> None:
    asked = said("user", '[[tool run_sql {"input": "SELECT \\"a\\""}]]')
    first = chat.ask([asked], tools=[CUSTOM], stream=stream)
    assert "tools.custom.format:not_enforced" in first.warnings
    assert "SELECT.*" in first.sent["tools"][0]["description"]
    assert first.choice.finish_reason == "tool_calls"
    one = first.message.tool_calls[0].to_dict()
    assert one["type"] == "custom"
    assert one["custom"] == {"name": "run.sql", "input": 'SELECT "a"'}
    made = {key: one[key] for key in ("id", "type", "custom")}
    second = chat.ask(
        [
            asked,
            said("assistant", None, tool_calls=[made]),
            said("tool", "3 rows", tool_call_id=one["id"]),
        ],
        tools=[CUSTOM],
        stream=stream,
    )
    assert second.sent["messages"][1]["content"][-1]["input"] == {"input": 'SELECT "a"'}
    assert "3 rows" in second.text


@STREAMED
def test_legacy_functions_all_the_way(chat: ChatUser, stream: bool) -> None:
    asked = said("user", "Weather in Paris and in Oslo?")
    first = chat.ask([asked], functions=[WEATHER], stream=stream)
    assert first.sent["tool_choice"]["disable_parallel_tool_use"] is True
    assert first.choice.finish_reason == "function_call"
    made = first.message.function_call
    assert made.name == "get_weather"
    assert json.loads(made.arguments) == {"city": "Paris"}
    assert not first.message.tool_calls
    legacy = {"name": made.name, "arguments": made.arguments}
    second = chat.ask(
        [
            asked,
            said("assistant", None, function_call=legacy),
            said("function", "18 degrees", name="get_weather"),
        ],
        functions=[WEATHER],
        function_call="none",
        stream=stream,
    )
    assert second.choice.finish_reason == "stop"
    assert "18 degrees" in second.text


@STREAMED
def test_a_named_choice_on_a_model_that_cannot_be_forced(
    chat: ChatUser, stream: bool
) -> None:
    answer = chat.ask(
        "Paris please",
        model=SONNET,
        tools=[tool("get.weather"), tool("other")],
        tool_choice=named("get.weather"),
        stream=stream,
    )
    assert "tool_choice:emulated_by_schema" in answer.warnings
    assert answer.sent["output_config"]["format"]["schema"]["title"] == "get.weather"
    assert answer.choice.finish_reason == "tool_calls"
    (one,) = answer.message.tool_calls
    assert one.function.name == "get.weather"
    assert json.loads(one.function.arguments).keys() == {"city"}
    assert not answer.message.content
    history = chat.ask(
        [
            said("user", "Paris please"),
            said("assistant", None, tool_calls=[call(one.id, "get.weather")]),
            said("tool", "18", tool_call_id=one.id),
        ],
        model=SONNET,
        tools=[tool("get.weather")],
        tool_choice=named("get.weather"),
        stream=stream,
    )
    assert "tool_choice:required_not_enforced" in history.warnings
    assert history.message.tool_calls[0].function.name == "get.weather"


@STREAMED
def test_a_choice_that_is_forced(chat: ChatUser, stream: bool) -> None:
    tools = [tool("other"), tool("get.weather")]
    answer = chat.ask(
        "Paris please", model=HAIKU, tools=tools, tool_choice=named("get.weather"),
        parallel_tool_calls=False, stream=stream,
    )  # fmt: skip
    assert answer.sent["tool_choice"] == {
        "type": "tool",
        "name": "get_weather",
        "disable_parallel_tool_use": True,
    }
    assert answer.message.tool_calls[0].function.name == "get.weather"
    answer = chat.ask(
        "Paris please", model=HAIKU, tools=tools, tool_choice="required", stream=stream
    )
    assert answer.sent["tool_choice"] == {"type": "any"}
    assert answer.choice.finish_reason == "tool_calls"


@STREAMED
def test_required_on_a_model_that_cannot_be_forced(
    chat: ChatUser, stream: bool
) -> None:
    answer = chat.ask(
        "Paris please",
        model=SONNET,
        tools=[WEATHER_TOOL],
        tool_choice="required",
        stream=stream,
    )
    assert answer.warnings == ["tool_choice:required_not_enforced"]
    assert answer.sent["tool_choice"] == {"type": "auto"}
    assert answer.sent["messages"][-1]["role"] == "system"
    assert answer.choice.finish_reason == "tool_calls"


def test_none_keeps_the_tools(chat: ChatUser) -> None:
    answer = chat.ask("Weather in Paris?", tools=[WEATHER_TOOL], tool_choice="none")
    assert answer.sent["tool_choice"] == {"type": "none"}
    assert len(answer.sent["tools"]) == 1
    assert not answer.message.tool_calls


def test_allowed_tools(chat: ChatUser) -> None:
    allowed = {"mode": "required", "tools": [named("get_weather")]}
    answer = chat.ask(
        "Hello",
        model=HAIKU,
        tools=[tool("other"), WEATHER_TOOL],
        tool_choice={"type": "allowed_tools", "allowed_tools": allowed},
    )
    assert [one["name"] for one in answer.sent["tools"]] == ["get_weather"]
    assert answer.sent["tool_choice"] == {"type": "any"}
    assert answer.warnings == ["tools:filtered_by_allowed_tools"]


@pytest.mark.parametrize("parallel", [False, True])
def test_parallel_tool_calls(chat: ChatUser, parallel: bool) -> None:
    answer = chat.ask(
        "Weather in Paris and in Oslo?",
        tools=[WEATHER_TOOL],
        parallel_tool_calls=parallel,
    )
    assert len(answer.message.tool_calls) == (2 if parallel else 1)
    assert answer.warnings == []

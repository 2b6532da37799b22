from __future__ import annotations

from typing import Any

import pytest

from request_support import (
    CITY,
    HAIKU,
    HI,
    SONNET,
    called,
    function,
    refusal,
    translate,
)

TOOLS = [function("a.b", parameters=CITY, description="First"), function("g")]
NAMED = {"type": "function", "function": {"name": "a.b"}}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ("any", {"type": "any"}),
        (NAMED, {"type": "tool", "name": "a_b"}),
        ({"type": "function", "name": "a.b"}, {"type": "tool", "name": "a_b"}),
        ({"type": "auto"}, {"type": "auto"}),
        ({"type": "none"}, {"type": "none"}),
        ({"type": "any"}, {"type": "any"}),
        ({"type": "tool", "name": "a.b"}, {"type": "tool", "name": "a_b"}),
        (
            {"type": "any", "disable_parallel_tool_use": True},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_choices_where_calls_can_be_forced(choice: Any, sent: Any) -> None:
    translated = translate(HAIKU, tools=TOOLS, tool_choice=choice)
    assert translated.body["tool_choice"] == sent
    assert len(translated.body["tools"]) == 2
    assert translated.warnings == {"tools.name:sanitised"}


def test_a_custom_tool_can_be_chosen() -> None:
    tools = [{"type": "custom", "custom": {"name": "sh"}}]
    choice = {"type": "custom", "custom": {"name": "sh"}}
    body = translate(HAIKU, tools=tools, tool_choice=choice).body
    assert body["tool_choice"] == {"type": "tool", "name": "sh"}


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", {"type": "any", "disable_parallel_tool_use": True}),
        (
            NAMED,
            {"type": "tool", "name": "a_b", "disable_parallel_tool_use": True},
        ),
        ("none", {"type": "none"}),
    ],
)
def test_one_call_at_a_time(choice: Any, sent: Any) -> None:
    asked = {"tools": TOOLS, "tool_choice": choice, "parallel_tool_calls": False}
    assert translate(HAIKU, **asked).body["tool_choice"] == sent


def test_one_call_at_a_time_needs_tools() -> None:
    translated = translate(parallel_tool_calls=False)
    assert "tool_choice" not in translated.body
    assert translated.warnings == set()


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        (None, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", {"type": "auto", "disable_parallel_tool_use": True}),
        ("none", {"type": "none"}),
        ({"name": "f"}, {"type": "tool", "name": "f"}),
    ],
)
def test_the_deprecated_choice(call: Any, sent: Any) -> None:
    functions = [{"name": "f", "parameters": CITY}]
    translated = translate(HAIKU, functions=functions, function_call=call)
    assert translated.body["tool_choice"] == sent
    assert translated.translation.exchange.legacy_functions
    assert translated.warnings == set()


@pytest.mark.parametrize(
    ("chat", "param"),
    [
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tool_choice": "auto", "tools": []}, "tool_choice"),
        ({"function_call": "auto"}, "function_call"),
        ({"function_call": "auto", "tools": TOOLS}, "function_call"),
        (
            {"functions": [{"name": "f"}], "function_call": {"name": "g"}},
            "function_call",
        ),
        ({"functions": [{"name": "f"}], "function_call": {}}, "function_call.name"),
        ({"tools": TOOLS, "tool_choice": "sometimes"}, "tool_choice"),
        ({"tools": TOOLS, "tool_choice": 5}, "tool_choice"),
        ({"tools": TOOLS, "tool_choice": {}}, "tool_choice.type"),
        ({"tools": TOOLS, "tool_choice": {"type": "x"}}, "tool_choice.type"),
        ({"tools": TOOLS, "tool_choice": {"type": "function"}}, "tool_choice.name"),
        (
            {"tools": TOOLS, "tool_choice": {"type": "function", "function": {}}},
            "tool_choice.function.name",
        ),
        ({"tools": TOOLS, "tool_choice": {"type": "tool", "name": "x"}}, "tool_choice"),
    ],
)
def test_what_is_wrong_is_named(chat: dict[str, Any], param: str) -> None:
    assert refusal(**chat).param == param


# --- allowed tools ---


def allowed(mode: str, *tools: Any) -> dict[str, Any]:
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [*tools]}}


@pytest.mark.parametrize(
    ("tool", "left"),
    [
        (function("g"), "g"),
        ({"type": "function", "name": "a.b"}, "a_b"),
        ({"type": "custom", "custom": {"name": "sh"}}, "sh"),
        ({"type": "web_search_20250305"}, "web_search"),
    ],
)
def test_other_tools_than_the_allowed_are_left_out(tool: Any, left: str) -> None:
    tools = [*TOOLS, {"type": "custom", "custom": {"name": "sh"}}, SEARCH]
    translated = translate(tools=tools, tool_choice=allowed("auto", tool))
    assert [tool["name"] for tool in translated.body["tools"]] == [left]
    assert translated.body["tool_choice"] == {"type": "auto"}
    assert "tools:filtered_by_allowed_tools" in translated.warnings


def test_all_tools_can_be_allowed() -> None:
    choice = allowed("required", function("g"), function("a.b"))
    translated = translate(HAIKU, tools=TOOLS, tool_choice=choice)
    assert [tool["name"] for tool in translated.body["tools"]] == ["a_b", "g"]
    assert translated.body["tool_choice"] == {"type": "any"}
    assert translated.warnings == {"tools.name:sanitised"}


@pytest.mark.parametrize(
    ("choice", "param"),
    [
        (allowed("auto"), "tool_choice.allowed_tools.tools"),
        (allowed("auto", function("x")), "tool_choice"),
        (allowed("never", function("g")), "tool_choice.allowed_tools.mode"),
        (allowed("auto", 5), "tool_choice.allowed_tools.tools[0]"),
        (allowed("auto", {}), "tool_choice.allowed_tools.tools[0].type"),
        ({"type": "allowed_tools"}, "tool_choice.allowed_tools"),
    ],
)
def test_what_is_wrong_with_allowed_tools_is_named(choice: Any, param: str) -> None:
    assert refusal(tools=TOOLS, tool_choice=choice).param == param


# --- models that accept no forced call ---


def test_any_call_is_asked_for() -> None:
    translated = translate(SONNET, tools=TOOLS, tool_choice="required")
    assert translated.body["tool_choice"] == {"type": "auto"}
    assert translated.body["messages"][-1] == {
        "role": "system",
        "content": "You must respond by calling at least one of the available tools.",
    }
    assert "tool_choice:required_not_enforced" in translated.warnings


def test_a_named_call_is_emulated() -> None:
    translated = translate(SONNET, tools=TOOLS, tool_choice=NAMED)
    assert not translated.body.keys() & {"tools", "tool_choice"}
    assert translated.body["output_config"]["format"] == {
        "type": "json_schema",
        "schema": {
            **CITY,
            "additionalProperties": False,
            "title": "a.b",
            "description": "First",
        },
    }
    assert translated.body["messages"] == HI
    assert translated.translation.exchange.emulated_tool == "a.b"
    assert translated.warnings == {
        "tools.name:sanitised",
        "tool_choice:emulated_by_schema",
    }


def test_an_emulated_tool_keeps_the_description_of_its_schema() -> None:
    tools = [function("f", parameters={**CITY, "description": "A city"})]
    choice = {"type": "tool", "name": "f"}
    body = translate(SONNET, tools=tools, tool_choice=choice).body
    assert body["output_config"]["format"]["schema"]["description"] == "A city"
    bare = translate(SONNET, tools=[function("f")], tool_choice=choice).body
    assert "description" not in bare["output_config"]["format"]["schema"]


def test_a_custom_tool_is_emulated_as_one() -> None:
    tools = [{"type": "custom", "custom": {"name": "sh"}}]
    choice = {"type": "custom", "custom": {"name": "sh"}}
    exchange = translate(SONNET, tools=tools, tool_choice=choice).translation.exchange
    assert exchange.emulated_tool == "sh"
    assert exchange.custom_tools == {"sh"}


WIDE = {"type": "object", "properties": {f"p{n}": {"type": "null"} for n in range(25)}}


@pytest.mark.parametrize(
    "chat",
    [
        {"messages": called("g"), "tools": TOOLS},
        {"tools": [*TOOLS, SEARCH]},
        {"tools": TOOLS, "response_format": {"type": "json_object"}},
        {"tools": [function("a.b", parameters={"type": "object"})]},
        {"tools": [function("a.b", parameters=WIDE)]},
        {
            "messages": [
                *HI,
                {
                    "role": "assistant",
                    "content": "x",
                    "thinking_blocks": [
                        {"type": "thinking", "thinking": "", "signature": "s"}
                    ],
                },
                *HI,
            ],
            "tools": TOOLS,
        },
    ],
)
def test_a_named_call_that_cannot_be_emulated_is_asked_for(chat: Any) -> None:
    translated = translate(SONNET, tool_choice=NAMED, **chat)
    assert translated.body["tool_choice"] == {"type": "auto"}
    last = translated.body["messages"][-1]
    assert last["content"] == "You must respond by calling the tool a_b."
    assert translated.translation.exchange.emulated_tool is None
    assert "tool_choice:required_not_enforced" in translated.warnings


def test_one_call_is_still_one_when_it_is_asked_for() -> None:
    body = translate(
        SONNET, tools=TOOLS, tool_choice="required", parallel_tool_calls=False
    ).body
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}

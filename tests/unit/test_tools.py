from __future__ import annotations

from typing import Any

import pytest

from request_support import CITY, called, function, refusal, translate

WIDE = {
    "type": "object",
    "properties": {f"p{n}": {"type": "string"} for n in range(13)},
}
UNIONS = {
    "type": "object",
    "properties": {f"p{n}": {"type": ["string", "null"]} for n in range(9)},
    "required": [f"p{n}" for n in range(9)],
}


def names(body: dict[str, Any]) -> list[str]:
    return [tool["name"] for tool in body["tools"]]


def test_two_hundred_tools_keep_their_order() -> None:
    wanted = [f"tool_{n}" for n in range(200)]
    translated = translate(tools=[function(name) for name in wanted])
    assert names(translated.body) == wanted
    assert translated.warnings == set()


def test_names_are_made_legal_and_the_clients_are_kept() -> None:
    long = "x" * 200
    translated = translate(tools=[function("fs.read"), function("ok"), function(long)])
    sent = names(translated.body)
    assert sent[:2] == ["fs_read", "ok"]
    assert len(sent[2]) == 128
    assert translated.translation.exchange.tool_names == {
        "fs_read": "fs.read",
        sent[2]: long,
    }
    assert translated.warnings == {"tools.name:sanitised"}


def test_a_name_in_the_history_is_the_same_name() -> None:
    messages = called("fs.read")
    translated = translate(messages=messages, tools=[function("fs.read")])
    (block,) = translated.body["messages"][1]["content"]
    assert block["name"] == names(translated.body)[0] == "fs_read"


@pytest.mark.parametrize(
    ("tools", "param"),
    [
        ([function(), function()], "tools[1].function"),
        ([function("bash"), {"type": "bash_20250124", "name": "bash"}], "tools[1]"),
    ],
)
def test_a_name_is_used_once(tools: list[Any], param: str) -> None:
    error = refusal(tools=tools)
    assert error.param == param
    assert "used twice" in error.message


def test_a_function_called_web_search_is_in_the_way_of_the_option() -> None:
    error = refusal(tools=[function("web_search")], web_search_options={})
    assert error.param == "web_search_options"


def test_functions_and_tools_are_two_ways_to_say_one_thing() -> None:
    error = refusal(tools=[function()], functions=[{"name": "g"}])
    assert error.param == "functions"


def strict(*schemas: Any) -> list[Any]:
    return [
        function(f"f{n}", parameters=schema, strict=True)
        for n, schema in enumerate(schemas)
    ]


def enforced(body: dict[str, Any]) -> list[bool]:
    return ["strict" in tool for tool in body["tools"]]


def test_a_strict_schema_is_closed_and_a_loose_one_is_not_touched() -> None:
    loose = {**CITY, "x-mine": 1, "additionalProperties": True}
    tools = [*strict(CITY), function("g", parameters=loose)]
    translated = translate(tools=tools)
    first, second = translated.body["tools"]
    assert first["strict"] is True
    assert first["input_schema"]["additionalProperties"] is False
    assert second == {"name": "g", "input_schema": loose}
    assert translated.warnings == set()


def test_twenty_tools_can_be_strict() -> None:
    translated = translate(tools=strict(*[CITY] * 22))
    assert enforced(translated.body) == [True] * 20 + [False] * 2
    assert translated.warnings == {"tools.strict:downgraded"}


@pytest.mark.parametrize("schema", [WIDE, UNIONS])
def test_limits_are_for_all_strict_schemas_together(schema: Any) -> None:
    translated = translate(tools=strict(schema, schema, CITY))
    assert enforced(translated.body) == [True, False, True]
    assert translated.warnings == {"tools.strict:downgraded"}
    downgraded = translated.body["tools"][1]
    assert downgraded["input_schema"] == schema


def test_the_answers_own_schema_comes_first() -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "o", "schema": WIDE}}
    translated = translate(tools=strict(WIDE), response_format=wanted)
    assert enforced(translated.body) == [False]
    assert "format" in translated.body["output_config"]


def test_a_history_with_calls_gets_tools() -> None:
    translated = translate(messages=called("fs.read"))
    (block,) = translated.body["messages"][1]["content"]
    empty = {"type": "object", "properties": {}}
    assert translated.body["tools"] == [{"name": block["name"], "input_schema": empty}]
    assert translated.body["tool_choice"] == {"type": "none"}
    assert translated.warnings == {"tools:synthesised"}
    declared = translate(messages=called("fs.read"), tools=[function("g")])
    assert names(declared.body) == ["g"]


def test_custom_tools_are_known_to_the_answer() -> None:
    custom = {"type": "custom", "custom": {"name": "sh.run"}}
    exchange = translate(tools=[custom, function()]).translation.exchange
    assert exchange.custom_tools == {"sh_run"}
    assert exchange.tool_names == {"sh_run": "sh.run"}

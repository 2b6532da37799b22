from __future__ import annotations

import copy
from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.tool_definitions import (
    Kind,
    Tool,
    read_function,
    read_tool,
    read_web_search,
)
from anthropic_proxy.dialects.report import Report
from request_support import CITY, function, refused

EMPTY = {"type": "object", "properties": {}}
MARK = {"type": "ephemeral"}


def read(item: Any) -> tuple[Tool, Report]:
    report = Report()
    before = copy.deepcopy(item)
    tool = read_tool(item, "tools[0]", report)
    assert item == before
    return tool, report


@pytest.mark.parametrize(
    ("item", "definition", "strict"),
    [
        (function(), {"input_schema": EMPTY}, False),
        (function(description="", parameters=None), {"input_schema": EMPTY}, False),
        (function(description="d", parameters=CITY), None, False),
        (function(description="d", parameters=CITY, strict=True), None, True),
        ({"function": {"name": "f"}}, {"input_schema": EMPTY}, False),
        ({"type": "function", "name": "f"}, {"input_schema": EMPTY}, False),
        (
            {"name": "f", "description": "d", "parameters": CITY, "strict": False},
            None,
            False,
        ),
        ({"name": "f", "description": "d", "input_schema": CITY}, None, False),
        (
            {
                "type": "custom",
                "name": "f",
                "description": "d",
                "input_schema": CITY,
                "strict": True,
            },
            None,
            True,
        ),
    ],
)
def test_a_function_is_read_in_every_spelling(
    item: Any, definition: Any, strict: bool
) -> None:
    tool, report = read(item)
    full = {"description": "d", "input_schema": CITY}
    assert (tool.kind, tool.name, tool.strict) == (Kind.FUNCTION, "f", strict)
    assert tool.definition == (definition or full)
    assert report.warnings == ()


def test_a_deprecated_function_is_one_too() -> None:
    tool = read_function({"name": "f", "parameters": CITY}, "functions[0]", Report())
    assert tool.definition == {"input_schema": CITY}
    assert tool.param == "functions[0]"


@pytest.mark.parametrize(
    ("format_", "description", "warnings"),
    [
        (None, "d", ()),
        ({"type": "text"}, "d", ()),
        (
            {
                "type": "grammar",
                "grammar": {"syntax": "lark", "definition": "start: A"},
            },
            "d\n\nThe input must match this lark grammar:\nstart: A",
            ("tools.custom.format:not_enforced",),
        ),
    ],
)
def test_a_custom_tool_has_one_string(
    format_: Any, description: str, warnings: tuple[str, ...]
) -> None:
    custom = {"name": "sh", "description": "d", "format": format_}
    tool, report = read({"type": "custom", "custom": custom, "cache_control": MARK})
    assert (tool.kind, tool.name, tool.strict) == (Kind.CUSTOM, "sh", False)
    assert tool.definition == {
        "description": description,
        "input_schema": {
            "type": "object",
            "properties": {"input": {"type": "string"}},
            "required": ["input"],
            "additionalProperties": False,
        },
        "cache_control": MARK,
    }
    assert report.warnings == warnings


def test_a_grammar_can_be_all_the_description_there_is() -> None:
    grammar = {"type": "grammar", "grammar": {"syntax": "regex", "definition": "a+"}}
    tool, _ = read({"type": "custom", "custom": {"name": "sh", "format": grammar}})
    assert tool.definition["description"].startswith("The input must match this regex")


@pytest.mark.parametrize(
    "type_", ["web_search_20250305", "bash_20250124", "tool_search_tool_bm25_20251119"]
)
def test_a_server_tool_is_sent_as_it_is(type_: str) -> None:
    item = {
        "type": type_,
        "name": "x",
        "max_uses": 3,
        "cache_control": MARK,
        "new": [1],
    }
    tool, report = read(item)
    assert (tool.kind, tool.name, tool.definition) == (Kind.SERVER, "x", item)
    assert report.warnings == ()


def test_anthropics_own_members_are_passed_on() -> None:
    own = {
        "cache_control": MARK,
        "allowed_callers": ["direct"],
        "defer_loading": False,
        "eager_input_streaming": True,
        "input_examples": [{"city": "Rome"}],
    }
    for item in (
        {**function(), **own},
        function(**own),
        {"name": "f", "input_schema": EMPTY, **own},
    ):
        tool, report = read(item)
        assert tool.definition == {"input_schema": EMPTY, **own}
        assert report.warnings == ()


def test_other_members_are_ignored_by_name() -> None:
    _, report = read({**function(examples=1, deferred=None), "x": 1})
    assert set(report.warnings) == {"tools.examples:ignored", "tools.x:ignored"}


@pytest.mark.parametrize(
    ("item", "param", "code"),
    [
        (5, "tools[0]", "invalid_type"),
        ({}, "tools[0].function", "missing_required_parameter"),
        ({"type": "function"}, "tools[0].function", "missing_required_parameter"),
        ({"type": "custom"}, "tools[0].custom", "missing_required_parameter"),
        ({"type": "retrieval"}, "tools[0].type", "invalid_value"),
        ({"type": 5}, "tools[0].type", "invalid_type"),
        (
            {"type": "function", "function": {}},
            "tools[0].function.name",
            "missing_required_parameter",
        ),
        (function(""), "tools[0].function.name", "invalid_value"),
        (function(description=1), "tools[0].function.description", "invalid_type"),
        (function(strict="yes"), "tools[0].function.strict", "invalid_type"),
        (function(parameters=[]), "tools[0].function.parameters", "invalid_type"),
        (
            function(parameters={"type": "string"}),
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        (
            {"name": "f", "input_schema": {"type": "string"}},
            "tools[0].input_schema",
            "invalid_function_parameters",
        ),
        (
            {**function(), "cache_control": {"type": "eternal"}},
            "tools[0].cache_control.type",
            "invalid_value",
        ),
        (
            {"type": "bash_20250124", "name": "bash", "cache_control": 1},
            "tools[0].cache_control",
            "invalid_type",
        ),
        (
            {"type": "bash_20250124"},
            "tools[0].name",
            "missing_required_parameter",
        ),
        (
            {"type": "custom", "custom": {"name": "f", "format": {"type": "x"}}},
            "tools[0].custom.format.type",
            "invalid_value",
        ),
        (
            {"type": "custom", "custom": {"name": "f", "format": {"type": "grammar"}}},
            "tools[0].custom.format.grammar",
            "missing_required_parameter",
        ),
    ],
)
def test_what_is_wrong_is_named(item: Any, param: str, code: str) -> None:
    error = refused(lambda: read(item))
    assert (error.param, error.code) == (param, code)


def test_web_search_takes_size_and_place() -> None:
    report = Report()
    plain = read_web_search({}, report)
    assert (plain.kind, plain.name) == (Kind.SERVER, "web_search")
    assert plain.definition == {"type": "web_search_20250305"}
    for size, uses in (("low", 1), ("medium", 3), ("high", 5)):
        sized = read_web_search({"search_context_size": size}, report)
        assert sized.definition["max_uses"] == uses
    place = {"city": "Paris", "country": "FR", "region": None, "timezone": ""}
    location = {"type": "approximate", "approximate": place}
    placed = read_web_search({"user_location": location}, report)
    found = {"type": "approximate", "city": "Paris", "country": "FR"}
    assert placed.definition["user_location"] == found
    nowhere = read_web_search({"user_location": {}}, report)
    assert nowhere.definition["user_location"] == {"type": "approximate"}
    assert report.warnings == ()


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"search_context_size": "huge"}, "web_search_options.search_context_size"),
        ({"user_location": "Paris"}, "web_search_options.user_location"),
        (
            {"user_location": {"approximate": {"city": 1}}},
            "web_search_options.user_location.approximate.city",
        ),
    ],
)
def test_a_wrong_search_option_is_named(options: Any, param: str) -> None:
    assert refused(lambda: read_web_search(options, Report())).param == param

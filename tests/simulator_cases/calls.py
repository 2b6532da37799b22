"""Tools, their calls and results."""

from __future__ import annotations

from .case import OPUS46, Case, assistant, call, loop, result, text, tool, user

CALLS = [
    Case(
        15,
        "no result",
        good=loop(result()),
        bad={"tools": [tool()], "messages": [user(), assistant([call()]), user()]},
        path="messages.1",
    ),
    Case(
        15,
        "one of two",
        good=loop(result("a"), result("b"), calls=(call("a"), call("b"))),
        bad=loop(result("a"), calls=(call("a"), call("b"))),
        path="messages.1",
    ),
    Case(
        15,
        "results of one turn may be two messages",
        good={
            "tools": [tool()],
            "messages": [
                user(),
                assistant([call("a"), call("b")]),
                user([result("a")]),
                user([result("b")]),
            ],
        },
        bad={
            "tools": [tool()],
            "messages": [
                user(),
                assistant([call("a"), call("b")]),
                user([result("a")]),
                assistant(),
                user([result("b")]),
            ],
        },
        path="messages.1",
    ),
    Case(
        16,
        "no call",
        good=loop(result()),
        bad=loop(result(), result("other")),
        path="messages.2.content.1",
    ),
    Case(
        16,
        "two results",
        good=loop(result()),
        bad=loop(result(), result()),
        path="messages.2.content.1",
    ),
    Case(
        17,
        "text first",
        good=loop(result(), text()),
        bad=loop(text(), result()),
        path="messages.1",
    ),
    Case(
        18,
        "ids",
        good={
            "tools": [tool()],
            "messages": [*loop(result())["messages"], *loop(result())["messages"][:1]],
        },
        bad={
            "tools": [tool()],
            "messages": [*loop(result())["messages"], *loop(result())["messages"][1:]],
        },
        path="messages",
    ),
    Case(
        19,
        "id",
        good=loop(result("a-b_C9"), calls=(call("a-b_C9"),)),
        bad=loop(result("a.b"), calls=(call("a.b"),)),
        path="messages.1.content.0.tool_use.id",
    ),
    Case(
        19,
        "tool name",
        good={"tools": [tool("a" * 128)]},
        bad={"tools": [tool("get.weather")]},
        path="tools.0.custom.name",
    ),
    Case(
        19,
        "long tool name",
        bad={"tools": [tool("a" * 129)]},
        path="tools.0.custom.name",
    ),
    Case(
        19,
        "same name twice",
        good={"tools": [tool("a"), tool("b")]},
        bad={"tools": [tool("a"), tool("a")]},
        path="tools",
    ),
    Case(
        19,
        "name in the history",
        good=loop(result(), calls=(call(name="x" * 200),)),
        bad=loop(result(), calls=(call(name="x" * 201),)),
        path="messages.1.content.0.tool_use.name",
    ),
    Case(
        20,
        "input",
        good=loop(result(), calls=(call(input={"a": 1}),)),
        bad=loop(result(), calls=(call(input="{}"),)),
        path="messages.1.content.0.tool_use.input",
    ),
    Case(
        21,
        "missing",
        good={"tools": [tool()]},
        bad={"tools": [{"name": "t"}]},
        path="tools.0.custom.input_schema",
    ),
    Case(
        21,
        "type",
        bad={"tools": [{"name": "t", "input_schema": {"type": "string"}}]},
        path="tools.0.custom.input_schema.type",
    ),
    Case(
        21,
        "combinator at the root",
        bad={
            "tools": [{"name": "t", "input_schema": {"type": "object", "anyOf": [{}]}}]
        },
        path="tools.0.custom.input_schema",
    ),
    Case(
        21,
        "not a schema",
        bad={
            "tools": [
                {
                    "name": "t",
                    "input_schema": {
                        "type": "object",
                        "properties": {"a": {"type": "any"}},
                    },
                }
            ]
        },
        path="tools.0.custom.input_schema",
    ),
    Case(
        22,
        "without tools",
        good={"tools": [tool()], "tool_choice": {"type": "auto"}},
        bad={"tool_choice": {"type": "auto"}},
        path="tool_choice",
    ),
    Case(
        22,
        "unknown tool",
        good={
            "tools": [tool()],
            "tool_choice": {"type": "tool", "name": "get_weather"},
        },
        bad={"tools": [tool()], "tool_choice": {"type": "tool", "name": "other"}},
        path="tool_choice.tool.name",
    ),
    Case(
        22,
        "parallel on none",
        good={"tools": [tool()], "tool_choice": {"type": "none"}},
        bad={
            "tools": [tool()],
            "tool_choice": {"type": "none", "disable_parallel_tool_use": True},
        },
        path="tool_choice.none.disable_parallel_tool_use",
        refused_by=4,
    ),
    Case(
        23,
        "model",
        good={
            "model": "claude-haiku-5-5",
            "tools": [tool()],
            "tool_choice": {"type": "any"},
        },
        bad={
            "model": "claude-sonnet-5-5",
            "tools": [tool()],
            "tool_choice": {"type": "any"},
        },
        path="tool_choice",
    ),
    Case(
        23,
        "manual thinking",
        good={
            "model": OPUS46,
            "tools": [tool()],
            "tool_choice": {"type": "any"},
            "thinking": {"type": "adaptive"},
        },
        bad={
            "model": OPUS46,
            "max_tokens": 2000,
            "tools": [tool()],
            "tool_choice": {"type": "any"},
            "thinking": {"type": "enabled", "budget_tokens": 1024},
        },
    ),
    Case(
        24,
        "no tools",
        good=loop(result()),
        bad={**loop(result()), "tools": []},
        path="tools",
    ),
]

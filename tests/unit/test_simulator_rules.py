"""Each rule of the stand-in: a request that is taken, and the smallest change that is
not, with the status, the error type, the path and the rule that refused it.
"""

from __future__ import annotations

import base64
import copy
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from anthropic_proxy.simulator.answer import Memory, answer
from anthropic_proxy.simulator.api_error import ApiError
from anthropic_proxy.simulator.capabilities import BY_NAME, MODELS, Thinks
from anthropic_proxy.simulator.profile import IDENTITY, Profile
from anthropic_proxy.simulator.rules import RULES
from anthropic_proxy.simulator.shapes import BLOCKS, COUNT_TOKENS, MESSAGES
from anthropic_proxy.simulator.tool_shapes import TOOLS
from anthropic_proxy.simulator.validation import checked, validate_request

Body = dict[str, Any]

HEADERS = {"x-api-key": "sk-ant-api03-test", "anthropic-version": "2026-10-21"}
OLD = {"anthropic-version": "2023-06-01"}
BINDING = {"anthropic-beta": "thinking-binding-controls-2026-08-01"}
REMOVED = "<removed>"
"""Takes a key or a header away."""

OAT = "sk-ant-oat01-abc"
SUBSCRIPTION = "sk-ant-oat01-sub-abc"
OAUTH = {
    "x-api-key": REMOVED,
    "authorization": f"Bearer {OAT}",
    "anthropic-beta": "oauth-2025-04-20",
}
PLAN = {**OAUTH, "authorization": f"Bearer {SUBSCRIPTION}"}


def user(content: Any = "Hi") -> Body:
    return {"role": "user", "content": content}


def assistant(content: Any = "Hello") -> Body:
    return {"role": "assistant", "content": content}


def system(content: Any = "Be brief.") -> Body:
    return {"role": "system", "content": content}


def text(value: str = "Hi", **more: Any) -> Body:
    return {"type": "text", "text": value, **more}


def call(id_: str = "toolu_1", name: str = "get_weather", **more: Any) -> Body:
    return {"type": "tool_use", "id": id_, "name": name, "input": {}, **more}


def result(id_: str = "toolu_1", **more: Any) -> Body:
    return {"type": "tool_result", "tool_use_id": id_, **more}


def tool(name: str = "get_weather", **more: Any) -> Body:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    return {"name": name, "input_schema": schema, **more}


def strict_tool(properties: Body, name: str = "t", **more: Any) -> Body:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }
    return {"name": name, "strict": True, "input_schema": schema}


def output_format(schema: Body) -> Body:
    return {"format": {"type": "json_schema", "schema": schema}}


def closed(**properties: Any) -> Body:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def loop(*results: Body, calls: tuple[Body, ...] = (call(),)) -> Body:
    return {
        "tools": [tool()],
        "messages": [user(), assistant(list(calls)), user(list(results))],
    }


def png(width: int = 1, height: int = 1) -> str:
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)
    return base64.b64encode(head).decode()


def image(data: str = "", media_type: str = "image/png") -> Body:
    source = {"type": "base64", "media_type": media_type, "data": data or png()}
    return {"type": "image", "source": source}


def document(**more: Any) -> Body:
    source = {"type": "text", "media_type": "text/plain", "data": "x"}
    return {"type": "document", "source": source, **more}


MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
HAIKU45 = "claude-haiku-4-5"
OPUS46 = "claude-opus-4-6"


@dataclass(frozen=True)
class Case:
    """``good`` and ``bad`` are changes to the same small request."""

    rule: int
    name: str
    good: Body = field(default_factory=dict)
    bad: Body = field(default_factory=dict)
    path: str = ""
    status: int = 400
    good_headers: Mapping[str, Any] = field(default_factory=dict)
    bad_headers: Mapping[str, Any] | None = None
    """None: the same as ``good_headers``."""
    profile: Profile = field(default_factory=Profile)
    refused_by: int | None = None
    """Another rule that sees it first."""


def request_of(change: Mapping[str, Any], headers: Mapping[str, Any]) -> Any:
    body = {"model": "claude-opus-4-8", "max_tokens": 100, "messages": [user()]}
    merged = {**body, **copy.deepcopy(dict(change))}
    sent = {**HEADERS, **headers}
    return (
        {name: value for name, value in sent.items() if value is not REMOVED},
        {key: value for key, value in merged.items() if value is not REMOVED},
    )


def validate(
    change: Mapping[str, Any],
    headers: Mapping[str, Any] | None = None,
    profile: Profile | None = None,
) -> Body:
    sent, body = request_of(change, headers or {})
    return validate_request(sent, json.dumps(body).encode(), profile)


ENVELOPE = [
    Case(1, "version", path="", bad_headers={"anthropic-version": REMOVED}),
    Case(2, "no key", status=401, bad_headers={"x-api-key": REMOVED}),
    Case(2, "bad key", status=401, bad_headers={"x-api-key": "not-used"}),
    Case(
        2,
        "bad bearer",
        status=401,
        good_headers={"x-api-key": REMOVED, "authorization": "Bearer sk-ant-api03-a"},
        bad_headers={"x-api-key": REMOVED, "authorization": "Bearer dummy"},
    ),
    Case(
        2,
        "OAuth token as an API key",
        status=401,
        good_headers=OAUTH,
        bad_headers={**OAUTH, "x-api-key": OAT},
    ),
    Case(
        2,
        "key that is not in the list",
        status=401,
        profile=Profile(accepted_keys=frozenset({HEADERS["x-api-key"]})),
        bad_headers={"x-api-key": "sk-ant-api03-other"},
    ),
    Case(30, "beta", good_headers=BINDING, bad_headers={"anthropic-beta": "x-2026"}),
    Case(101, "unknown version", bad_headers={"anthropic-version": "2025-01-01"}),
    Case(
        102,
        "expired token",
        status=401,
        good_headers=OAUTH,
        bad_headers={**OAUTH, "authorization": "Bearer sk-ant-oat01-old"},
        profile=Profile(expired=frozenset({"sk-ant-oat01-old"})),
    ),
    Case(
        103,
        "OAuth beta",
        status=401,
        good_headers=OAUTH,
        bad_headers={**OAUTH, "anthropic-beta": REMOVED},
    ),
    Case(
        104,
        "identity",
        good={"system": [text(IDENTITY), text("Be brief.")]},
        bad={"system": [text("Be brief."), text(IDENTITY)]},
        good_headers=PLAN,
    ),
    Case(
        104,
        "identity not in a block of its own",
        good={"system": IDENTITY},
        bad={"system": f"{IDENTITY}\n\nBe brief."},
        good_headers=PLAN,
    ),
]

SHAPE = [
    Case(3, "model", bad={"model": REMOVED}, path="model"),
    Case(3, "max_tokens", bad={"max_tokens": REMOVED}, path="max_tokens"),
    Case(3, "messages", bad={"messages": REMOVED}, path="messages"),
    Case(3, "content", bad={"messages": [{"role": "user"}]}, path="messages.0.content"),
    Case(
        3,
        "block type",
        good={"messages": [user([text()])]},
        bad={"messages": [user([{"text": "Hi"}])]},
        path="messages.0.content.0.type",
    ),
    Case(4, "n", bad={"n": 1}, path="n"),
    Case(
        4,
        "name of a message",
        bad={"messages": [{**user(), "name": "bob"}]},
        path="messages.0.name",
    ),
    Case(
        4,
        "metadata",
        good={"metadata": {"user_id": "u"}},
        bad={"metadata": {"foo": "u"}},
        path="metadata.foo",
    ),
    Case(
        4,
        "key of a block",
        good={"messages": [user([text()])]},
        bad={"messages": [user([text(index=0)])]},
        path="messages.0.content.0.text.index",
    ),
    Case(
        4,
        "key of a tool",
        good={"tools": [tool()]},
        bad={"tools": [tool(parameters={})]},
        path="tools.0.custom.parameters",
    ),
    Case(
        4,
        "effort outside output_config",
        good={"output_config": {"effort": "low"}},
        bad={"effort": "low"},
        path="effort",
    ),
    Case(
        5,
        "temperature",
        good={"model": OPUS46, "temperature": 1},
        good_headers=OLD,
        bad={"model": OPUS46, "temperature": 1},
        bad_headers={},
        path="temperature",
    ),
    Case(36, "stream", good={"stream": True}, bad={"stream": "yes"}, path="stream"),
    Case(36, "system", good={"system": "x"}, bad={"system": 1}, path="system"),
    Case(
        36,
        "system blocks",
        good={"system": [text()]},
        bad={"system": [image()]},
        path="system.0",
    ),
    Case(36, "model", bad={"model": 5}, path="model"),
    Case(36, "messages", bad={"messages": {}}, path="messages"),
    Case(
        36,
        "service_tier",
        good={"service_tier": "standard_only"},
        bad={"service_tier": "flex"},
        path="service_tier",
    ),
    Case(
        36,
        "block type",
        good={"messages": [user([text()])]},
        bad={"messages": [user([{"type": "input_text", "text": "Hi"}])]},
        path="messages.0.content.0",
    ),
]

LIMITS = [
    Case(8, "negative", bad={"max_tokens": -1}, path="max_tokens"),
    Case(8, "zero is legal", good={"max_tokens": 0}, bad={"max_tokens": 1.5}),
    Case(8, "a string", bad={"max_tokens": "100"}, path="max_tokens"),
    Case(
        8,
        "above the model's",
        good={"max_tokens": 128_000},
        bad={"max_tokens": 128_001},
        path="max_tokens",
    ),
    Case(
        31,
        "markers",
        good={"system": [text(**MARK) for _ in range(4)]},
        bad={"system": [text(**MARK) for _ in range(5)]},
    ),
    Case(
        31,
        "the automatic one counts",
        good={"system": [text(**MARK) for _ in range(3)], **MARK},
        bad={"system": [text(**MARK) for _ in range(4)], **MARK},
    ),
    Case(
        31,
        "on thinking",
        good={"system": [text(**MARK)]},
        bad={
            "messages": [
                user(),
                assistant(
                    [{"type": "thinking", "thinking": "", "signature": "x", **MARK}]
                ),
            ]
        },
        path="messages.1.content.0.thinking.cache_control",
        refused_by=4,
    ),
    Case(
        31,
        "on empty text",
        good={"messages": [user([text(**MARK)])]},
        bad={"messages": [user([text("", **MARK)])]},
        path="messages.0.content.0",
        refused_by=12,
    ),
    Case(
        32,
        "stop sequence",
        good={"stop_sequences": ["END"] * 9},
        bad={"stop_sequences": ["END", "\n"]},
        path="stop_sequences",
    ),
    Case(
        37,
        "window",
        good={"model": HAIKU45, "messages": [user("x" * 790_000)]},
        bad={"model": HAIKU45, "messages": [user("x" * 810_000)]},
    ),
    Case(
        38,
        "32 MB",
        status=413,
        good={"messages": [user("x")]},
        bad={"messages": [user("x" * 1000)]},
        profile=Profile(max_body_bytes=1000),
    ),
    Case(39, "unknown", status=404, bad={"model": "gpt-4o"}, path="model"),
    Case(39, "retired", status=404, bad={"model": "claude-opus-4-1"}, path="model"),
    Case(
        41,
        "e-mail",
        good={"metadata": {"user_id": "user-42"}},
        bad={"metadata": {"user_id": "someone@example.com"}},
        path="metadata.user_id",
    ),
    Case(
        41,
        "telephone",
        good={"metadata": {"user_id": "a1b2"}},
        bad={"metadata": {"user_id": "+49 30 1234567"}},
        path="metadata.user_id",
    ),
    Case(
        105,
        "one hour after five minutes",
        good={"system": [text(**HOUR)], "messages": [user([text(**MARK)])]},
        bad={"system": [text(**MARK)], "messages": [user([text(**HOUR)])]},
        path="messages.0.content.0.cache_control.ttl",
    ),
    Case(
        106,
        "fast mode",
        good={"model": "claude-opus-5-5", "speed": "fast"},
        bad={"model": "claude-opus-4-8", "speed": "fast"},
        path="speed",
    ),
]

SAMPLING = [
    Case(
        6,
        "temperature",
        good={"temperature": 1},
        bad={"temperature": 0.5},
        path="temperature",
        good_headers=OLD,
    ),
    Case(
        6,
        "top_p",
        good={"top_p": 0.99},
        bad={"top_p": 1},
        path="top_p",
        good_headers=OLD,
    ),
    Case(6, "top_k", bad={"top_k": 5}, path="top_k", good_headers=OLD),
    Case(
        6,
        "both",
        good={"temperature": 1},
        bad={"temperature": 1, "top_p": 0.99},
        path="temperature",
        good_headers=OLD,
    ),
    Case(
        7,
        "range",
        good={"model": OPUS46, "temperature": 0.5},
        bad={"model": OPUS46, "temperature": 1.5},
        path="temperature",
        good_headers=OLD,
    ),
    Case(
        7,
        "both",
        good={"model": OPUS46, "top_p": 0.5},
        bad={"model": OPUS46, "top_p": 0.5, "temperature": 0.5},
        path="temperature",
        good_headers=OLD,
    ),
]

TURNS = [
    Case(9, "none", bad={"messages": []}, path="messages"),
    Case(
        9,
        "role",
        bad={"messages": [{"role": "developer", "content": "x"}]},
        path="messages.0.role",
    ),
    Case(
        10,
        "assistant first",
        good={"messages": [user(), assistant(), user()]},
        bad={"messages": [assistant(), user()]},
        path="messages",
        profile=Profile(first_message_must_be_user=True),
    ),
    Case(
        11,
        "model",
        good={"messages": [user(), system()]},
        bad={"model": "claude-sonnet-5", "messages": [user(), system()]},
        path="messages.1",
    ),
    Case(11, "first", bad={"messages": [system(), user()]}, path="messages.0"),
    Case(
        11,
        "after assistant",
        good={"messages": [user(), system(), assistant(), user()]},
        bad={"messages": [user(), assistant(), system()]},
        path="messages.2",
    ),
    Case(
        11,
        "before user",
        good={"messages": [user(), user(), system()]},
        bad={"messages": [user(), system(), user()]},
        path="messages.1",
    ),
    Case(
        11,
        "image",
        good={"messages": [user(), system([text()])]},
        bad={"messages": [user(), system([image()])]},
        path="messages.1.content.0",
    ),
    Case(
        12,
        "empty text",
        good={"messages": [user([text("x")])]},
        bad={"messages": [user([text("")])]},
        path="messages.0.content.0",
    ),
    Case(12, "white space", bad={"messages": [user(" \n")]}, path="messages.0"),
    Case(12, "empty string", bad={"messages": [user("")]}, path="messages.0"),
    Case(12, "no blocks", bad={"messages": [user([])]}, path="messages.0"),
    Case(
        12,
        "only the final assistant may be empty",
        good={"model": HAIKU45, "messages": [user(), assistant("")]},
        bad={"model": HAIKU45, "messages": [user(), assistant(""), user()]},
        path="messages.1",
    ),
    Case(
        12,
        "inside a result",
        good=loop(result(content=[text()])),
        bad=loop(result(content=[text("")])),
        path="messages.2.content.0",
    ),
    Case(
        12,
        "in system",
        good={"system": ""},
        bad={"system": [text("")]},
        path="system.0",
    ),
    Case(
        13,
        "white space at the end",
        good={"model": HAIKU45, "messages": [user(), assistant("The")]},
        bad={"model": HAIKU45, "messages": [user(), assistant("The ")]},
        path="messages",
    ),
    Case(
        14,
        "prefill",
        good={"model": HAIKU45, "messages": [user(), assistant("The")]},
        bad={"messages": [user(), assistant("The")]},
    ),
    Case(
        34,
        "document of an assistant",
        good={"messages": [user(), assistant([text(), document()]), user()]},
        good_headers=OLD,
        bad={"messages": [user(), assistant([text(), document()]), user()]},
        bad_headers={},
        path="messages.1.content.1",
    ),
    Case(
        34,
        "citations of a user",
        good={"messages": [user([text(citations=[])])]},
        bad={
            "messages": [
                user(
                    [
                        text(
                            citations=[
                                {
                                    "type": "web_search_result_location",
                                    "url": "https://example.com",
                                    "title": None,
                                    "cited_text": "x",
                                    "encrypted_index": "x",
                                }
                            ]
                        )
                    ]
                )
            ]
        },
        path="messages.0.content.0.text.citations",
    ),
    Case(
        107,
        "call of a user",
        good={"messages": [user([text()])]},
        bad={"messages": [user([call()])], "tools": [tool()]},
        path="messages.0.content.0",
    ),
    Case(
        107,
        "image of an assistant",
        good={"messages": [user([image()]), assistant(), user()]},
        bad={"messages": [user(), assistant([image(), text()]), user()]},
        path="messages.1.content.0",
    ),
]

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


def manual(budget: int, **more: Any) -> Body:
    thinking = {"type": "enabled", "budget_tokens": budget}
    return {"model": HAIKU45, "max_tokens": 2000, "thinking": thinking, **more}


def thinks(kind: str, model: str, **more: Any) -> Body:
    return {"model": model, "thinking": {"type": kind, **more}}


THINKING = [
    Case(
        25,
        "always on",
        good=thinks("adaptive", "claude-opus-5-5"),
        bad=thinks("disabled", "claude-opus-5-5"),
    ),
    Case(
        25,
        "off between tools",
        good=thinks("between_tools", "claude-sonnet-5-5"),
        bad=thinks("disabled", "claude-sonnet-5-5"),
    ),
    Case(
        25,
        "between tools elsewhere",
        good=thinks("disabled", "claude-haiku-5-5"),
        bad=thinks("between_tools", "claude-haiku-5-5"),
    ),
    Case(
        25,
        "between tools with a display",
        good=thinks("between_tools", "claude-sonnet-5-5"),
        bad=thinks("between_tools", "claude-sonnet-5-5", display="summarized"),
        path="thinking.between_tools.display",
        refused_by=4,
    ),
    Case(25, "manual on a new model", bad={**manual(1024), "model": "claude-opus-4-7"}),
    Case(
        25,
        "manual on 4.6",
        good={**manual(1024), "model": OPUS46},
        bad={**manual(1024), "model": "claude-opus-5"},
    ),
    Case(25, "adaptive on 4.5", good=manual(1024), bad=thinks("adaptive", HAIKU45)),
    Case(
        25,
        "effort of a model that is off",
        good={
            **thinks("disabled", "claude-haiku-5-5"),
            "output_config": {"effort": "high"},
        },
        bad={
            **thinks("disabled", "claude-haiku-5-5"),
            "output_config": {"effort": "xhigh"},
        },
    ),
    Case(
        25,
        "small budget",
        good=manual(1024),
        bad=manual(1023),
        path="thinking.enabled.budget_tokens",
    ),
    Case(25, "large budget", good=manual(1999), bad=manual(2000)),
    Case(
        25,
        "prefill",
        good=manual(1024),
        bad=manual(1024, messages=[user(), assistant("The")]),
    ),
    Case(
        25,
        "temperature",
        good=manual(1024, temperature=1),
        bad=manual(1024, temperature=0.5),
        good_headers=OLD,
    ),
    Case(
        25,
        "top_k",
        good=manual(1024, top_p=0.95),
        bad=manual(1024, top_k=3),
        good_headers=OLD,
    ),
    Case(
        25,
        "a loop without thinking",
        good={**loop(result()), "model": HAIKU45},
        bad=manual(1024, **loop(result())),
        path="messages.1.content.0.type",
    ),
    Case(
        26,
        "model without effort",
        good={"output_config": {"effort": "low"}},
        bad={"model": HAIKU45, "output_config": {"effort": "low"}},
        path="output_config.effort",
    ),
    Case(
        26,
        "level",
        good={"model": OPUS46, "output_config": {"effort": "max"}},
        bad={"model": OPUS46, "output_config": {"effort": "xhigh"}},
        path="output_config.effort",
    ),
    Case(
        29,
        "block_binding",
        good=thinks("adaptive", "claude-opus-5-5", block_binding={}),
        good_headers=BINDING,
        bad=thinks("adaptive", "claude-opus-5-5", block_binding={}),
        bad_headers={},
        path="thinking.adaptive.block_binding",
    ),
    Case(
        29,
        "updates",
        good=thinks("adaptive", "claude-opus-5-5", display="omitted"),
        bad=thinks("adaptive", "claude-opus-5-5", display="updates"),
        path="thinking.adaptive.display",
    ),
]

RECURSIVE = closed(child={"$ref": "#"})

SCHEMAS = [
    Case(
        35,
        "open object",
        good={"output_config": output_format(closed(a={"type": "string"}))},
        bad={"output_config": output_format({"type": "object", "properties": {}})},
        path="output_config.format.schema",
    ),
    Case(
        35,
        "open object in a strict tool",
        good={"tools": [strict_tool({"a": {"type": "string"}})]},
        bad={"tools": [strict_tool({}, additionalProperties=True)]},
        path="tools.0.custom.input_schema",
    ),
    Case(
        35,
        "keyword",
        bad={
            "output_config": output_format(closed(a={"type": "integer", "minimum": 1}))
        },
        path="output_config.format.schema",
    ),
    Case(
        35,
        "minItems",
        good={
            "output_config": output_format(closed(a={"type": "array", "minItems": 1}))
        },
        bad={
            "output_config": output_format(closed(a={"type": "array", "minItems": 2}))
        },
        path="output_config.format.schema",
    ),
    Case(
        35,
        "recursion",
        bad={"output_config": output_format(RECURSIVE)},
        path="output_config.format.schema",
    ),
    Case(
        35,
        "citations",
        good={
            "messages": [user([document(), text()])],
            "output_config": output_format(closed()),
        },
        bad={
            "messages": [user([document(citations={"enabled": True}), text()])],
            "output_config": output_format(closed()),
        },
        path="output_config.format",
    ),
    Case(
        35,
        "prefill",
        good={"model": HAIKU45, "output_config": output_format(closed())},
        bad={
            "model": HAIKU45,
            "output_config": output_format(closed()),
            "messages": [user(), assistant("{")],
        },
        path="output_config.format",
    ),
    Case(
        42,
        "strict tools",
        good={"tools": [strict_tool({}, name=f"t{n}") for n in range(20)]},
        bad={"tools": [strict_tool({}, name=f"t{n}") for n in range(21)]},
    ),
    Case(
        42,
        "optional parameters",
        good={"tools": [strict_tool({f"p{n}": {} for n in range(24)}, required=[])]},
        bad={"tools": [strict_tool({f"p{n}": {} for n in range(25)}, required=[])]},
    ),
    Case(
        42,
        "unions",
        good={"tools": [strict_tool({f"p{n}": {"anyOf": [{}]} for n in range(16)})]},
        bad={"tools": [strict_tool({f"p{n}": {"anyOf": [{}]} for n in range(17)})]},
    ),
]

SOURCE = "messages.0.content.0.image.source"

IMAGES = [
    Case(
        33,
        "media type",
        good={"messages": [user([image()])]},
        bad={"messages": [user([image(media_type="image/bmp")])]},
        path=f"{SOURCE}.base64.media_type",
    ),
    Case(
        33,
        "not base64",
        bad={"messages": [user([image("%%%")])]},
        path=f"{SOURCE}.base64.data",
    ),
    Case(
        33,
        "another type than it says",
        bad={"messages": [user([image(media_type="image/jpeg")])]},
        path=f"{SOURCE}.base64",
    ),
    Case(
        33,
        "bytes",
        good={"messages": [user([image(png() + "A" * 5_242_848)])]},
        bad={"messages": [user([image(png() + "A" * 5_242_852)])]},
        path=f"{SOURCE}.base64",
    ),
    Case(
        33,
        "pixels",
        good={"messages": [user([image(png(8000, 1))])]},
        bad={"messages": [user([image(png(8001, 1))])]},
        path=f"{SOURCE}.base64",
    ),
    Case(
        33,
        "pixels of many",
        good={"messages": [user([image(png(2001, 1))] * 20)]},
        bad={"messages": [user([image(png(2001, 1))] * 21)]},
        path=f"{SOURCE}.base64",
    ),
    Case(
        33,
        "number",
        good={"model": HAIKU45, "messages": [user([image()] * 100)]},
        bad={"model": HAIKU45, "messages": [user([image()] * 101)]},
        path="messages",
    ),
    Case(
        33,
        "inside a result",
        good=loop(result(content=[image()])),
        bad=loop(result(content=[text(), image("%%%")])),
        path="messages.2.content.0.tool_result.content.1.image.source.base64.data",
    ),
    Case(
        33,
        "plain http",
        good={
            "messages": [
                user([{"type": "image", "source": {"type": "url", "url": "https://e"}}])
            ]
        },
        bad={
            "messages": [
                user([{"type": "image", "source": {"type": "url", "url": "http://e"}}])
            ]
        },
        path=f"{SOURCE}.url.url",
    ),
]

CASES = [
    *ENVELOPE,
    *SHAPE,
    *LIMITS,
    *SAMPLING,
    *TURNS,
    *CALLS,
    *THINKING,
    *SCHEMAS,
    *IMAGES,
]
TESTED_BELOW = {27, 28, 40, 108}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule} {case.name}")
def test_rule(case: Case) -> None:
    validate(case.good, case.good_headers, case.profile)
    headers = case.good_headers if case.bad_headers is None else case.bad_headers
    with pytest.raises(ApiError) as refused:
        validate(case.bad, headers, case.profile)
    error = refused.value
    assert error.rule == (case.refused_by or case.rule), str(error)
    assert error.status == case.status
    assert error.path.startswith(case.path)
    kinds = {401: "authentication_error", 404: "not_found_error"}
    kinds |= {400: "invalid_request_error", 413: "request_too_large"}
    assert error.type == kinds[case.status]


def test_every_rule_has_a_case() -> None:
    numbers = [rule.number for rule in RULES]
    assert set(range(1, 43)) <= set(numbers)
    assert len(numbers) == len(set(numbers))
    assert set(numbers) == {case.rule for case in CASES} | TESTED_BELOW


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b'{"a": NaN}',
        rb'{"a": "\ud83d"}',
        rb'{"a": "\ud83d\u0041"}',
        rb'{"a": "\udc00"}',
        b'{"a": "\xff"}',
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError, match="The request body is not valid JSON") as refused:
        validate_request(HEADERS, body)
    assert (refused.value.rule, refused.value.status) == (40, 400)


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(ApiError) as refused:
        validate_request(HEADERS, b"[]")
    assert refused.value.rule == 36


def test_a_paused_turn_is_no_prefill() -> None:
    search = {
        "type": "server_tool_use",
        "id": "srvtoolu_1",
        "name": "web_search",
        "input": {"query": "x"},
    }
    found = {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [],
    }
    validate({"messages": [user(), assistant([text("Wait. "), search, found])]})


# thinking that is sent back


def replied(change: Body, profile: Profile | None = None) -> list[Body]:
    """The content that the stand-in answers with."""
    sent, body = request_of(change, BINDING)
    request = checked(sent, json.dumps(body).encode(), profile or Profile(), "messages")
    content: list[Body] = answer(request, Memory(), "").message["content"]
    return content


WEATHER = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 4000,
    "system": "Be brief.",
    "tools": [tool(), tool("other")],
    "messages": [user("What is the weather in Rome?")],
}


def second_round(**changes: Any) -> Body:
    """The tool loop's next request, with the first answer sent back as it came."""
    content = replied(WEATHER)
    assert [block["type"] for block in content] == ["thinking", "tool_use"]
    messages = [
        *WEATHER["messages"],
        assistant(content),
        user([result(content[1]["id"], content="20C")]),
    ]
    return {**WEATHER, "messages": messages, **changes}


def test_a_thinking_block_as_it_came_is_accepted() -> None:
    validate(second_round())


def test_markers_and_the_order_of_tools_do_not_unbind_thinking() -> None:
    validate(
        second_round(
            tools=[tool("other"), tool(**MARK)], system=[text("Be brief.", **MARK)]
        )
    )


def test_an_altered_thinking_block_is_refused() -> None:
    body = second_round()
    body["messages"][1]["content"][0]["thinking"] = "other"
    with pytest.raises(ApiError, match="Invalid `signature`") as refused:
        validate(body)
    assert (refused.value.rule, refused.value.path) == (27, "messages.1.content.0")


def test_an_unsigned_thinking_block_is_refused() -> None:
    body = second_round()
    del body["messages"][1]["content"][0]["signature"]
    with pytest.raises(ApiError, match="Field required") as refused:
        validate(body)
    assert refused.value.rule == 27


def test_foreign_signatures_pass_where_nobody_checks() -> None:
    body = second_round()
    body["messages"][1]["content"][0]["signature"] = "sig=="
    validate(body, profile=Profile(check_signatures=False))


CHANGED_PREFIXES: list[Body] = [
    {"system": "Be very brief."},
    {"system": REMOVED},
    {"tools": [tool(), tool("third")]},
]


@pytest.mark.parametrize("change", CHANGED_PREFIXES)
def test_thinking_is_bound_to_what_came_before(change: Body) -> None:
    with pytest.raises(ApiError, match="bound to a different conversation") as refused:
        validate(second_round(**change))
    assert (refused.value.rule, refused.value.path) == (28, "messages.1.content.0")


def test_drop_block_lets_an_unbound_block_go() -> None:
    body = second_round(system="Be very brief.")
    binding = {"prefix_mismatch_behavior": "drop_block"}
    body["thinking"] = {"type": "adaptive", "block_binding": binding}
    sent, whole = request_of(body, BINDING)
    request = checked(sent, json.dumps(whole).encode(), Profile(), "messages")
    message = answer(request, Memory(), "").message
    assert message["input_transformations"] == [
        {
            "type": "thinking_dropped",
            "path": "messages.1.content.0",
            "reason": "prefix_binding_mismatch",
        }
    ]


def test_an_old_account_is_not_held_to_it_but_told() -> None:
    profile = Profile(new_account=False)
    sent, whole = request_of(second_round(system="Other."), BINDING)
    request = checked(sent, json.dumps(whole).encode(), profile, "messages")
    told = answer(request, Memory(), "").message["input_transformations"]
    assert [entry["type"] for entry in told] == ["thinking_mismatch_allowed"]


def test_every_account_is_held_to_it_on_fable() -> None:
    old = Profile(new_account=False)
    question = {**WEATHER, "model": "claude-fable-5-2"}
    content = replied(question, old)
    answered = user([result(content[1]["id"])])
    messages = [*question["messages"], assistant(content), answered]
    validate({**question, "messages": messages}, profile=old)
    with pytest.raises(ApiError) as refused:
        validate({**question, "messages": messages, "system": "x"}, profile=old)
    assert refused.value.rule == 28


def test_another_models_thinking_is_dropped_in_silence() -> None:
    body = second_round(model="claude-haiku-5-5", system="Other.")
    sent, whole = request_of(body, BINDING)
    request = checked(sent, json.dumps(whole).encode(), Profile(), "messages")
    told = answer(request, Memory(), "").message["input_transformations"]
    assert [entry["reason"] for entry in told] == ["model_binding_mismatch"]


def three_rounds() -> list[Body]:
    messages: list[Body] = []
    for question in ("One?", "Two?", "Three?"):
        messages.append(user(question))
        messages.append(assistant(replied({**WEATHER, "messages": messages})))
    return [*messages, user("Four?")]


@pytest.mark.parametrize("dropped", [(), (1,), (1, 3), (5,), (3, 5), (1, 3, 5)])
def test_a_run_of_thinking_may_be_left_out_at_either_end(
    dropped: tuple[int, ...],
) -> None:
    messages = three_rounds()
    for index in dropped:
        del messages[index]["content"][0]
    validate({**WEATHER, "messages": messages})


def test_a_hole_in_the_middle_is_refused() -> None:
    messages = three_rounds()
    del messages[3]["content"][0]
    with pytest.raises(ApiError) as refused:
        validate({**WEATHER, "messages": messages})
    assert (refused.value.rule, refused.value.path) == (28, "messages.5.content.0")


def test_thinking_cannot_end_a_message() -> None:
    content = replied({**WEATHER, "max_tokens": 20})
    assert [block["type"] for block in content] == ["thinking"]
    messages = [*WEATHER["messages"], assistant(content), user()]
    with pytest.raises(ApiError) as refused:
        validate({**WEATHER, "messages": messages})
    assert refused.value.rule == 108


def test_redacted_thinking_is_sealed_too() -> None:
    question = {**WEATHER, "messages": [user("[[redacted]][[text Yes.]]")]}
    content = replied(question)
    kinds = [block["type"] for block in content]
    assert kinds == ["thinking", "redacted_thinking", "text"]
    messages = [*question["messages"], assistant(content), user()]
    validate({**question, "messages": messages})
    content[1]["data"] = "AAAA"
    with pytest.raises(ApiError, match="Invalid `data`"):
        validate({**question, "messages": messages})


def test_a_manual_loop_that_starts_with_thinking_is_accepted() -> None:
    question = {**manual(1024), **WEATHER, "model": HAIKU45}
    content = replied(question)
    assert content[0]["type"] == "thinking"
    answered = user([result(content[1]["id"])])
    validate(
        {
            **question,
            "messages": [
                user("What is the weather in Rome?"),
                assistant(content),
                answered,
            ],
        }
    )


# other endpoints


def test_count_tokens_takes_no_max_tokens_but_checks_the_rest() -> None:
    body = {"model": "claude-sonnet-5-5", "messages": [user()]}
    validate_request(HEADERS, json.dumps(body).encode(), endpoint="count_tokens")
    for key, value, rule in [
        ("max_tokens", 5, 4),
        ("stream", True, 4),
        ("metadata", {}, 4),
        ("model", "x", 39),
    ]:
        with pytest.raises(ApiError) as refused:
            validate_request(
                HEADERS,
                json.dumps({**body, key: value}).encode(),
                endpoint="count_tokens",
            )
        assert refused.value.rule == rule
    forced = {**body, "tools": [tool()], "tool_choice": {"type": "any"}}
    with pytest.raises(ApiError) as refused:
        validate_request(HEADERS, json.dumps(forced).encode(), endpoint="count_tokens")
    assert refused.value.rule == 23


def test_models_need_headers_but_no_body() -> None:
    validate_headers = {**HEADERS}
    checked(validate_headers, b"", Profile(), "models")
    del validate_headers["anthropic-version"]
    with pytest.raises(ApiError):
        checked(validate_headers, b"", Profile(), "models")


# the tables against those of others


def test_shapes_know_the_keys_that_the_sdk_knows() -> None:
    types = pytest.importorskip("anthropic.types")
    params = pytest.importorskip("anthropic.types.message_create_params")
    if not hasattr(types, "ThinkingConfigBetweenToolsParam"):
        pytest.skip("the SDK is older than the API that is simulated")
    from anthropic.types.message_count_tokens_params import MessageCountTokensParams
    from typing_extensions import get_type_hints

    headers = {"user_profile_id", "workspace_id"}
    ours = {*MESSAGES.required, *MESSAGES.optional} - {"temperature", "top_p", "top_k"}
    sdk = set(get_type_hints(params.MessageCreateParamsStreaming))
    assert ours == sdk - headers
    counted = {*COUNT_TOKENS.required, *COUNT_TOKENS.optional}
    assert counted == set(get_type_hints(MessageCountTokensParams)) - headers


def test_tools_and_blocks_know_the_keys_that_the_sdk_knows() -> None:
    types = pytest.importorskip("anthropic.types")
    if not hasattr(types, "ThinkingConfigBetweenToolsParam"):
        pytest.skip("the SDK is older than the API that is simulated")
    from typing import get_args

    from typing_extensions import get_type_hints

    unions = [
        (TOOLS, types.ToolUnionParam, "custom"),
        (BLOCKS, types.ContentBlockParam, None),
    ]
    for ours, union, default in unions:
        seen = set()
        for member in get_args(union):
            hints = get_type_hints(member)
            tags = [t for t in _literals(hints["type"]) if isinstance(t, str)]
            for tag in tags or [default]:
                record = ours.variants[tag]
                assert {*record.required, *record.optional} == set(hints) - {"type"}
                seen.add(tag)
        assert seen == set(ours.variants)


def _literals(hint: Any) -> list[Any]:
    from typing import Literal, get_args, get_origin

    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [found for part in get_args(hint) for found in _literals(part)]


def test_capabilities_agree_with_the_products_catalogue() -> None:
    catalog = pytest.importorskip("anthropic_proxy.models.catalog")
    kinds = {
        Thinks.ALWAYS: "ALWAYS",
        Thinks.BETWEEN_TOOLS: "BETWEEN_TOOLS",
        Thinks.BY_DEFAULT: "ON_BY_DEFAULT",
        Thinks.ON_REQUEST: "OFF_BY_DEFAULT",
        Thinks.MANUAL: "MANUAL",
    }
    known = catalog.Catalog.load()
    for name, ours in BY_NAME.items():
        theirs = known.get(name)
        assert theirs.known, name
        facts = (
            theirs.context_window,
            theirs.max_output,
            theirs.thinking.name,
            theirs.default_effort,
            tuple(theirs.efforts),
            theirs.sampling,
            theirs.prefill,
            theirs.in_message_system,
        )
        assert facts == (
            ours.context_window,
            ours.max_output,
            kinds[ours.thinks],
            ours.default_effort,
            ours.efforts,
            ours.sampling,
            ours.prefill,
            ours.in_message_system,
        ), name
        assert theirs.binds_thinking == (ours.binds_thinking != "no"), name
        if name != "claude-mythos-preview":
            assert theirs.forced_tools == ours.forced_tools, name


def test_every_model_answers() -> None:
    for model in MODELS:
        content = replied({"model": model.id, "max_tokens": 1000})
        thinks_first = content[0]["type"] == "thinking"
        assert thinks_first == model.thinks_by_default
    assert replace(MODELS[0], id="claude-opus-9").line == "opus"

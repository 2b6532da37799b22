"""What a case is, and the small requests that cases are made of."""

from __future__ import annotations

import base64
import copy
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from anthropic_proxy.simulator.answer import Answer, Memory, answer
from anthropic_proxy.simulator.profile import Profile
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


WEATHER = {
    "name": "get_weather",
    "description": "Forecast for a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
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


def answered(
    change: Mapping[str, Any],
    headers: Mapping[str, Any] | None = None,
    profile: Profile | None = None,
    memory: Memory | None = None,
) -> Answer:
    """What the stand-in answers."""
    sent, body = request_of(change, headers or {})
    raw = json.dumps(body).encode()
    request = checked(sent, raw, profile or Profile(), "messages")
    return answer(request, memory or Memory(), "owner")


def said(content: Any, **more: Any) -> Body:
    """The message that answers one user message."""
    message: Body = answered({"messages": [user(content)], **more}).message
    return message

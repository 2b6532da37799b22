"""Whatever is sent, the stand-in refuses it by a rule or answers it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.simulator.answer import HtmlPage, Memory, answer
from anthropic_proxy.simulator.api_error import ApiError
from anthropic_proxy.simulator.delivery import body_steps, stream_steps
from anthropic_proxy.simulator.events import message_events
from anthropic_proxy.simulator.profile import Profile
from anthropic_proxy.simulator.validation import checked
from simulator_cases.case import (
    BINDING,
    HEADERS,
    HOUR,
    WEATHER,
    Body,
    assistant,
    call,
    closed,
    document,
    image,
    output_format,
    result,
    strict_tool,
    system,
    text,
    user,
)

RICH: Body = {
    "model": "claude-opus-5-5",
    "max_tokens": 4000,
    "system": [text("Be brief.", **HOUR)],
    "tools": [
        WEATHER,
        strict_tool({"a": {"anyOf": [{"enum": ["x", 1]}, {"type": "null"}]}}),
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3},
    ],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "thinking": {
        "type": "adaptive",
        "display": "summarized",
        "block_binding": {"prefix_mismatch_behavior": "drop_block"},
    },
    "output_config": {
        **output_format(closed(a={"type": "array", "items": {"$ref": "#/$defs/b"}})),
        "effort": "low",
    },
    "metadata": {"user_id": "u"},
    "stop_sequences": ["END"],
    "messages": [
        user([text("Weather in Rome?"), image(), document()]),
        assistant(
            [
                {"type": "thinking", "thinking": "", "signature": "AAAA"},
                text("Wait."),
                call(),
            ]
        ),
        user(
            [
                result(content=[text("20C")], is_error=False),
                text("And the weather in Oslo?"),
            ]
        ),
        system("Call no tool."),
    ],
}
RICH["output_config"]["format"]["schema"]["$defs"] = {"b": {"type": "string"}}

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", " ", "type", "object", "#", "auto", "text", "\x00é"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "content", "properties", "items", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a document, but not of the whole."""
    found: list[tuple[Any, ...]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        found.append((*path, key))
        if isinstance(item, dict | list):
            found += places(item, (*path, key))
    return found


PLACES = places(RICH)


def with_value(path: tuple[Any, ...], value: Any) -> Body:
    body: Body = json.loads(json.dumps(RICH))
    parent: Any = body
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return body


def answer_or_refuse(raw: bytes) -> None:
    profile = Profile(check_signatures=False)
    try:
        request = checked({**HEADERS, **BINDING}, raw, profile, "messages")
        made = answer(request, Memory(), "")
    except (ApiError, HtmlPage):
        return
    events = message_events(made.message, made.partial_inputs)
    stream_steps(events, made.delivery, "req_1")
    body_steps(json.dumps(made.message).encode(), made.delivery)


def test_the_rich_request_is_answered() -> None:
    profile = Profile(check_signatures=False)
    raw = json.dumps(RICH).encode()
    request = checked({**HEADERS, **BINDING}, raw, profile, "messages")
    assert answer(request, Memory(), "").message["stop_reason"] == "tool_use"


@given(st.sampled_from(PLACES), ANY_JSON)
@settings(deadline=None, max_examples=400)
def test_any_value_anywhere_is_refused_or_answered(
    path: tuple[Any, ...], value: Any
) -> None:
    answer_or_refuse(json.dumps(with_value(path, value)).encode())


@given(st.text(alphabet='[]{}":,= abcdefg0123456789-\n', max_size=60))
@settings(deadline=None, max_examples=100)
def test_any_text_is_answered(words: str) -> None:
    body = {**RICH, "messages": [user(f"x {words}")]}
    answer_or_refuse(json.dumps(body).encode())


@given(ANY_JSON)
@settings(deadline=None, max_examples=100)
def test_any_document_is_refused(document: Any) -> None:
    answer_or_refuse(json.dumps(document).encode())

"""Requests as clients of chat completions send them, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from anthropic_proxy.models.catalog import Catalog

MODEL_NAMES = [*(model.id for model in Catalog.load()), "gpt-4o", "gpt-3.5-turbo", "o3"]

words = st.sampled_from(
    ["Hi", "Go on. ", " ", "", "\n", "Grüße \U0001f600", "a\ud800b"]
)
texts = st.builds(lambda text: {"type": "text", "text": text}, words)
images = st.just(
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
)
files = st.just(
    {"type": "file", "file": {"file_data": "data:text/plain;base64,aGVsbG8="}}
)
content = words | st.lists(texts | images | files, max_size=3)
names = st.sampled_from(["get_weather", "fs.read/all", "now"])
arguments = st.sampled_from(['{"city":"Rome"}', "{}", "", "[1]", "{broken", "null"])
schemas = st.sampled_from(
    [
        {},
        {"type": "object", "properties": {"city": {"type": "string"}}},
        {
            "type": "object",
            "properties": {"n": {"type": "integer", "minimum": 1}},
            "required": ["n"],
            "additionalProperties": False,
        },
        {"type": "object", "additionalProperties": True},
        {
            "type": "object",
            "properties": {
                "kind": {"oneOf": [{"type": "string"}, {"type": "null"}]},
                "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2},
            },
        },
        {
            "type": "object",
            "properties": {"next": {"$ref": "#"}},
        },
    ]
)


@st.composite
def tool_turns(draw: st.DrawFn) -> list[dict[str, Any]]:
    """An assistant turn with calls and the answers to some of them."""
    count = draw(st.integers(1, 3))
    first = draw(st.integers(0, 999))
    ids = [f"call_{first + i}" for i in range(count)]
    called = [
        {
            "id": id_,
            "type": "function",
            "function": {"name": draw(names), "arguments": draw(arguments)},
        }
        for id_ in ids
    ]
    answered = draw(st.lists(st.sampled_from(ids), unique=True))
    results = [
        {"role": "tool", "tool_call_id": id_, "content": draw(words)}
        for id_ in answered
    ]
    turn = {"role": "assistant", "content": draw(st.none() | words)}
    return [turn | {"tool_calls": called}, *results]


turns = st.one_of(
    st.builds(lambda text: [{"role": "user", "content": text}], content),
    st.builds(lambda text: [{"role": "assistant", "content": text}], words),
    st.builds(lambda text: [{"role": "system", "content": text}], words),
    st.builds(lambda text: [{"role": "developer", "content": text}], words),
    tool_turns(),
)
functions = st.builds(
    lambda name, schema, strict: {
        "type": "function",
        "function": {"name": name, "parameters": schema, "strict": strict},
    },
    names,
    schemas,
    st.sampled_from([True, False, None]),
)
choices = st.sampled_from(["auto", "none", "required"]) | st.builds(
    lambda name: {"type": "function", "function": {"name": name}}, names
)
formats = st.sampled_from([{"type": "text"}, {"type": "json_object"}]) | st.builds(
    lambda schema: {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema},
    },
    schemas,
)
efforts = st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"])
chats = st.fixed_dictionaries(
    {
        "model": st.sampled_from(MODEL_NAMES),
        "messages": st.lists(turns, min_size=1, max_size=6).map(
            lambda groups: [message for group in groups for message in group]
        ),
    },
    optional={
        "max_tokens": st.sampled_from([1, 50, 1024, 1025, 4000, 10_000_000]),
        "temperature": st.sampled_from([0, 0.5, 1, 1.7, 2]),
        "top_p": st.sampled_from([0, 0.5, 0.99, 1]),
        "top_k": st.sampled_from([1, 40]),
        "stop": st.sampled_from(["END", " ", ["a", ""], []]),
        "stream": st.booleans(),
        "reasoning_effort": efforts,
        "tools": st.lists(
            functions, max_size=3, unique_by=lambda t: t["function"]["name"]
        ),
        "tool_choice": choices,
        "parallel_tool_calls": st.booleans(),
        "response_format": formats,
        "user": st.sampled_from(["u1", "a@b.test", "+49 171 1234567"]),
        "service_tier": st.sampled_from(["auto", "default", "flex", "priority"]),
        "prompt_cache_options": st.sampled_from([{}, {"mode": "explicit"}]),
        "web_search_options": st.just({}),
        "seed": st.integers(0, 9),
    },
)

"""Whatever a client sends: what leaves is valid upstream, or the client gets a 4xx.

The judge is the simulator's own rule table, which knows nothing of the translation.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from anthropic_proxy.dialects.chat_completions.errors import RequestError
from anthropic_proxy.dialects.chat_completions.exchange import Settings, Translation
from anthropic_proxy.dialects.chat_completions.request import (
    continued,
    messages_request,
    without_structured_output,
    without_thinking_blocks,
)
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.models.mapping import ModelMapping
from anthropic_proxy.simulator.profile import Profile
from anthropic_proxy.simulator.validation import validate_request
from anthropic_proxy.wire import jsontext

NOW = 1795000000.0
KEY = {"x-api-key": "sk-ant-api03-test-key", "content-type": "application/json"}

CATALOG = Catalog.load()
MAPPING = ModelMapping(CATALOG)
MODEL_NAMES = [*(model.id for model in CATALOG), "gpt-4o", "gpt-3.5-turbo", "o3"]

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


def translated(chat: dict[str, Any], chosen: Settings | None = None) -> Translation:
    """As the proxy does it: from the bytes that a client sends."""
    received = jsontext.decode(json.dumps(chat).encode())
    return messages_request(
        received, mapping=MAPPING, settings=chosen or Settings(), now=NOW
    )


def translated_or_refused(
    chat: dict[str, Any], chosen: Settings | None = None
) -> Translation | None:
    """None: the client was told, by a status that is its own fault."""
    status = 0
    try:
        return translated(chat, chosen)
    except RequestError as refused:
        status = refused.status
    assert 400 <= status < 500
    return None


def assert_valid(translation: Translation) -> None:
    body = jsontext.encode(translation.body)
    validate_request(KEY | dict(translation.headers), body, Profile())


FUZZ = functools.partial(
    settings,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@FUZZ(max_examples=250)
@given(chats, st.booleans())
@example({"model": "gpt-4o", "messages": [{"role": "system", "content": "x"}]}, False)
def test_what_leaves_is_valid_upstream(chat: dict[str, Any], auto_cache: bool) -> None:
    translation = translated_or_refused(chat, Settings(auto_cache=auto_cache))
    if translation is not None:
        assert_valid(translation)


@FUZZ(max_examples=150)
@given(chats)
def test_what_is_sent_again_is_valid_upstream(chat: dict[str, Any]) -> None:
    translation = translated_or_refused(chat)
    if translation is None:
        return
    for again in (
        without_structured_output(translation),
        without_thinking_blocks(translation),
    ):
        if again is not None:
            assert_valid(again)
    paused = [{"type": "text", "text": "So far"}]
    assert continued(translation, paused).body["messages"][-1]["role"] == "assistant"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-2, 2) | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "content", "role", "id", "name"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
FIELDS = [
    "model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p",
    "n", "stream", "stream_options", "stop", "tools", "tool_choice", "functions",
    "function_call", "response_format", "reasoning_effort", "user", "metadata",
    "logit_bias", "logprobs", "modalities", "audio", "prediction", "thinking",
    "reasoning", "cache_control", "anthropic_beta", "web_search_options", "moderation",
    "prompt_cache_options", "safety_identifier", "service_tier", "verbosity", "store",
]  # fmt: skip


@FUZZ(max_examples=250)
@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=4), json_values)
def test_nonsense_is_refused_or_harmless(fields: dict[str, Any], message: Any) -> None:
    plain = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "Hi"}, message],
    }
    translation = translated_or_refused(plain | fields)
    if translation is not None:
        assert_valid(translation)

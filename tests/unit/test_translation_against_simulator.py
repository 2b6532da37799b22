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
from chat_strategies import chats, words

NOW = 1795000000.0
KEY = {"x-api-key": "sk-ant-api03-test-key", "content-type": "application/json"}

MAPPING = ModelMapping(Catalog.load())


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

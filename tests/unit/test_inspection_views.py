"""The views take anything: they never raise, never are empty, never harm a terminal."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.inspection.facts import is_conversation
from anthropic_proxy.inspection.recorded import Message, Recorded
from anthropic_proxy.inspection.text import WIDTH, columns
from anthropic_proxy.inspection.views import AUTOMATIC, VIEWS
from inspection_support import FACTS, chat, native, with_facts, words

HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")

KEYS = st.sampled_from(
    [
        *("type", "message", "content", "content_block", "delta", "index", "usage"),
        *("choices", "tool_calls", "function", "name", "arguments", "error", "id"),
        *("messages", "system", "tools", "role", "source", "data", "media_type"),
        *("input_tokens", "cache_read_input_tokens", "output_tokens", "iterations"),
        *("cache_control", "ttl", "stop_reason", "finish_reason", "input", "text"),
        *("entries", "warnings", "disposition", "field", "became", "reason", "rule"),
        *("status", "duration", "first_byte", "previous", "same", "of", "differs"),
        *("request", "response", "line", "headers", "body", "size", "custom"),
    ]
)
WORDS = st.sampled_from(
    [
        *("message_start", "content_block_start", "content_block_delta", "text_delta"),
        *("message_delta", "message_stop", "error", "ping", "tool_use", "thinking"),
        *("image", "base64", "document", "user", "assistant", "rejected", "altered"),
        *("text", "input_json_delta", "thinking_delta", "image_url", "system", "\x1b["),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 10**18)
    | st.floats()
    | WORDS
    | st.text(max_size=20)
)


def _holders(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6)


PLAIN = st.recursive(LEAVES, _holders, max_leaves=15)
SAVED = st.recursive(LEAVES | st.binary(max_size=20), _holders, max_leaves=12)


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


BODIES = st.one_of(
    st.binary(max_size=80),
    PLAIN.map(as_json),
    st.dictionaries(KEYS, PLAIN, max_size=6).map(as_json),
    st.lists(PLAIN, max_size=5).map(
        lambda events: b"".join(b"data: %s\n\n" % as_json(event) for event in events)
    ),
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "x\x1b"]),
        st.sampled_from(["application/json", "text/event-stream", "\r\n\x9b"]),
    ),
    max_size=2,
)
MESSAGES = st.none() | st.builds(
    lambda line, headers, body, more: Message(line, headers, body, len(body) + more),
    st.text(max_size=10),
    HEADERS,
    BODIES,
    st.sampled_from([0, 0, 7, 10**12]),
)
FACT_NAMES = st.sampled_from(
    [*FACTS, "marks", "prefix", "earlier", "kept", "upstream", "other"]
)
RECORDED = st.builds(
    Recorded,
    st.dictionaries(FACT_NAMES, SAVED, max_size=8).map(
        lambda facts: {"dialect": "openai", **facts}
    ),
    MESSAGES,
    MESSAGES,
    MESSAGES,
    MESSAGES,
)


@settings(max_examples=60, deadline=None)
@given(RECORDED, st.sampled_from(["request", "response"]))
def test_whatever_was_recorded_is_shown(recorded: Recorded, side: Any) -> None:
    for render in VIEWS.values():
        text = render(recorded, side)
        assert text.strip()
        assert not HARMFUL.search(text)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(FACTS)), SAVED, MESSAGES)
def test_one_odd_thing_does_not_spoil_the_rest(
    name: str, odd: Any, message: Message | None
) -> None:
    for recorded in (chat(upstream_response=message), native(client_request=message)):
        changed = Recorded(
            {**recorded.facts, name: odd},
            recorded.client_request,
            recorded.upstream_request,
            recorded.upstream_response,
            recorded.client_response,
        )
        for render in VIEWS.values():
            assert render(changed).strip()


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param(Recorded({}), id="nothing"),
        pytest.param(chat(), id="chat"),
        pytest.param(native(), id="native"),
        pytest.param(words(300).recorded(), id="stream"),
        pytest.param(with_facts(chat(), outcome={"error": "e" * 500}), id="error"),
        pytest.param(
            with_facts(
                chat(upstream_response=None, client_response=None),
                outcome={"error": "e" * 500},
            ),
            id="no answer",
        ),
    ],
)
def test_no_line_is_too_long(name: str, recorded: Recorded) -> None:
    for side in ("request", "response"):
        text = VIEWS[name](recorded, side)  # type: ignore[arg-type]
        assert max(columns(line) for line in text.split("\n")) <= WIDTH


def test_the_automatic_view_is_one_of_them() -> None:
    assert AUTOMATIC in VIEWS


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"endpoint": "chat completions"}, True),
        ({"endpoint": "unknown"}, True),
        ({"request_id": "req_1"}, True),
        ({"endpoint": "health"}, False),
        ({"endpoint": "models"}, False),
        ({}, False),
    ],
)
def test_what_has_more_to_tell_than_its_body(facts: Any, wanted: bool) -> None:
    assert is_conversation(facts) is wanted

"""What an answer says, in either dialect, whole or put together from its stream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anthropic_proxy.inspection.answers import Answer, answer_of
from anthropic_proxy.inspection.bodies import read
from inspection_support import (
    COMPLETION,
    DONE,
    END,
    EVENTS,
    MESSAGE,
    ROLE,
    START,
    TEXT_START,
    USAGE,
    answer,
    chunk,
    delta,
    event,
    text_delta,
)


def of(body: Any) -> Answer:
    headers = EVENTS if isinstance(body, bytes) else None
    return answer_of(read(answer(body, headers=headers)))


def parts(found: Answer) -> list[tuple[str, str]]:
    return [(part.label, part.text) for part in found.parts]


def test_a_message() -> None:
    call = {"type": "tool_use", "name": "f", "input": {"a": 1}}
    found = of({**MESSAGE, "content": [*MESSAGE["content"], call]})  # type: ignore[misc]
    assert (found.id, found.model, found.ended) == (
        "msg_01abc",
        "claude-sonnet-5-5",
        "end_turn",
    )
    assert found.usage == USAGE
    assert parts(found) == [("text", "Sunny."), ("tool_use f", '{"a":1}')]


def test_a_completion() -> None:
    called = {"function": {"name": "f", "arguments": "{}"}}
    said = {
        "reasoning_content": "Hm.",
        "content": "Sunny.",
        "tool_calls": [called, {"custom": {"name": "g", "input": "x"}}],
        "function_call": {"name": "h", "arguments": ""},
    }
    found = of({**COMPLETION, "choices": [{"message": said, "finish_reason": "stop"}]})
    assert found.ended == "stop"
    assert parts(found) == [
        ("reasoning_content", "Hm."),
        ("content", "Sunny."),
        ("call f", "{}"),
        ("call g", "x"),
        ("call h", ""),
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": {"message": "no"}}, {"message": "no"}),
        ({"error": "no"}, {"message": "no"}),
        ({"error": None}, None),
        ({"error": ""}, None),
    ],
)
def test_errors(body: dict[str, Any], error: Any) -> None:
    assert of(body).error == error


def test_a_stream_of_events() -> None:
    called = {"type": "tool_use", "name": "f", "input": {}}
    found = of(
        START
        + event("content_block_start", index=0, content_block={"type": "thinking"})
        + delta("thinking_delta", thinking="Hm.")
        + delta("signature_delta", signature="xyz")
        + event("content_block_start", index=1, content_block=called)
        + delta("input_json_delta", 1, partial_json='{"a"')
        + delta("input_json_delta", 1, partial_json=":1}")
        + event(
            "message_delta",
            delta={"stop_reason": "tool_use"},
            usage={"output_tokens": 9},
        )
        + event("message_stop")
    )
    assert parts(found) == [("thinking", "Hm."), ("tool_use f", '{"a":1}')]
    assert (found.ended, found.complete) == ("tool_use", True)
    assert found.usage == {**USAGE, "output_tokens": 9}


def test_a_stream_of_chunks() -> None:
    def piece(**call: Any) -> bytes:
        return chunk({"tool_calls": [{"index": 0, "function": call}]})

    found = of(
        ROLE
        + chunk({"reasoning_content": "Hm."})
        + chunk({"content": "Sun"})
        + chunk({"content": "ny."})
        + piece(name="f", arguments="")
        + piece(arguments='{"a"')
        + piece(arguments=":1}")
        + chunk({"function_call": {"name": "h", "arguments": "{}"}})
        + chunk({}, "tool_calls")
        + DONE
    )
    assert parts(found) == [
        ("reasoning_content", "Hm."),
        ("content", "Sunny."),
        ("call f", '{"a":1}'),
        ("call h", "{}"),
    ]
    assert (found.id, found.ended, found.complete) == (
        "chatcmpl-01abc",
        "tool_calls",
        True,
    )


def test_a_turn_of_several_messages_has_the_first_ones_id() -> None:
    later = {"id": "msg_02", "model": "claude-opus-5-5", "usage": {"input_tokens": 1}}
    found = of(
        START
        + TEXT_START
        + text_delta("a")
        + event("message_start", message=later)
        + TEXT_START
        + text_delta("b")
        + END
    )
    assert found.id == "msg_01abc"
    assert found.model == "claude-opus-5-5"
    assert parts(found) == [("text", "a"), ("text", "b")]


def test_a_stream_that_broke_off_is_not_complete() -> None:
    found = of(START + TEXT_START + text_delta("a"))
    assert not found.complete
    assert parts(found) == [("text", "a")]


def test_an_error_in_a_stream_is_kept() -> None:
    found = of(
        START + event("error", error={"type": "x", "message": "no"}) + b"data: 1\n\n"
    )
    assert found.error == {"type": "x", "message": "no"}


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "content_block_delta", "index": [1], "delta": {"type": "text_delta"}},
        {"type": "content_block_delta", "delta": 7},
        {"type": "content_block_start", "content_block": None, "index": {}},
        {"type": "message_start", "message": []},
        {"choices": 7},
        {"choices": [{"delta": {"tool_calls": [{"index": [], "function": 7}]}}]},
        [],
        "x",
    ],
)
def test_odd_events_are_survived(odd: Any) -> None:
    frame = f"data: {json.dumps(odd)}\n\n".encode()
    assert of(frame + TEXT_START + text_delta("a")).parts[-1].text == "a"


def test_text_without_the_start_of_its_block_is_shown() -> None:
    assert parts(of(text_delta("lost"))) == [("?", "lost")]

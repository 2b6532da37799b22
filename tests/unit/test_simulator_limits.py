"""Thinking, token limits, stop sequences and the prompt cache."""

from __future__ import annotations

from typing import Any

import pytest

from anthropic_proxy.simulator.answer import Memory
from anthropic_proxy.simulator.capabilities import MODELS
from simulator_cases.case import (
    MARK,
    WEATHER,
    Body,
    answered,
    assistant,
    said,
    text,
    user,
)


def test_every_model_thinks_as_it_does_by_default() -> None:
    for model in MODELS:
        content = said("Hi", model=model.id, max_tokens=1000)["content"]
        assert (content[0]["type"] == "thinking") == model.thinks_by_default


@pytest.mark.parametrize(
    ("model", "thinking", "shown"),
    [
        ("claude-opus-5-5", {"type": "adaptive"}, ""),
        ("claude-opus-5-5", {"type": "adaptive", "display": "summarized"}, "Hm."),
        ("claude-haiku-4-5", {"type": "enabled", "budget_tokens": 1024}, "Hm."),
    ],
)
def test_thinking_is_shown_when_it_is_displayed(
    model: str, thinking: Body, shown: str
) -> None:
    message = said("[[thinking Hm.]]", model=model, max_tokens=2000, thinking=thinking)
    assert message["content"][0]["thinking"] == shown
    assert message["content"][0]["signature"]
    assert message["usage"]["output_tokens_details"] == {"thinking_tokens": 1}


def test_thinking_that_is_off_leaves_no_trace() -> None:
    message = said("Hi", model="claude-haiku-5-5", thinking={"type": "disabled"})
    assert [block["type"] for block in message["content"]] == ["text"]
    assert "output_tokens_details" not in message["usage"]


def test_between_tools_reports_progress_as_an_empty_thinking_block() -> None:
    message = said(
        "Weather in Rome?",
        model="claude-sonnet-5-5",
        tools=[WEATHER],
        thinking={"type": "between_tools"},
    )
    kinds = [(b["type"], b.get("thinking")) for b in message["content"]]
    assert kinds == [("thinking", ""), ("tool_use", None)]


# limits


def test_thinking_alone_may_use_up_the_tokens() -> None:
    message = said("Hi", model="claude-sonnet-5-5", max_tokens=50)
    assert [block["type"] for block in message["content"]] == ["thinking"]
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 50


def test_text_is_cut_at_the_limit() -> None:
    message = said("[[text one two three]]", max_tokens=2)
    assert message["content"] == [text("one two")]
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 2


def test_a_call_is_cut_at_the_limit() -> None:
    made = answered(
        {
            "messages": [user('[[tool get_weather {"city": "Paris"}]]')],
            "tools": [WEATHER],
            "max_tokens": 3,
        }
    )
    assert made.message["content"][0]["input"] == {}
    assert made.partial_inputs == {0: '{"city":"Par'}
    assert made.message["stop_reason"] == "max_tokens"


def test_no_tokens_no_content() -> None:
    message = said("Hi", max_tokens=0)
    assert (message["content"], message["stop_reason"]) == ([], "max_tokens")


def test_a_stop_sequence_ends_the_text_before_it() -> None:
    message = said("[[text one two three]]", stop_sequences=["zero", "three", "two"])
    assert message["content"] == [text("one ")]
    assert (message["stop_reason"], message["stop_sequence"]) == (
        "stop_sequence",
        "two",
    )


def test_a_model_without_thinking_answers_in_few_tokens() -> None:
    assert said("Hi", max_tokens=1)["usage"]["output_tokens"] == 1


def test_a_marked_prefix_is_written_once_and_read_later() -> None:
    memory = Memory()
    long = [text("word " * 400, **MARK)]

    def usage(question: str, **more: Any) -> Body:
        change = {"system": long, "messages": [user(question)], **more}
        found: Body = answered(change, memory=memory).message["usage"]
        return found

    first, second = usage("One?"), usage("Two?")
    written = first["cache_creation_input_tokens"]
    assert written > 400
    assert first["cache_creation"]["ephemeral_5m_input_tokens"] == written
    assert (second["cache_read_input_tokens"], first["cache_read_input_tokens"]) == (
        written,
        0,
    )
    assert second["cache_creation_input_tokens"] == 0
    assert usage("Two?", model="claude-opus-4-7")["cache_read_input_tokens"] == 0


def test_an_automatic_marker_moves_with_the_conversation() -> None:
    memory = Memory()
    messages = [user("word " * 400)]
    first = answered({"messages": messages, **MARK}, memory=memory).message
    messages += [assistant(first["content"]), user("And?")]
    second = answered({"messages": messages, **MARK}, memory=memory).message["usage"]
    written = first["usage"]["cache_creation_input_tokens"]
    assert second["cache_read_input_tokens"] == written
    assert second["cache_creation_input_tokens"] > 0

"""Thinking sent back through the official SDK, remembered, dropped, tried again."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from support.chat_user import WEATHER_TOOL, Answer, ChatUser, call, said

STREAMED = pytest.mark.parametrize("stream", [False, True])
BINDING = "thinking-binding-controls-2026-08-01"
NUMBERS = itertools.count()


@pytest.fixture
def asked() -> list[dict[str, Any]]:
    """Never the same twice, so that no test remembers another's answers."""
    return [
        said("user", f"[[thinking Let me see.]] Weather in Paris? #{next(NUMBERS)}")
    ]


def loop(
    messages: list[dict[str, Any]], answer: Answer, *keep: str
) -> list[dict[str, Any]]:
    """The loop's next request, of a client that keeps these members of the answer."""
    message = answer.message.to_dict()
    calls = [
        call(one["id"], one["function"]["name"], one["function"]["arguments"])
        for one in message["tool_calls"]
    ]
    kept = {key: message[key] for key in keep}
    return [
        *messages,
        said("assistant", message.get("content"), tool_calls=calls, **kept),
        *(said("tool", "18 degrees", tool_call_id=one["id"]) for one in calls),
    ]


def kinds(answer: Answer, turn: int) -> list[str]:
    return [block["type"] for block in answer.sent["messages"][turn]["content"]]


@STREAMED
@pytest.mark.parametrize("keep", [["thinking_blocks"], []])
@pytest.mark.parametrize("model", ["gpt-5", "claude-haiku-5-5", "claude-haiku-4-5"])
def test_a_tool_loop_goes_on_with_its_thinking(
    chat: ChatUser, asked: Any, stream: bool, model: str, keep: list[str]
) -> None:
    """Sent back by the client, or put back by us for one that drops it."""
    extra: dict[str, Any] = {
        "model": model,
        "reasoning_effort": "low",
        "tools": [WEATHER_TOOL],
        "stream": stream,
    }
    first = chat.ask(asked, **extra)
    second = chat.ask(loop(asked, first, *keep), **extra)
    assert kinds(second, 1) == ["thinking", "tool_use"]
    assert len(second.upstream) == 1
    assert second.warnings == []
    assert "18 degrees" in second.text
    if model != "claude-haiku-4-5":
        assert second.sent["thinking"]["block_binding"] == {
            "prefix_mismatch_behavior": "drop_block"
        }
        assert second.upstream[-1].header("anthropic-beta") == BINDING


def test_a_loop_that_began_without_thinking_ends_without(chat: ChatUser) -> None:
    messages = [
        said("user", "Weather?"),
        said("assistant", None, tool_calls=[call("elsewhere")]),
        said("tool", "18 degrees", tool_call_id="elsewhere"),
    ]
    answer = chat.ask(
        messages,
        model="claude-haiku-4-5",
        tools=[WEATHER_TOOL],
        reasoning_effort="low",
    )
    assert "thinking" not in answer.sent
    assert answer.warnings == ["reasoning_effort:dropped_without_blocks"]


def test_the_memory_holds_for_the_loop_only(chat: ChatUser, asked: Any) -> None:
    first = chat.ask(asked, tools=[WEATHER_TOOL])
    messages = [*loop(asked, first), said("assistant", "18"), said("user", "Thanks!")]
    later = chat.ask(messages, tools=[WEATHER_TOOL])
    assert kinds(later, 1) == ["tool_use"]


def test_the_memory_wants_the_same_calls(chat: ChatUser, asked: Any) -> None:
    first = chat.ask(asked, tools=[WEATHER_TOOL])
    messages = loop(asked, first)
    messages[1]["tool_calls"][0]["function"]["arguments"] = '{"city": "Rome"}'
    second = chat.ask(messages, tools=[WEATHER_TOOL])
    assert kinds(second, 1) == ["tool_use"]


def test_text_of_thinking_alone_is_ignored(chat: ChatUser) -> None:
    messages = [
        said("user", "Hello"),
        said("assistant", "Hi", reasoning_content="Hm."),
        said(
            "assistant",
            "Ho",
            thinking_blocks=[{"type": "thinking", "thinking": "Hm.", "signature": ""}],
        ),
        said("user", "Well?"),
    ]
    answer = chat.ask(messages)
    assert "Hm." not in answer.upstream[-1].body.decode()
    assert sorted(answer.warnings) == [
        "messages.reasoning_content:ignored",
        "thinking_blocks:unsigned_dropped",
    ]


def another_conversation(chat: ChatUser) -> list[dict[str, Any]]:
    first = chat.ask("Hello", reasoning_effort="low")
    blocks = first.message.thinking_blocks
    return [
        said("user", "Something else entirely"),
        said("assistant", first.text, thinking_blocks=blocks),
        said("user", "And now?"),
    ]


@STREAMED
def test_blocks_that_fit_no_longer_are_dropped_upstream(
    chat: ChatUser, stream: bool
) -> None:
    answer = chat.ask(another_conversation(chat), stream=stream)
    assert len(answer.upstream) == 1
    assert kinds(answer, 1) == ["thinking", "text"]
    if not stream:
        assert answer.warnings == ["thinking_blocks:prefix_binding_mismatch"]


@STREAMED
def test_blocks_bound_to_another_conversation_cause_one_retry(
    chat: ChatUser, stream: bool
) -> None:
    binding = {"prefix_mismatch_behavior": "error"}
    thinking = {"type": "adaptive", "block_binding": binding}
    answer = chat.ask(
        another_conversation(chat), extra_body={"thinking": thinking}, stream=stream
    )
    refused, accepted = answer.upstream
    assert (refused.status, refused.rule) == (400, 28)
    assert accepted.status == 200
    assert b'"signature"' in refused.body
    assert b'"signature"' not in accepted.body
    assert answer.warnings == ["thinking_blocks:dropped"]
    assert answer.text
    if stream:
        roles = [one.choices[0].delta.role for one in answer.chunks if one.choices]
        assert roles.count("assistant") == 1


@STREAMED
def test_redacted_thinking_there_and_back(chat: ChatUser, stream: bool) -> None:
    extra: dict[str, Any] = {
        "model": "claude-opus-4-6",
        "tools": [WEATHER_TOOL],
        "reasoning_effort": "low",
        "stream": stream,
    }
    messages = [said("user", "[[redacted]] [[tool get_weather {}]]")]
    first = chat.ask(messages, **extra)
    types = [block["type"] for block in first.message.thinking_blocks]
    assert types == ["thinking", "redacted_thinking"]
    second = chat.ask(loop(messages, first, "thinking_blocks"), **extra)
    assert kinds(second, 1) == ["thinking", "redacted_thinking", "tool_use"]


@STREAMED
@pytest.mark.parametrize("keep", [["thinking_blocks"], []])
def test_a_loop_of_several_rounds(
    chat: ChatUser, asked: Any, stream: bool, keep: list[str]
) -> None:
    messages = asked
    extra: dict[str, Any] = {
        "model": "claude-haiku-5-5",
        "reasoning_effort": "low",
        "tools": [WEATHER_TOOL],
        "stream": stream,
    }
    for _ in range(3):
        answer = chat.ask(messages, tool_choice="required", **extra)
        assert answer.warnings == []
        messages = loop(messages, answer, *keep)
    answer = chat.ask(messages, **extra)
    assert [kinds(answer, turn) for turn in (1, 3, 5)] == [["thinking", "tool_use"]] * 3
    assert answer.warnings == []


@STREAMED
def test_a_long_conversation_keeps_all_of_its_thinking(
    chat: ChatUser, stream: bool
) -> None:
    """What the client sends back is what was said: no block lost its place."""
    messages = [said("system", "Be terse.")]
    extra: dict[str, Any] = {"tools": [WEATHER_TOOL], "reasoning_effort": "low"}
    for question in ("Weather in Paris and Oslo?", "Thanks.", "Weather in Rome?"):
        messages.append(said("user", question))
        answer = chat.ask(messages, stream=stream, **extra)
        while answer.choice.finish_reason == "tool_calls":
            messages = loop(messages, answer, "thinking_blocks")
            answer = chat.ask(messages, stream=stream, **extra)
        blocks = answer.message.thinking_blocks
        messages.append(said("assistant", answer.text, thinking_blocks=blocks))
    last = chat.ask([*messages, said("user", "Bye.")], **extra)
    assert last.warnings == []
    turns = last.sent["messages"]
    replayed = [turn["content"][0] for turn in turns if turn["role"] == "assistant"]
    assert [block["type"] for block in replayed] == ["thinking"] * 5


def test_another_model_cannot_read_it(chat: ChatUser) -> None:
    first = chat.ask("Hello", model="claude-opus-5-5", reasoning_effort="low")
    blocks = first.message.thinking_blocks
    messages = [
        said("user", "Hello"),
        said("assistant", first.text, thinking_blocks=blocks),
        said("user", "Next"),
    ]
    for model in ("claude-sonnet-5-5", "claude-haiku-4-5"):
        answer = chat.ask(messages, model=model)
        assert answer.warnings == []
        assert kinds(answer, 1) == ["thinking", "text"]


@STREAMED
def test_an_emulated_call_with_its_thinking(
    chat: ChatUser, asked: Any, stream: bool
) -> None:
    """Upstream had no tool then; its thinking has no place behind one now."""
    choice = {"type": "function", "function": {"name": "get_weather"}}
    first = chat.ask(asked, tools=[WEATHER_TOOL], tool_choice=choice, stream=stream)
    assert first.warnings == ["tool_choice:emulated_by_schema"]
    second = chat.ask(loop(asked, first, "thinking_blocks"), tools=[WEATHER_TOOL])
    assert second.warnings == ["thinking_blocks:prefix_binding_mismatch"]
    assert "18 degrees" in second.text

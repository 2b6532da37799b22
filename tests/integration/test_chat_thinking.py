"""Thinking through the official SDK: asked for, shown, sent back, remembered."""

from __future__ import annotations

from typing import Any

import pytest

from support.chat_user import ChatUser

STREAMED = pytest.mark.parametrize("stream", [False, True])
BINDING = "thinking-binding-controls-2026-08-01"
SHOWN = {"type": "adaptive", "display": "summarized"}
ASK = "[[thinking Let me see.]] Weather in Paris?"


def budget(tokens: int) -> dict[str, Any]:
    return {"type": "enabled", "budget_tokens": tokens}


@pytest.mark.parametrize(
    ("model", "effort", "thinking", "sent_effort", "warnings"),
    [
        # A1, A2, A3, A4, M
        ("claude-opus-5-5", "none", None, "low", ["reasoning_effort:none_to_low"]),
        ("claude-opus-5-5", "minimal", SHOWN, "low", []),
        ("claude-opus-5-5", "max", SHOWN, "max", []),
        ("claude-fable-5-2", "medium", SHOWN, "medium", []),
        ("claude-sonnet-5-5", "none", {"type": "between_tools"}, None, []),
        ("claude-sonnet-5-5", "xhigh", SHOWN, "xhigh", []),
        ("claude-haiku-5-5", "none", {"type": "disabled"}, None, []),
        ("claude-haiku-5-5", "low", SHOWN, "low", []),
        ("claude-sonnet-5", "none", {"type": "disabled"}, None, []),
        ("claude-opus-4-8", "none", None, None, []),
        ("claude-opus-4-8", "high", SHOWN, "high", []),
        (
            "claude-opus-4-6",
            "xhigh",
            SHOWN,
            "high",
            ["reasoning_effort:xhigh_to_high"],
        ),
        ("claude-haiku-4-5", "none", None, None, []),
        ("claude-haiku-4-5", "minimal", budget(1024), None, []),
        ("claude-haiku-4-5", "medium", budget(8192), None, []),
        ("claude-haiku-4-5", "xhigh", budget(24576), None, []),
        ("claude-opus-4-5", "high", budget(16384), None, []),
    ],
)
def test_efforts(
    chat: ChatUser,
    model: str,
    effort: str,
    thinking: dict[str, Any] | None,
    sent_effort: str | None,
    warnings: list[str],
) -> None:
    answer = chat.ask("Hello", model=model, reasoning_effort=effort)
    sent = answer.sent.get("thinking")
    if sent is not None and sent["type"] == "enabled":
        sent.pop("display", None)
    assert sent == thinking
    assert answer.sent.get("output_config", {}).get("effort") == sent_effort
    assert answer.warnings == warnings


@STREAMED
@pytest.mark.parametrize("model", ["gpt-5", "claude-haiku-4-5"])
def test_thinking_is_shown_and_counted(
    chat: ChatUser, stream: bool, model: str
) -> None:
    answer = chat.ask(
        "[[thinking Let me see.]] Hello",
        model=model,
        reasoning_effort="low",
        stream=stream,
    )
    assert answer.message.reasoning_content == "Let me see."
    (block,) = answer.message.thinking_blocks
    assert (block["type"], block["thinking"]) == ("thinking", "Let me see.")
    assert block["signature"]
    assert answer.completion.usage.completion_tokens_details.reasoning_tokens > 0


@STREAMED
def test_thinking_unasked_has_no_text(chat: ChatUser, stream: bool) -> None:
    answer = chat.ask("Hello", stream=stream)
    assert "thinking" not in answer.sent
    assert getattr(answer.message, "reasoning_content", None) is None
    assert answer.message.thinking_blocks[0]["signature"]


@pytest.mark.parametrize(
    ("model", "given", "thinking", "effort", "warnings"),
    [
        ("gpt-5", {"enable_thinking": False}, {"type": "between_tools"}, None, []),
        ("gpt-5", {"reasoning": {"effort": "low"}}, SHOWN, "low", []),
        (
            "gpt-5",
            {"reasoning": {"effort": "high", "exclude": True}},
            {"type": "adaptive", "display": "omitted"},
            "high",
            [],
        ),
        (
            "gpt-5",
            {"thinking": budget(8000)},
            {"type": "adaptive", "display": "summarized"},
            "medium",
            ["thinking:budget_to_effort"],
        ),
        (
            "claude-haiku-4-5",
            {"thinking": {"type": "adaptive"}},
            budget(8192),
            None,
            ["thinking:adaptive_to_budget"],
        ),
        (
            "claude-haiku-5-5",
            {"thinking": {"type": "between_tools"}},
            {"type": "disabled"},
            None,
            ["thinking:between_tools_replaced"],
        ),
        (
            "claude-haiku-4-5",
            {"thinking": budget(9000), "max_tokens": 5000},
            budget(4999),
            None,
            ["thinking:budget_capped"],
        ),
        (
            "claude-haiku-4-5",
            {"reasoning_effort": "low", "max_tokens": 1000},
            None,
            None,
            ["reasoning_effort:dropped_small_max_tokens"],
        ),
    ],
)
def test_other_ways_to_ask(
    chat: ChatUser,
    model: str,
    given: dict[str, Any],
    thinking: dict[str, Any] | None,
    effort: str | None,
    warnings: list[str],
) -> None:
    answer = chat.ask("Hello", model=model, extra_body=given)
    sent = answer.sent.get("thinking")
    if sent is not None and sent["type"] == "enabled":
        sent.pop("display", None)
    assert sent == thinking
    assert answer.sent.get("output_config", {}).get("effort") == effort
    assert answer.warnings == warnings

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.thinking import binds_blocks, plan
from anthropic_proxy.dialects.report import Report
from request_support import (
    CATALOG,
    HAIKU,
    HAIKU_4_5,
    OPUS,
    OPUS_4_8,
    SONNET,
    SONNET_4_6,
    called,
    function,
    translate,
)

OPUS_4_6, OPUS_4_7 = CATALOG.get("claude-opus-4-6"), CATALOG.get("claude-opus-4-7")
OPUS_4_5 = CATALOG.get("claude-opus-4-5")
BETWEEN, DISABLED = {"type": "between_tools"}, {"type": "disabled"}
ADAPTIVE = {"type": "adaptive", "display": "summarized"}
BINDING = {"block_binding": {"prefix_mismatch_behavior": "drop_block"}}
SIGNED = [{"type": "thinking", "thinking": "hm", "signature": "sig=="}]


def enabled(budget: int, **parts: Any) -> dict[str, Any]:
    return {"type": "enabled", "budget_tokens": budget, **parts}


def sent(body: dict[str, Any]) -> tuple[Any, Any]:
    return body.get("thinking"), body.get("output_config", {}).get("effort")


@pytest.mark.parametrize(
    ("model", "effort", "thinking", "level", "warnings"),
    [
        (OPUS, "none", None, "low", {"none_to_low"}),
        (SONNET, "none", BETWEEN, None, set()),
        (HAIKU, "none", DISABLED, None, set()),
        (OPUS_4_8, "none", None, None, set()),
        (HAIKU_4_5, "none", None, None, set()),
        (OPUS, "minimal", ADAPTIVE, "low", set()),
        (SONNET, "max", ADAPTIVE, "max", set()),
        (HAIKU, "medium", ADAPTIVE, "medium", set()),
        (OPUS_4_7, "xhigh", ADAPTIVE, "xhigh", set()),
        (OPUS_4_6, "xhigh", ADAPTIVE, "high", {"xhigh_to_high"}),
        (SONNET_4_6, "max", ADAPTIVE, "max", set()),
        (HAIKU_4_5, "minimal", enabled(1024), None, set()),
        (HAIKU_4_5, "low", enabled(2048), None, set()),
        (OPUS_4_5, "medium", enabled(8192), None, set()),
        (HAIKU_4_5, "high", enabled(16_384), None, set()),
        (HAIKU_4_5, "xhigh", enabled(24_576), None, set()),
        (HAIKU_4_5, "max", enabled(31_999), None, {"budget_capped"}),
    ],
)
def test_efforts_by_class_of_model(
    model: Any, effort: str, thinking: Any, level: str | None, warnings: set[str]
) -> None:
    translated = translate(model, reasoning_effort=effort)
    assert sent(translated.body) == (thinking, level)
    assert translated.warnings == {f"reasoning_effort:{what}" for what in warnings}


@pytest.mark.parametrize("model", list(CATALOG), ids=lambda model: model.id)
def test_nothing_is_sent_when_nothing_is_asked(model: Any) -> None:
    assert sent(translate(model).body) == (None, None)


@pytest.mark.parametrize(
    ("model", "thinking", "effort"),
    [
        (OPUS, None, "low"),
        (SONNET, BETWEEN, None),
        (HAIKU, DISABLED, None),
        (OPUS_4_8, None, None),
        (HAIKU_4_5, None, None),
    ],
)
def test_a_small_limit_reduces_thinking_that_nobody_asked_for(
    model: Any, thinking: Any, effort: str | None
) -> None:
    reduced = {"thinking:reduced_small_max_tokens"} if thinking or effort else set()
    for field in ("max_tokens", "max_completion_tokens"):
        small = translate(model, **{field: 2047})
        assert sent(small.body) == (thinking, effort)
        assert small.warnings == reduced
        assert all(e.field == field for e in _warned(small))
        assert sent(translate(model, **{field: 2048}).body) == (None, None)
    asked = translate(model, max_tokens=2047, reasoning_effort="high")
    assert asked.body["thinking"]["type"] in ("adaptive", "enabled")


def _warned(translated: Any) -> list[Any]:
    return [entry for entry in translated.translation.report.entries if entry.warning]


@pytest.mark.parametrize(
    ("model", "raw", "thinking", "level", "warnings"),
    [
        (SONNET, {"type": "adaptive"}, {"type": "adaptive"}, None, set()),
        (SONNET, BETWEEN, BETWEEN, None, set()),
        (SONNET, DISABLED, BETWEEN, None, {"disabled_replaced"}),
        (HAIKU, DISABLED, DISABLED, None, set()),
        (HAIKU, BETWEEN, DISABLED, None, {"between_tools_replaced"}),
        (OPUS, DISABLED, None, "low", {"none_to_low"}),
        (OPUS_4_8, DISABLED, None, None, set()),
        (OPUS_4_8, BETWEEN, None, None, {"between_tools_replaced"}),
        (HAIKU_4_5, DISABLED, None, None, set()),
        (OPUS_4_8, enabled(1), ADAPTIVE, "low", {"budget_to_effort"}),
        (HAIKU, enabled(8000), ADAPTIVE, "medium", {"budget_to_effort"}),
        (OPUS, enabled(10**6), ADAPTIVE, "max", {"budget_to_effort"}),
        (SONNET_4_6, enabled(5000), enabled(5000), None, set()),
        (HAIKU_4_5, enabled(5000), enabled(5000), None, set()),
        (HAIKU_4_5, enabled(0), enabled(1024), None, {"budget_raised"}),
        (HAIKU_4_5, enabled(10**6), enabled(31_999), None, {"budget_capped"}),
        (
            HAIKU_4_5,
            enabled(5000, display="summarized"),
            enabled(5000, display="summarized"),
            None,
            set(),
        ),
        (
            HAIKU_4_5,
            {"type": "adaptive", "display": "omitted"},
            enabled(8192, display="omitted"),
            None,
            {"adaptive_to_budget"},
        ),
    ],
)
def test_a_raw_object_is_fitted_to_the_model(
    model: Any, raw: Any, thinking: Any, level: str | None, warnings: set[str]
) -> None:
    translated = translate(model, thinking=raw)
    assert sent(translated.body) == (thinking, level)
    assert translated.warnings == {f"thinking:{what}" for what in warnings}


@pytest.mark.parametrize(
    ("model", "raw", "effort", "thinking", "level", "warnings"),
    [
        (HAIKU, DISABLED, "low", DISABLED, "low", set()),
        (HAIKU, DISABLED, "max", DISABLED, "high", {"reasoning_effort:max_to_high"}),
        (OPUS, DISABLED, "max", None, "max", {"thinking:none_to_low"}),
        (OPUS_4_8, DISABLED, "max", None, "max", set()),
        (
            HAIKU_4_5,
            {"type": "adaptive"},
            "low",
            enabled(2048),
            None,
            {"thinking:adaptive_to_budget"},
        ),
        (
            HAIKU_4_5,
            enabled(3000),
            "low",
            enabled(3000),
            None,
            {"reasoning_effort:ignored"},
        ),
        (OPUS_4_5, enabled(3000), "low", enabled(3000), "low", set()),
        (
            OPUS_4_5,
            enabled(3000),
            "max",
            enabled(3000),
            "high",
            {"reasoning_effort:max_to_high"},
        ),
        (SONNET, {"type": "adaptive"}, "low", {"type": "adaptive"}, "low", set()),
    ],
)
def test_effort_beside_a_raw_object(
    model: Any,
    raw: Any,
    effort: str,
    thinking: Any,
    level: str | None,
    warnings: set[str],
) -> None:
    translated = translate(model, thinking=raw, reasoning_effort=effort)
    assert sent(translated.body) == (thinking, level)
    assert translated.warnings == warnings


def test_a_budget_that_openrouter_names() -> None:
    reasoning = {"max_tokens": 3000, "exclude": True}
    manual = translate(HAIKU_4_5, reasoning=reasoning)
    assert sent(manual.body) == (enabled(3000, display="omitted"), None)
    by_effort = translate(SONNET, reasoning={"max_tokens": 3000, "effort": "low"})
    assert sent(by_effort.body) == (ADAPTIVE, "low")
    assert by_effort.warnings == {"reasoning:budget_to_effort"}


@pytest.mark.parametrize(
    ("limit", "thinking"), [(1024, None), (1025, enabled(1024)), (1026, enabled(1025))]
)
def test_a_budget_stays_below_the_limit(limit: int, thinking: Any) -> None:
    translated = translate(HAIKU_4_5, max_tokens=limit, reasoning_effort="low")
    assert sent(translated.body) == (thinking, None)
    what = "budget_capped" if thinking else "dropped_small_max_tokens"
    assert translated.warnings == {f"reasoning_effort:{what}"}


def test_a_budget_and_a_forced_call_exclude_each_other() -> None:
    forced = {"tools": [function()], "tool_choice": "required"}
    manual = translate(HAIKU_4_5, reasoning_effort="low", **forced)
    assert sent(manual.body) == (None, None)
    assert manual.warnings == {"reasoning_effort:dropped_for_forced_tool"}
    adaptive = translate(HAIKU, reasoning_effort="low", **forced)
    assert sent(adaptive.body) == (ADAPTIVE, "low")


def test_a_model_that_cannot_think_is_not_asked_to() -> None:
    model = dataclasses.replace(HAIKU_4_5, manual_thinking=False)
    report = Report()
    values = {"reasoning_effort": "high"}
    decided = plan(values, model, 9000, forced=False, report=report)
    assert decided.thinking is None
    assert report.warnings == ("reasoning_effort:ignored",)


def test_a_budget_in_a_tool_loop_needs_the_earlier_thinking() -> None:
    tools = {"tools": [function()], "reasoning_effort": "low"}
    without = translate(HAIKU_4_5, messages=called(), **tools)
    assert sent(without.body) == (None, None)
    assert without.warnings == {"reasoning_effort:dropped_without_blocks"}
    messages = called(thinking_blocks=SIGNED)
    assert sent(translate(HAIKU_4_5, messages=messages, **tools).body)[0] == enabled(
        2048
    )
    assert sent(translate(SONNET, messages=called(), **tools).body) == (ADAPTIVE, "low")


@pytest.mark.parametrize(
    ("model", "wish", "thinking"),
    [
        (SONNET, {}, {"type": "adaptive", **BINDING}),
        (OPUS, {"reasoning_effort": "none"}, {"type": "adaptive", **BINDING}),
        (HAIKU, {"reasoning_effort": "high"}, {**ADAPTIVE, **BINDING}),
        (OPUS_4_8, {"reasoning_effort": "high"}, {**ADAPTIVE, **BINDING}),
        (
            SONNET,
            {"thinking": {"type": "adaptive", "block_binding": {}}},
            {"type": "adaptive", "block_binding": {}},
        ),
        (SONNET, {"reasoning_effort": "none"}, BETWEEN),
        (HAIKU, {"reasoning_effort": "none"}, DISABLED),
        (OPUS_4_8, {}, None),
        (SONNET_4_6, {"reasoning_effort": "high"}, ADAPTIVE),
        (HAIKU_4_5, {"reasoning_effort": "low"}, enabled(2048)),
    ],
)
def test_replayed_blocks_may_be_dropped_where_models_know_how(
    model: Any, wish: Any, thinking: Any
) -> None:
    messages = called(thinking_blocks=SIGNED)
    translated = translate(model, messages=messages, tools=[function()], **wish)
    assert translated.body.get("thinking") == thinking
    needs_beta = "block_binding" in (thinking or {})
    beta = "thinking-binding-controls-2026-08-01" if needs_beta else None
    assert translated.headers.get("anthropic-beta") == beta


def test_block_binding_is_for_models_that_know_it() -> None:
    raw = {"type": "adaptive", **BINDING}
    assert translate(SONNET, thinking=raw).body["thinking"] == raw
    old = translate(SONNET_4_6, thinking=raw)
    assert old.body["thinking"] == {"type": "adaptive"}
    assert old.warnings == {"thinking.block_binding:ignored"}
    known = {model.id for model in CATALOG if binds_blocks(model)}
    assert "claude-opus-4-7" in known
    assert not known & {"claude-opus-4-6", "claude-haiku-4-5"}

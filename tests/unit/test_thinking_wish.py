from __future__ import annotations

from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.thinking_wish import Wish, read_wish
from anthropic_proxy.dialects.report import Report
from request_support import refused


def read(**values: Any) -> tuple[Wish | None, set[str]]:
    report = Report()
    return read_wish(values, report), set(report.warnings)


@pytest.mark.parametrize(
    ("values", "wish"),
    [
        ({}, None),
        ({"reasoning_effort": "none"}, Wish("reasoning_effort", on=False)),
        (
            {"reasoning_effort": "high"},
            Wish("reasoning_effort", on=True, effort="high"),
        ),
        ({"enable_thinking": True}, Wish("enable_thinking", on=True)),
        ({"enable_thinking": False}, Wish("enable_thinking", on=False)),
        ({"reasoning": {}}, None),
        ({"reasoning": {"exclude": True}}, None),
        ({"reasoning": {"enabled": False}}, Wish("reasoning", on=False)),
        ({"reasoning": {"effort": "none"}}, Wish("reasoning", on=False)),
        ({"reasoning": {"max_tokens": 0}}, Wish("reasoning", on=False)),
        (
            {"reasoning": {"enabled": True}},
            Wish("reasoning", on=True, effort_field="reasoning"),
        ),
        (
            {"reasoning": {"effort": "low", "max_tokens": 9, "exclude": True}},
            Wish(
                "reasoning",
                on=True,
                effort="low",
                effort_field="reasoning",
                budget=9,
                display="omitted",
            ),
        ),
        (
            {"thinking": {"type": "disabled"}},
            Wish("thinking", on=False, type="disabled"),
        ),
        (
            {"thinking": {"type": "adaptive"}},
            Wish("thinking", on=True, type="adaptive", display=None),
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 0, "display": "omitted"}},
            Wish("thinking", True, "enabled", budget=0, display="omitted"),
        ),
        (
            {"thinking": {"type": "adaptive", "block_binding": {}}},
            Wish("thinking", True, "adaptive", display=None, block_binding={}),
        ),
    ],
)
def test_one_parameter_is_one_wish(values: dict[str, Any], wish: Wish | None) -> None:
    assert read(**values) == (wish, set())


def test_the_first_in_order_decides_and_the_others_are_ignored() -> None:
    wish, warnings = read(
        enable_thinking=True, reasoning={"effort": "low"}, reasoning_effort="max"
    )
    assert wish == Wish("reasoning_effort", on=True, effort="max")
    assert warnings == {"reasoning:ignored", "enable_thinking:ignored"}


def test_effort_is_a_second_setting_beside_raw_thinking() -> None:
    wish, warnings = read(thinking={"type": "disabled"}, reasoning_effort="low")
    assert wish == Wish("thinking", on=False, type="disabled", effort="low")
    assert warnings == set()
    wish, warnings = read(thinking={"type": "adaptive"}, reasoning_effort="none")
    assert wish == Wish("thinking", on=True, type="adaptive", display=None)
    assert warnings == {"reasoning_effort:ignored"}


def test_parts_that_cannot_be_sent_are_ignored_by_name() -> None:
    _, warnings = read(thinking={"type": "between_tools", "display": "summarized"})
    assert warnings == {"thinking.display:ignored"}
    _, warnings = read(reasoning={"effort": "low", "summary": "auto"})
    assert warnings == {"reasoning.summary:ignored"}


@pytest.mark.parametrize(
    ("values", "param"),
    [
        ({"thinking": {}}, "thinking.type"),
        ({"thinking": {"type": "often"}}, "thinking.type"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "adaptive", "display": "all"}}, "thinking.display"),
        (
            {"thinking": {"type": "adaptive", "block_binding": {"x": 1}}},
            "thinking.block_binding",
        ),
        (
            {
                "thinking": {
                    "type": "adaptive",
                    "block_binding": {"prefix_mismatch_behavior": "guess"},
                }
            },
            "thinking.block_binding.prefix_mismatch_behavior",
        ),
        ({"reasoning": {"effort": "extreme"}}, "reasoning.effort"),
        ({"reasoning": {"max_tokens": -1}}, "reasoning.max_tokens"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], param: str) -> None:
    assert refused(lambda: read(**values)).param == param

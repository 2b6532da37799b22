"""Counts and spans over recorded requests."""

from __future__ import annotations

from typing import Any

import pytest

from anthropic_proxy.inspection.recorded import Recorded
from anthropic_proxy.inspection.stats import gathered, quantile, rendered


def recorded(**facts: Any) -> Recorded:
    return Recorded(facts)


def answered(status: int, *, used: str = "claude-x", **outcome: Any) -> Recorded:
    return recorded(
        request_id="req",
        dialect="openai",
        endpoint="chat completions",
        model_asked="gpt-4o",
        model_used=used,
        report={"warnings": ["seed:ignored"], "entries": []},
        outcome={"status": status, **outcome},
    )


def test_requests_are_counted_by_what_they_were() -> None:
    usage = {
        "input_tokens": 5,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
        "output_tokens": 7,
    }
    figures = gathered(
        [
            answered(200, usage=usage, finish="stop", first_byte=0.5, duration=1.0),
            answered(200, usage=usage, finish="length", first_byte=1.5, duration=3.0,
                     warnings=["seed:ignored", "top_k:ignored"]),
            answered(429, error="rate limited"),
            recorded(request_id="r", dialect="anthropic", model_used="claude-y"),
            recorded(),
        ]
    )  # fmt: skip
    assert (figures.requests, figures.unfinished, figures.not_ours) == (4, 1, 1)
    assert figures.by["Dialect"] == {"openai": 3, "anthropic": 1}
    assert figures.by["Status"] == {"200": 2, "429": 1}
    assert figures.by["Model"] == {"gpt-4o → claude-x": 3, "claude-y": 1}
    assert figures.by["Warning"] == {"seed:ignored": 3, "top_k:ignored": 1}
    assert figures.by["Error"] == {"rate limited": 1}
    assert figures.tokens == {
        "input_tokens": 10,
        "cache_read_input_tokens": 200,
        "cache_creation_input_tokens": 40,
        "output_tokens": 14,
    }
    assert figures.spans == {"first byte": [0.5, 1.5], "duration": [1.0, 3.0]}
    lines = rendered(figures).splitlines()
    assert lines[0].startswith("4 requests, 1 of them without an end")
    assert "  250  in" in lines
    assert "  first byte             0.500     1.500     1.500" in lines


def test_odd_facts_do_no_harm() -> None:
    odd = recorded(
        request_id=1,
        outcome={"usage": {"output_tokens": "many"}, "duration": None, "status": None},
        report=None,
    )
    assert rendered(gathered([odd])).startswith("1 requests")


def test_nothing_of_ours_is_said_in_a_sentence() -> None:
    assert "None of these flows" in rendered(gathered([recorded()]))


@pytest.mark.parametrize(
    ("spans", "share", "expected"),
    [
        ([3.0], 0.95, 3.0),
        ([1.0, 2.0], 0.5, 1.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.95, 95.0),
        ([float(n) for n in range(1, 101)], 0.5, 50.0),
    ],
)
def test_a_quantile_is_a_value_that_was_measured(
    spans: list[float], share: float, expected: float
) -> None:
    assert quantile(spans, share) == expected

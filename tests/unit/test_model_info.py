"""Each field of upstream's ``ModelInfo``, and every way in which it can be odd."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from anthropic_proxy.models.catalog import Catalog, Model, Thinking
from anthropic_proxy.models.model_info import updated

CATALOG = Catalog.load()
SONNET_5_5 = "claude-sonnet-5-5"
OPUS_4_8 = "claude-opus-4-8"
HAIKU_4_5 = "claude-haiku-4-5"
OPUS_5_5 = "claude-opus-5-5"
SONNET_4_5 = "claude-sonnet-4-5"


def update(name: str, today: datetime.date | None = None, **item: Any) -> Model:
    return updated(CATALOG.get(name), item, today)


def supports(**types: bool) -> dict[str, Any]:
    return {name: {"supported": value} for name, value in types.items()}


def thinking(**types: bool) -> dict[str, Any]:
    return {"thinking": {"types": supports(**types)}}


@pytest.mark.parametrize("value", [None, 0, -1, True, "128000", 1.5, [], {}])
def test_limits_that_are_no_counts_are_passed_over(value: Any) -> None:
    model = update(OPUS_5_5, max_tokens=value, max_input_tokens=value)
    assert (model.max_output, model.context_window) == (128_000, 1_000_000)


@pytest.mark.parametrize(
    ("name", "types", "expected"),
    [
        (OPUS_5_5, {}, Thinking.ALWAYS),
        (OPUS_5_5, {"adaptive": True, "disabled": False}, Thinking.ALWAYS),
        (OPUS_5_5, {"disabled": True}, Thinking.ON_BY_DEFAULT),
        (OPUS_5_5, {"between_tools": True}, Thinking.BETWEEN_TOOLS),
        (SONNET_5_5, {}, Thinking.BETWEEN_TOOLS),
        (SONNET_5_5, {"between_tools": False}, Thinking.ALWAYS),
        (
            SONNET_5_5,
            {"between_tools": False, "disabled": True},
            Thinking.ON_BY_DEFAULT,
        ),
        ("claude-haiku-5-5", {"disabled": True}, Thinking.ON_BY_DEFAULT),
        ("claude-haiku-5-5", {"disabled": False}, Thinking.ALWAYS),
        (OPUS_4_8, {"adaptive": True, "disabled": True}, Thinking.OFF_BY_DEFAULT),
        (OPUS_4_8, {"adaptive": False}, Thinking.MANUAL),
        (HAIKU_4_5, {"enabled": True, "disabled": True}, Thinking.MANUAL),
        (HAIKU_4_5, {"adaptive": True, "disabled": True}, Thinking.ON_BY_DEFAULT),
        (HAIKU_4_5, {"adaptive": True}, Thinking.ALWAYS),
    ],
)
def test_thinking_types_mean_a_class(
    name: str, types: dict[str, bool], expected: Thinking
) -> None:
    assert update(name, capabilities=thinking(**types)).thinking is expected


def test_enabled_means_manual_budgets() -> None:
    assert update(OPUS_5_5, capabilities=thinking(enabled=True)).manual_thinking
    assert not update(HAIKU_4_5, capabilities=thinking(enabled=False)).manual_thinking
    assert update(HAIKU_4_5, capabilities=thinking()).manual_thinking


@pytest.mark.parametrize(
    "capabilities",
    [
        None,
        [],
        "all",
        {"thinking": None, "effort": 3},
        {"thinking": {"types": None}, "effort": {}},
        {"thinking": {"types": {"adaptive": True, "disabled": None}}},
        {"thinking": {"types": {"adaptive": {"supported": "yes"}}}},
        {"effort": {"supported": None, "low": {}, "max": {"supported": 1}}},
        {"telepathy": {"supported": True}},
    ],
)
@pytest.mark.parametrize("name", [OPUS_5_5, SONNET_5_5, OPUS_4_8, HAIKU_4_5])
def test_capabilities_that_cannot_be_read_are_passed_over(
    name: str, capabilities: Any
) -> None:
    assert update(name, capabilities=capabilities) == CATALOG.get(name)


def test_effort_can_go() -> None:
    model = update(OPUS_5_5, capabilities={"effort": {"supported": False}})
    assert model.efforts == ()
    assert model.default_effort is None


def test_effort_can_come() -> None:
    levels = {"supported": True} | supports(low=True, high=True, max=False)
    model = update(HAIKU_4_5, capabilities={"effort": levels})
    assert model.efforts == ("low", "high")
    assert model.default_effort == "high"


def test_default_effort_stays_legal() -> None:
    levels = {"supported": True} | supports(medium=False, high=True)
    assert update(OPUS_5_5, capabilities={"effort": levels}).default_effort == "high"
    levels |= supports(high=False)
    assert update(OPUS_5_5, capabilities={"effort": levels}).default_effort is None


@pytest.mark.parametrize(
    ("name", "lifecycle", "expected"),
    [
        ("claude-opus-5", "active", "legacy"),
        ("claude-opus-5", "deprecated", "deprecated"),
        (SONNET_4_5, "active", "active"),
        (SONNET_4_5, "retired", "retired"),
        ("claude-opus-4-1", "deprecated", "deprecated"),
        (SONNET_4_5, "sunset", "deprecated"),
        (SONNET_4_5, None, "deprecated"),
        (SONNET_4_5, ["active"], "deprecated"),
    ],
)
def test_lifecycle(name: str, lifecycle: Any, expected: str) -> None:
    assert update(name, lifecycle=lifecycle).status == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2027-01-31T00:00:00Z", datetime.date(2027, 1, 31)),
        ("2027-01-31T00:00:00.000001Z", datetime.date(2027, 1, 31)),
        ("2027-01-31T01:00:00+02:00", datetime.date(2027, 1, 30)),
        ("2027-01-31", datetime.date(2027, 1, 31)),
        (None, None),
        ("soon", datetime.date(2026, 11, 30)),
        ("0001-01-01T00:00:00+14:00", datetime.date(2026, 11, 30)),
        (1790035200, datetime.date(2026, 11, 30)),
    ],
)
def test_retires_at(moment: Any, expected: datetime.date | None) -> None:
    assert update(SONNET_4_5, retires_at=moment).retires == expected


@pytest.mark.parametrize(
    ("lifecycle", "today", "expected"),
    [
        ("deprecated", "2026-12-01", None),
        ("active", "2026-11-30", None),
        ("deprecated", "2026-11-29", "2026-11-30"),
        ("retired", "2026-12-01", "2026-11-30"),
        (None, "2026-12-01", "2026-11-30"),
        ("deprecated", None, "2026-11-30"),
    ],
)
def test_overdue_date_of_a_model_that_still_answers_is_dropped(
    lifecycle: str | None, today: str | None, expected: str | None
) -> None:
    day = datetime.date.fromisoformat(today) if today else None
    model = update(
        SONNET_4_5, day, lifecycle=lifecycle, retires_at="2026-11-30T00:00:00Z"
    )
    assert model.retires == (
        datetime.date.fromisoformat(expected) if expected else None
    )


def test_what_no_list_says_stays() -> None:
    model = update(
        HAIKU_4_5,
        lifecycle="active",
        max_tokens=9,
        capabilities=thinking(adaptive=True),
    )
    assert model.sampling
    assert model.prefill
    assert model.forced_tools
    assert not model.in_message_system
    assert not model.binds_thinking
    assert model.aliases == ("claude-haiku-4-5-20251001",)
    assert model.successor == "claude-haiku-5-5"

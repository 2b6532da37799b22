from __future__ import annotations

from typing import Any

import pytest

from anthropic_proxy.wire.anthropic import CURRENT_VERSION, SAMPLING_VERSION
from request_support import (
    CATALOG,
    HAIKU_4_5,
    SONNET_4_6,
    refusal,
    translate,
)

ALL = {"temperature": 0.5, "top_p": 0.5, "top_k": 5}


def sampled(body: dict[str, Any]) -> dict[str, Any]:
    return {key: body[key] for key in ALL if key in body}


@pytest.mark.parametrize("model", [model for model in CATALOG if not model.sampling])
def test_a_model_without_sampling_gets_none(model: Any) -> None:
    translated = translate(model, **ALL)
    assert sampled(translated.body) == {}
    ignored = {"temperature:ignored", "top_p:ignored", "top_k:ignored"}
    assert ignored <= translated.warnings
    assert translated.headers["anthropic-version"] == CURRENT_VERSION


@pytest.mark.parametrize(
    ("asked", "sent", "warnings"),
    [
        ({"temperature": 0}, {"temperature": 0}, set()),
        ({"temperature": 1.4}, {"temperature": 1.0}, {"temperature:clamped_to_1"}),
        ({"top_p": 0.3}, {"top_p": 0.3}, set()),
        ({"top_k": 7}, {"top_k": 7}, set()),
        ({"temperature": 0.2, "top_p": 0.3}, {"temperature": 0.2}, {"top_p:ignored"}),
        ({"temperature": 1, "top_p": 0.3}, {"top_p": 0.3}, set()),
    ],
)
def test_a_model_with_sampling(
    asked: dict[str, Any], sent: dict[str, Any], warnings: set[str]
) -> None:
    translated = translate(SONNET_4_6, **asked)
    assert sampled(translated.body) == sent
    assert translated.warnings == warnings
    assert translated.headers["anthropic-version"] == SAMPLING_VERSION


@pytest.mark.parametrize("model", [SONNET_4_6, HAIKU_4_5])
def test_thinking_leaves_a_high_top_p_only(model: Any) -> None:
    low = translate(model, reasoning_effort="high", **ALL)
    assert sampled(low.body) == {}
    assert low.headers["anthropic-version"] == CURRENT_VERSION
    high = translate(model, reasoning_effort="high", top_p=0.95)
    assert sampled(high.body) == {"top_p": 0.95}


def test_the_clients_api_version_decides() -> None:
    new = translate(SONNET_4_6, client_version=CURRENT_VERSION, **ALL)
    assert sampled(new.body) == {}
    assert new.headers["anthropic-version"] == CURRENT_VERSION
    old = translate(SONNET_4_6, client_version=SAMPLING_VERSION, temperature=0.5)
    assert sampled(old.body) == {"temperature": 0.5}
    unneeded = translate(SONNET_4_6, client_version=SAMPLING_VERSION)
    assert unneeded.headers["anthropic-version"] == SAMPLING_VERSION


@pytest.mark.parametrize(
    ("field", "value"),
    [("temperature", 2.1), ("temperature", -0.1), ("top_p", 1.5), ("top_k", -2)],
)
def test_ranges(field: str, value: float) -> None:
    assert refusal(**{field: value}).param == field

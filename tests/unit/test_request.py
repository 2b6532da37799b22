from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.dialects.chat_completions.errors import RequestError
from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.dialects.chat_completions.request import messages_request
from anthropic_proxy.dialects.report import Disposition
from anthropic_proxy.models.mapping import ModelMapping
from request_rules import broken_rules
from request_support import (
    CATALOG,
    CITY,
    HI,
    NOW,
    called,
    error_of,
    function,
    refusal,
    refused,
    translate,
)


@pytest.mark.parametrize("chat", [None, [], "x", 5])
def test_a_request_is_an_object(chat: Any) -> None:
    mapping = ModelMapping(CATALOG)
    error = refused(
        lambda: messages_request(chat, mapping=mapping, settings=Settings(), now=NOW)
    )
    assert (error.status, error.param) == (400, None)


def test_the_exchange_knows_the_request() -> None:
    settings = Settings(echo_model=True)
    exchange = translate("gpt-4o", settings=settings).translation.exchange
    assert exchange.created == int(NOW)
    assert (exchange.model_asked, exchange.model_used) == (
        "gpt-4o",
        "claude-sonnet-5-5",
    )
    assert exchange.settings is settings
    assert not exchange.stream


def test_a_retired_model_is_replaced_or_refused() -> None:
    replaced = translate("claude-opus-4-1")
    assert replaced.body["model"] == "claude-opus-5-5"
    assert replaced.warnings == {"model:retired"}
    mapping = ModelMapping(CATALOG, reject_retired=True)
    error = refusal("claude-opus-4-1", mapping=mapping)
    assert (error.status, error.param, error.code) == (404, "model", "model_not_found")


def test_a_model_that_retires_soon_is_no_loss() -> None:
    translated = translate("claude-sonnet-4-5", settings=Settings(strict=True))
    assert translated.warnings == {"model:retires_soon"}
    assert translated.body["model"] == "claude-sonnet-4-5"


def test_betas_are_merged_the_clients_first() -> None:
    beta = "thinking-binding-controls-2026-08-01"
    signed = [{"type": "thinking", "thinking": "", "signature": "s"}]
    translated = translate(
        messages=called(thinking_blocks=signed),
        tools=[function()],
        client_betas=["b, a", "", "c,"],
        anthropic_beta=["d", "a"],
    )
    assert translated.headers["anthropic-beta"] == f"b,a,c,d,{beta}"
    assert "anthropic-beta" not in translate().headers
    again = translate(
        messages=called(thinking_blocks=signed),
        tools=[function()],
        client_betas=[beta],
    )
    assert again.headers["anthropic-beta"] == beta


def test_strict_settings_refuse_every_loss_at_once() -> None:
    strict = Settings(strict=True)
    error = refusal(seed=1, service_tier="flex", settings=strict)
    assert (error.status, error.param, error.code) == (
        400,
        "seed",
        "unsupported_parameter",
    )
    assert "seed: " in error.message
    assert "service_tier: " in error.message
    assert translate(settings=strict, user="u", tools=[function()]).warnings == set()


def test_a_warning_is_a_loss_with_a_reason_and_a_rule() -> None:
    translated = translate(seed=1, temperature=0.5, max_tokens=10**6, x=1)
    losses = translated.translation.report.with_disposition(
        Disposition.ALTERED, Disposition.IGNORED
    )
    assert {loss.warning for loss in losses} == translated.warnings
    assert all(loss.reason and loss.rule for loss in losses)


def test_the_same_request_gives_the_same_bytes() -> None:
    chat = {"messages": called(), "tools": [function("a.b"), function()], "user": "u"}
    assert translate(**chat).translation.body == translate(**chat).translation.body


# --- whatever is asked, what is sent is legal ---

EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]
SIGNED = [{"type": "thinking", "thinking": "", "signature": "s"}]
OPEN = {"type": "object"}
OPTIONAL = {
    "type": "object",
    "properties": {f"p{n}": {"type": "null"} for n in range(9)},
}
TOOL = st.sampled_from([CITY, OPEN, OPTIONAL, None]).flatmap(
    lambda schema: st.booleans().map(
        lambda strict: {"parameters": schema, "strict": strict}
    )
)
CHATS = st.fixed_dictionaries(
    {
        "model": st.sampled_from([*(model.id for model in CATALOG), "gpt-4o", "o1"]),
        "messages": st.sampled_from(
            [
                HI,
                called(),
                called(thinking_blocks=SIGNED),
                [*HI, {"role": "assistant", "content": "1. "}],
                [{"role": "system", "content": "s"}, *HI],
            ]
        ),
    },
    optional={
        "max_tokens": st.sampled_from([1, 1024, 1025, 2047, 9000, 10**6]),
        "max_completion_tokens": st.sampled_from([1, 4000]),
        "temperature": st.sampled_from([0, 0.5, 1, 1.7]),
        "top_p": st.sampled_from([0, 0.5, 0.95, 1]),
        "top_k": st.sampled_from([0, 5]),
        "stop": st.sampled_from([" ", ["", "a"], []]),
        "user": st.sampled_from(["u", "a@b.test", "+49 170 1234567"]),
        "service_tier": st.sampled_from(["auto", "default", "flex", "fast"]),
        "reasoning_effort": st.sampled_from(EFFORTS),
        "reasoning": st.sampled_from(
            [
                {"effort": "max"},
                {"max_tokens": 500},
                {"enabled": True},
                {"exclude": True},
            ]
        ),
        "enable_thinking": st.booleans(),
        "thinking": st.sampled_from(
            [
                {"type": "disabled"},
                {"type": "between_tools"},
                {"type": "adaptive", "block_binding": {}},
                {"type": "enabled", "budget_tokens": 10**6},
            ]
        ),
        "tools": st.lists(TOOL, min_size=1, max_size=23).map(
            lambda parts: [function(f"f.{n}", **part) for n, part in enumerate(parts)]
        ),
        "tool_choice": st.sampled_from(
            ["auto", "none", "required", {"type": "function", "name": "f.0"}]
        ),
        "parallel_tool_calls": st.booleans(),
        "web_search_options": st.just({}),
        "response_format": st.sampled_from(
            [
                {"type": "text"},
                {"type": "json_object"},
                {
                    "type": "json_schema",
                    "json_schema": {"name": "o", "schema": OPTIONAL},
                },
                {"type": "json_schema", "json_schema": {"name": "o", "schema": OPEN}},
            ]
        ),
        "cache_control": st.just({"type": "ephemeral"}),
        "stream": st.booleans(),
        "seed": st.integers(),
    },
)


@given(CHATS, st.booleans())
@settings(deadline=None, max_examples=150)
def test_what_is_sent_is_legal(chat: dict[str, Any], auto_cache: bool) -> None:
    before = copy.deepcopy(chat)
    options = {"settings": Settings(auto_cache=auto_cache)}
    error = error_of(lambda: translate(**options, **chat))
    if "tool_choice" in chat and "tools" not in chat:
        assert error is not None
        assert error.param == "tool_choice"
        return
    assert error is None
    translated = translate(**options, **chat)
    assert chat == before
    assert broken_rules(translated.body, translated.headers) == []


def test_a_refusal_carries_the_report_of_what_was_read_before() -> None:
    with pytest.raises(RequestError) as refused:
        translate(n=2)
    report = refused.value.report
    assert report is not None
    assert report.entries[-1].disposition is Disposition.REJECTED
    assert report.entries[-1].field == "n"

from __future__ import annotations

import copy
from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.exchange import Settings, Translation
from anthropic_proxy.dialects.chat_completions.request import (
    RETRY_HINTS,
    continued,
    retry_for,
    without_structured_output,
    without_thinking_blocks,
)
from anthropic_proxy.wire import jsontext
from request_support import (
    CITY,
    HAIKU_4_5,
    HI,
    SONNET,
    Translated,
    called,
    function,
    translate,
)

SIGNED = [{"type": "thinking", "thinking": "hm", "signature": "sig=="}]
FORMAT = {"type": "json_schema", "json_schema": {"name": "o", "schema": CITY}}
BOUND = (
    "messages.1.content.0: Invalid thinking block. The block is bound to a different "
    "conversation."
)
TOO_MANY = "Schemas contains too many optional parameters (87) (limit: 24)."


def structured(**chat: Any) -> Translation:
    tools = [function("f", parameters=CITY, strict=True), function("g")]
    return translate(tools=tools, response_format=FORMAT, **chat).translation


def replaying(model: Any = SONNET, **chat: Any) -> Translation:
    messages = called(thinking_blocks=SIGNED)
    return translate(model, messages=messages, tools=[function()], **chat).translation


def read(body: Any) -> Any:
    return jsontext.decode(jsontext.encode(body))


def test_schemas_become_hints_and_instructions() -> None:
    system = [{"role": "system", "content": "Be terse."}, *HI]
    translation = structured(messages=system, reasoning_effort="low")
    before = copy.deepcopy(translation.body)
    again = without_structured_output(translation)
    assert again is not None
    assert translation.body == before
    assert again.body["output_config"] == {"effort": "low"}
    assert [tool["name"] for tool in again.body["tools"]] == ["f", "g"]
    assert not any("strict" in tool for tool in again.body["tools"])
    assert again.body["system"].startswith("Be terse.\n\nRespond with a single valid")
    assert '"city"' in again.body["system"]
    assert again.exchange.unfence_json
    assert not translation.exchange.unfence_json
    added = set(again.report.warnings) - set(translation.report.warnings)
    assert added == {"tools.strict:downgraded", "response_format:schema_not_enforced"}
    assert without_structured_output(again) is None


def test_a_format_alone_leaves_no_output_config() -> None:
    again = without_structured_output(translate(response_format=FORMAT).translation)
    assert again is not None
    assert "output_config" not in again.body


def test_strict_tools_alone_need_no_instruction() -> None:
    tools = [function("f", parameters=CITY, strict=True)]
    again = without_structured_output(translate(tools=tools).translation)
    assert again is not None
    assert "system" not in again.body
    assert not again.exchange.unfence_json


def test_an_emulated_call_is_asked_for_as_json() -> None:
    choice = {"type": "function", "function": {"name": "f"}}
    translation = translate(
        tools=[function("f", parameters=CITY)], tool_choice=choice
    ).translation
    again = without_structured_output(translation)
    assert again is not None
    assert again.exchange.emulated_tool == "f"
    assert "tool_choice:schema_not_enforced" in again.report.warnings


def test_nothing_structured_is_nothing_to_take_away() -> None:
    assert without_structured_output(translate(tools=[function()]).translation) is None


def test_thinking_is_taken_out_with_all_that_belongs_to_it() -> None:
    translation = replaying(client_betas=["files-api-2025-04-14"])
    before = copy.deepcopy(translation.body)
    again = without_thinking_blocks(translation)
    assert again is not None
    assert translation.body == before
    assert "signature" not in str(read(again.body))
    assert again.body["thinking"] == {"type": "adaptive"}
    assert again.headers["anthropic-beta"] == "files-api-2025-04-14"
    assert set(again.report.warnings) == {"thinking_blocks:dropped"}
    assert translation.report.warnings == ()
    assert without_thinking_blocks(again) is None


def test_the_header_goes_when_nothing_is_left_in_it() -> None:
    again = without_thinking_blocks(replaying())
    assert again is not None
    assert "anthropic-beta" not in again.headers
    assert "anthropic-version" in again.headers


def test_a_budget_cannot_go_on_without_its_blocks() -> None:
    translation = replaying(HAIKU_4_5, reasoning_effort="low")
    assert translation.body["thinking"]["type"] == "enabled"
    again = without_thinking_blocks(translation)
    assert again is not None
    assert "thinking" not in again.body


def test_a_budget_stays_outside_of_a_tool_loop() -> None:
    answer = {"role": "assistant", "content": "x", "thinking_blocks": SIGNED}
    translation = translate(
        HAIKU_4_5, messages=[*HI, answer, *HI], reasoning_effort="low"
    ).translation
    again = without_thinking_blocks(translation)
    assert again is not None
    assert again.body["thinking"]["type"] == "enabled"


@pytest.mark.parametrize("hint", [hint for hint, _ in RETRY_HINTS])
def test_each_hint_leads_to_one_retry(hint: str) -> None:
    messages = called("f", thinking_blocks=SIGNED)
    translation = structured(messages=messages)
    again = retry_for(translation, 400, f"x: {hint.upper()} …")
    assert again is not None
    assert len(again.retried) == 1
    assert again.body != translation.body
    assert retry_for(again, 400, hint) is None


def test_both_kinds_of_retry_can_follow_each_other() -> None:
    translation = structured(messages=called("f", thinking_blocks=SIGNED))
    once = retry_for(translation, 400, BOUND)
    assert once is not None
    twice = retry_for(once, 400, TOO_MANY)
    assert twice is not None
    assert twice.retried == {"thinking_blocks", "structured_output"}
    assert retry_for(twice, 400, BOUND) is None
    assert retry_for(twice, 400, TOO_MANY) is None


@pytest.mark.parametrize(
    ("status", "message"), [(400, "n: Extra inputs are not permitted"), (500, TOO_MANY)]
)
def test_other_errors_are_final(status: int, message: str) -> None:
    assert retry_for(structured(), status, message) is None


def test_a_hint_without_anything_to_take_away_is_final() -> None:
    assert retry_for(translate().translation, 400, TOO_MANY) is None
    assert retry_for(translate().translation, 400, BOUND) is None


def test_strict_settings_want_no_retry() -> None:
    translation = structured(settings=Settings(strict=True))
    assert retry_for(translation, 400, TOO_MANY) is None


def test_a_paused_answer_is_sent_back() -> None:
    translation = translate().translation
    said = [{"type": "text", "text": "So"}]
    once = continued(translation, said)
    assert translation.body["messages"] == HI
    assert once.body["messages"] == [*HI, {"role": "assistant", "content": said}]
    more = [{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}]
    twice = continued(once, more)
    assert twice.body["messages"][1:] == [
        {"role": "assistant", "content": [*said, *more]}
    ]
    assert once.body["messages"][1]["content"] == said


def test_a_paused_answer_extends_a_prefill() -> None:
    begun = [*HI, {"role": "assistant", "content": "1."}]
    prefilled = translate(HAIKU_4_5, messages=begun)
    assert isinstance(prefilled, Translated)
    content = [{"type": "text", "text": " Bread"}]
    body = continued(prefilled.translation, content).body
    assert body["messages"][-1]["content"] == [{"type": "text", "text": "1."}, *content]

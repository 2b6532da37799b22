from __future__ import annotations

from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions import parameter
from anthropic_proxy.dialects.report import Report
from request_support import refused


@pytest.mark.parametrize("value", [None, 5, "", "  ", ["gpt-4o"]])
def test_a_model_is_named(value: Any) -> None:
    error = refused(lambda: parameter.model(value, "model"))
    assert (error.param, error.code) == ("model", "missing_required_parameter")


def test_messages_are_a_list_of_some() -> None:
    assert parameter.messages([1], "messages") == [1]
    empty = refused(lambda: parameter.messages([], "messages"))
    assert (empty.message, empty.code) == (
        "[] is too short - 'messages'",
        "empty_array",
    )
    assert refused(lambda: parameter.messages("hi", "messages")).code == "invalid_type"


def test_stop_is_one_or_several_strings() -> None:
    assert parameter.stop("a", "stop") == ["a"]
    assert parameter.stop(["a", "b"], "stop") == ["a", "b"]
    assert refused(lambda: parameter.stop(["a", 1], "stop")).param == "stop[1]"
    message = refused(lambda: parameter.stop({}, "stop")).message
    assert "a string or an array of strings" in message


def test_kinds_of_output_count_once() -> None:
    assert parameter.modalities(["text", "text"], "modalities") == ["text"]
    error = refused(lambda: parameter.modalities(["smell"], "modalities"))
    assert (error.param, error.code) == ("modalities[0]", "invalid_value")


@pytest.mark.parametrize("side", ["input", "output"])
def test_moderation_that_blocks_is_refused(side: str) -> None:
    scoring = {"model": "m", "policy": {side: {"mode": "score"}}}
    assert parameter.moderation(scoring, "moderation") == scoring
    assert parameter.moderation({}, "moderation") == {}
    blocking = {"model": "m", "policy": {side: {"mode": "block"}}}
    error = refused(lambda: parameter.moderation(blocking, "moderation"))
    assert error.param == f"moderation.policy.{side}.mode"
    assert error.code == "unsupported_value"


def test_cache_options_have_two_modes() -> None:
    options = {"mode": "explicit", "ttl": "30m"}
    assert parameter.cache_options(options, "p") == options
    assert (
        refused(lambda: parameter.cache_options({"mode": "x"}, "p")).param == "p.mode"
    )


def test_a_cache_mark_is_ephemeral() -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    assert parameter.cache_control(mark, "p") == mark
    assert parameter.cache_control({"type": "ephemeral"}, "p") == {"type": "ephemeral"}
    assert refused(lambda: parameter.cache_control({}, "p")).param == "p.type"
    late = {"type": "ephemeral", "ttl": "2h"}
    assert refused(lambda: parameter.cache_control(late, "p")).param == "p.ttl"


@pytest.mark.parametrize("name", ["a,b", "a\r\nx: y", "", "ä"])
def test_a_beta_cannot_break_the_header(name: str) -> None:
    assert parameter.betas(["files-api-2025-04-14"], "p") == ["files-api-2025-04-14"]
    assert refused(lambda: parameter.betas([name], "p")).param == "p[0]"


def test_unknown_parts_are_recorded_once_each_and_cleanly() -> None:
    report = Report()
    owner = {"known": 1, "other": 2, "empty": None, "a\nb": 3}
    parameter.ignore_parts(owner, ("known",), "tools[0].function", report)
    assert report.warnings == ("tools.unknown_key:ignored", "tools.other:ignored")
    fields = [entry.field for entry in report.entries]
    assert fields == ["tools[0].function.unknown_key", "tools[0].function.other"]

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.dialects.report import Disposition
from request_support import HAIKU_4_5, SONNET, refusal, translate


@pytest.mark.parametrize(
    ("model", "default", "sent"),
    [(SONNET, 32_000, 32_000), (SONNET, 500_000, 128_000), (HAIKU_4_5, 90_000, 64_000)],
)
def test_upstream_gets_a_limit_always(model: Any, default: int, sent: int) -> None:
    translated = translate(model, settings=Settings(default_max_tokens=default))
    assert translated.body["max_tokens"] == sent
    assert translated.warnings == set()


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_a_limit_is_cut_to_the_models(field: str) -> None:
    assert translate(**{field: 5000}).body["max_tokens"] == 5000
    cut = translate(**{field: 10**9})
    assert cut.body["max_tokens"] == 128_000
    assert cut.warnings == {"max_tokens:clamped"}


def test_two_limits_that_agree_are_no_conflict() -> None:
    both = translate(max_tokens=5000, max_completion_tokens=5000)
    assert both.warnings == set()
    differing = translate(max_tokens=9000, max_completion_tokens=5000)
    assert differing.body["max_tokens"] == 5000
    assert differing.warnings == {"max_tokens:ignored"}


@pytest.mark.parametrize("value", [0, -1, True, "5", 1.5])
def test_a_limit_is_one_token_at_least(value: Any) -> None:
    assert refusal(max_tokens=value).param == "max_tokens"


def test_stop_sequences_need_a_visible_character() -> None:
    assert translate(stop=["a", "b "]).body["stop_sequences"] == ["a", "b "]
    none_left = translate(stop=" \n")
    assert "stop_sequences" not in none_left.body
    assert none_left.warnings == {"stop:whitespace_dropped"}


@pytest.mark.parametrize(
    "user", ["a@b.test", "+49 (170) 123-4567", "0170 1234567", "x" * 257]
)
@pytest.mark.parametrize("field", ["user", "safety_identifier"])
def test_what_identifies_a_person_is_hashed(field: str, user: str) -> None:
    translated = translate(**{field: user})
    digest = hashlib.sha256(user.encode()).hexdigest()
    assert translated.body["metadata"] == {"user_id": digest}
    assert translated.warnings == {"user:hashed"}


@pytest.mark.parametrize("user", ["u-9", "123456", "550e8400-e29b-41d4", "x" * 256])
def test_an_opaque_identifier_is_sent(user: str) -> None:
    translated = translate(user=user)
    assert translated.body["metadata"] == {"user_id": user}
    assert translated.warnings == set()


@pytest.mark.parametrize(
    ("asked", "sent", "warnings"),
    [
        ("auto", "auto", set()),
        ("default", "standard_only", set()),
        ("flex", "standard_only", {"service_tier:flex_to_standard_only"}),
        ("scale", "auto", {"service_tier:scale_to_auto"}),
        ("priority", "auto", {"service_tier:priority_to_auto"}),
        ("fast", "auto", {"service_tier:fast_to_auto"}),
    ],
)
def test_tiers(asked: str, sent: str, warnings: set[str]) -> None:
    translated = translate(service_tier=asked)
    assert translated.body["service_tier"] == sent
    assert translated.warnings == warnings


def test_stream_options_belong_to_a_stream() -> None:
    options = {"include_usage": True, "include_obfuscation": True}
    translated = translate(stream=True, stream_options=options)
    assert translated.body["stream"] is True
    assert translated.translation.exchange.stream
    assert translated.translation.exchange.include_usage
    assert translated.warnings == set()
    quiet = translate(stream=True, stream_options={"include_usage": None, "x": 1})
    assert not quiet.translation.exchange.include_usage
    assert quiet.warnings == {"stream_options.x:ignored"}
    assert not translate(stream=True).translation.exchange.include_usage
    assert refusal(stream_options={}).param == "stream_options"
    wrong = refusal(stream=True, stream_options={"include_usage": 1})
    assert wrong.param == "stream_options.include_usage"


def test_no_stream_is_not_sent() -> None:
    translated = translate(stream=False)
    assert "stream" not in translated.body
    assert not translated.translation.exchange.stream


def test_the_older_name_of_the_user_gives_way_quietly() -> None:
    report = translate(user="old", safety_identifier="new").translation.report
    assert not report.with_disposition(Disposition.IGNORED, Disposition.ALTERED)

from __future__ import annotations

import re
from typing import Any

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsBase,
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)

from anthropic_proxy.dialects.chat_completions import parameters
from anthropic_proxy.dialects.chat_completions.parameter import Handling
from anthropic_proxy.dialects.chat_completions.parameters import PARAMETERS
from anthropic_proxy.dialects.report import Disposition, Report
from request_support import HI, error_of, refused, translate

OURS = {name for name, row in PARAMETERS.items() if not row.extension}
THEIRS = {
    name
    for kind in (
        CompletionCreateParamsBase,
        CompletionCreateParamsNonStreaming,
        CompletionCreateParamsStreaming,
    )
    for name in kind.__annotations__
}
NEWEST_READ = (3, 54)

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "auto", "none", "high", "text", "x"])
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "name", "effort", "mode", "function", "tools", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def test_every_parameter_of_openai_has_a_row() -> None:
    assert THEIRS <= OURS


@pytest.mark.skipif(
    tuple(map(int, openai.__version__.split(".")[:2])) < NEWEST_READ,
    reason="an older SDK may lack parameters that have a row",
)
def test_every_row_is_a_parameter_of_openai_or_marked_as_an_extension() -> None:
    assert THEIRS == OURS


@pytest.mark.parametrize("row", PARAMETERS.values(), ids=lambda row: row.name)
def test_a_row_can_be_documented(row: Any) -> None:
    assert row.sentence.endswith(".")
    assert re.fullmatch(r"[A-E](\.\d)?", row.rule)
    assert (row.becomes is not None) == (row.handling is Handling.MAPPED)


@pytest.mark.parametrize("row", PARAMETERS.values(), ids=lambda row: row.name)
def test_neutral_values_pass_without_a_word(row: Any) -> None:
    plain = translate()
    nothing = [] if row.name in ("model", "messages") else [None]
    for value in [*row.neutral, *nothing]:
        translated = translate(**{row.name: value})
        assert translated.body == plain.body
        assert translated.warnings == set()


@pytest.mark.parametrize("name", PARAMETERS)
@given(value=ANY_JSON)
@settings(deadline=None, max_examples=12)
def test_any_value_is_translated_or_refused_by_name(name: str, value: Any) -> None:
    error = error_of(lambda: translate(**{name: value}))
    if error is not None:
        assert error.status == 400
        assert error.param is not None
        assert re.match(rf"{name}\b", error.param)


@pytest.mark.parametrize("name", ["model", "messages"])
def test_what_must_be_there_is_missed(name: str) -> None:
    chat = {"model": "gpt-4o", "messages": HI}
    for value in ({}, {name: None}):
        incomplete = {key: chat[key] for key in chat if key != name} | value
        error = refused(lambda chat=incomplete: parameters.read(chat, Report()))
        assert (error.param, error.code) == (name, "missing_required_parameter")


def test_an_unknown_key_is_ignored_and_cannot_get_into_a_header() -> None:
    report = Report()
    chat = {"model": "m", "messages": HI, "mirostat": 2, "a\r\nb": 1, "tail": None}
    assert parameters.read(chat, report).keys() == {"model", "messages"}
    assert report.warnings == ("mirostat:ignored", "unknown_key:ignored")


def test_an_ignored_parameter_gives_its_reason() -> None:
    report = Report()
    parameters.read({"model": "m", "messages": HI, "seed": 1}, report)
    (entry,) = report.with_disposition(Disposition.IGNORED)
    assert (entry.field, entry.rule) == ("seed", "A.1")
    assert entry.reason == PARAMETERS["seed"].sentence


@pytest.mark.parametrize(
    "name", ["tools", "functions", "tool_choice", "response_format", "thinking", "seed"]
)
def test_deep_nesting_is_refused_not_followed(name: str) -> None:
    for levels in (1_000, 100_000):
        value: Any = "end"
        for _ in range(levels):
            value = {"items": value} if name != "tools" else [value]
        assert refused(lambda value=value: translate(**{name: value})).param == name


@pytest.mark.parametrize("count", [0, 2, -1, 2.0])
def test_one_completion_is_all_there_is(count: Any) -> None:
    error = refused(lambda: translate(n=count))
    assert (error.param, error.code) == ("n", "unsupported_value")
    assert translate(n=1.0).warnings == set()

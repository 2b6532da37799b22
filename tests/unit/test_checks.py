from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.dialects.chat_completions import checks
from anthropic_proxy.dialects.chat_completions.checks import MAX_DEPTH, Reader
from request_support import error_of, refused

READERS: dict[str, Reader] = {
    "boolean": checks.boolean,
    "integer": checks.integer,
    "number": checks.number,
    "string": checks.string,
    "array": checks.array,
    "mapping": checks.mapping,
}
ACCEPTED = {
    "boolean": [True, False],
    "integer": [0, -3, 10**400, 5.0],
    "number": [0, 0.5, -1.5, 10**400],
    "string": ["", "x"],
    "array": [[], [1]],
    "mapping": [{}, {"a": 1}],
}
KINDS = [
    (None, "null"),
    (True, "a boolean"),
    (1, "an integer"),
    (0.5, "a decimal number"),
    ("1", "a string"),
    ([], "an array"),
    ({}, "an object"),
]


@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_its_own_type_and_names_every_other(name: str) -> None:
    read = READERS[name]
    for value in ACCEPTED[name]:
        assert read(value, "p") == value
    accepted = {type(value) for value in ACCEPTED[name]}
    for value, kind in KINDS:
        if type(value) in accepted and value != 0.5:
            continue
        if name == "number" and value == 0.5:
            continue
        error = refused(lambda value=value: read(value, "p.q"))
        assert (error.status, error.param, error.code) == (400, "p.q", "invalid_type")
        assert error.message.startswith("Invalid type for 'p.q': expected a")
        assert error.message.endswith(f", but got {kind} instead.")


def test_integral_decimals_are_integers() -> None:
    assert checks.integer(5.0, "p") == 5
    assert type(checks.integer(5.0, "p")) is int


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_a_number_is_finite(value: float) -> None:
    assert refused(lambda: checks.number(value, "p")).param == "p"
    assert refused(lambda: checks.integer(value, "p")).code == "invalid_type"


def test_bounds_are_inclusive_and_worded_as_openai_words_them() -> None:
    read = checks.within(checks.integer, 1, 3)
    assert [read(1, "n"), read(3, "n")] == [1, 3]
    low, high = refused(lambda: read(0, "n")), refused(lambda: read(4, "n"))
    assert low.message == (
        "Invalid 'n': integer below minimum value. "
        "Expected a value >= 1, but got 0 instead."
    )
    assert low.code == "integer_below_min_value"
    assert high.message == (
        "Invalid 'n': integer above maximum value. "
        "Expected a value <= 3, but got 4 instead."
    )
    assert high.code == "integer_above_max_value"
    decimal = checks.within(checks.number, 0, 2)
    assert refused(lambda: decimal(2.5, "t")).code == "decimal_above_max_value"
    assert checks.within(checks.integer)(-5, "n") == -5


def test_a_number_too_long_to_print_is_refused_all_the_same() -> None:
    error = refused(lambda: checks.within(checks.integer, 1)(-(10**5000), "n"))
    assert error.message.endswith("but got one far outside instead.")


def test_one_of_lists_what_is_supported() -> None:
    read = checks.one_of("low", "medium", "high")
    assert read("low", "p") == "low"
    error = refused(lambda: read("x" * 100, "p"))
    shown = "x" * 64 + "…"
    assert error.message == (
        f"Invalid value: '{shown}'. Supported values are: 'low', 'medium', and 'high'."
    )
    assert error.code == "invalid_value"
    two = refused(lambda: checks.one_of("a", "b")("c", "p"))
    assert two.message.endswith("Supported values are: 'a' and 'b'.")


def test_elements_are_checked_at_their_place() -> None:
    read = checks.array_of(checks.string)
    assert read(["a"], "p") == ["a"]
    assert refused(lambda: read(["a", 1], "p")).param == "p[1]"


def test_members_are_checked_at_their_place() -> None:
    owner: dict[str, Any] = {"a": 1, "b": None}
    assert checks.required(owner, "a", "p", checks.integer) == 1
    assert checks.optional(owner, "a", "p", checks.integer) == 1
    assert checks.optional(owner, "b", "p", checks.integer) is None
    assert checks.optional(owner, "c", "p", checks.integer) is None
    for key in ("b", "c"):
        error = refused(
            lambda key=key: checks.required(owner, key, "p", checks.integer)
        )
        assert error.param == f"p.{key}"
        assert error.code == "missing_required_parameter"
        assert error.message == f"Missing required parameter: 'p.{key}'."
    wrong = refused(lambda: checks.optional(owner, "a", "p", checks.string))
    assert wrong.param == "p.a"


def nested(levels: int, key: str | None = None) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value] if key is None else {key: value}
    return value


@pytest.mark.parametrize("key", [None, "a"])
def test_depth_is_bounded(key: str | None) -> None:
    legal = nested(MAX_DEPTH - 1, key)
    assert checks.shallow_enough(legal, "p") is legal
    for levels in (MAX_DEPTH, 50_000):
        deep = nested(levels, key)
        error = refused(lambda deep=deep: checks.shallow_enough(deep, "p"))
        assert error.param == "p"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        ),
    )
)
@settings(deadline=None, max_examples=60)
def test_every_value_has_exactly_the_readers_of_its_type(value: Any) -> None:
    errors = {
        name: error_of(lambda read=read: read(value, "p"))
        for name, read in READERS.items()
    }
    assert all(error.param == "p" for error in errors.values() if error is not None)
    takers = [name for name, error in errors.items() if error is None]
    integer = isinstance(value, int) and not isinstance(value, bool)
    assert takers == (["integer", "number"] if integer else takers[:1])

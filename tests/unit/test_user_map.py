"""A broken mapping file is an error with a place, never a silent default."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.models.user_map import MappingError, claude_id, parse_user_map

PATH = "/home/u/.router-mappings.json"


def test_reads_the_documented_example() -> None:
    text = """{
      "gpt-5-experimental": "claude-sonnet-4",
      "my-custom-model": "claude-haiku-4-5"
    }"""
    assert parse_user_map(text, PATH) == {
        "gpt-5-experimental": "claude-sonnet-4",
        "my-custom-model": "claude-haiku-4-5",
    }


@pytest.mark.parametrize("text", ["{}", " {\n} ", "\ufeff{}"])
def test_an_empty_object_maps_nothing(text: str) -> None:
    assert parse_user_map(text, PATH) == {}


def test_names_may_hold_whatever_json_can() -> None:
    text = r'{"a\"b,:{}[]" :"claude-a" , "\u00e9 *" :  "anthropic/claude-b" }'
    assert parse_user_map(text, PATH) == {
        'a"b,:{}[]': "claude-a",
        "é *": "anthropic/claude-b",
    }


def test_a_claude_id_may_be_remapped_by_its_name() -> None:
    text = '{"claude-opus-5": "claude-opus-5-5"}'
    assert parse_user_map(text, PATH) == {"claude-opus-5": "claude-opus-5-5"}


BROKEN = [
    ("", 1, 1, "Expecting value"),
    ("\n\n  ", 3, 3, "Expecting value"),
    ("{", 1, 2, "property name"),
    ('{\n  "a": "claude-b"\n  "c": "claude-d"\n}', 3, 3, "delimiter"),
    ('{"a" "claude-b"}', 1, 6, "':' delimiter"),
    ('{"a": claude-b}', 1, 7, "Expecting value"),
    ('{"a": "claude-b"} x', 1, 19, "Extra data"),
    ('{"a": "claude-b\n"}', 1, 16, "control character"),
    (" \n[]", 2, 1, "expected an object of names"),
    ('"claude-a"', 1, 1, "expected an object of names"),
    ("null", 1, 1, "expected an object of names"),
    ('{\n  "a": "claude-b",\n  "c": 7\n}', 3, 8, "expected a Claude id, got a number"),
    ('{"a": 1.5}', 1, 7, "got a number"),
    ('{"a": true}', 1, 7, "got a boolean"),
    ('{"a": null}', 1, 7, "got null"),
    ('{"a": ["claude-b"]}', 1, 7, "got an array"),
    ('{"a" :\t{"model": "claude-b"}}', 1, 8, "got an object"),
    ('{"a": NaN}', 1, 7, "got a number"),
    ('{"a": "gpt-4"}', 1, 7, '"gpt-4" is no Claude id ("claude-…")'),
    ('{"a": ""}', 1, 7, '"" is no Claude id'),
    ('{"": "claude-b"}', 1, 2, "a name is empty"),
    ('{" ": "claude-b"}', 1, 2, "a name is empty"),
    ('{\n "a": "claude-b",\n "a": "claude-b"}', 3, 2, '"a" is there twice'),
    ('{"gpt-4": "claude-b", "GPT-4": "claude-c"}', 1, 23, '"GPT-4" is there twice'),
    ('{"claude-*": "claude-b"}', 1, 2, '"claude-*" never applies'),
    ('{"anthropic/claude-3*": "claude-b"}', 1, 2, "leave Claude ids alone"),
    ("[" * 100_000, 1, 1, "nested too deeply"),
    ('{"a": ' * 100_000, 1, 1, "nested too deeply"),
    ('{"a": ' + "7" * 5_000 + "}", 1, 7, "got a number"),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"), BROKEN, ids=[row[0][:25] for row in BROKEN]
)
def test_a_broken_file_is_an_error_with_its_place(
    text: str, line: int, column: int, problem: str
) -> None:
    with pytest.raises(MappingError) as caught:
        parse_user_map(text, PATH)
    message = str(caught.value)
    assert message.startswith(f"{PATH}: line {line}, column {column}: ")
    assert problem in message
    assert len(message) < 200


def test_a_byte_order_mark_does_not_move_the_column() -> None:
    with pytest.raises(MappingError, match="line 1, column 7: "):
        parse_user_map('\ufeff{"a": 1}', PATH)


names = st.text(min_size=1).filter(lambda name: name.strip() and "*" not in name)


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(names, st.text(max_size=9).map("claude-".__add__), max_size=6),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
)
def test_reads_every_valid_map(
    user_map: dict[str, str], indent: int | None, ascii_only: bool
) -> None:
    if len({name.lower() for name in user_map}) < len(user_map):
        return
    # A slash or Bedrock's dots in the tail make another name of it.
    user_map = {name: target for name, target in user_map.items() if "/" not in target}
    text = json.dumps(user_map, indent=indent, ensure_ascii=ascii_only)
    assert parse_user_map(text, PATH) == user_map


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet='{}[]",:*ac-lude \n1\\'))
def test_no_other_error_ever(text: str) -> None:
    with contextlib.suppress(MappingError):
        parse_user_map(text, PATH)


def test_claude_id_strips_and_checks() -> None:
    assert claude_id("openrouter/anthropic/claude-opus-5-5") == "claude-opus-5-5"
    with pytest.raises(MappingError, match='"gpt-5" is no Claude id'):
        claude_id("gpt-5")

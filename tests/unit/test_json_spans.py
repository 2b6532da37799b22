"""Where the values of a JSON text lie, and overwriting them in place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.inspection.json_spans import Text, values


def found(text: str) -> list[tuple[tuple[str, ...], str]]:
    return [(value.path, text[value.start : value.end]) for value in values(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":"x","b":{"c":["y",1,{"d":"z"}]}}',
         [(("a",), "x"), (("b", "c"), "y"), (("b", "c"), "1"), (("b", "c", "d"), "z")]),
        ('["p", {"q": "r"}, "s"]', [((), "p"), (("q",), "r"), ((), "s")]),
        ('{"a\\"b": "c\\"d"}', [(('a"b',), 'c\\"d')]),
        ('{"a": -1.5e3, "b": true}', [(("a",), "-1.5e3")]),
        ('{"a": {}, "b": "c"}', [(("b",), "c")]),
        ('{"cut": "here', [(("cut",), "here")]),
        ('{"cut": "', [(("cut",), "")]),
        ('{"a": "x\\', [(("a",), "x")]),
        ("}]no: json", []),
    ],
)  # fmt: skip
def test_values_have_paths_and_places(
    text: str, expected: list[tuple[tuple[str, ...], str]]
) -> None:
    assert found(text) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    is_one = isinstance(value, str | int) and not isinstance(value, bool)
    return [value] if is_one else []


@settings(max_examples=60, deadline=None)
@given(JSON, st.booleans())
def test_every_string_and_number_of_a_document_is_found(
    document: Any, ascii_only: bool
) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only)
    read = [
        json.loads(
            f'"{text[v.start : v.end]}"' if v.is_string else text[v.start : v.end]
        )
        for v in values(text)
    ]
    assert read == leaves(document)


def overwritten(raw: bytes, start: int, end: int, new: str) -> bytes:
    body = bytearray(raw)
    Text(body, raw.decode("latin-1"), [(0, len(raw))]).overwrite(start, end, new)
    return bytes(body)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"plain", "plain"),
        (rb"a\nb", "a\nb"),
        (rb"\u00e9\"\\x", 'é"\\x'),
        ("é😀".encode(), "é😀"),
        (b"\xff\xc3", "��"),
    ],
)
def test_a_text_says_one_character_for_each_unit(raw: bytes, said: str) -> None:
    assert Text(bytearray(raw), raw.decode("latin-1"), [(0, len(raw))]).text == said


@pytest.mark.parametrize(
    ("raw", "start", "end", "expected"),
    [
        (b"abcdef", 1, 3, b"a12def"),
        (rb"a\nbc", 1, 3, rb"a**2c"),
        (rb"x\u0040y", 0, 3, rb"1******3"),
        ("aéb".encode(), 0, 3, b"1**3"),
    ],
)
def test_overwriting_keeps_the_length(
    raw: bytes, start: int, end: int, expected: bytes
) -> None:
    changed = overwritten(raw, start, end, "123"[: end - start])
    assert changed == expected
    assert len(changed) == len(raw)


def test_overwriting_reaches_over_several_pieces() -> None:
    raw = b"..ab..cd..ef.."
    body = bytearray(raw)
    text = Text(body, raw.decode("latin-1"), [(2, 4), (6, 8), (10, 12)])
    assert text.text == "abcdef"
    text.overwrite(1, 5, "1234")
    assert bytes(body) == b"..a1..23..4f.."

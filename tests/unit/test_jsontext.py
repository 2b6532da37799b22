"""What JSON text may hold, from clients that are careless and clients that attack."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anthropic_proxy.wire.jsontext import (
    MAX_DEPTH,
    InvalidJSON,
    decode,
    encode,
    without_surrogates,
)

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

VALID: list[tuple[bytes, Any]] = [
    (b"null", None),
    (b" [1, true, false, null]\r\n\t", [1, True, False, None]),
    (b'{"b": 1, "a": {"c": []}}', {"b": 1, "a": {"c": []}}),
    (b'"\\u00e9\\n\\/\\ud83d\\ude00"', "é\n/😀"),
    ('"é😀"'.encode(), "é😀"),
    (b"-0", 0),
    (b"1.5e3", 1500.0),
    (b"18446744073709551616", 2**64),
    (b"-" + b"9" * 30, -(10**30) + 1),
    (b'""', ""),
    (b"\xef\xbb\xbf{}", {}),
]


@pytest.mark.parametrize(("text", "value"), VALID)
def test_reads_json_from_bytes_and_str(text: bytes, value: Any) -> None:
    assert decode(text) == value
    assert decode(text.decode()) == value
    assert type(decode(text)) is type(value)


def test_the_last_of_equal_keys_counts_and_order_is_kept() -> None:
    assert list(decode(b'{"b":1,"a":2,"b":3}').items()) == [("b", 3), ("a", 2)]


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (rb'"\ud83d"', REPLACEMENT),
        (rb'"\uDE00"', REPLACEMENT),
        (rb'"a\ud83db"', f"a{REPLACEMENT}b"),
        (rb'"\ud83d\ud83d"', REPLACEMENT * 2),
        (rb'"\ude00\ud83d"', REPLACEMENT * 2),
        (rb'"\ud83d\u0041"', f"{REPLACEMENT}A"),
        (rb'"\ud83d\n"', f"{REPLACEMENT}\n"),
        (rb'"\ud83d\\ude00"', f"{REPLACEMENT}\\ude00"),
        (rb'"\ud83d\ude00\ud83d"', f"😀{REPLACEMENT}"),
        (rb'"\ud83d\ud83d\ude00"', f"{REPLACEMENT}😀"),
        (rb'"\\\ud83d"', f"\\{REPLACEMENT}"),
        (rb'"\\ud83d\ud83d"', rf"\ud83d{REPLACEMENT}"),
        (rb'{"\ud83d":["\ude00"]}', {REPLACEMENT: [REPLACEMENT]}),
        (rb'"\\\\\ud83d\\\ud83d"', rf"\\{REPLACEMENT}\{REPLACEMENT}"),
        (rb'"\n\ud83d\"\ude00\""', f'\n{REPLACEMENT}"{REPLACEMENT}"'),
        (b'\xef\xbb\xbf"\\ud83d"', REPLACEMENT),
    ],
)
def test_lone_surrogate_escapes_are_mended(text: bytes, mended: Any) -> None:
    assert decode(text) == mended
    assert decode(text.decode()) == mended


def test_mending_costs_little() -> None:
    text = rb'"\ud83d' + rb"\\" * 500_000 + b"x" + rb"\n" * 200_000 + b'"'
    assert decode(text) == REPLACEMENT + "\\" * 500_000 + "x" + "\n" * 200_000


def test_an_escaped_backslash_starts_no_surrogate() -> None:
    assert decode(rb'"\\ud83d"') == r"\ud83d"


def test_lone_surrogates_in_a_str_are_mended() -> None:
    assert decode('{"a\udc80": "\ud83d"}') == {f"a{REPLACEMENT}": REPLACEMENT}
    assert decode('"\ud83d\\ude00"') == REPLACEMENT * 2


def test_mending_does_not_hide_another_error() -> None:
    with pytest.raises(InvalidJSON, match="trailing characters"):
        decode(rb'"\ud83d" x')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "truncated"),
        (b"  ", "truncated"),
        (b"\xef\xbb\xbf", "truncated"),
        (b'{"a":', "truncated"),
        (b'"\\', "truncated"),
        (b'"\\ud8', "truncated"),
        (b"{} {}", "trailing characters"),
        (b"[1,]", "malformed"),
        (b"{a:1}", "malformed"),
        (b"{'a':1}", "malformed"),
        (b"01", "malformed"),
        (b"+1", "malformed"),
        (b"// x\n1", "malformed"),
        (b'"\\x"', "malformed"),
        (b'"\x01"', "malformed"),
        (b"NaN", "malformed"),
        (b"[Infinity]", "malformed"),
        (b'{"a":-Infinity}', "malformed"),
        (b"1e400", "out of range"),
        (b"7" * 5_000, "out of range"),
        (b"\xff", "malformed"),
        (b'"\xff"', "not UTF-8"),
        (b'{"a\xff":1}', "not UTF-8"),
        (b'"\xed\xa0\xbd"', "not UTF-8"),
        (b'"\xc0\xaf"', "not UTF-8"),
        (b'"\xf0\x9f\x98"', "not UTF-8"),
        ("{}".encode("utf-16"), "malformed"),
        ("{}".encode("utf-16-le"), "malformed"),
        ("{}".encode("utf-32"), "malformed"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "malformed"),
    ],
)
def test_anything_else_is_invalid(text: bytes, message: str) -> None:
    with pytest.raises(InvalidJSON, match=message):
        decode(text)


# --- depth ---

SHELLS = [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")]
CORES = [b"1", rb'"\ud83d"']  # the second takes the mending path


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(("left", "right"), SHELLS)
def test_depth_ends_at_one_place(left: bytes, right: bytes, core: bytes) -> None:
    times = MAX_DEPTH // (left.count(b"[") + left.count(b"{"))
    deepest = left * times + core + right * times
    assert decode(deepest) == decode(deepest.decode())
    assert decode(encode(decode(deepest))) == decode(deepest)
    for text in (b"[" + deepest + b"]", b'{"a":' + deepest + b"}"):
        for form in (text, text.decode()):
            with pytest.raises(InvalidJSON, match="nested deeper than 200 levels"):
                decode(form)


@pytest.mark.parametrize("times", [500, 2_000, 100_000])
@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(("left", "right"), SHELLS)
def test_depth_never_breaks_the_stack(
    left: bytes, right: bytes, core: bytes, times: int
) -> None:
    for text in (left * times + core + right * times, left * times):
        for form in (text, text.decode()):
            with pytest.raises(InvalidJSON):
                decode(form)


def test_wide_documents_are_not_deep() -> None:
    wide = [[{"a": [index]}] for index in range(2_000)]
    assert decode(encode(wide)) == wide
    brackets = "[{" * 5_000
    assert decode(encode([brackets])) == [brackets]


# --- encode ---


def test_writes_compact_utf8_in_order() -> None:
    value = {"b": [1, 2.5, None, True], "a": "é😀\n"}
    assert encode(value) == '{"b":[1,2.5,null,true],"a":"é😀\\n"}'.encode()


def test_raw_json_is_spliced() -> None:
    assert encode({"a": msgspec.Raw(b'{"x": 1}')}) == b'{"a":{"x": 1}}'


def test_what_is_written_has_no_lone_surrogates() -> None:
    document = {"\udcb5": ["a\ud83d", ("\udcff", 1, None)], "b": msgspec.Raw(b"[]")}
    mended = {REPLACEMENT: [f"a{REPLACEMENT}", [REPLACEMENT, 1, None]], "b": []}
    assert json.loads(encode(document)) == mended


def test_without_surrogates_makes_text_that_encodes() -> None:
    assert without_surrogates("a\ud83db\udc80") == f"a{REPLACEMENT}b{REPLACEMENT}"
    assert without_surrogates("é😀") == "é😀"
    assert encode(without_surrogates("\udfff")) == f'"{REPLACEMENT}"'.encode()


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=15,
)


@settings(deadline=None, max_examples=80)
@given(documents)
def test_round_trip(value: Any) -> None:
    assert decode(encode(value)) == value
    assert decode(json.dumps(value)) == value


@settings(deadline=None, max_examples=80)
@given(st.text(alphabet=st.sampled_from('\ud83d\ude00\udc80aé\\"\n')))
@example("\ud83d\ude00")
def test_mends_like_the_lenient_standard_decoder(text: str) -> None:
    escaped = json.dumps(text)
    expected = without_surrogates(json.loads(escaped))
    assert decode(escaped) == decode(escaped.encode()) == expected


@settings(deadline=None, max_examples=80)
@given(st.binary() | st.text().map(str.encode))
def test_no_other_error_ever(text: bytes) -> None:
    try:
        value = decode(text)
    except InvalidJSON:
        return
    assert not isinstance(value, float) or math.isfinite(value)

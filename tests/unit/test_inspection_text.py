"""The helpers that lay out text: aligned, within the width, harmless to a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.inspection import text
from anthropic_proxy.inspection.text import (
    bar,
    clean,
    columns,
    fits,
    one_line,
    paragraph,
    quoted,
    seconds,
    shortened,
    size,
    table,
    wrapped,
)


def test_what_could_steer_a_terminal_is_spelt_out() -> None:
    assert clean("\x1b[31mred\x07\x9b1m\x7f") == "\\x1b[31mred\\x07\\x9b1m\\x7f"
    assert clean("a\u202egnp.exe") == "a\\u202egnp.exe"
    assert clean("half \ud83d") == "half \\ud83d"


def test_line_ends_tabs_and_joined_emoji_stay() -> None:
    assert clean("a\n\tb 👩‍👩‍👧") == "a\n\tb 👩‍👩‍👧"


def test_one_line_has_no_line_ends_and_none_is_a_dash() -> None:
    assert one_line(" a\r\n  b\x00") == "a b\\x00"
    assert one_line(None) == "–"
    assert one_line(7) == "7"


@pytest.mark.parametrize(
    ("given_", "wide"), [("abc", 3), ("长", 2), ("e\u0301", 1), ("👩‍👩‍👧", 6), ("", 0)]
)
def test_columns_are_those_of_a_screen(given_: str, wide: int) -> None:
    assert columns(given_) == wide


@settings(max_examples=50, deadline=None)
@given(st.text(), st.integers(2, 40))
def test_wrapping_loses_nothing_and_fits(given_: str, width: int) -> None:
    lines = wrapped(given_, width)
    assert "".join(lines) == given_
    assert all(fits(line, width) for line in lines)


def test_wrapping_breaks_at_spaces() -> None:
    assert wrapped("one two three", 8) == ["one two ", "three"]
    assert wrapped("abcdefghij", 4) == ["abcd", "efgh", "ij"]


@settings(max_examples=50, deadline=None)
@given(st.text(), st.integers(2, 20))
def test_shortening_fits(given_: str, width: int) -> None:
    short = shortened(given_, width)
    assert fits(short, width)
    assert short == given_ or short.endswith("…")


def test_quoted_text_shows_its_line_ends() -> None:
    assert quoted("a\nb", 10) == '"a\\nb"'
    assert quoted("abcdef", 4) == '"abc…"'


def test_a_table_is_aligned_and_goes_on_below() -> None:
    rows = [("a", 1, "x"), ("bb", 22, "word " * 30)]
    lines = table(rows, [4, 4], head=("Name", "N", "What"), right=[1])
    assert lines[:3] == ["  Name   N  What", "  ────   ─  ────", "  a      1  x"]
    assert [line.index("word") for line in lines if "word" in line] == [12, 12]
    assert all(columns(line) <= text.WIDTH for line in lines)


def test_a_table_of_nothing_is_nothing() -> None:
    assert table([], [3], head=("A", "B")) == []


def test_wide_characters_keep_the_columns_aligned() -> None:
    first, second = table([("长长", "x"), ("abcd", "y")], [10])
    assert columns(first.rstrip("x")) == columns(second.rstrip("y"))


def test_a_paragraph_hangs() -> None:
    first, second, *_ = paragraph("⚠ " + "word " * 40, indent=2)
    assert first.startswith("⚠ word")
    assert second.startswith("  word")


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, ""), (0.0001, "▏"), (0.5, "█████"), (1, "██████████"), (7, "██████████")],
)
def test_bars(share: float, shown: str) -> None:
    assert bar(share, 10) == shown


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (1, "1 byte"),
        (9_999, "9,999 bytes"),
        (10_000, "10.0 kB"),
        (2_097_152, "2.1 MB"),
    ],
)
def test_sizes(octets: int, told: str) -> None:
    assert size(octets) == told


@pytest.mark.parametrize(
    ("given_", "told"), [(0.0414, "41 ms"), (0.9996, "1.00 s"), (12.3, "12.30 s")]
)
def test_durations(given_: float, told: str) -> None:
    assert seconds(given_) == told

"""What is kept of a stream as it passes."""

from __future__ import annotations

from itertools import count

import pytest

from anthropic_proxy.proxy import streaming
from anthropic_proxy.proxy.streaming import Kept, Tap


def tap(limit: int = 100) -> Tap:
    clock = count()
    return Tap(limit, lambda: float(next(clock)))


def test_of_a_body_the_beginning_is_kept() -> None:
    kept = Kept(5)
    for piece in (b"abc", b"defg", b"hi"):
        kept.add(piece)
    assert (bytes(kept.body), kept.size) == (b"abcde", 9)


def test_both_sides_are_kept_and_marked() -> None:
    kept = tap()
    feed = kept.around(lambda data: [data.upper(), b"!"] if data else b"end")
    assert feed(b"ab") == [b"AB", b"!"]
    kept.also_sent(b"ping")
    assert feed(b"") == [b"end"]
    assert bytes(kept.received.body) == b"ab"
    assert bytes(kept.sent.body) == b"AB!pingend"
    assert kept.rows == [[0, 2, 3], [1, 2, 7], [2, 2, 10]]


def test_without_a_callable_bytes_pass_as_they_are() -> None:
    kept = tap()
    feed = kept.around(None)
    assert feed(b"ab") == [b"ab"]
    assert feed(b"") == []
    assert kept.received.body == kept.sent.body
    assert kept.rows == [[0, 2, 2]]  # the end is not a read


def test_an_empty_fragment_is_never_given_to_mitmproxy() -> None:
    assert tap().around(lambda data: b"")(b"ab") == []


@pytest.mark.parametrize("pieces", range(1, 60))
def test_marks_are_thinned_out_and_still_count_all(
    pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MOST_MARKS", 8)
    kept = tap()
    feed = kept.around(None)
    for _ in range(pieces):
        feed(b"x")
    rows = kept.rows
    assert len(rows) <= 9
    assert rows[-1][1:] == [pieces, pieces]
    assert rows == sorted(rows)
    assert len({row[1] for row in rows}) == len(rows)

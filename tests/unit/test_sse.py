"""The event stream rules of the HTML Living Standard, at every chunk boundary."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anthropic_proxy.wire.sse import Decoder, Event, EventTooLarge, comment, encode


def feed_in_chunks(stream: bytes, size: int, **limits: int) -> list[Event]:
    decoder = Decoder(**limits)
    events = []
    for start in range(0, len(stream), size):
        events += decoder.feed(stream[start : start + size])
    return events


def messages(*data: str) -> list[Event]:
    return [Event("message", text) for text in data]


CASES: dict[str, tuple[bytes, list[Event]]] = {
    "nothing": (b"", []),
    "one event": (b"event: ping\ndata: {}\n\n", [Event("ping", "{}")]),
    "without a name it is a message": (b"data: a\n\n", messages("a")),
    "the name may come after the data": (b"data: a\nevent: x\n\n", [Event("x", "a")]),
    "the last name counts": (b"event: x\nevent: y\ndata: a\n\n", [Event("y", "a")]),
    "an empty name is a message": (b"event: x\nevent:\ndata: a\n\n", messages("a")),
    "a name lasts for one event": (
        b"event: x\ndata: a\n\ndata: b\n\n",
        [Event("x", "a"), Event("message", "b")],
    ),
    "a name without data is forgotten": (
        b"event: x\n\ndata: a\n\n",
        messages("a"),
    ),
    "carriage returns": (
        b"event: x\rdata: a\r\rdata: b\r\r",
        [Event("x", "a"), Event("message", "b")],
    ),
    "both": (
        b"event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n",
        [Event("x", "a"), Event("message", "b")],
    ),
    "mixed line ends": (
        b"data: a\r\n\ndata: b\n\r\ndata: c\r\r\n",
        messages("a", "b", "c"),
    ),
    "a carriage return and a line feed are one end": (
        b"data: a\r\ndata: b\r\n\r\n",
        messages("a\nb"),
    ),
    "a line feed and a carriage return are two": (
        b"data: a\n\rdata: b\n\n",
        messages("a", "b"),
    ),
    "several data lines": (b"data: a\ndata: b\ndata: c\n\n", messages("a\nb\nc")),
    "an empty data line in between": (
        b"data: a\ndata\ndata: b\n\n",
        messages("a\n\nb"),
    ),
    "two empty data lines": (b"data\ndata:\n\n", messages("\n")),
    "empty data is no event": (b"data:\n\ndata\n\ndata: \n\n", []),
    "one space goes": (
        b"data:a\ndata: b\ndata:  c\ndata:\td\n\n",
        messages("a\nb\n c\n\td"),
    ),
    "colons in the value": (b"data: a: b:c\n\n", messages("a: b:c")),
    "comments": (b": ping\n:\ndata: a\n:data: no\n\n: x\n\n", messages("a")),
    "id and retry are dropped": (
        b"id: 1\nretry: 10\ndata: a\nid\n\nid: 2\n\nretry: 1\n\n",
        messages("a"),
    ),
    "unknown fields are dropped": (
        b"date: a\nDATA: b\n data: c\ndata: d\n\n",
        messages("d"),
    ),
    "a field name alone": (b"event\ndata: a\nfoo\n\n", messages("a")),
    "an unfinished event is not one": (b"data: a\n\ndata: b\n", messages("a")),
    "an unfinished line is none": (b"data: a\n\ndata: b", messages("a")),
    "a lone end of line at the end": (b"data: a\n\ndata: b\n\r", messages("a", "b")),
    "blank lines": (b"\n\r\n\r\ndata: a\n\n\n\n", messages("a")),
    "a byte order mark": (b"\xef\xbb\xbfdata: a\n\n", messages("a")),
    "only the first byte order mark": (
        b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n",
        messages("b"),
    ),
    "a byte order mark later on": (
        b"data: a\n\n\xef\xbb\xbfdata: b\n\ndata: \xef\xbb\xbfc\n\n",
        messages("a", "\ufeffc"),
    ),
    "half a byte order mark": (b"\xef\xbb\n\ndata: a\n\n", messages("a")),
    "a stream that is a byte order mark": (b"\xef\xbb\xbf", []),
    "characters of many bytes": (
        "event: é\ndata: €😀\ndata: \u2028\x85\n\n".encode(),
        [Event("é", "€😀\n\u2028\x85")],
    ),
    "bytes that are no UTF-8": (
        b"data: a\xffb\xf0\x9f\ndata: c\n\n",
        messages("a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}\nc"),
    ),
    "a null character": (b"data: a\x00b\n\n", messages("a\x00b")),
    "other control characters end no line": (
        b"data: a\x0b\x0c\x1cb\n\n",
        messages("a\x0b\x0c\x1cb"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_rules_hold_at_every_chunk_size(name: str) -> None:
    stream, events = CASES[name]
    for size in range(1, len(stream) + 2):
        assert feed_in_chunks(stream, size) == events


@pytest.mark.parametrize("name", CASES)
def test_rules_hold_at_every_cut(name: str) -> None:
    stream, events = CASES[name]
    for cut in range(len(stream) + 1):
        decoder = Decoder()
        parts = (stream[:cut], b"", stream[cut:], b"")
        assert [event for part in parts for event in decoder.feed(part)] == events


def reference(stream: bytes) -> list[Event]:
    """The standard's algorithm over the whole text, slow and plain."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]
    events, name, data = [], "", ""
    for line in lines:
        if not line:
            if data.removesuffix("\n"):
                events.append(Event(name or "message", data.removesuffix("\n")))
            name, data = "", ""
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data += value + "\n"
        elif field == "event":
            name = value
    return events


texts = (
    *("data", "event", "id", ":", " ", "\n", "\r", "\r\n", "\n\n", "a", "é", "😀"),
    *("\ufeff", "data: x\n", "event: y\r\n", ": c\n"),
)
pieces = st.sampled_from(texts).map(str.encode) | st.sampled_from(
    [b"\xff", b"\xf0\x9f"]
)


@settings(deadline=None, max_examples=250)
@given(st.lists(pieces, max_size=25).map(b"".join), st.data())
@example(b"\xef\xbb\xbfdata: x\r\n\r\n", None)
def test_any_chunking_gives_the_events_of_the_standard(
    stream: bytes, draw: st.DataObject | None
) -> None:
    cuts = st.lists(st.integers(0, len(stream)), max_size=8).map(sorted)
    places = [0, *(draw.draw(cuts) if draw else range(len(stream))), len(stream)]
    decoder = Decoder()
    events = []
    for start, end in itertools.pairwise(places):
        events += decoder.feed(stream[start:end])
    assert events == reference(stream)


# --- pending ---


@pytest.mark.parametrize(
    ("stream", "pending"),
    [
        (b"", False),
        (b"data: a\n\n", False),
        (b"data: a\r", True),
        (b"data: a\n", True),
        (b"event: a\n", True),
        (b"d", True),
        (b"\xef", True),
        (b"\xef\xbb\xbf", False),
        (b": ping\n", False),
        (b"id: 7\n", False),
        (b"data: a\r\n\r", False),
    ],
)
def test_pending_says_whether_an_event_would_be_lost(
    stream: bytes, pending: bool
) -> None:
    decoder = Decoder()
    decoder.feed(stream)
    assert decoder.pending is pending


# --- the limit on memory ---


@pytest.mark.parametrize(
    "event",
    [
        b"data: 345678901234567890\n\n",
        b"data: 3456789\ndata: 6789\n\n",
        b"event: 456789\r\ndata: 6789\r\n\r\n",
        b"data: 3456789\n: 3456789\n\n",
    ],
)
def test_the_limit_does_not_depend_on_chunks(event: bytes) -> None:
    size = sum(len(line) for line in event.splitlines())
    two = event + event
    for chunk in (*range(1, len(two)), len(two)):
        assert len(feed_in_chunks(two, chunk, max_event_bytes=size)) == 2
        with pytest.raises(EventTooLarge, match=f"no more than {size - 1}$"):
            feed_in_chunks(two, chunk, max_event_bytes=size - 1)


def test_a_line_without_end_is_cut_off() -> None:
    decoder = Decoder(max_event_bytes=10)
    decoder.feed(b"data: 7890")
    with pytest.raises(EventTooLarge, match="read 11 bytes of one event, expected no"):
        decoder.feed(b"1")


def test_a_long_stream_of_small_events_has_no_limit() -> None:
    decoder = Decoder(max_event_bytes=20)
    assert len(decoder.feed(b"data: 789\n\n" * 1_000)) == 1_000


def test_a_large_event_in_small_chunks_costs_little() -> None:
    line = b"data: " + b"x" * 2_000_000
    decoder = Decoder()
    for at in range(0, len(line), 1_000):
        assert decoder.feed(line[at : at + 1_000]) == []
    [event] = decoder.feed(b"\n\n")
    assert len(event.data) == 2_000_000


# --- writing ---


def test_frames_are_as_both_vendors_write_them() -> None:
    assert encode(b'{"a":1}') == b'data: {"a":1}\n\n'
    assert encode(b"{}", "message_stop") == b"event: message_stop\ndata: {}\n\n"
    assert comment("keep-alive") == b": keep-alive\n\n"


@settings(deadline=None, max_examples=50)
@given(
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])),
    st.sampled_from([None, "ping", "é"]),
)
def test_what_is_written_is_read(data: str, name: str | None) -> None:
    stream = comment("x") + encode(data.encode(), name) + comment("y")
    expected = [Event(name or "message", data)] if data else []
    assert Decoder().feed(stream) == expected

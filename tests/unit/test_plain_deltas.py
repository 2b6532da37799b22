"""The short way for plain deltas does what the full way does, byte for byte.

A stream that comes byte by byte never takes the short way, which is for whole frames.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from answer_support import (
    block_delta,
    block_start,
    block_stop,
    exchange,
    frames,
    message_end,
    message_start,
    sse_bytes,
)
from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.dialects.chat_completions.plain_deltas import MAX_FRAME_BYTES
from anthropic_proxy.dialects.chat_completions.stream import ChunkStream, Transcoder


class Watched(ChunkStream):
    """Notes the deltas that take the full way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.full_way: list[Any] = []

    def receive(self, event: Any) -> Any:
        if event.get("type") == "content_block_delta":
            self.full_way.append(event["delta"])
        return super().receive(event)


def compact(event: dict[str, Any], ascii_only: bool = False) -> bytes:
    """As Anthropic's API writes events."""
    text = json.dumps(event, ensure_ascii=ascii_only, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {text}\n\n".encode()


def padded(event: dict[str, Any]) -> bytes:
    return compact(event).replace(b"}\n\n", b"      }\n\n")


def spaced(event: dict[str, Any]) -> bytes:
    """As its reference does."""
    return sse_bytes([event])


STARTS = {
    "text": block_start(0, type="text", text=""),
    "thinking": block_start(0, type="thinking", thinking="", signature=""),
    "tool_use": block_start(0, type="tool_use", id="toolu_1", name="f", input={}),
}
DELTAS = {
    "text": ("text_delta", "text"),
    "thinking": ("thinking_delta", "thinking"),
    "tool_use": ("input_json_delta", "partial_json"),
}


def started(type_: str = "text", **fields: Any) -> tuple[Watched, Transcoder]:
    stream = Watched(exchange(**fields))
    transcoder = Transcoder(stream)
    transcoder.feed(sse_bytes([message_start(), STARTS[type_]]))
    return stream, transcoder


def bytewise(transcoder: Transcoder, data: bytes) -> bytes:
    return b"".join([transcoder.feed(bytes([byte])) for byte in data])


def delta(text: str, type_: str = "text", index: int = 0) -> dict[str, Any]:
    kind, field = DELTAS[type_]
    return block_delta(index, kind, **{field: text})


@pytest.mark.parametrize("write", [compact, padded, spaced])
@pytest.mark.parametrize("type_", DELTAS)
@pytest.mark.parametrize("text", ["Hi", 'a "b" \\ \n\t:', "é€😀\u2028\x7f", " "])
def test_plain_deltas_take_the_short_way(type_, write, text):
    stream, transcoder = started(type_)
    told = transcoder.feed(write(delta(text, type_)) * 3)
    assert stream.full_way == []
    assert len(frames(told)[0]) == 3
    (block,) = stream.raw_content
    assert text * 3 in (block.get(type_), *block.get("input", {}).values())
    full, other = started(type_)
    assert told == bytewise(other, write(delta(text, type_)) * 3)
    assert len(full.full_way) == 3


def plain_frame(literal: bytes) -> bytes:
    return compact(delta("~")).replace(b'"~"', literal)


NOT_PLAIN = {
    "an empty string": b'""',
    "a lone surrogate": rb'"\ud800"',
    "half a pair": rb'"\ude00x"',
    "another field": b'"a","x":"b"',
    "the field again": b'"a","text":"b"',
    "not a string": b"5",
    "null": b"null",
    "an object": b'{"a":"b"}',
    "nothing": b"",
    "bytes that are no UTF-8": b'"a\xffb"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "an overlong character": b'"\xc0\xaf"',
    "a control character": b'"a\x01b"',
    "a NUL": b'"a\0b"',
    "a tab": b'"a\tb"',
    "a line feed": b'"a\nb"',
    "a line feed and a field": b'"a\ndata: b"',
    "a carriage return": b'"a\rb"',
    "a carriage return after it": b'"a"\r',
    "a space before it": b' "a"',
    "an invalid escape": rb'"\q"',
    "a string that is not closed": rb'"a\"',
    "brackets and more": b'"a"}} ',
    "more than may be counted": b'"' + b"x" * MAX_FRAME_BYTES + b'"',
}


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_what_is_not_plain_takes_the_full_way(name):
    frame = plain_frame(NOT_PLAIN[name])
    stream, transcoder = started()
    told = transcoder.feed(frame + compact(delta("on")))
    assert stream.failed or len(stream.full_way) == 1
    assert told == bytewise(started()[1], frame + compact(delta("on")))


@pytest.mark.parametrize(
    "frame",
    [
        compact(delta("a")).replace(b"}}", b"}"),
        compact(delta("a")).replace(b"}}", b"} "),
        compact(delta("a")).replace(b"}}", b"}}}"),
        compact(delta("a")).replace(b"event: ", b"event:"),
        compact(delta("a")).replace(b"event: content_block_delta\n", b""),
        compact(delta("a")).replace(b"\n", b"\r\n"),
        compact(delta("a")).replace(b"\n\n", b"\nevent: x\n\n"),
        compact(delta("a")).replace(b"data", b": c\ndata"),
        compact(delta("a", index=1)),
        compact(delta("a")).replace(b'"index":0', b'"index":0.0'),
        compact(delta("a", "thinking")),
    ],
)
def test_nor_is_any_other_frame(frame):
    stream, transcoder = started()
    told = transcoder.feed(frame)
    assert stream.failed or len(stream.full_way) == 1
    assert told == bytewise(started()[1], frame)


def test_a_frame_in_two_pieces_takes_the_full_way_and_the_next_one_does_not():
    stream, transcoder = started()
    frame = compact(delta("a"))
    for cut in range(1, len(frame) - 1):
        transcoder.feed(frame[:cut])
        transcoder.feed(frame[cut:] + frame)
    assert len(stream.full_way) == len(frame) - 2
    (block,) = stream.raw_content
    assert block["text"] == "a" * 2 * (len(frame) - 2)


@pytest.mark.parametrize(
    ("type_", "fields"),
    [
        ("thinking", {"settings": Settings(reasoning_content=False)}),
        ("tool_use", {"custom_tools": frozenset({"f"})}),
    ],
)
def test_the_short_way_keeps_what_the_client_is_not_told_yet(type_, fields):
    stream, transcoder = started(type_, **fields)
    assert transcoder.feed(compact(delta("{}", type_))) == b""
    assert stream.full_way == []
    assert "{}" in (stream.raw_content[0].get(type_), "{}")
    end = transcoder.feed(compact(block_stop(0)))
    assert (b"custom" in end) is (type_ == "tool_use")


def test_text_that_stands_for_a_call_has_no_short_way():
    stream, transcoder = started(emulated_tool="pick")
    assert b"tool_calls" in transcoder.feed(compact(delta("{}")))
    assert len(stream.full_way) == 1


# -- the same, whatever comes ------------------------------------------------------

TEXTS = st.text(max_size=6) | st.sampled_from(['"', "\\", "\n", "}}", '"}}', "\u2028"])
LITERALS = st.one_of(
    TEXTS.map(lambda text: json.dumps(text).encode()),
    TEXTS.map(
        lambda text: json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")
    ),
    st.sampled_from([value for value in NOT_PLAIN.values() if len(value) < 99]),
    st.binary(max_size=6),
    st.lists(
        st.sampled_from(
            [rb"\/", rb"\u00e9", rb"\ud83d\ude00", rb"\uD800", b"a", b"\x80"]
        )
    ).map(lambda parts: b'"' + b"".join(parts) + b'"'),
)
INDEX = st.sampled_from([0, 0, 0, 1, 2])
WRITE = st.sampled_from([compact, compact, spaced, padded])


@st.composite
def delta_frames(draw: st.DrawFn) -> bytes:
    kind, field = draw(st.sampled_from(sorted(DELTAS.values())))
    event = block_delta(draw(INDEX), kind, **{field: "~"})
    return draw(WRITE)(event).replace(b'"~"', draw(LITERALS))


@st.composite
def odd_frames(draw: st.DrawFn) -> bytes:
    """A frame with some of its bytes changed."""
    frame = bytearray(draw(delta_frames()))
    at = draw(st.integers(0, len(frame)))
    size = draw(st.integers(0, 2))
    frame[at : at + size] = draw(
        st.sampled_from([b"", b"\n", b"\r", b" ", b"}", b'"', b"\\", b"\0", b"1"])
    )
    return bytes(frame)


BLOCKS = [*(start["content_block"] for start in STARTS.values())]
BLOCKS += [{"type": "text", "text": "Hi"}, {"type": "server_tool_use", "input": {}}]
OTHERS = st.one_of(
    st.builds(lambda i, block: block_start(i, **block), INDEX, st.sampled_from(BLOCKS)),
    st.builds(block_stop, INDEX),
    st.just(message_start()),
    st.just({"type": "ping"}),
    st.sampled_from([*message_end(), message_end("pause_turn")[0]]),
    st.just({"type": "error", "error": {"type": "api_error", "message": "x"}}),
)
PARTS = st.one_of(
    delta_frames(),
    delta_frames(),
    odd_frames(),
    st.builds(lambda write, event: write(event), WRITE, OTHERS),
    st.sampled_from(
        [b"\n", b"\r", b": c\n", b": c\n\n", b"event: x\n", b"data: {}\n\n"]
    ),
)
MODES = st.fixed_dictionaries(
    {
        "legacy_functions": st.booleans(),
        "include_usage": st.booleans(),
        "emulated_tool": st.sampled_from([None, None, "pick"]),
        "custom_tools": st.sampled_from([frozenset(), frozenset({"f"})]),
        "model_used": st.sampled_from(["claude-sonnet-5-5", 'a"b\u2028']),
        "settings": st.builds(
            Settings,
            reasoning_content=st.booleans(),
            anthropic_content=st.booleans(),
            echo_model=st.booleans(),
        ),
    }
)


def state(stream: ChunkStream) -> dict[str, Any]:
    return {
        "content": stream.raw_content,
        "usage": stream.usage,
        "warnings": stream.warnings,
        "ends": (stream.finished, stream.failed, stream.finish_reason, stream.paused),
    }


def both_ways(pieces: list[bytes], pauses_left: int = 0, **fields: Any) -> None:
    """Feed the pieces whole, and byte by byte; after each the two must not differ."""
    short, full = (
        Transcoder(ChunkStream(exchange(**fields), pauses_left=pauses_left))
        for _ in range(2)
    )
    for piece in pieces:
        told = short.feed(piece)
        assert told == bytewise(full, piece)
        assert state(short.stream) == state(full.stream)
        if short.stream.paused is not None:
            short.stream.resume()
            full.stream.resume()
    assert short.end() == full.end()
    assert state(short.stream) == state(full.stream)


@settings(deadline=None, max_examples=200)
@given(
    start=st.sampled_from(sorted(STARTS)),
    parts=st.lists(PARTS, max_size=10),
    cuts=st.lists(st.integers(0, 3000), max_size=6),
    modes=MODES,
    pauses_left=st.integers(0, 1),
)
@example("text", [compact(delta("a"))] * 3, [], {}, 0)
@example("text", [compact(delta("a")).replace(b"}}", b"}   ")], [], {}, 0)
def test_however_it_comes_both_ways_agree(start, parts, cuts, modes, pauses_left):
    opening = sse_bytes([message_start(), STARTS[start]])
    data = b"".join(parts)
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(places)]
    both_ways([opening, *pieces], pauses_left, **modes)

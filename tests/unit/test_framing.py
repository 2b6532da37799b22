"""HTTP/1.1 as ``direct_layer`` reads it, held against mitmproxy's own reading."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle, repeat
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy.http import Headers, Request
from mitmproxy.net.http import http1
from mitmproxy.net.http.validate import validate_headers

from anthropic_proxy.proxy.framing import (
    CHUNKED,
    LAST_CHUNK,
    MAX_HEAD,
    TO_THE_END,
    AnswerHead,
    BadFraming,
    Chunks,
    RequestHead,
    answer_head,
    chunk,
    head_bytes,
    request_head,
)

LINE: Final = b"POST /v1/chat/completions HTTP/1.1"
PLAIN: Final = (
    LINE + b"\r\nHost: localhost:8100\r\nContent-Type: application/json\r\n"
    b"accept:\t*/*  \r\nConnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello"
)
EVENTS: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
)
ANSWER: Final = b"HTTP/1.1 200 OK\r\nserver: x\r\ncontent-length: 2\r\n\r\n{}"


def with_fields(*lines: bytes, first: bytes = LINE) -> bytes:
    return b"\r\n".join([first, b"host: x", *lines, b"", b""])


def read_request(data: bytes) -> RequestHead:
    found = request_head(data)
    assert found is not None
    return found[0]


def read_answer(data: bytes) -> AnswerHead:
    found = answer_head(data)
    assert found is not None
    return found[0]


# -- requests ------------------------------------------------------------------------


def test_a_plain_request_is_read() -> None:
    head = RequestHead(
        method=b"POST",
        target=b"/v1/chat/completions",
        fields=(
            (b"Host", b"localhost:8100"),
            (b"Content-Type", b"application/json"),
            (b"accept", b"*/*"),
            (b"Connection", b"keep-alive"),
            (b"content-length", b"5"),
        ),
        length=5,
        closes=False,
    )
    assert request_head(PLAIN) == (head, len(PLAIN) - 5)


@pytest.mark.parametrize(
    ("line", "closes"),
    [
        (b"connection: close", True),
        (b"Connection: Close", True),
        (b"connection: keep-alive", False),
        (b"connection: keep-alive\r\nconnection: close", True),
        (b"x-connection: close", False),
    ],
)
def test_a_client_may_want_its_connection_closed(line: bytes, closes: bool) -> None:
    assert read_request(with_fields(line)).closes is closes


def test_a_request_without_a_length_has_no_body() -> None:
    assert read_request(with_fields()).length == 0


@pytest.mark.parametrize(
    "line",
    [
        b"content-length: 5\r\ncontent-length: 5",
        b"content-length: 5, 5",
        b"content-length: +5",
        b"content-length: -5",
        b"content-length: 05",
        b"content-length: 5 5",
        b"content-length: 5_0",
        b"content-length: 0x5",
        b"content-length: \xc2\xb2",
        b"content-length:",
        b"content-length: 1" + b"0" * 15,
        b"content-length: 5\r\ntransfer-encoding: chunked",
        b"transfer-encoding: chunked\r\ncontent-length: 5",
        b"transfer-encoding: chunked",
        b"Transfer-Encoding: chunked\r\ntransfer-encoding: chunked",
        b"transfer-encoding: gzip, chunked",
        b"transfer-encoding: identity",
        b"transfer-encoding:\x0bchunked",
        b"transfer-encoding:",
        b"x: a\r\n b",
        b"x: a\r\n\tb",
        b"x : a",
        b"x\t: a",
        b" x: a",
        b": a",
        b"no colon",
        b"x(y): a",
        b"x\xff: a",
        b"x: a\rb",
        b"x: a\nb",
        b"x: \x00",
        b"x: \x7f",
        b"connection: upgrade",
        b"connection: close, x-foo",
        b"connection:",
        b"expect: 100-continue",
        b"Expect: anything",
    ],
)
def test_a_request_that_is_not_plain_is_left_alone(line: bytes) -> None:
    assert request_head(with_fields(line) + b"hello") is None


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"\r\n" + LINE,
        b" " + LINE,
        LINE + b" ",
        LINE.replace(b" ", b"  "),
        LINE.replace(b" ", b"\t"),
        LINE.lower(),
        b"POST / HTTP/1.0",
        b"POST / HTTP/2.0",
        b"POST / HTTP/1.10",
        b"POST /",
        b"POST * HTTP/1.1",
        b"POST http://host/v1/messages HTTP/1.1",
        b"POST /\xff HTTP/1.1",
        b"POST /\x00 HTTP/1.1",
        b"POST /a b HTTP/1.1",
        b"PO-ST / HTTP/1.1",
    ],
)
def test_a_first_line_that_is_not_plain_is_left_alone(first: bytes) -> None:
    assert request_head(with_fields(first=first)) is None


def test_half_a_head_and_bare_line_feeds_are_left_alone() -> None:
    assert request_head(PLAIN.replace(b"\r\n", b"\n")) is None
    end = PLAIN.index(b"\r\n\r\n") + 4
    for size in range(end):
        assert request_head(PLAIN[:size]) is None


def as_mitmproxy_reads(lines: list[bytes]) -> tuple[Request, int | None]:
    """As ``Http1Server`` and ``HttpStream`` do: None is a chunked body.

    Raises:
        ValueError: it refuses the request.
    """
    request = http1.read_request_head(lines)
    validate_headers(request)
    return request, http1.expected_http_body_size(request)


def lines_of(head: bytes) -> list[bytes]:
    """As h11's buffer, from which mitmproxy reads, takes a head apart."""
    return [line.removesuffix(b"\r") for line in head.split(b"\n")]


def closes(version: str, headers: Headers) -> bool:
    """As mitmproxy sees it, which knows the words in lower case only."""
    lowered = Headers([(name, value.lower()) for name, value in headers.fields])
    return bool(http1.connection_close(version, lowered))


PIECES: Final = [
    *(bytes([byte]) for byte in range(256)),
    *b"\r\n|\r\n\r\n|\n\n|\r\n |content-length: |0|5|,|transfer-encoding: |chunked|"
    b"identity|gzip, |connection: |close|upgrade|expect: 100-continue|host: y|/|?|:|"
    b"POST|GET|HTTP/1.1|HTTP/1.0|http://a|//|x: y|200|204|304|101|0200".split(b"|"),
]
EDIT: Final = st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES))
EDITS: Final = st.lists(EDIT, max_size=4)


def edited(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """``data`` with some of its bytes replaced, each at a part of its length."""
    for where, gone, piece in edits:
        at = int(where * len(data))
        data = data[:at] + piece + data[at + gone :]
    return data


@given(edits=EDITS)
@settings(max_examples=500)
def test_what_is_taken_mitmproxy_reads_in_the_same_way(
    edits: list[tuple[float, int, bytes]],
) -> None:
    data = edited(PLAIN, edits)
    if (found := request_head(data)) is None:
        return
    head, size = found
    assert data[size - 4 : size] == b"\r\n\r\n"
    assert b"\n\n" not in data[:size]
    assert data.find(b"\n\r\n") + 3 == size
    request, length = as_mitmproxy_reads(lines_of(data[: size - 4]))
    assert request.data.http_version == b"HTTP/1.1"
    assert (request.data.method, request.data.path) == (head.method, head.target)
    assert (request.data.authority, request.data.scheme) == (b"", b"")
    assert request.headers.fields == head.fields
    assert length == head.length
    assert closes("HTTP/1.1", request.headers) is head.closes


@pytest.mark.parametrize("name", [b"Host", b"x", b"!#$%&'*+-.^_`|~9"])
@given(value=st.binary(max_size=12))
@settings(max_examples=100)
def test_values_are_read_in_the_same_way(name: bytes, value: bytes) -> None:
    data = with_fields(name + b":" + value)
    if (found := request_head(data)) is not None:
        request, _ = as_mitmproxy_reads(lines_of(data[: found[1] - 4]))
        assert found[0].fields == request.headers.fields


# -- answers -------------------------------------------------------------------------


def test_a_stream_is_read() -> None:
    head = AnswerHead(
        version=b"HTTP/1.1",
        status=200,
        reason=b"OK",
        fields=(
            (b"Content-Type", b"text/event-stream"),
            (b"Connection", b"keep-alive"),
            (b"Transfer-Encoding", b"chunked"),
        ),
        length=CHUNKED,
        closes=False,
    )
    assert answer_head(EVENTS + b"5\r\n") == (head, len(EVENTS))


@pytest.mark.parametrize("data", [ANSWER[:-2], EVENTS])
def test_half_an_answers_head_is_waited_for(data: bytes) -> None:
    for size in range(len(data)):
        assert answer_head(data[:size]) is None
    assert answer_head(data) is not None


@pytest.mark.parametrize(
    ("data", "status", "length", "ends"),
    [
        (ANSWER, 200, 2, False),
        (ANSWER.replace(b"\r\n", b"\n"), 200, 2, False),
        (ANSWER.replace(b"1.1", b"1.0"), 200, 2, True),
        (ANSWER.replace(b"200 OK", b"529"), 529, 2, False),
        (ANSWER.replace(b"200 OK", b"529 "), 529, 2, False),
        (ANSWER.replace(b"server: x", b"x: a\r\n b"), 200, 2, False),
        (ANSWER.replace(b"server: x", b"Connection: close, x"), 200, 2, True),
        (ANSWER.replace(b"server: x", b"connection: Close"), 200, 2, True),
        (ANSWER.replace(b"content-length: 2", b"x: y"), 200, TO_THE_END, True),
        (EVENTS.replace(b"chunked", b"gzip, chunked"), 200, CHUNKED, False),
        (EVENTS.replace(b"chunked", b"identity"), 200, TO_THE_END, True),
        (ANSWER.replace(b"200 OK", b"204 None"), 204, 0, False),
        (ANSWER.replace(b"200 OK", b"304 Same"), 304, 0, False),
        (b"HTTP/1.0 200 OK\r\n\r\n", 200, TO_THE_END, True),
        (b"HTTP/1.1 100 Continue\r\n\r\n", 100, 0, False),
    ],
)
def test_answers_that_mitmproxy_reads_are_read(
    data: bytes, status: int, length: int, ends: bool
) -> None:
    head = read_answer(data)
    assert (head.status, head.length, head.closes) == (status, length, ends)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01 this is not HTTP\r\n\r\n",
        b"\r\n\r\n",
        b"\n\n",
        b"HTTP/3 200 OK\r\n\r\n",
        b"HTTP/1.1 many OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n x: folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\r\nx: y\r\n\r\n",
        ANSWER.replace(b": 2", b": -2"),
        ANSWER.replace(b": 2", b": 2, 2"),
        ANSWER.replace(b": 2", b": 02"),
        ANSWER.replace(b": 2", b":"),
        ANSWER.replace(b"server: x", b"content-length: 3"),
        ANSWER.replace(b"server: x", b"content-length: 2"),
        ANSWER.replace(b"server: x", b"transfer-encoding: chunked"),
        ANSWER.replace(b"server: x", b"transfer-encoding: gzip"),
        ANSWER.replace(b"server: x", b"a b: c"),
        ANSWER.replace(b"server: x", b"server : x"),
        EVENTS.replace(b"chunked", b"chunked, chunked"),
        EVENTS.replace(b"chunked", b"xchunked"),
        EVENTS.replace(b"1.1", b"1.0"),
        EVENTS.replace(b"200 OK", b"204 None"),
    ],
)
def test_an_answer_that_nobody_can_be_sure_of_is_refused(data: bytes) -> None:
    with pytest.raises(BadFraming):
        answer_head(data)


@given(edits=EDITS, base=st.sampled_from([ANSWER, EVENTS]))
@settings(max_examples=500)
def test_an_answer_is_read_as_mitmproxy_reads_it(
    edits: list[tuple[float, int, bytes]], base: bytes
) -> None:
    data = edited(base, edits)
    try:
        found = answer_head(data)
    except BadFraming:
        return
    if found is None:
        assert b"\n\n" not in data
        assert b"\n\r\n" not in data
        return
    head, size = found
    assert data[:size].endswith((b"\n\n", b"\n\r\n"))
    lines = lines_of(data[:size])[:-2]
    response = http1.read_response_head(lines)
    validate_headers(response)
    length = http1.expected_http_body_size(_ANY_REQUEST, response)
    expected = {None: CHUNKED, -1: TO_THE_END}.get(length, length)
    version = response.http_version
    assert (head.version.decode(), head.status) == (version, response.status_code)
    assert head.fields == response.headers.fields
    assert head.reason.strip() == response.data.reason.strip()
    assert head.length == expected
    ends = closes(version, response.headers) or expected == TO_THE_END
    assert head.closes is ends


_ANY_REQUEST: Final = http1.read_request_head([b"POST / HTTP/1.1", b"host: x"])


def test_a_head_without_an_end_is_refused_in_time() -> None:
    endless = b"HTTP/1.1 200 OK\r\nx: " + b"a" * MAX_HEAD
    assert answer_head(endless[:MAX_HEAD]) is None
    with pytest.raises(BadFraming, match="too large"):
        answer_head(endless)


# -- bodies --------------------------------------------------------------------------

BODY: Final = [b"event: x\r\n", b"\r\n", b"0\r\n\r\n", b"\n", b"a" * 300]


def fed(wire: bytes, sizes: Iterable[int]) -> tuple[bytes, bytes, bool]:
    """Body, surplus, and whether it ended, when read in pieces of these sizes."""
    chunks, body, at = Chunks(), b"", 0
    for size in sizes:
        if at >= len(wire) or chunks.ended:
            break
        body += chunks.feed(wire[at : at + size])
        at += size
        if chunks.error is not None:
            raise BadFraming(chunks.error)
    return body, chunks.surplus + wire[at:], chunks.ended


def test_a_body_is_the_same_in_pieces_of_any_size() -> None:
    wire = b"".join(map(chunk, BODY)) + LAST_CHUNK
    whole = b"".join(BODY)
    for size in range(1, len(wire) + 5):
        assert fed(wire, repeat(size)) == (whole, b"", True)
        assert fed(wire + b"HTTP", repeat(size)) == (whole, b"HTTP", True)


def test_a_body_is_the_same_cut_at_any_byte() -> None:
    wire = b"".join(map(chunk, BODY)) + LAST_CHUNK
    for at in range(1, len(wire)):
        assert fed(wire, [at, len(wire)]) == (b"".join(BODY), b"", True)
        assert not fed(wire, [at])[2]


@given(
    parts=st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=20),
    rest=st.binary(max_size=5),
)
@settings(max_examples=150)
def test_any_body_is_the_same_in_any_pieces(
    parts: list[bytes], sizes: list[int], rest: bytes
) -> None:
    wire = b"".join(map(chunk, parts)) + LAST_CHUNK + rest
    assert fed(wire, cycle(sizes)) == (b"".join(parts), rest, True)


@pytest.mark.parametrize(
    "wire",
    [
        b"05\r\nhello\r\n00\r\n\r\n",
        b"5 \t\r\nhello\r\n0 \r\n\r\n",
        b"5;name=value\r\nhello\r\n0;x\r\n\r\n",
        b'5 ; name="v"\r\nhello\r\n0\r\n\r\n',
        b"00000005\r\nhello\r\n00000000\r\n\r\n",
        b"A\r\nhellohello\r\n0\r\n\r\n",
        b"a\r\nhellohello\r\n0\r\n\r\n",
    ],
)
def test_odd_but_legal_chunks_are_read(wire: bytes) -> None:
    for size in range(1, len(wire) + 1):
        body, rest, ended = fed(wire, repeat(size))
        assert (set(body.split(b"hello")), rest, ended) == ({b""}, b"", True)


@pytest.mark.parametrize(
    "wire",
    [
        b"g\r\n",
        b" 5\r\nhello\r\n",
        b"5\nhello\n",
        b"\r\n5\r\nhello\r\n",
        b"-5\r\nhello\r\n",
        b"+5\r\nhello\r\n",
        b"0x5\r\nhello\r\n",
        b"5 5\r\nhello\r\n",
        b"5\rhello\r\n",
        b"100000000\r\nhello\r\n",
        b"5\r\nhelloX\r\n",
        b"5\r\nhelloX",
        b"5\r\nhello\n",
        b"5\r\nhello\rX",
        b"5\r\nhello\n\r",
        b"4\r\nhello\r\n",
        b"5;a\nb\r\nhello\r\n",
        b"0\r\nx-checksum: 5\r\n\r\n",
        b"0\r\n\rx",
    ],
)
def test_broken_chunks_are_refused(wire: bytes) -> None:
    for size in range(1, len(wire) + 1):
        with pytest.raises(BadFraming):
            fed(wire, repeat(size))


@pytest.mark.parametrize("endless", [b"5;", b"5 ", b"0;", b"00000005;a="])
def test_a_size_line_without_an_end_is_refused_in_time(endless: bytes) -> None:
    fed(endless + b"a" * 200, repeat(1))
    with pytest.raises(BadFraming):
        fed(endless + b"a" * 400, repeat(1))


def test_nothing_of_a_large_chunk_is_kept() -> None:
    chunks, piece = Chunks(), b"a" * 65536
    chunks.feed(b"7fffffff\r\n")
    for _ in range(4):
        assert chunks.feed(piece) == piece


# -- what goes out -------------------------------------------------------------------


def test_what_is_written_can_be_read() -> None:
    fields = ((b"Host", b"x"), (b"content-length", b"5"), (b"x", b""))
    data = head_bytes(LINE, fields)
    assert request_head(data + b"hello") == (
        RequestHead(b"POST", b"/v1/chat/completions", fields, 5, closes=False),
        len(data),
    )


def test_no_data_is_no_chunk() -> None:
    assert chunk(b"") == b""
    assert chunk(b"0123456789abcdef!") == b"11\r\n0123456789abcdef!\r\n"


def test_what_came_before_a_broken_chunk_is_not_lost() -> None:
    chunks = Chunks()
    assert chunks.feed(b"5\r\nhello\r\nno chunk\r\n") == b"hello"
    assert chunks.error == "a chunk has no size"
    assert not chunks.ended

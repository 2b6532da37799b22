"""HTTP/1.1 framing for ``direct_layer``: what is plain, read with few instructions.

A request that is not plain is not an error here but left to mitmproxy's own reading: a
head in a strict subset of RFC 9112, its body's length said once. No folded lines, no
bare line feeds, no two lengths, no transfer coding. Of an answer everything is read
that mitmproxy reads, what is not plain by mitmproxy itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from mitmproxy.net.http import http1, validate

from .http_facts import Fields

MAX_HEAD: Final = 256 * 1024
"""Bytes of an answer's head."""
CHUNKED: Final = -1
"""In place of a length: the body comes in chunks."""
TO_THE_END: Final = -2
"""In place of a length: the body ends with the connection."""

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_VALUE: Final = rb"[\t\x20-\x7e\x80-\xff]*"
_FIELDS: Final = re.compile(rb"(?:" + _TOKEN + rb":" + _VALUE + rb"\r\n)*")
_FIELD: Final = re.compile(rb"([^:\r\n]+):[ \t]*([^\r]*?)[ \t]*\r\n")
_REQUEST_LINE: Final = re.compile(rb"([A-Z]+) (/[\x21-\x7e]*) HTTP/1\.1\r\n")
_STATUS_LINE: Final = re.compile(
    rb"HTTP/1\.1 ([1-5][0-9][0-9])(?: (" + _VALUE + rb"))?\r\n"
)
_LENGTH: Final = re.compile(rb"0|[1-9][0-9]{0,14}")
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,256})?\r\n")
_LONGEST_SIZE_LINE: Final = 300
_NO_BODY: Final = (204, 304)
_TOO_LONG: Final = "a chunk is longer than it says"


class BadFraming(ValueError):
    """What upstream sends cannot be read."""


class RequestHead(NamedTuple):
    """A plain head of a request."""

    method: bytes
    target: bytes
    fields: Fields
    length: int
    closes: bool
    """The client wants its connection closed after the answer."""


class AnswerHead(NamedTuple):
    """A head of an answer."""

    version: bytes
    status: int
    reason: bytes
    fields: Fields
    length: int
    """Or ``CHUNKED``, or ``TO_THE_END``."""
    closes: bool
    """The connection cannot be used again."""


def request_head(data: bytes) -> tuple[RequestHead, int] | None:
    """The plain head at the start of ``data``, and its size; None: it is not plain."""
    end = data.find(b"\r\n\r\n") + 4
    line = _REQUEST_LINE.match(data)
    if end < 4 or line is None:
        return None
    fields = _plain_fields(data, line.end(), end)
    framing = None if fields is None else _framing(fields, absent=0)
    if fields is None or framing is None or framing[0] < 0:
        return None
    return RequestHead(line[1], line[2], fields, *framing), end


def answer_head(data: bytes) -> tuple[AnswerHead, int] | None:
    """The head at the start of ``data``, and its size; None: more has to come.

    Raises:
        BadFraming: it is no head of HTTP/1, or it is not clear how long its body is.
    """
    end = data.find(b"\r\n\r\n") + 4
    line = _STATUS_LINE.match(data) if end >= 4 else None
    fields = _plain_fields(data, line.end(), end) if line is not None else None
    framing = _framing(fields, absent=TO_THE_END) if fields is not None else None
    if line is None or fields is None or framing is None:
        return _odd_answer_head(data)
    status, (length, closes) = int(line[1]), framing
    if status in _NO_BODY or status < 200:
        if length == CHUNKED and status != 304:  # of what is not sent
            return _odd_answer_head(data)
        length = 0
    closes = closes or length == TO_THE_END
    return AnswerHead(b"HTTP/1.1", status, line[2] or b"", fields, length, closes), end


def _plain_fields(data: bytes, start: int, end: int) -> Fields | None:
    """Name and value of each line; None: one of them is not plain."""
    block = _FIELDS.match(data, start, end - 2)
    if block is None or block.end() != end - 2:
        return None
    return tuple(_FIELD.findall(data, start, end - 2))


def _framing(fields: Fields, *, absent: int) -> tuple[int, bool] | None:
    """How long the body is, and whether the connection ends; None: not plain.

    Args:
        absent: the length when none is said.
    """
    length: int | None = None
    closes = False
    for name, value in fields:
        size = len(name)  # tells most names apart before their case is folded
        if size == 14 and name.lower() == b"content-length":
            if length is not None or not _LENGTH.fullmatch(value):
                return None
            length = int(value)
        elif size == 17 and name.lower() == b"transfer-encoding":
            if length is not None or value.lower() != b"chunked":
                return None
            length = CHUNKED
        elif size == 10 and name.lower() == b"connection":
            wish = value.lower()
            if wish not in (b"close", b"keep-alive"):
                return None  # names other headers, or an upgrade
            closes = closes or wish == b"close"
        elif size == 6 and name.lower() == b"expect":
            return None  # wants an answer before its body
    return (absent if length is None else length), closes


def _odd_answer_head(data: bytes) -> tuple[AnswerHead, int] | None:
    """As mitmproxy reads it, which forgives more."""
    blank = _BLANK_LINE.search(data)
    if blank is None:
        if len(data) > MAX_HEAD:
            raise BadFraming("the head of the answer is too large")
        return None
    lines = [line.removesuffix(b"\r") for line in data[: blank.start()].split(b"\n")]
    try:
        head = http1.read_response_head(lines)
        validate.validate_headers(head)
        length = http1.expected_http_body_size(_ANY_REQUEST, head)
    except ValueError as wrong:
        raise BadFraming(str(wrong)) from None
    body = {None: CHUNKED, -1: TO_THE_END}.get(length, length)
    assert body is not None
    closes = http1.connection_close(head.http_version, head.headers)
    data_ = head.data
    read = AnswerHead(
        data_.http_version, data_.status_code, data_.reason, head.headers.fields,
        body, closes or body == TO_THE_END,
    )  # fmt: skip
    return read, blank.end()


_ANY_REQUEST: Final = http1.read_request_head([b"POST / HTTP/1.1", b"host: any"])


class Chunks:
    """Takes a chunked body apart; what one read completes comes out in one piece."""

    def __init__(self) -> None:
        self._pending = b""  # a line that is not complete
        self._left = 0  # of the chunk under way, with the line end behind it
        self.ended = False
        self.surplus = b""
        """What came after the last chunk."""
        self.error: str | None = None
        """Why it cannot be read on."""

    def feed(self, data: bytes) -> bytes:
        """The part of the body that is in ``data``, as far as it can be read."""
        if self._pending:
            data, self._pending = self._pending + data, b""
        parts: list[bytes] = []
        at = 0
        while at < len(data) and not (self.ended or self.error):
            at = self._inside(data, at, parts) if self._left else self._size(data, at)
        if self.ended:
            self.surplus = data[at:]
        return b"".join(parts)

    def _inside(self, data: bytes, at: int, parts: list[bytes]) -> int:
        """A chunk, or as much of it as is here."""
        here, left = len(data) - at, self._left
        if here < left:
            whole = min(here, max(left - 2, 0))
            parts.append(data[at : at + whole])
            self._left = left - whole
            self._pending = data[at + whole :]
            if not b"\r\n".startswith(self._pending):
                self.error = _TOO_LONG
            return len(data)
        end = at + left
        if data[end - 2 : end] != b"\r\n":
            self.error = _TOO_LONG
        parts.append(data[at : end - 2])
        self._left = 0
        return end

    def _size(self, data: bytes, at: int) -> int:
        """The line before a chunk; after the last one, the end of the body."""
        line = _CHUNK.match(data, at)
        if line is None:
            if b"\n" in data[at:] or len(data) - at > _LONGEST_SIZE_LINE:
                self.error = "a chunk has no size"
        elif size := int(line[1], 16):
            self._left = size + 2
            return line.end()
        else:
            tail = data[line.end() : line.end() + 2]
            if tail == b"\r\n":
                self.ended = True
                return line.end() + 2
            if not b"\r\n".startswith(tail):
                self.error = "HTTP trailers are not understood"
        self._pending = data[at:]
        return len(data)


def head_bytes(first_line: bytes, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A head for the wire, with its blank line."""
    lines = [b"%b: %b\r\n" % field for field in fields]
    return b"".join([first_line, b"\r\n", *lines, b"\r\n"])


def chunk(data: bytes) -> bytes:
    """``data`` as one chunk; none at all when there is nothing, which would end it."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


LAST_CHUNK: Final = b"0\r\n\r\n"

"""The short way for deltas of the plain shape: a string cut out, bytes put around it.

Nearly all of a stream is frames that differ from each other in one JSON string::

    event: content_block_delta
    data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta",
        "text":"Hello"}}    (in one line)

What becomes of them differs in one string as well, so what is around the two is made
once for a content block. A frame that is anything else takes the full way, through the
decoders and ``ChunkStream``. The string is read and written by the codec of the full
way, so the two cannot come to differ in what is a string, or in how it is spelt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ...wire import jsontext, sse
from .calls import Delta

MAX_FRAME_BYTES: Final = 64 * 1024
"""A larger frame takes the full way, which has a limit for them."""

_NUL: Final = b"\0"  # no JSON text holds it
HOLE: Final[Any] = msgspec.Raw(_NUL)
"""Stands in a delta where the string goes."""

_STRING: Final = msgspec.json.Decoder(str)
# As Anthropic's API puts them, and as its reference does.
_SEPARATORS: Final = ((b",", b":"), (b", ", b": "))


@dataclass(frozen=True, slots=True)
class Shape:
    """What the plain deltas of one content block are like."""

    index: int
    type: str
    """Of the delta."""
    field: str
    """The one that holds the string."""
    delta: Delta | None
    """What the client is told, with ``HOLE`` for the string; None: nothing."""
    keep: Callable[[str], object]
    """Told of each string, none of them empty."""


class PlainDeltas:
    """The plain deltas of one content block."""

    def __init__(self, shape: Shape, chunk: Mapping[str, Any] | None) -> None:
        """``chunk`` is the one that ``shape.delta`` goes out in; None: none does."""
        self._openings = [_opening(shape, *pair) for pair in _SEPARATORS]
        self._keep = shape.keep
        self._around: tuple[bytes, bytes] | None = None
        if chunk is not None:
            before, _, after = sse.encode(jsontext.encode(chunk)).partition(_NUL)
            self._around = before, after

    def take(self, data: bytes, start: int, frames: list[bytes]) -> int:
        """Add to ``frames`` what the plain frames from ``start`` on become.

        A frame of upstream's has to begin there. Returns where the first one begins
        that is not plain or not whole.
        """
        while True:
            first = self._after_opening(data, start)
            end = data.find(b"\n\n", first, start + MAX_FRAME_BYTES) if first else -1
            text = _string(data, first - 1, end) if end >= 0 else ""
            if not text:
                return start
            self._keep(text)
            if self._around is not None:
                before, after = self._around
                frames.append(before + jsontext.encode(text) + after)
            start = end + 2

    def _after_opening(self, data: bytes, start: int) -> int:
        """Where the string's first character is; 0 when the frame is not plain."""
        for opening in self._openings:
            if data.startswith(opening, start):
                return start + len(opening)
        return 0


def _opening(shape: Shape, comma: bytes, colon: bytes) -> bytes:
    """A frame up to the quotation mark that begins its string, and with it."""
    fields = [
        b'"type"%b"content_block_delta"' % colon,
        b'"index"%b%d' % (colon, shape.index),
        b'"delta"%b{"type"%b"%b"' % (colon, colon, shape.type.encode()),
        b'"%b"%b"' % (shape.field.encode(), colon),
    ]
    return b"event: content_block_delta\ndata: {" + comma.join(fields)


def _string(data: bytes, start: int, end: int) -> str:
    """The string whose quotation mark is at ``start`` and that two brackets follow.

    Empty unless that is all there is before ``end``: what holds more than the string,
    another field say, is nothing that its decoder reads.
    """
    literal = b""
    if data.endswith(b'"}}', start + 1, end):
        literal = data[start : end - 2]
    elif data.endswith(b" }", start + 1, end):
        # Upstream pads some frames, so that their lengths do not tell what they say.
        inner = data[start : end - 1].rstrip(b" ")
        literal = inner[:-1] if inner.endswith(b'"}') else b""
    try:
        return _STRING.decode(literal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""

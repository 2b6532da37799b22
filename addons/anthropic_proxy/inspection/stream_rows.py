"""What went through a stream with each read: upstream's frames and the client's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..wire import sse
from .facts import as_number, items

_BLANK_LINE: Final = re.compile(rb"(?>\r\n|\n|\r){2}")  # no end of line is cut in two
_COMMENT: Final = re.compile(rb"(?m)^:")
_LONGEST_BLANK: Final = 4
_AT_MOST: Final = 2**50


@dataclass(frozen=True, slots=True)
class Frame:
    """An event, or a comment that clients skip."""

    data: str
    name: str = ""
    comment: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One socket read, or a ping of the proxy's own."""

    at: float | None
    """Seconds since the request's head was read; None when it was not noted."""
    events: Sequence[Frame]
    """Upstream's, completed by this read."""
    chunks: Sequence[Frame]
    """The client's, written for it."""
    upstream_grew: bool = True
    client_grew: bool = True


class Frames:
    """Splits a stream into frames, at any boundary between pieces."""

    def __init__(self) -> None:
        self._rest = b""
        self._decoder = sse.Decoder()

    def feed(self, piece: bytes) -> list[Frame]:
        """The frames that ``piece`` completes."""
        looked_at = max(0, len(self._rest) - _LONGEST_BLANK)
        self._rest += piece
        found: list[Frame] = []
        at = 0
        for end in _BLANK_LINE.finditer(self._rest, looked_at):
            found += self._frames(self._rest[at : end.end()])
            at = end.end()
        self._rest = self._rest[at:]
        return found

    def _frames(self, text: bytes) -> Iterator[Frame]:
        """The comments of a frame, which the decoder would leave out, and its event."""
        if _COMMENT.search(text):
            for line in text.splitlines():
                if line.startswith(b":"):
                    yield Frame(line.decode("utf-8", "replace"), comment=True)
        for event in self._decoder.feed(text):
            yield Frame(event.data, event.name)


def marks_of(value: Any) -> list[tuple[float, int, int]]:
    """The readable marks: seconds, upstream's bytes and the client's until then."""
    found = []
    for item in items(value):
        numbers = [as_number(number) for number in items(item)]
        if len(numbers) == 3 and None not in numbers:
            at, *counts = (number or 0.0 for number in numbers)
            upstream, client = (int(min(max(n, 0), _AT_MOST)) for n in counts)
            found.append((at, upstream, client))
    return found


def rows(
    upstream: bytes, client: bytes, marks: Sequence[tuple[float, int, int]]
) -> list[Row]:
    """The reads of a stream in order; what came after the last mark has no time.

    Args:
        client: what the client got; empty when that is the same.
        marks: of ``marks_of``.
    """
    left, right = Frames(), Frames()
    found: list[Row] = []
    done = written = 0
    for at, upstream_end, client_end in marks:
        found.append(
            Row(
                at,
                left.feed(upstream[done:upstream_end]),
                right.feed(client[written:client_end]),
                upstream_end > done,
                client_end > written,
            )
        )
        done, written = max(done, upstream_end), max(written, client_end)
    events = left.feed(upstream[done:])
    chunks = right.feed(client[written:])
    if events or chunks:
        found.append(Row(None, events, chunks))
    return found

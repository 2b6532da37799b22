"""A chunked body of upstream's, read as far as whole chunks go.

One event is a chunk of its own, so of a stream's bytes many belong to chunked encoding,
and h11, which reads it for mitmproxy, takes its time over each chunk.
"""

from __future__ import annotations

import re
from typing import Final

from h11 import Data, EndOfMessage
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer

_LINE_END: Final = b"\r\n"
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")


class WholeChunks:
    """Takes the place of h11's reader in one of mitmproxy's connections.

    Each call returns a ``Data``, the ``EndOfMessage``, or None when it takes more bytes
    to say. Chunks that are whole and plain are read here and joined; h11's reader gets
    the rest: parts of chunks, extensions, trailers, the end, and all that is malformed.

    What ends a chunk's last line stays in the buffer until a next chunk is there. h11
    waits for it after each chunk, so the two can take turns.
    """

    def __init__(self, reader: ChunkedReader) -> None:
        self._reader = reader
        self._after_chunk = False  # h11's reader waits for the line end of a chunk

    def __call__(self, buffer: ReceiveBuffer) -> Data | EndOfMessage | None:
        """What comes next in the buffer."""
        if self._after_chunk:
            if len(buffer) <= len(_LINE_END):
                return None
            if body := self.take(buffer):
                return Data(data=body, chunk_start=True, chunk_end=True)
        event = self._reader(buffer)
        self._after_chunk = isinstance(event, Data) and event.chunk_end
        return event

    def read_eof(self) -> EndOfMessage:
        """The connection was closed."""
        return self._reader.read_eof()

    def take(self, buffer: ReceiveBuffer) -> bytes:
        """Take the whole chunks out of the buffer; empty when the next is not whole."""
        data = bytes(buffer) if self._after_chunk else b""
        if not data.startswith(_LINE_END):
            return b""
        body, end = whole_chunks(data, len(_LINE_END))
        if body:
            buffer.maybe_extract_at_most(end - len(_LINE_END))
        return body

    def pass_by(self, buffer: ReceiveBuffer, data: bytes) -> bytes:
        """The body in ``data``, which comes after what is in the buffer.

        Empty when there is more to do than to take whole chunks out of it: ``data`` has
        to go into the buffer then.
        """
        if not self._after_chunk or bytes(buffer) != _LINE_END:
            return b""
        body, end = whole_chunks(data, 0)
        return body if end == len(data) else b""


def whole_chunks(data: bytes, start: int) -> tuple[bytes, int]:
    """The body of the whole, plain chunks from ``start`` on, and where they end."""
    bodies = []
    while (size := _SIZE.match(data, start)) is not None:
        begin = size.end()
        end = begin + int(size[1], 16)
        if end == begin or data[end : end + 2] != _LINE_END:
            break
        bodies.append(data[begin:end])
        start = end + len(_LINE_END)
    return b"".join(bodies), start

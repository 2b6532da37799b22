"""Large images, kept out of the way while their request is read and written as JSON.

Of ten megabytes of base64 each reading and each writing costs more than all else that
is done for a request. Under a key ``url`` an image's text is only passed on, so most of
it is left out before the JSON is read, and put back into the JSON that is written.
"""

from __future__ import annotations

import binascii
import re
from typing import Final

from .attachments import MAX_IMAGE_BASE64_BYTES

LARGE_BYTES: Final = 64 * 1024
"""Characters of base64 from which on an image is left out."""
KEPT_BYTES: Final = 1024
"""How many characters stay in front: more than any limit of a short text."""

_KEY: Final = b'"url"'
_IMAGE: Final = re.compile(rb'"url"[ \t\r\n]*:[ \t\r\n]*"data:image/[a-z]+;base64,')
_TAIL_BYTES: Final = 4
_PIECE: Final = 64 * 1024


class LargeImages:
    """A request body without most of its large images."""

    def __init__(self, body: bytes, nonce: str) -> None:
        """Find them in ``body``.

        Args:
            nonce: 24 hexadecimal digits that nobody can know who wrote the body.
        """
        self._whole = memoryview(body)
        self._cuts: dict[bytes, slice] = {}  # what stands in for a piece of ``body``
        kept: list[bytes | memoryview] = []
        done = 0
        for start, end in _places(body):
            stands_in = b"%s%08x" % (nonce.encode(), len(self._cuts))
            self._cuts[stands_in] = slice(start, end)
            kept += (self._whole[done:start], stands_in)
            done = end
        self.rest = b"".join([*kept, self._whole[done:]]) if kept else body
        """JSON of the request, as valid as that of ``body``."""

    def __bool__(self) -> bool:
        return bool(self._cuts)

    def put_back(self, text: bytes) -> bytes:
        """JSON that was made of ``rest``, with its images."""
        if not self._cuts:
            return text
        parts: list[bytes | memoryview] = []
        done = 0
        for found in re.finditer(b"|".join(self._cuts), text):
            parts += (text[done : found.start()], self._whole[self._cuts[found[0]]])
            done = found.end()
        return b"".join([*parts, text[done:]])


def _places(body: bytes) -> list[tuple[int, int]]:
    """Start and end of what can be left out, whole groups of four digits each."""
    places = []
    at = body.find(_KEY) if len(body) > LARGE_BYTES else -1
    while at >= 0:
        opening = _IMAGE.match(body, at)
        at = opening.end() if opening is not None else at + len(_KEY)
        end = body.find(b'"', at) if opening is not None else -1
        if LARGE_BYTES <= end - at <= MAX_IMAGE_BASE64_BYTES:
            start = at + KEPT_BYTES
            stop = start + (end - _TAIL_BYTES - start) // 4 * 4
            if _are_digits(body, start, stop):
                places.append((start, stop))
            at = end
        at = body.find(_KEY, at)
    return places


def _are_digits(body: bytes, start: int, end: int) -> bool:
    """Whether there are only digits of base64: no padding, no escape of JSON."""
    if body.find(b"=", start, end) >= 0:
        return False
    import pybase64  # takes milliseconds of every start, and is seldom needed

    try:  # piece by piece, which stays in the CPU's cache
        for at in range(start, end, _PIECE):
            piece = memoryview(body)[at : min(at + _PIECE, end)]
            pybase64.b64decode(piece, validate=True)
    except binascii.Error:
        return False
    return True

"""Notices the first token of a stream, and costs nothing after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mitmproxy.http import Response

Feed = Callable[[bytes], bytes | Iterable[bytes]]

_DELTA: Final = b"content_block_delta"


class FirstToken:
    """Stands before a stream's callable until a first delta has passed, then leaves.

    Thinking counts: it is the model's first token, shown or not.
    """

    def __init__(
        self, response: Response, feed: Feed, seen: Callable[[], None]
    ) -> None:
        self._response = response
        self._feed = feed
        self._seen = seen
        self._tail = b""  # a delta's name may come in two fragments

    def __call__(self, data: bytes) -> bytes | Iterable[bytes]:
        """Called by mitmproxy with each fragment of upstream's."""
        out = self._feed(data)
        known = self._tail + data
        if _DELTA in known:
            self._response.stream = self._feed
            self._seen()
        else:
            self._tail = known[-len(_DELTA) :]
        return out

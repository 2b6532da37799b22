"""The callables that mitmproxy feeds with a streamed answer, made safe.

Two of mitmproxy's traps decide their shape: ``b""`` in the middle of a body ends it
for the client, so nothing is ``[]``; and an exception loses the fragment while the
stream goes on to look complete, so it ends the stream with an error event instead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final, Protocol

logger = logging.getLogger(__name__)


Feed = Callable[[bytes], bytes | Iterable[bytes]]
"""What mitmproxy takes as ``response.stream``."""

MOST_MARKS: Final = 10_000
"""About 1.5 MB; a stream with more reads keeps every second one."""


class Machine(Protocol):
    """Turns upstream's bytes into the client's."""

    def feed(self, data: bytes) -> bytes:
        """Bytes for the client; ``b""`` when there are none yet."""

    def end(self) -> bytes:
        """Last bytes, when upstream's body has ended."""

    def fail(self, message: str, code: str) -> bytes:
        """The error event that ends the stream; later calls return nothing."""


class SafeStream:
    """What goes into ``flow.response.stream``."""

    def __init__(self, machine: Machine, flow_id: str) -> None:
        self._machine = machine
        self._flow_id = flow_id
        self._broken = False

    def __call__(self, data: bytes) -> list[bytes]:
        """Called by mitmproxy with each fragment, and with ``b""`` at the end."""
        if self._broken:
            return []
        if data:
            return self._guarded(lambda: self._machine.feed(data))
        return self._guarded(self._machine.end)

    def _guarded(self, step: Callable[[], bytes]) -> list[bytes]:
        try:
            out = step()
        except Exception:
            logger.exception("flow %s: translating the stream failed", self._flow_id)
            self._broken = True
            out = self._machine.fail(
                "The proxy failed to translate this stream.", "internal_error"
            )
        return [out] if out else []


class Kept:
    """The beginning of a body that comes in pieces, and the size of the whole."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.body = bytearray()
        self.size = 0

    def add(self, data: bytes) -> None:
        """The next piece."""
        self.size += len(data)
        room = self._limit - len(self.body)
        if room > 0:
            self.body += data[:room]


class Tap:
    """Keeps the beginning of both sides of a stream, and when what came."""

    def __init__(self, limit: int, seconds: Callable[[], float]) -> None:
        """``limit``: bytes of each side; ``seconds``: the time since the request."""
        self.received = Kept(limit)
        self.sent = Kept(limit)
        self.marks: list[list[float]] = []
        """[seconds, bytes received, bytes sent], counted from the start."""
        self._seconds = seconds
        self._every = 1  # how many pieces one mark stands for
        self._unmarked = 0

    def around(self, feed: Feed | None) -> Callable[[bytes], list[bytes]]:
        """What takes the place of ``feed``; None: the bytes pass as they are."""

        def tapped(data: bytes) -> list[bytes]:
            self.received.add(data)
            out = _pieces(feed(data)) if feed is not None else _pieces(data)
            self.also_sent(b"".join(out), marked=bool(data or out))
            return out

        return tapped

    def also_sent(self, data: bytes, *, marked: bool = True) -> None:
        """Bytes for the client that did not come out of ``around``: pings, errors."""
        self.sent.add(data)
        if marked:
            self._mark()

    def _mark(self) -> None:
        self._unmarked += 1
        if self._unmarked < self._every:
            return
        self._unmarked = 0
        seconds = round(self._seconds(), 6)
        self.marks.append([seconds, self.received.size, self.sent.size])
        if len(self.marks) > MOST_MARKS:
            del self.marks[1::2]
            self._every *= 2

    @property
    def rows(self) -> list[list[float]]:
        """The marks, the last of them at the end of what came."""
        if not self._unmarked:
            return self.marks
        end = [round(self._seconds(), 6), self.received.size, self.sent.size]
        return [*self.marks, end]


def _pieces(out: bytes | Iterable[bytes]) -> list[bytes]:
    if isinstance(out, bytes):
        return [out] if out else []
    return list(out)

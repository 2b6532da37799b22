"""The callables that mitmproxy feeds with a streamed answer, made safe.

Two of mitmproxy's traps decide their shape: ``b""`` in the middle of a body ends it
for the client, so nothing is ``[]``; and an exception loses the fragment while the
stream goes on to look complete, so it ends the stream with an error event instead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

logger = logging.getLogger(__name__)


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

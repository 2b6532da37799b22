"""Bytes to server-sent events and back, by the WHATWG rules, at any chunk boundary.

Source: HTML Living Standard, 9.2.6 "Interpreting an event stream". Fields that no
Anthropic or OpenAI stream uses (``id``, ``retry``) are read and dropped.
"""

from __future__ import annotations

import codecs
from typing import Final, NamedTuple

MAX_EVENT_BYTES: Final = 32 * 1024 * 1024
_BOM: Final = codecs.BOM_UTF8


class Event(NamedTuple):
    """One dispatched event; ``data`` is never empty."""

    name: str
    data: str


class EventTooLarge(ValueError):
    """An event grew past ``max_event_bytes``, a limit on memory."""


class Decoder:
    """Feed it bytes as they come; each call returns the events completed by them."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._line = bytearray()  # an unfinished line
        self._name = ""
        self._data: list[str] = []
        self._size = 0  # bytes of the event so far, finished lines only
        self._after_cr = False  # a "\n" that comes next belongs to the "\r" before it
        self._at_start = True  # nothing consumed yet: a byte order mark may come

    @property
    def at_boundary(self) -> bool:
        """Whether nothing is held and the next byte is the first of an event.

        Whole frames from there on may be left out of what is fed.
        """
        return not (
            self._line
            or self._data
            or self._name
            or self._size
            or self._after_cr
            or self._at_start
        )

    @property
    def pending(self) -> bool:
        """Whether bytes of an undispatched event are held (they are lost at EOF)."""
        return bool(self._line or self._data or self._name)

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completes, in order.

        Raises:
            EventTooLarge: the decoder is unusable afterwards.
        """
        events: list[Event] = []
        for line in self._lines(chunk):
            if line:
                self._field(line)
            elif (event := self._dispatch()) is not None:
                events.append(event)
        self._check(self._size + len(self._line))
        return events

    def _lines(self, chunk: bytes) -> list[bytes]:
        """Complete lines, without their ends; the rest waits in ``_line``."""
        if (
            chunk.endswith(b"\n")
            and b"\r" not in chunk
            and not (self._line or self._after_cr or self._at_start)
        ):
            return chunk.split(b"\n")[:-1]  # nothing to keep, as in nearly all chunks
        if self._after_cr and chunk:
            self._after_cr = False
            if chunk[:1] == b"\n":
                chunk = chunk[1:]
        if not chunk:
            return []
        self._line += chunk
        if self._at_start:
            if len(self._line) < len(_BOM) and _BOM.startswith(self._line):
                return []
            self._at_start = False
            if self._line.startswith(_BOM):
                del self._line[: len(_BOM)]
        if b"\n" not in chunk and b"\r" not in chunk:
            return []
        text = bytes(self._line)
        self._after_cr = text.endswith(b"\r")
        lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._line = bytearray(lines.pop())
        return lines

    def _field(self, line: bytes) -> None:
        self._size += len(line)
        self._check(self._size)
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(_text(value))
        elif name == b"event":
            self._name = _text(value)

    def _check(self, size: int) -> None:
        if size > self._max_event_bytes:
            raise EventTooLarge(
                f"read {size} bytes of one event, "
                f"expected no more than {self._max_event_bytes}"
            )

    def _dispatch(self) -> Event | None:
        name, data = self._name, "\n".join(self._data)
        self._name, self._data, self._size = "", [], 0
        return Event(name or "message", data) if data else None


def _text(value: bytes) -> str:
    return value.removeprefix(b" ").decode("utf-8", "replace")


def frame_end(data: bytes, start: int) -> int:
    """Past the blank line that ends the frame at ``start``, or the end of the data.

    Sees only what line feeds end. A decoder that is fed what lies between such places
    finds the same events as in one piece.
    """
    end = data.find(b"\n\n", start)
    return end + 2 if end >= 0 else len(data)


def skipped(data: bytes, start: int, head: bytes) -> int:
    """Past the whole frames from ``start`` on that are ``head`` and the rest of a line.

    ``head`` is everything up to somewhere in the frame's last line.
    """
    while data.startswith(head, start):
        end = data.find(b"\n", start + len(head))
        if data[end : end + 2] != b"\n\n" or b"\r" in data[start:end]:
            break
        start = end + 2
    return start


def encode(data: bytes, name: str | None = None) -> bytes:
    """One frame. ``data`` is a single line (compact JSON, or ``[DONE]``)."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + data + b"\n\n"


def comment(text: str) -> bytes:
    """A frame that every client skips; keeps an idle connection open."""
    return f": {text}\n\n".encode()

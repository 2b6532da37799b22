"""What the body of a message is: JSON, events, text, or nothing. Never raises."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..wire import jsontext, sse
from .recorded import Message
from .text import size

Kind = Literal["empty", "json", "events", "other"]

_EVENT_STREAM: Final = "text/event-stream"
_EVENT_START: Final = re.compile(rb"\s*(?:event|data):")
_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\],]', re.DOTALL)
_CLOSING: Final = {b"{": b"}", b"[": b"]"}


@dataclass(frozen=True, slots=True)
class Body:
    """A body that was looked at."""

    kind: Kind
    value: Any = None
    """The JSON document; of one that was cut, what can be told of it."""
    document: bytes = b""
    """Its text; of one that was cut, closed where the last whole value ends."""
    events: Sequence[sse.Event] = ()
    note: str = ""
    """What is odd about it, for whoever looks; mostly empty."""


def read(message: Message | None) -> Body:
    """Look at the body of ``message``; a missing message has an empty one."""
    if message is None or not message.body.strip():
        note = "the whole body was left out" if message and message.cut else ""
        return Body("empty", note=note)
    declared = message.header("content-type").lower()
    if declared.startswith(_EVENT_STREAM) or _EVENT_START.match(message.body):
        return _events(message)
    return _json(message, declared)


def cut_note(message: Message) -> str:
    """Says how much of a body was kept; empty when it is whole."""
    if not message.cut:
        return ""
    return f"first {size(len(message.body))} of {size(message.size)} kept"


def data_of(event: sse.Event) -> Any:
    """The JSON in an event; None when it is none."""
    try:
        return jsontext.decode(event.data)
    except jsontext.InvalidJSON:
        return None


def _events(message: Message) -> Body:
    decoder = sse.Decoder(max_event_bytes=len(message.body) + 1)
    events = decoder.feed(message.body)
    notes = [cut_note(message)]
    if decoder.pending:
        notes.append("the last event is not finished")
    return Body("events", events=events, note="; ".join(filter(None, notes)))


def _json(message: Message, declared: str) -> Body:
    text, note = message.body, cut_note(message)
    if message.cut and text.lstrip()[:1] in (b"{", b"["):
        text = _closed(text)
        note += ", shown up to the last whole value"
    try:
        return Body("json", jsontext.decode(text), text, note=note)
    except jsontext.InvalidJSON as wrong:
        wanted = "json" in declared
        why = f"not JSON, although it says so: {wrong}" if wanted else ""
        return Body("other", note="; ".join(filter(None, (cut_note(message), why))))


def _closed(text: bytes) -> bytes:
    """The beginning of a JSON document, made a document of its own.

    Cut back to where the last value inside a container ended, or its first one could
    begin, and every open container closed.
    """
    open_: bytes = b""
    end, open_there = 0, b""
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in _CLOSING:
            open_ += mark
            end, open_there = token.end(), open_
        elif mark in (b"}", b"]"):
            open_ = open_[:-1]
            end, open_there = token.end(), open_
        elif mark == b",":
            end, open_there = token.start(), open_
        if len(open_) > jsontext.MAX_DEPTH:
            break
    closing = [_CLOSING[open_there[at : at + 1]] for at in range(len(open_there))]
    return text[:end] + b"".join(reversed(closing))

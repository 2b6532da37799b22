"""What looks on while a Messages stream passes through to the client."""

from __future__ import annotations

import random
import zlib

from anthropic_proxy.dialects.messages.errors import NativeStreamWatch
from anthropic_proxy.inspection.bodies import data_of
from anthropic_proxy.wire import jsontext
from anthropic_proxy.wire.sse import Decoder, Event

from ..target import Target, pieces, switches
from . import chat_stream


def events(stream: bytes) -> list[Event]:
    """A stream's events as a client reads them."""
    return Decoder(len(stream) + 1).feed(stream)


def says_end(stream: bytes) -> bool:
    """Whether one of its events ends it."""
    values = [data_of(event) for event in events(stream)]
    types = [value.get("type") for value in values if isinstance(value, dict)]
    return "message_stop" in types or "error" in types


def watched(stream: list[bytes]) -> NativeStreamWatch:
    """After the whole stream has passed."""
    watch = NativeStreamWatch()
    for piece in stream:
        watch.feed(piece)
    return watch


def check(data: bytes) -> None:
    """Complete or ended by exactly one error; the same whatever the pieces."""
    _, stream = switches(data)
    whole = watched([stream])
    cut = watched(pieces(stream, random.Random(zlib.crc32(data))))
    for name in ("finished", "failed", "usage", "stop_reason", "model", "message_id"):
        assert getattr(whole, name) == getattr(cut, name)
    if whole.finished:
        assert says_end(stream)
    added = whole.end()
    assert bool(added) != cut.finished
    assert whole.end() == b""
    jsontext.encode(whole.usage)
    if added:
        told = events(stream + added)
        assert told[-1].name == "error", told[-3:]
        assert told[:-1] == events(stream)


def mutate(dice: random.Random, data: bytes) -> bytes:
    """As for the other API's clients."""
    return chat_stream.mutate(dice, data)


TARGET = Target(
    name="native-stream",
    promise="any events: passed on; exactly one error is added when they do not end",
    seeds=[b"\0" + switches(seed)[1] for seed in chat_stream.TARGET.seeds],
    mutate=mutate,
    check=check,
)

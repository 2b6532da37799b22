"""The decoder of server-sent events, fed in pieces of any size."""

from __future__ import annotations

import random
import zlib

from anthropic_proxy.wire.sse import Decoder, Event, EventTooLarge

from ..mutations import Words, event_stream
from ..target import Target, pieces, switches, vectors, with_switches

_SHORT = 1_000  # bytes: fed one by one, too
LIMITS = (10, 100, 1_000, 1_000_000)
_STREAMS = [vector["input"]["sse"].encode() for vector in vectors("stream")]
_FRAMES = [frame for stream in _STREAMS for frame in stream.split(b"\n\n")]
_FRAMES += [b"\xef\xbb\xbf", b": c", b"data", b"data:\ndata:", b"event: x", b"id: 1"]
_WORDS = Words([])


def fed(stream: list[bytes], limit: int) -> tuple[list[Event], bool]:
    """The events, and whether one of them was too large."""
    decoder = Decoder(limit)
    events: list[Event] = []
    try:
        for piece in stream:
            events += decoder.feed(piece)
    except EventTooLarge:
        return events, True
    return events, False


def check(data: bytes) -> None:
    """The same events however the bytes come; nothing raised but ``EventTooLarge``."""
    chosen, stream = switches(data)
    limit = LIMITS[chosen % len(LIMITS)]
    whole, large = fed([stream], limit)
    assert all(event.data and event.name for event in whole)
    dice = random.Random(zlib.crc32(data))
    cuts = [pieces(stream, dice), pieces(stream, dice)]
    if len(stream) < _SHORT:
        cuts.append([stream[at : at + 1] for at in range(len(stream))])
    for cut in cuts:
        events, too_large = fed(cut, limit)
        # A call that raises gives no events: of those before it, the whole has none.
        assert too_large == large
        assert events == whole or large
    without_limit, _ = fed([stream], len(stream) + 1)
    assert events == without_limit[: len(events)]


def mutate(dice: random.Random, data: bytes) -> bytes:
    """Other events, other bytes, sometimes another limit."""
    chosen, stream = switches(data)
    if dice.random() < 0.1:
        chosen = dice.randrange(len(LIMITS))
    return bytes([chosen]) + event_stream(dice, stream, _WORDS, _FRAMES)


TARGET = Target(
    name="sse-decoder",
    promise="any bytes in any pieces: the same events, no exception",
    seeds=with_switches(_STREAMS, range(len(LIMITS))),
    mutate=mutate,
    check=check,
)

"""What is overwritten in the bodies that a bug report holds."""

from __future__ import annotations

import json
import random
import zlib
from typing import Any

from anthropic_proxy.inspection.scrubbing import Scrubber
from anthropic_proxy.wire import jsontext

from ..mutations import Words, event_stream, json_text
from ..target import Target, switches, with_switches
from .chat_request import CHATS
from .chat_stream import TARGET as STREAM

SECRET = "local-key-of-this-house"
KEY = "sk-ant-api03-" + "a1B2" * 12
_PLANTED = (SECRET, KEY, f"so {SECRET}.", f"x-api-key: {KEY}", "alice@example.com")
_STREAMS = [seed[1:] for seed in STREAM.seeds]
_FRAMES = [frame for stream in _STREAMS for frame in stream.split(b"\n\n")]
_WORDS = Words(CHATS)
_SEEDS = [json.dumps(chat).encode() for chat in CHATS] + _STREAMS
_SEEDS += [json.dumps({"user": SECRET, "messages": [SECRET, {KEY: KEY}]}).encode()]


def strings(value: Any) -> str:
    """Every string and key of a JSON document, one below the other."""
    if isinstance(value, dict):
        return "\n".join(f"{key}\n{strings(child)}" for key, child in value.items())
    if isinstance(value, list):
        return "\n".join(map(strings, value))
    return value if isinstance(value, str) else ""


def _read(body: bytes) -> Any:
    try:
        return jsontext.decode(body)
    except jsontext.InvalidJSON:
        return None


def check(data: bytes) -> None:
    """As long as before, JSON if it was, and without what was to go."""
    chosen, body = switches(data)
    blank, cut = bool(chosen & 1), bool(chosen & 2)
    before = _read(body)
    if cut:
        body = body[: zlib.crc32(body) % (len(body) + 1)]
    out = Scrubber([SECRET], blank=blank).body(body, cut=cut)
    assert len(out) == len(body)
    if before is None and body.lstrip()[:1] in (b"{", b"["):
        return  # what looks like JSON and is none is not all looked through
    assert SECRET.encode() not in out
    assert KEY.encode() not in out
    if before is None or cut:
        return
    after = _read(out)
    assert SECRET not in strings(after)
    assert KEY not in strings(after)
    if body.lstrip()[:1] in (b"{", b"["):
        assert after is not None, "valid JSON became invalid"
        assert _shape(before) == _shape(after)


def _shape(value: Any) -> Any:
    """What stays when values are overwritten. Keys may become equal."""
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return [_shape(child) for child in value]
    return type(value) in (int, float) or type(value)


def mutate(dice: random.Random, data: bytes) -> bytes:
    """Other documents and streams, with secrets in them."""
    chosen, body = switches(data)
    if dice.random() < 0.2:
        chosen = dice.randrange(4)
    if body.lstrip()[:1] in (b"{", b"["):
        body = json_text(dice, body, _WORDS)
    else:
        body = event_stream(dice, body, _WORDS, _FRAMES)
    if dice.random() < 0.5:
        at = body.find(b'"', dice.randint(0, len(body))) + 1
        body = body[:at] + dice.choice(_PLANTED).encode() + body[at:]
    return bytes([chosen]) + body


TARGET = Target(
    name="scrubber",
    promise="any body of a bug report: as long and of the form it was, without secrets",
    seeds=with_switches(_SEEDS, (0, 1, 2)),
    mutate=mutate,
    check=check,
)

"""What people are shown of a recorded request, whatever was recorded."""

from __future__ import annotations

import json
import random
import re
import shlex
from collections.abc import Mapping
from typing import Any

from anthropic_proxy.inspection.curl import UPSTREAM, curl
from anthropic_proxy.inspection.recorded import Message, Recorded
from anthropic_proxy.inspection.text import WIDTH, columns
from anthropic_proxy.inspection.views import VIEWS
from inspection_support import chat, native, with_facts, words

from ..mutations import Words, event_stream, json_text
from ..target import Target
from .chat_request import CHATS
from .chat_stream import TARGET as STREAM

SIDES = ("client_request", "upstream_request", "upstream_response", "client_response")
_BYTES = "bytes:"
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
_STREAMS = [seed[1:] for seed in STREAM.seeds]
_FRAMES = [frame for stream in _STREAMS for frame in stream.split(b"\n\n")]


def _plain(value: Any) -> Any:
    """As JSON can hold it."""
    if isinstance(value, bytes):
        return _BYTES + value.decode("latin-1")
    if isinstance(value, Mapping):
        return {key: _plain(child) for key, child in value.items()}
    return [_plain(child) for child in value] if isinstance(value, list) else value


def _real(value: Any) -> Any:
    """As mitmproxy's file of flows holds it: bytes are bytes."""
    if isinstance(value, str) and value.startswith(_BYTES):
        return value.removeprefix(_BYTES).encode("latin-1", "replace")
    if isinstance(value, dict):
        return {key: _real(child) for key, child in value.items()}
    return [_real(child) for child in value] if isinstance(value, list) else value


def _seed(recorded: Recorded) -> bytes:
    parts: dict[str, Any] = {"facts": _plain(dict(recorded.facts))}
    for side in SIDES:
        message: Message | None = getattr(recorded, side)
        parts[side] = message and {
            "line": message.line,
            "headers": [list(pair) for pair in message.headers],
            "body": message.body.decode("latin-1"),
            "size": message.size,
        }
    return json.dumps(parts).encode()


def _message(value: Any) -> Message | None:
    """What has a wrong type is put right: the recorder never writes it wrong."""
    if not isinstance(value, dict):
        return None
    body = str(value.get("body", "")).encode("latin-1", "replace")
    fields = value.get("headers")
    headers = [
        (str(pair[0]), str(pair[1]))
        for pair in (fields if isinstance(fields, list) else ())
        if isinstance(pair, list) and len(pair) == 2
    ]
    size = value.get("size")
    whole = max(len(body), size) if isinstance(size, int) else len(body)
    return Message(str(value.get("line", "")), headers, body, whole)


def recorded_of(data: bytes) -> Recorded | None:
    """The recorded request that an input describes."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("facts"), dict):
        return None
    messages = {side: _message(value.get(side)) for side in SIDES}
    try:
        return Recorded(_real(value["facts"]), **messages)
    except RecursionError:  # deeper than what is ever recorded
        return None


def check(data: bytes) -> None:
    """Text, never empty, never too wide, fit for any terminal."""
    recorded = recorded_of(data)
    if recorded is None:
        return
    for name, render in VIEWS.items():
        for side in ("request", "response"):
            text = render(recorded, side)
            assert text.strip(), name
            assert not _HARMFUL.search(text), name
            assert all(columns(line) <= WIDTH for line in text.split("\n")), name
    for message in (recorded.client_request, recorded.upstream_request):
        if message is not None:
            command = curl(message, "http://127.0.0.1:8100", UPSTREAM, "body.json")
            assert shlex.split(command, comments=True)[0] == "curl"


def mutate(dice: random.Random, data: bytes) -> bytes:
    """Other facts, other bodies."""
    try:
        value = json.loads(data)
        side = dice.choice(SIDES)
        body = value[side]["body"].encode("latin-1", "replace")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return json_text(dice, data, _WORDS)
    match dice.randrange(4):
        case 0:
            body = json_text(dice, body, _BODY_WORDS)
        case 1:
            other = dice.choice(_STREAMS) if dice.random() < 0.3 else body
            body = event_stream(dice, other, _BODY_WORDS, _FRAMES)
        case _:
            return json_text(dice, data, _WORDS)
    value[side]["body"] = body.decode("latin-1")
    return json.dumps(value).encode()


_RECORDED = [
    Recorded({}),
    chat(),
    native(),
    words(20).recorded(),
    with_facts(chat(), outcome={"error": "timeout"}),
    with_facts(
        chat(), prefix={"previous": "req_1", "same": 2, "of": 3, "differs": "x"}
    ),
]
_SEEDS = [_seed(recorded) for recorded in _RECORDED]
_WORDS = Words(json.loads(seed) for seed in _SEEDS)
_BODY_WORDS = Words(CHATS)

TARGET = Target(
    name="views",
    promise="any recorded request: every view shows text that harms no terminal and "
    "fits its width",
    seeds=_SEEDS,
    mutate=mutate,
    check=check,
)

"""The identity sentence, put into the bytes of a native request."""

from __future__ import annotations

import json
import random
from typing import Any

from anthropic_proxy.dialects.messages.identity import IDENTITY
from anthropic_proxy.dialects.messages.splice import spliced
from anthropic_proxy.proxy.native import asked

from ..mutations import Words, json_text
from ..target import Target, vectors

_BODIES = [
    vector["expected"]["body"]
    for vector in vectors("request")
    if vector["kind"] == "request"
]
_BODIES += [
    {"system": "Be brief.", "messages": []},
    {"system": [{"type": "text", "text": IDENTITY}], "messages": []},
    {"system": [], "model": "claude-sonnet-5-5", "max_tokens": 5, "stream": True},
    {},
]
_WORDS = Words(_BODIES)


def _read(text: bytes) -> Any:
    try:
        # Surrogates pass, and of equal keys the last counts, as upstream has it.
        return json.loads(text.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None


def check(data: bytes) -> None:
    """The first system block is the sentence; everything else is as it was."""
    asked(data)
    after = spliced(data, IDENTITY)
    assert spliced(after, IDENTITY) == after
    before, value = _read(data), _read(after)
    if after == data or before is None:
        return
    assert isinstance(before, dict)
    assert value is not None, "valid JSON became invalid"
    blocks = value.pop("system")
    assert blocks[0] == {"type": "text", "text": IDENTITY}
    given = before.pop("system", None)
    if isinstance(given, str) and len(blocks) > 1:
        assert blocks[1:] == [{"type": "text", "text": given}]
    elif isinstance(given, list):
        assert blocks[1:] == given
    assert repr(value) == repr(before)


def mutate(dice: random.Random, data: bytes) -> bytes:
    """Another document."""
    return json_text(dice, data, _WORDS)


TARGET = Target(
    name="native-request",
    promise="any body: the identity sentence goes in once, and nothing else changes",
    seeds=[json.dumps(body).encode() for body in _BODIES],
    mutate=mutate,
    check=check,
)

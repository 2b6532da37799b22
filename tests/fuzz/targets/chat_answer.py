"""What upstream answers in one piece: a Message, an error, headers, or nonsense."""

from __future__ import annotations

import json
import random

from answer_support import checked
from anthropic_proxy.dialects.chat_completions.errors import from_anthropic
from anthropic_proxy.dialects.chat_completions.headers import openai_headers
from anthropic_proxy.dialects.chat_completions.response import (
    UnusableMessage,
    chat_completion,
    joined,
)
from anthropic_proxy.wire import jsontext

from ..mutations import Words, changed, json_text, text_of
from ..target import Target, switches, vectors, with_switches
from .chat_stream import NOW, exchange

STATUSES = (200, 400, 401, 404, 413, 429, 500, 529, 302)
_MESSAGES = [vector["input"]["body"] for vector in vectors("response")]
_ERRORS = [vector["input"]["body"] for vector in vectors("error")]
_HEADERS = [vector["input"]["headers"] for vector in vectors("headers")]
_WORDS = Words([*_MESSAGES, *_ERRORS, *_HEADERS])


def check(data: bytes) -> None:
    """An answer that OpenAI's client finds valid, or an error in its own shape."""
    chosen, text = switches(data)
    status = STATUSES[chosen % len(STATUSES)]
    try:
        value = jsontext.decode(text)
    except jsontext.InvalidJSON:
        value = None
    if isinstance(value, list):
        _check_headers(value)
    error_status, headers, body = from_anthropic(status, [], text)
    assert 400 <= error_status <= 599
    assert isinstance(body["error"]["message"], str)
    jsontext.encode([headers, body])
    for parts in ([value], [value, value]):
        try:
            whole = joined(parts) if _is_paused(value) else value
            completion, warnings = chat_completion(whole, exchange(chosen))
        except UnusableMessage:
            continue
        checked(json.loads(jsontext.encode(completion)))
        assert all(isinstance(token, str) for token in warnings)


def _is_paused(value: object) -> bool:
    """Whether it would be joined with what follows: the proxy looks at this first."""
    return isinstance(value, dict) and isinstance(value.get("content"), list)


def _check_headers(value: list[object]) -> None:
    pairs = [
        (str(field[0]), str(field[1]))
        for field in value
        if isinstance(field, list) and len(field) == 2
    ]
    for name, field in openai_headers(pairs, float(NOW)):
        assert isinstance(name, str)
        assert isinstance(field, str)


def mutate(dice: random.Random, data: bytes) -> bytes:
    """Another document, sometimes another request or status."""
    chosen, text = switches(data)
    if dice.random() < 0.2:
        chosen = dice.randrange(256)
    if dice.random() < 0.1:
        text = text_of(dice, changed(dice, dice.choice(_HEADERS), _WORDS))
    return bytes([chosen]) + json_text(dice, text, _WORDS)


TARGET = Target(
    name="chat-answer",
    promise="any answer of upstream's: a completion that OpenAI's client finds valid, "
    "or an error in its shape",
    seeds=with_switches(
        [json.dumps(body).encode() for body in [*_MESSAGES, *_ERRORS, *_HEADERS]],
        (0, 3, 9, 18, 36, 41, 72),
    ),
    mutate=mutate,
    check=check,
)

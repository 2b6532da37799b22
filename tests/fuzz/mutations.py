"""Changes that keep an input close to what it was: of bytes, of JSON, of events."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterable, Sequence
from typing import Any, Final

MOST_BYTES: Final = 16 * 1024
"""Longer inputs show little that short ones do not, and take their time."""
_NASTY_TEXTS: Final = (
    *("", " ", "\n", "\x00", "\x1b[2J", "\ud800", "\udc00\ud800", "\u202e", "\ufeff"),
    *("😀", "é" * 70, "a" * 300, "a" * 5000, "null", "[DONE]", "data: x\n\n", "\r\n"),
    *("{", "}", '{"a":', "../..", "%00", "https://x.test/a.png", "http://[::1", "://"),
    *("data:image/png;base64,", "data:image/png;base64,AAAA", "data:,x", "$ref", "#/a"),
    *("2026-13-45T99:99:99Z", "9" * 400, "-1", "1e999", "NaN", "__proto__", "***"),
)
_NASTY_NUMBERS: Final = (
    *(0, -1, 1, 2, 3, 255, 1024, 65536, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1),
    *(0.0, -0.0, 0.5, 1.5, 1e-300, 1e300, 10**40),
)
_NASTY_VALUES: Final = (None, True, False, [], {}, [[]], [{}], [None], {"": None})
_RAW: Final = (b"NaN", b"1e999", b"-", b"Infinity", b'"\\ud800"', b'"\xff"', b"01")


class Words:
    """The keys and values of a target's seeds, to make sensible nonsense of."""

    def __init__(self, documents: Iterable[Any]) -> None:
        self._keys: dict[str, None] = {}
        self._values: dict[str, Any] = {}
        for document in documents:
            self._learn(document)
        self.keys: Sequence[str] = tuple(self._keys) or ("a",)
        self.values: Sequence[Any] = tuple(self._values.values()) or ("a",)

    def _learn(self, value: Any) -> None:
        # Small values only: a mutation shall be readable.
        text = json.dumps(value)
        if len(text) < 2000:
            self._values.setdefault(text, value)
        if isinstance(value, dict):
            for key, child in value.items():
                self._keys.setdefault(key)
                self._learn(child)
        elif isinstance(value, list):
            for child in value:
                self._learn(child)


def any_value(dice: random.Random, words: Words) -> Any:
    """Something that is probably wrong where it goes."""
    match dice.randrange(6):
        case 0:
            return dice.choice(_NASTY_TEXTS)
        case 1:
            return dice.choice(_NASTY_NUMBERS)
        case 2:
            return copy.deepcopy(dice.choice(_NASTY_VALUES))
        case 3:
            return _deep(dice)
        case _:
            return copy.deepcopy(dice.choice(words.values))


def _deep(dice: random.Random) -> Any:
    value: Any = "x"
    for _ in range(dice.choice((1, 5, 60, 190, 250))):
        value = [value] if dice.random() < 0.5 else {"type": value}
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys or indices."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys: Iterable[Any] = ()
        if isinstance(holder, dict):
            keys = holder
        elif isinstance(holder, list):
            keys = range(len(holder))
        for key in keys:
            found.append((holder, key))
            waiting.append(holder[key])
    return found


def changed(dice: random.Random, value: Any, words: Words) -> Any:
    """A copy of a JSON document with one to four things changed.

    Raises:
        RecursionError: it is nested too deeply for Python.
    """
    value = copy.deepcopy(value)
    for _ in range(dice.choice((1, 1, 2, 4))):
        places = _places(value)
        if not places or dice.random() < 0.02:
            value = any_value(dice, words)
            continue
        holder, key = dice.choice(places)
        _change(dice, holder, key, places, words)
    return value


def _change(
    dice: random.Random,
    holder: Any,
    key: Any,
    places: Sequence[tuple[Any, Any]],
    words: Words,
) -> None:
    match dice.randrange(9):
        case 0:
            del holder[key]
        case 1:
            holder[key] = any_value(dice, words)
        case 2:  # something from elsewhere in the document
            other, place = dice.choice(places)
            holder[key] = copy.deepcopy(other[place])
        case 3 if isinstance(holder, list):
            holder.insert(dice.randint(0, len(holder)), copy.deepcopy(holder[key]))
        case 4 if isinstance(holder, list):
            dice.shuffle(holder)
        case 3 | 4 | 5 if isinstance(holder, dict):
            holder[dice.choice(words.keys)] = any_value(dice, words)
        case 6 if isinstance(holder, dict):
            holder[dice.choice(words.keys)] = holder.pop(key)
        case 7:
            holder[key] = dice.choice(([holder[key]], {"type": holder[key]}))
        case _:
            holder[key] = _varied(dice, holder[key], words)


def _varied(dice: random.Random, value: Any, words: Words) -> Any:
    """The same kind of value, and another."""
    if isinstance(value, str):
        at = dice.randint(0, len(value))
        rest = value[dice.randint(at, len(value)) :]
        return value[:at] + dice.choice(_NASTY_TEXTS) + rest
    if isinstance(value, int | float):
        return dice.choice(_NASTY_NUMBERS)
    if isinstance(value, list):
        return [*value, any_value(dice, words)]
    if isinstance(value, dict):
        return value | {dice.choice(words.keys): any_value(dice, words)}
    return any_value(dice, words)


def text_of(dice: random.Random, value: Any) -> bytes:
    """A JSON document as somebody might write it.

    Raises:
        RecursionError: it is nested too deeply for Python.
    """
    if dice.random() < 0.5:
        return json.dumps(value).encode()
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def json_text(dice: random.Random, data: bytes, words: Words) -> bytes:
    """A JSON document, changed as a document, or as bytes when it is none."""
    if dice.random() < 0.9:
        try:
            text = text_of(dice, changed(dice, json.loads(data), words))
        except (ValueError, RecursionError):  # no JSON, or nested too deeply by now
            pass
        else:
            return text if dice.random() < 0.95 else scratched(dice, text)
    return scratched(dice, data)


def scratched(dice: random.Random, data: bytes) -> bytes:
    """Some bytes altered, cut out, doubled, put in."""
    for _ in range(dice.choice((1, 1, 2, 8))):
        start = dice.randint(0, len(data))
        end = min(len(data), start + dice.choice((0, 1, 1, 4, 40, 400)))
        piece = data[start:end]
        match dice.randrange(5):
            case 0:
                piece = b""
            case 1:
                piece = dice.randbytes(max(1, len(piece)))
            case 2:
                piece *= dice.choice((2, 3, 20))
            case 3:
                piece = dice.choice(_RAW)
            case _:
                piece += dice.choice(_NASTY_TEXTS).encode("utf-8", "surrogatepass")
        data = data[:start] + piece + data[end:]
    return data[:MOST_BYTES]


def event_stream(
    dice: random.Random, data: bytes, words: Words, frames: Sequence[bytes]
) -> bytes:
    """Server-sent events dropped, doubled, moved, changed; or just scratched bytes.

    Args:
        frames: of other streams, to put in.
    """
    if dice.random() < 0.1:
        return scratched(dice, data)
    own = data.replace(b"\r\n", b"\n").split(b"\n\n")
    for _ in range(dice.choice((1, 1, 2, 4))):
        at = dice.randrange(len(own))
        match dice.randrange(6):
            case 0 if len(own) > 1:
                del own[at]
            case 1:
                own.insert(at, dice.choice(own))
            case 2:
                own.insert(at, dice.choice(frames))
            case 3:
                other = dice.randrange(len(own))
                own[at], own[other] = own[other], own[at]
            case _:
                own[at] = _changed_frame(dice, own[at], words)
    end = dice.choice((b"\n\n", b"\n\n", b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\n: x\n\n"))
    return end.join(own)[:MOST_BYTES]


def _changed_frame(dice: random.Random, frame: bytes, words: Words) -> bytes:
    head, mark, text = frame.partition(b"data: ")
    if not mark:
        return scratched(dice, frame)
    text = json_text(dice, text, words)
    return head + mark + text.replace(b"\n", b" ")

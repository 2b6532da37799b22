"""JSON as people read it, exactly as it travelled.

Nothing is written anew: numbers, escapes and the order of keys are the sender's, but
half a pair of surrogates, which cannot be shown, is a replacement character. Long
strings go on in the next line, after an ``\\n`` of theirs where there is one, and what
is surely no text (a picture in base64, a signature) is folded in its middle.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from ..wire import jsontext
from .text import WIDTH, clean, columns, fits, hanging

_INDENT: Final = 2
_FOLD_FROM: Final = 400  # characters; signatures are a few hundred
_FOLDABLE: Final = re.compile(
    r'(?P<head>"(?:data:[\w/.+;=-]{1,80},)?[A-Za-z0-9+/_-]{48})'
    rf"(?P<folded>[A-Za-z0-9+/_-]{{{_FOLD_FROM},}})"
    r'(?P<tail>[A-Za-z0-9+/_-]{16}={0,2}")'
)
_DEEPEST: Final = 40  # columns before a string's further lines
_ESCAPE: Final = re.compile(r"\\.")
_STRING_START: Final = re.compile(r'\s*(?:"(?:[^"\\]++|\\.)*+": )?"?')


def json_lines(body: bytes) -> list[str]:
    """A JSON document on as many lines as it needs.

    Raises:
        InvalidJSON: it is none, or nested deeper than ``jsontext.MAX_DEPTH``.
    """
    value = jsontext.decode(body)
    try:
        text = msgspec.json.format(body, indent=_INDENT)
    except (msgspec.DecodeError, RecursionError):  # a mark of byte order, surrogates
        text = msgspec.json.format(jsontext.encode(value), indent=_INDENT)
    return laid_out(text.decode("utf-8", "backslashreplace").split("\n"))


def laid_out(lines: list[str]) -> list[str]:
    """Indented JSON with small containers on one line and long lines broken."""
    shown: list[str] = []
    at = 0
    while at < len(lines):
        end = _end_of_small(lines, at)
        small = clean(_joined(lines[at : end + 1])) if end > at else ""
        if small and fits(small, WIDTH):
            shown.append(small)
            at = end + 1
        else:
            shown += _broken(lines[at])
            at += 1
    return shown


def compact(value: Any) -> str:
    """A value as JSON on one line; whatever else it is, in Python's words."""
    try:
        return jsontext.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        return str(value)


def value_line(text: bytes | str) -> str:
    """Compact JSON, or whatever it is, as one clean line with base64 folded."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    return clean(folded(text)).replace("\n", "\\n").replace("\t", "\\t")


def folded(text: str) -> str:
    """JSON text with the middle of everything that looks like base64 left out."""
    return _FOLDABLE.sub(_shortened, text) if len(text) > _FOLD_FROM else text


def _shortened(found: re.Match[str]) -> str:
    left_out = len(found["folded"])
    return f"{found['head']} … {left_out:,} more characters … {found['tail']}"


def _end_of_small(lines: list[str], at: int) -> int:
    """Last line of a container that begins here and fits on one line; else ``at``."""
    if not lines[at].endswith(("{", "[")):
        return at
    room = WIDTH - len(lines[at])
    for end in range(at + 1, len(lines)):
        inner = lines[end].lstrip(" ")
        if inner.startswith(("}", "]")):
            return end if len(inner) <= room else at
        room -= len(inner) + 1
        if room < 0 or inner.endswith(("{", "[")):
            return at
    return at


def _joined(lines: list[str]) -> str:
    first, *inner, last = lines
    gap = " " if inner and first.endswith("{") else ""
    return first + gap + " ".join(line.lstrip() for line in inner) + gap + last.lstrip()


def _broken(line: str) -> list[str]:
    """One line of the document in lines that fit."""
    line = clean(folded(line))
    if fits(line, WIDTH):
        return [line]
    start = _STRING_START.match(line)
    indent = min(columns(start[0]) if start else 0, _DEEPEST)
    pieces, begin = [], 0
    for escape in _ESCAPE.finditer(line):
        if escape[0] == "\\n" and escape.end() < len(line) - 2:
            pieces.append(line[begin : escape.end()])
            begin = escape.end()
    pieces.append(line[begin:])
    first, *rest = pieces
    shown = hanging(first, indent)
    for piece in rest:
        shown += hanging(" " * indent + piece, indent)
    return shown

"""JSON text in and out, with the failures that matter to a proxy named.

Client input may hold what strict decoders refuse (lone surrogate escapes) and what
lax ones accept (``NaN``, a hundred thousand brackets). One place decides both.
"""

from __future__ import annotations

import codecs
import re
from typing import Any, Final

import msgspec

MAX_DEPTH: Final = 200
"""Levels of arrays and objects. Keeps every recursion over a document, ours and the
encoder's, far from Python's limit; no real request comes near it."""

_COUNTED_BYTES: Final = 64 * 1024

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# An odd run of backslashes: all but the last escape each other. It starts with a
# literal, which is what lets the search skip through megabytes.
_SURROGATE_ESCAPE: Final = re.compile(
    rb"""\\ (?<!\\\\) (?P<escaped> (?:\\\\)* )
    (?: (?P<pair> u[dD][89abAB][0-9a-fA-F]{2} \\u[dD][c-fC-F][0-9a-fA-F]{2} )
      | u[dD][89a-fA-F][0-9a-fA-F]{2} )""",
    re.VERBOSE,
)
_DECODER: Final = msgspec.json.Decoder(strict=True)
_ENCODER: Final = msgspec.json.Encoder()


class InvalidJSON(ValueError):
    """The bytes are not one JSON document. The message is fit for a client to read."""


def decode(text: bytes | str) -> Any:
    """Read one JSON document; lone UTF-16 surrogates become U+FFFD.

    Upstream refuses a body with lone surrogates (rules B.4), and Python clients
    produce them from truncated emoji, so they are mended here rather than refused.
    A byte order mark is skipped. Of equal keys in an object the last one counts.

    Raises:
        InvalidJSON: not UTF-8, not JSON, ``NaN``/``Infinity``, a number that Python
            cannot hold, or nested deeper than ``MAX_DEPTH``.
    """
    data = text if isinstance(text, bytes) else _encoded(text)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        value = _parse(data)
    except InvalidJSON:
        mended = _SURROGATE_ESCAPE.sub(_replacement, data)
        if mended == data:
            raise
        value = _parse(mended)
    if not _surely_shallow(data) and _too_deep(value):
        raise InvalidJSON(_TOO_DEEP)
    return value


def encode(value: Any) -> bytes:
    """Write compact UTF-8 JSON, key order kept; ``msgspec.Raw`` is spliced verbatim.

    Lone surrogates become U+FFFD, as in ``decode``: paths and headers that are not
    UTF-8 come with them, and an error that quotes one has to be told.
    """
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(_mended(value))


def without_surrogates(text: str) -> str:
    """``text`` with each lone surrogate replaced by U+FFFD, so that it encodes."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


_TOO_DEEP: Final = f"the document is nested deeper than {MAX_DEPTH} levels"


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return without_surrogates(text).encode()


def _mended(value: Any) -> Any:
    """A copy of a document without lone surrogates."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, dict):
        return {_mended(key): _mended(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(part) for part in value]
    return value


def _parse(data: bytes) -> Any:
    try:
        return _DECODER.decode(data)
    except RecursionError:
        raise InvalidJSON(_TOO_DEEP) from None
    except UnicodeDecodeError:
        raise InvalidJSON("the document is not UTF-8") from None
    except msgspec.DecodeError as failure:
        raise InvalidJSON(str(failure)) from None


def _replacement(escape: re.Match[bytes]) -> bytes:
    return escape[0] if escape["pair"] else escape["escaped"] + rb"\ufffd"


def _surely_shallow(data: bytes) -> bool:
    """Settles nearly every document; in a large one, counting costs more than looking.

    What is large is nearly always one long string: a picture, a prompt.
    """
    return (
        len(data) <= _COUNTED_BYTES and data.count(b"[") + data.count(b"{") <= MAX_DEPTH
    )


def _too_deep(value: Any) -> bool:
    """Whether the nesting passes ``MAX_DEPTH``, without recursing itself."""
    level = [value]
    for _ in range(MAX_DEPTH):
        children = (
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
        )
        level = [child for child in children if isinstance(child, list | dict)]
        if not level:
            return False
    return True

"""Puts the identity sentence into a request's bytes and leaves every other byte alone.

A client's body may hold what does not survive reading and writing: the order and
spelling of numbers, escapes, equal keys, megabytes that need not be looked at. So the
value of the top-level ``system`` is found by its place and edited there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from ...wire import jsontext
from .identity import with_identity

_SPACE: Final = re.compile(rb"[ \t\r\n]*+")
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_DELIMITERS: Final = frozenset(b",} \t\r\n")
_VALUES: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY_VALUE: Final = json.JSONDecoder(strict=False)


class Splice(NamedTuple):
    """Bytes ``start`` to ``end`` of a body are replaced by ``text``."""

    start: int
    end: int
    text: bytes


class _NotAnObject(ValueError):
    """The body is not one JSON object; upstream says what is wrong with it."""


def spliced(body: bytes, sentence: str) -> bytes:
    """The body with ``sentence`` as the first system block, as by ``with_identity``.

    A body that has it already, or that is not a JSON object, is returned as it is.
    """
    splice = system_splice(body, sentence)
    if splice is None:
        return body
    return b"".join((body[: splice.start], splice.text, body[splice.end :]))


def system_splice(body: bytes, sentence: str) -> Splice | None:
    """What has to change; None when nothing has to, or can.

    Of several members ``system`` the last one counts, upstream as everywhere.
    """
    members = _Members(body)
    try:
        spans = [(start, end) for key, start, end in members if key == "system"]
    except (_NotAnObject, RecursionError):
        return None
    if not spans:
        text = b'"system":' + jsontext.encode(with_identity(None, sentence))
        at = members.first
        return Splice(at, at, text + (b"" if members.empty else b","))
    start, end = spans[-1]
    edited = _edited(body[start:end], sentence)
    return Splice(start, end, edited) if edited is not None else None


def _edited(value: bytes, sentence: str) -> bytes | None:
    """The new value of ``system``, what the client wrote in it kept byte for byte."""
    try:
        before = jsontext.decode(value)
    except jsontext.InvalidJSON:
        return None
    after = with_identity(before, sentence)
    if after is before:
        return None
    block = jsontext.encode(after[0])
    if len(after) == 1:
        return b"[" + block + b"]"
    if isinstance(before, str):
        return b"[" + block + b',{"type":"text","text":' + value + b"}]"
    return b"[" + block + b"," + value[1:]


class _Members:
    """The members of the object that a body is: key, and where the value lies.

    msgspec reads past the values, which is many times faster than Python; what it
    cannot tell (the values of equal keys) or does not like (lone surrogates, control
    characters) is read again by the standard library, so that this is never stricter
    than upstream.
    """

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._values = _read(body)
        self._text: str | None = None
        self.first = 0
        """Where the first member would go."""
        self.empty = True

    def __iter__(self) -> Iterator[tuple[str, int, int]]:
        self.first = self._after(b"{", self._past_space(0))
        at = self._past_space(self.first)
        if self._body[at : at + 1] != b"}":
            self.empty = False
            while True:
                key, at = self._key(at)
                start = self._past_space(self._after(b":", self._past_space(at)))
                end = self._end(key, start)
                yield key, start, end
                at = self._past_space(end)
                if self._body[at : at + 1] == b"}":
                    break
                at = self._past_space(self._after(b",", at))
        if self._past_space(at + 1) != len(self._body):
            raise _NotAnObject

    def _past_space(self, at: int) -> int:
        space = _SPACE.match(self._body, at)
        assert space is not None  # it matches nothing, too
        return space.end()

    def _after(self, mark: bytes, at: int) -> int:
        if self._body[at : at + 1] != mark:
            raise _NotAnObject
        return at + 1

    def _key(self, at: int) -> tuple[str, int]:
        token = _STRING.match(self._body, at)
        if token is None:
            raise _NotAnObject
        try:
            key: Any = _ANY_VALUE.decode(token[0].decode("utf-8", "replace"))
        except ValueError:
            raise _NotAnObject from None
        return str(key), token.end()

    def _end(self, key: str, start: int) -> int:
        value = bytes(self._values.get(key, b""))
        end = start + len(value)
        if (
            value
            and self._body.startswith(value, start)
            and self._body[end] in _DELIMITERS
        ):
            return end
        if self._text is None:
            # One character a byte: the marks of JSON are ASCII, and places stay.
            self._text = self._body.decode("latin-1")
        try:
            return _ANY_VALUE.raw_decode(self._text, start)[1]
        except ValueError:
            raise _NotAnObject from None


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        return _VALUES.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}

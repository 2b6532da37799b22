"""Where the values of a JSON text lie, so that they can be overwritten in place.

Overwriting keeps every length, and with it what was counted in bytes: sizes, the marks
of a stream, ``content-length``. Nothing here is strict: bodies may be cut, or broken.
"""

from __future__ import annotations

import bisect
import json
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_TOKEN: Final = re.compile(
    r"""(?P<string> " (?: [^"\\\n] | \\[^\n] )*+ "?+ )
      | (?P<number> -?\d [\d.eE+-]*+ )
      | (?P<mark> [{}\[\],] )""",
    re.VERBOSE,
)
# One character of a JSON string, in text that holds a byte in each character.
_ESCAPED: Final = re.compile(
    r"\\u[0-9a-fA-F]{4} | \\. | [\xc2-\xf4][\x80-\xbf]{1,3} | .", re.DOTALL | re.VERBOSE
)
_PLAIN: Final = re.compile(r"[\xc2-\xf4][\x80-\xbf]{1,3} | .", re.DOTALL | re.VERBOSE)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


@dataclass(frozen=True, slots=True)
class Value:
    """A string or a number."""

    path: tuple[str, ...]
    """Keys from the outermost object inwards; arrays leave no trace."""
    start: int
    end: int
    """A string's without its quotes."""
    is_string: bool
    is_key: bool = False
    """It is the name of a member, and has no path of its own."""

    @property
    def key(self) -> str:
        """The innermost key; empty when there is none."""
        return self.path[-1] if self.path else ""


def values(
    text: str, start: int = 0, end: int | None = None, *, with_keys: bool = False
) -> Iterator[Value]:
    """Strings and numbers that are values, in order; if wanted, also the keys.

    A string that is not closed ends with its line.
    """
    keys: list[str | None] = []  # of the open objects; None while a key is awaited
    is_object: list[bool] = []
    for token in _TOKEN.finditer(text, start, len(text) if end is None else end):
        match token.lastgroup, token[0]:
            case "mark", "{":
                is_object.append(True)
                keys.append(None)
            case "mark", "[":
                is_object.append(False)
            case "mark", "," if is_object and is_object[-1]:
                keys[-1] = None
            case "mark", "}" | "]" if is_object:
                if is_object.pop():
                    keys.pop()
            case "string", found if is_object and is_object[-1] and keys[-1] is None:
                keys[-1] = _key(found)
                if with_keys:
                    yield _string(token, (), is_key=True)
            case "string", _:
                yield _string(token, _path(keys))
            case "number", _:
                yield Value(_path(keys), token.start(), token.end(), is_string=False)


def _path(keys: Sequence[str | None]) -> tuple[str, ...]:
    return tuple(key for key in keys if key is not None)


def _string(
    token: re.Match[str], path: tuple[str, ...], *, is_key: bool = False
) -> Value:
    closed = len(token[0]) > 1 and token[0].endswith('"')
    start, end = token.start() + 1, token.end() - closed
    return Value(path, start, end, is_string=True, is_key=is_key)


def _key(token: str) -> str:
    try:
        key: str = json.loads(token, strict=False)
    except ValueError:
        return token.strip('"')
    return key


class Text:
    """What pieces of a body say when put together, and a way to change it there."""

    def __init__(
        self,
        body: bytearray,
        raw: str,
        pieces: Sequence[tuple[int, int]],
        *,
        escaped: bool = True,
    ) -> None:
        """Args:
        body: changed by ``overwrite``.
        raw: the body as it was, a byte in each character (Latin-1).
        pieces: start and end of each, in the body.
        escaped: whether they are contents of JSON strings.
        """
        self._body = body
        self._raw = raw
        self._unit = _ESCAPED if escaped else _PLAIN
        self._pieces: list[_Piece] = []
        self._starts: list[int] = []  # of the pieces, in the text
        parts, length = [], 0
        for start, end in pieces:
            said, places = self._read(start, end)
            self._pieces.append(_Piece(start, places))
            self._starts.append(length)
            parts.append(said)
            length += len(said)
        self.text = "".join(parts)

    def overwrite(self, start: int, end: int, new: str) -> None:
        """Put ASCII characters in place of the text's; ``new`` is as long.

        What takes several bytes (``é``, ``\\u00e9``) becomes as many asterisks.
        """
        number = bisect.bisect_right(self._starts, start) - 1
        while start < end:
            following = number + 1
            is_last = following == len(self._starts)
            stop = end if is_last else min(end, self._starts[following])
            if start < stop:
                skip, size = start - self._starts[number], stop - start
                self._overwrite_piece(self._pieces[number], skip, new[:size])
                start, new = stop, new[size:]
            number = following

    def _overwrite_piece(self, piece: _Piece, skip: int, new: str) -> None:
        if piece.places is None:
            at = piece.start + skip
            self._body[at : at + len(new)] = new.encode()
            return
        places = piece.places[skip : skip + len(new) + 1]
        put = [
            char if after - at == 1 else "*" * (after - at)
            for char, (at, after) in zip(new, pairwise(places), strict=True)
        ]
        self._body[places[0] : places[-1]] = "".join(put).encode()

    def _read(self, start: int, end: int) -> tuple[str, array[int] | None]:
        """What a piece says, and where its characters lie."""
        raw = self._raw[start:end]
        if raw.isascii() and ("\\" not in raw or self._unit is _PLAIN):
            return raw, None
        escaped = self._unit is _ESCAPED
        said, places = [], array("Q")
        for unit in self._unit.finditer(self._raw, start, end):
            said.append(_char(unit[0], escaped=escaped))
            places.append(unit.start())
        places.append(end)
        return "".join(said), places


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    """In the body."""
    places: array[int] | None
    """Where each character lies, and the end; None: a byte for each character."""


def _char(unit: str, *, escaped: bool) -> str:
    """What one unit says: always one character, so that places can be counted."""
    if escaped and unit.startswith("\\") and len(unit) > 1:
        if unit[1] == "u" and len(unit) == 6:
            return chr(int(unit[2:], 16))
        return _ESCAPES.get(unit[1], unit[1])
    said = unit.encode("latin-1").decode("utf-8", "replace")
    return said if len(said) == 1 else "\N{REPLACEMENT CHARACTER}"

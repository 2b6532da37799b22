"""A crude tokenizer: four characters, or what is left of a word, are one token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .conversation import canonical

_PIECE: Final = re.compile(r"\s*\S{1,4}|\s+")
_COUNTED: Final = ("system", "tools", "messages")


def pieces(text: str) -> list[str]:
    """``text`` cut into tokens; joined they are the text again."""
    return _PIECE.findall(text)


def output_tokens(text: str) -> int:
    """Tokens of generated text."""
    return len(pieces(text))


def size(value: Any) -> int:
    """Tokens of a part of a request, cheap enough for a megabyte of it."""
    return len(canonical(value)) // 4 + 1


def input_tokens(body: Mapping[str, Any]) -> int:
    """Tokens of the whole prompt."""
    return sum(size(body[key]) for key in _COUNTED if body.get(key))

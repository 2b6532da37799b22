"""A crude tokenizer: four characters, or what is left of a word, are one token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from .conversation import canonical

_PIECE: Final = re.compile(r"\s*\S{1,4}|\s+")
_COUNTED: Final = ("system", "tools", "messages")
_MEDIA_TOKENS: Final = 1600


def pieces(text: str) -> list[str]:
    """``text`` cut into tokens; joined they are the text again."""
    return _PIECE.findall(text)


def output_tokens(text: str) -> int:
    """Tokens of generated text."""
    return len(pieces(text))


def input_tokens(body: Mapping[str, Any]) -> int:
    """Tokens of the whole prompt; a picture or a PDF costs the same whatever its size.

    Cheap enough for a megabyte of text.
    """
    parts = [body[key] for key in _COUNTED if body.get(key)]
    return sum(len(canonical(_without_media(part))) // 4 + 1 for part in parts)


def _without_media(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_media(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") == "base64" and "data" in value:
        return "x" * (4 * _MEDIA_TOKENS)
    return {key: _without_media(item) for key, item in value.items()}

"""What a picture or document in base64 is: its kind, its pixels, its real size."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from ..dialects.chat_completions.answer import as_mapping, as_text

_HEAD_BYTES: Final = 64 * 1024
"""Where the dimensions of every picture are found, those of a JPEG mostly."""
_DATA_URL: Final = re.compile(r"data:([\w/.+-]{0,80})[^,]{0,80};base64,")
_JPEG_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PIXELS_PER_TOKEN: Final = 750
_MOST_TOKENS: Final = 1600  # larger pictures are made smaller upstream


class Media(NamedTuple):
    """A picture or a document in a request."""

    told: str
    """In a few words."""
    encoded: int
    """Characters of its base64, which are no text; 0 when it is a link or text."""
    tokens: int | None
    """About what it costs; None when that cannot be told."""


def media_of(block: Mapping[str, Any]) -> Media | None:
    """The picture or document that a content block brings along; None: it is neither.

    Reads Anthropic's ``image`` and ``document`` and OpenAI's ``image_url``.
    """
    type_ = as_text(block.get("type"))
    if type_ == "image_url":
        given = block.get("image_url")
        url = given if isinstance(given, str) else as_mapping(given).get("url")
        return _of("image", as_text(url))
    if type_ not in ("image", "document"):
        return None
    source = as_mapping(block.get("source"))
    kind = as_text(source.get("type"))
    data, media_type = as_text(source.get("data")), as_text(source.get("media_type"))
    if kind == "base64" and data:
        return _encoded(type_, media_type, data)
    if kind == "url":
        return _of(type_, as_text(source.get("url")))
    if kind == "text":
        return Media(f"{type_} as text", 0, len(data) // 4)
    return Media(f"{type_} {kind}".rstrip(), 0, None)


def _of(type_: str, url: str) -> Media:
    found = _DATA_URL.match(url)
    if found is None:
        return Media(f"{type_} by a link", 0, None)
    return _encoded(type_, found[1], url[found.end() :])


def _encoded(type_: str, media_type: str, data: str) -> Media:
    pixels = _pixels(_start(data))
    octets = len(data) * 3 // 4 - data[-2:].count("=")
    words = [type_, media_type.removeprefix("image/").removeprefix("application/")]
    tokens = None
    if pixels is not None:
        words.append(f"{pixels[0]} × {pixels[1]}")
        tokens = min(pixels[0] * pixels[1] // _PIXELS_PER_TOKEN, _MOST_TOKENS)
    words.append(_size(octets))
    return Media(" ".join(filter(None, words)), len(data), tokens)


def _size(octets: int) -> str:
    return f"{octets / 1000:,.1f} kB"


def _start(data: str) -> bytes:
    """The first bytes; none when this is not base64."""
    text = data[: _HEAD_BYTES // 3 * 4]
    try:
        return base64.b64decode(text[: len(text) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""


def _pixels(data: bytes) -> tuple[int, int] | None:
    for magic, read in _FORMATS:
        if data.startswith(magic):
            try:
                return read(data)
            except struct.error:
                return None
    return None


def _png(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """Walks over the segments to the one that begins a frame."""
    at = 2
    while True:
        marker, length = struct.unpack_from(">HH", data, at)
        if marker & 0xFF in _JPEG_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        if marker < 0xFF00 or length < 2:
            return None
        at += 2 + length


def _webp(data: bytes) -> tuple[int, int] | None:
    form = data[12:16]
    if form == b"VP8X":
        low_w, high_w, low_h, high_h = struct.unpack_from("<HBHB", data, 24)
        return low_w + (high_w << 16) + 1, low_h + (high_h << 16) + 1
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


_FORMATS: Final[tuple[tuple[bytes, Callable[[bytes], tuple[int, int] | None]], ...]] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"GIF8", _gif),
    (b"\xff\xd8", _jpeg),
    (b"RIFF", _webp),
)

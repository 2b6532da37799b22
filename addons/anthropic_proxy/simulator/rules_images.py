"""Rules about images and documents: media type, encoding, size, origin."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Iterator
from typing import Any, Final

from .api_error import invalid
from .conversation import placed_blocks
from .request import Request

_MEDIA_TYPES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
_MAX_BASE64_BYTES: Final = 5 * 1024 * 1024
_MAX_PIXELS: Final = 8000
_MAX_PIXELS_OF_MANY: Final = 2000
_MANY: Final = 20
_MAX_IMAGES: Final = 600
_MAX_IMAGES_SMALL_WINDOW: Final = 100
_SMALL_WINDOW: Final = 200_000
_JPEG_SIZED: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _media(blocks: list[Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Images and documents of a list of blocks, also those inside results."""
    for index, block in enumerate(blocks):
        if block.get("type") in ("image", "document"):
            yield f"{path}.{index}", block
        if isinstance(content := block.get("content"), list):
            yield from _media(content, f"{path}.{index}.{block.get('type')}.content")


def media_readable(request: Request) -> None:
    """Rule 33."""
    found = []
    for placed in placed_blocks(request.body):
        parent = f"messages.{placed.message}.content"
        for path, block in _media([placed.block], parent):
            rest = path[len(parent) + 2 :]  # the index there is always 0
            found.append((f"{placed.path}{rest}", block))
    images = [item for item in found if item[1]["type"] == "image"]
    small = request.model.context_window <= _SMALL_WINDOW
    limit = _MAX_IMAGES_SMALL_WINDOW if small else _MAX_IMAGES
    if len(images) > limit:
        text = f"Too many images: {len(images)} > {limit}"
        raise invalid("messages", text)
    pixels = _MAX_PIXELS_OF_MANY if len(images) > _MANY else _MAX_PIXELS
    for path, block in found:
        _source(f"{path}.{block['type']}.source", block, pixels)


def _source(path: str, block: dict[str, Any], pixels: int) -> None:
    source = block["source"]
    if source["type"] == "url" and not source["url"].startswith("https://"):
        raise invalid(f"{path}.url.url", "Only HTTPS URLs are supported.")
    if source["type"] != "base64":
        return
    path = f"{path}.base64"
    if block["type"] == "image" and source["media_type"] not in _MEDIA_TYPES:
        listed = ", ".join(f"'{name}'" for name in _MEDIA_TYPES[:-1])
        text = f"Input should be {listed} or '{_MEDIA_TYPES[-1]}'"
        raise invalid(f"{path}.media_type", text)
    try:
        data = base64.b64decode(source["data"], validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"{path}.data", "Invalid base64 data") from None
    if not data:
        raise invalid(path, f"{block['type']} cannot be empty")
    if block["type"] == "image":
        _image(path, source, data, pixels)


def _image(path: str, source: dict[str, Any], data: bytes, pixels: int) -> None:
    length = len(source["data"])
    if length > _MAX_BASE64_BYTES:
        text = f"image exceeds 5 MB maximum: {length} bytes > {_MAX_BASE64_BYTES} bytes"
        raise invalid(path, text)
    kind, size = image_facts(data)
    if kind is not None and kind != source["media_type"]:
        text = f"The image was specified using the {source['media_type']} media type,"
        raise invalid(path, f"{text} but it appears to be {kind}")
    if size is not None and max(size) > pixels:
        text = "image dimensions exceed max allowed size:"
        raise invalid(path, f"{text} {pixels} pixels")


def image_facts(data: bytes) -> tuple[str | None, tuple[int, int] | None]:
    """Media type and pixels by the first bytes; None for what cannot be told."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", _unpack(">II", data, 16)
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif", _unpack("<HH", data, 6)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp", None
    if data.startswith(b"\xff\xd8"):
        return "image/jpeg", _jpeg_size(data)
    return None, None


def _unpack(layout: str, data: bytes, offset: int) -> tuple[int, int] | None:
    if len(data) < offset + struct.calcsize(layout):
        return None
    width, height = struct.unpack_from(layout, data, offset)
    return width, height


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Walk the segments up to the first frame header."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _JPEG_SIZED:
            return _unpack(">HH", data, at + 5)
        at += 2 + length
    return None

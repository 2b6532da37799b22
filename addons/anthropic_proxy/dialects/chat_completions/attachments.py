"""Images and files of a message → ``image`` and ``document`` blocks (rules B.4)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from ...wire.anthropic import ContentBlock
from ..report import Report
from . import checks, data_urls
from .cache_marks import MARK_KEYS
from .errors import RequestError
from .places import dotted, ignore, ignore_unknown

MAX_IMAGE_BASE64_BYTES: Final = 5_242_880
"""Base64 characters of one image, not the bytes they stand for."""

_PDF: Final = "application/pdf"
_PART_KEYS: Final = MARK_KEYS | {"type"}
_IMAGE_TYPES: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")
_IMAGE_SYNONYMS: Final = {"image/jpg": "image/jpeg"}
_MAGIC: Final = {
    "JVBERi": _PDF,
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
}
"""How base64 of a file of this type begins."""
_UNTYPED: Final = ("", "application/octet-stream")


def image_url_part(part: dict[str, Any], param: str, report: Report) -> ContentBlock:
    """OpenAI's ``image_url`` part."""
    image = checks.required(part, "image_url", param, checks.mapping)
    url = checks.required(image, "url", f"{param}.image_url", checks.string)
    ignore_unknown(part, _PART_KEYS | {"image_url"}, param, report)
    ignore_unknown(image, frozenset(("url", "detail")), f"{param}.image_url", report)
    if image.get("detail") not in (None, "auto"):
        field = dotted(f"{param}.image_url.detail")
        reason = "images have one level of detail"
        report.ignored(field, "B.4", reason, "image_url.detail:ignored")
    return _image_at(url, param)


def file_part(part: dict[str, Any], param: str, report: Report) -> ContentBlock:
    """OpenAI's ``file`` part: data, or an id of Anthropic's Files API."""
    file = checks.required(part, "file", param, checks.mapping)
    inner = f"{param}.file"
    ignore_unknown(part, _PART_KEYS | {"file"}, param, report)
    ignore_unknown(file, frozenset(("file_data", "file_id", "filename")), inner, report)
    filename = checks.optional(file, "filename", inner, checks.string)
    file_data = checks.optional(file, "file_data", inner, checks.string)
    file_id = checks.optional(file, "file_id", inner, checks.string)
    if file_data:
        block = _file_with(file_data, param)
    elif file_id:
        block = {"type": "document", "source": _uploaded(file_id, f"{inner}.file_id")}
    else:
        raise checks.missing(f"{inner}.file_data")
    if filename and block["type"] == "document":
        block["title"] = filename
    elif filename:
        ignore(f"{inner}.filename", report, "an image has no title", "B.4")
    return block


def image_part(part: dict[str, Any], param: str, report: Report) -> ContentBlock:
    """Anthropic's own ``image`` block, checked."""
    ignore_unknown(part, _PART_KEYS | {"source"}, param, report)
    source = checks.required(part, "source", param, checks.mapping)
    kind = checks.required(source, "type", f"{param}.source", checks.string)
    if kind == "base64":
        media_type, data = _base64_source(source, f"{param}.source")
        return _image(media_type, data, param)
    if kind == "url":
        url = checks.required(source, "url", f"{param}.source", checks.string)
        return _image_at(url, param)
    if kind == "file":
        file_id = checks.required(source, "file_id", f"{param}.source", checks.string)
        return {"type": "image", "source": _uploaded(file_id, f"{param}.source")}
    raise checks.invalid_value(kind, f"{param}.source.type", ("base64", "url", "file"))


def document_part(part: dict[str, Any], param: str, report: Report) -> ContentBlock:
    """Anthropic's own ``document`` block; the source is upstream's to judge."""
    extras = {"title": checks.string, "context": checks.string}
    ignore_unknown(
        part, _PART_KEYS | extras.keys() | {"source", "citations"}, param, report
    )
    source = checks.required(part, "source", param, checks.mapping)
    checks.required(source, "type", f"{param}.source", checks.string)
    block: ContentBlock = {"type": "document", "source": source}
    for key, reader in {**extras, "citations": checks.mapping}.items():
        value = checks.optional(part, key, param, reader)
        if value:
            block[key] = value
    return block


def _image_at(url: str, param: str) -> ContentBlock:
    if data_urls.is_data_url(url):
        try:
            image = data_urls.parse(url)
        except ValueError as problem:
            raise _bad_image(f"{problem}", param, "invalid_base64_image") from None
        return _image(image.media_type, image.data, param)
    if url[:8].lower() == "https://":
        return {"type": "image", "source": {"type": "url", "url": url}}
    raise _bad_image(
        "an image URL must begin with https:// or data:", param, "invalid_image_url"
    )


def _image(media_type: str, data: str, param: str) -> ContentBlock:
    media_type = _IMAGE_SYNONYMS.get(media_type, media_type)
    if media_type not in _IMAGE_TYPES:
        problem = f"its media type must be one of {', '.join(_IMAGE_TYPES)}"
        raise _bad_image(problem, param, "invalid_image_format")
    if not data:
        raise _bad_image("it is empty", param, "empty_image_file")
    if len(data) > MAX_IMAGE_BASE64_BYTES:
        problem = (
            f"it has {len(data)} bytes of base64, "
            f"expected no more than {MAX_IMAGE_BASE64_BYTES}"
        )
        raise _bad_image(problem, param, "image_file_too_large")
    source = {"type": "base64", "media_type": media_type, "data": data}
    return {"type": "image", "source": source}


def _base64_source(source: Mapping[str, Any], param: str) -> tuple[str, str]:
    owner = dict(source)
    media_type = checks.required(owner, "media_type", param, checks.string)
    data = checks.required(owner, "data", param, checks.string)
    try:
        return media_type.lower(), data_urls.compact_base64(data)
    except ValueError as problem:
        raise _bad_image(f"{problem}", param, "invalid_base64_image") from None


def _file_with(file_data: str, param: str) -> ContentBlock:
    try:
        if data_urls.is_data_url(file_data):
            file = data_urls.parse(file_data)
        else:
            file = data_urls.DataURL("", data_urls.compact_base64(file_data))
    except ValueError as problem:
        raise _bad_file(f"{problem}", param) from None
    media_type = file.media_type
    if media_type in _UNTYPED:
        known = (
            type_ for start, type_ in _MAGIC.items() if file.data.startswith(start)
        )
        media_type = next(known, "text/plain")
    if media_type.startswith("image/"):
        return _image(media_type, file.data, param)
    if media_type == _PDF:
        source = {"type": "base64", "media_type": _PDF, "data": file.data}
    else:
        text = _decoded(file.data, param)
        source = {"type": "text", "media_type": "text/plain", "data": text}
    return {"type": "document", "source": source}


def _decoded(data: str, param: str) -> str:
    try:
        text = base64.b64decode(data).decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if not text.strip() or "\0" in text:
        raise _bad_file("only PDF, images and non-empty UTF-8 text can be sent", param)
    return text


def _uploaded(file_id: str, param: str) -> dict[str, str]:
    if not file_id.startswith("file_"):
        message = (
            f"Invalid '{param}': only ids of Anthropic's Files API (file_…) exist."
        )
        raise RequestError(message, param, "unsupported_value")
    return {"type": "file", "file_id": file_id}


def _bad_image(problem: str, param: str, code: str) -> RequestError:
    return RequestError(f"Invalid image in '{param}': {problem}.", param, code)


def _bad_file(problem: str, param: str) -> RequestError:
    return RequestError(
        f"Invalid file in '{param}': {problem}.", param, "unsupported_file"
    )

"""``content`` of a message, string or parts → text and content blocks (rules B.4)."""

from __future__ import annotations

from typing import Any, Final

from ...wire.anthropic import ContentBlock
from ..report import Report
from . import attachments, checks, tool_calls
from .cache_marks import MARK_KEYS, mark_of
from .errors import RequestError
from .places import dotted, ignore_unknown
from .thinking_blocks import THINKING_TYPES, PartReader, thinking_part

Content = str | list[ContentBlock]
"""A message's content: one string as the client wrote it, or blocks."""

# Part types each kind of message may hold, in the order an error lists them. Those
# that OpenAI does not have come from clients that send Anthropic's shapes.
INSTRUCTION: Final = ("text",)
ASSISTANT: Final = ("text", "refusal", "tool_use", "thinking", "redacted_thinking")
TOOL: Final = ("text", "image_url", "file", "image", "document")
USER: Final = (*TOOL, "tool_result")

_TEXT_KEYS: Final = MARK_KEYS | {"type", "text"}
_REFUSAL_KEYS: Final = MARK_KEYS | {"type", "refusal"}
_TOOL_RESULT_KEYS: Final = frozenset(
    ("type", "tool_use_id", "content", "is_error", *MARK_KEYS)
)


def read(content: Any, param: str, types: tuple[str, ...], report: Report) -> Content:
    """Translate ``content``; ``types`` are the part types that may stand there.

    Null is an empty list. Blank text parts are left out, except from instructions,
    whose texts are concatenated.

    Raises:
        RequestError: a value of the wrong type, or a part that cannot be sent.
    """
    if content is None:
        return []
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise checks.invalid_type(content, param, "one of a string or array of objects")
    blocks = (
        _block(part, f"{param}[{index}]", types, report)
        for index, part in enumerate(content)
    )
    return [block for block in blocks if block is not None]


def blocks_of(content: Content) -> list[ContentBlock]:
    """``content`` as blocks; a blank string has none."""
    if not isinstance(content, str):
        return content
    return [{"type": "text", "text": content}] if content.strip() else []


def text_of(content: Content) -> str:
    """The text of an instruction, which holds nothing else."""
    if isinstance(content, str):
        return content
    return "".join(block["text"] for block in content)


def has_thinking(content: Content) -> bool:
    """Whether a thinking block is among the blocks."""
    if isinstance(content, str):
        return False
    return any(block["type"] in THINKING_TYPES for block in content)


def has_more_than_thinking(content: Content) -> bool:
    """Whether anything is left to send: an answer of thinking alone is refused."""
    return any(block["type"] not in THINKING_TYPES for block in blocks_of(content))


def marked(content: Content, mark: ContentBlock | None) -> Content:
    """``content`` with a cache mark on its last block, if that may carry one."""
    blocks = blocks_of(content)
    if mark is None or not blocks or blocks[-1]["type"] in THINKING_TYPES:
        return content
    return [*blocks[:-1], {**blocks[-1], "cache_control": mark}]


def tool_result(
    owner: dict[str, Any], tool_use_id: str, param: str, report: Report
) -> ContentBlock:
    """The ``tool_result`` block for a ``tool`` message or a part of that type.

    A cache mark inside the content moves to the block, which ends at the same place.
    """
    result: ContentBlock = {"type": "tool_result", "tool_use_id": tool_use_id}
    content = read(owner.get("content"), f"{param}.content", TOOL, report)
    blocks = blocks_of(content)
    if blocks:
        result["content"] = content
    is_error = checks.optional(owner, "is_error", param, checks.boolean)
    if is_error is not None:
        result["is_error"] = is_error
    for block in blocks:
        if "cache_control" in block:
            result["cache_control"] = block.pop("cache_control")
    return result


def _block(
    part: Any, param: str, types: tuple[str, ...], report: Report
) -> ContentBlock | None:
    part = checks.mapping(part, param)
    kind = checks.required(part, "type", param, checks.string)
    if kind == "input_audio":
        message = "Audio input is not supported by the upstream provider."
        raise RequestError(message, param, "unsupported_content_type")
    if kind not in types:
        raise checks.invalid_value(kind, f"{param}.type", types)
    block = _READERS[kind](part, param, report)
    if block is None or block["type"] in THINKING_TYPES:
        return block
    if block["type"] != "text":
        report.mapped(dotted(param), f"{block['type']} block", "B.4")
    elif not block["text"].strip():
        report.mapped(dotted(param), "nothing", "B.4", "the text is blank")
        return block if types is INSTRUCTION else None
    mark = mark_of(part, param, report)
    return block if mark is None else {**block, "cache_control": mark}


def _text(part: dict[str, Any], param: str, report: Report) -> ContentBlock:
    text = checks.required(part, "text", param, checks.string)
    # A blank block is not sent, and neither is a mark on it.
    keys = _TEXT_KEYS if text.strip() else _TEXT_KEYS - MARK_KEYS
    ignore_unknown(part, keys, param, report)
    return {"type": "text", "text": text}


def _refusal(part: dict[str, Any], param: str, report: Report) -> ContentBlock:
    ignore_unknown(part, _REFUSAL_KEYS, param, report)
    text = checks.required(part, "refusal", param, checks.string)
    return {"type": "text", "text": text}


def _tool_result(part: dict[str, Any], param: str, report: Report) -> ContentBlock:
    ignore_unknown(part, _TOOL_RESULT_KEYS, param, report)
    tool_use_id = checks.required(part, "tool_use_id", param, checks.string)
    return tool_result(part, tool_use_id, param, report)


_READERS: Final[dict[str, PartReader]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": attachments.image_url_part,
    "file": attachments.file_part,
    "image": attachments.image_part,
    "document": attachments.document_part,
    "tool_use": tool_calls.tool_use_part,
    "tool_result": _tool_result,
    "thinking": thinking_part,
    "redacted_thinking": thinking_part,
}

"""``content`` of a message, string or parts → text and content blocks (rules B.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ...wire.anthropic import ContentBlock
from ..report import Report
from . import attachments, checks, tool_calls
from .cache_marks import MARK_KEYS, mark_of
from .errors import RequestError
from .places import dotted, ignore, ignore_unknown
from .thinking_replay import THINKING_TYPES, thinking_part

Content = str | list[ContentBlock]
"""A message's content: one string as the client wrote it, or blocks."""

_PartReader = Callable[[dict[str, Any], str, Report], ContentBlock | None]

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
    """The texts of ``content``, concatenated."""
    if isinstance(content, str):
        return content
    return "".join(block["text"] for block in content if block["type"] == "text")


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

    A cache mark inside the content moves to the block itself, which ends there too.
    """
    block: ContentBlock = {"type": "tool_result", "tool_use_id": tool_use_id}
    content = read(owner.get("content"), f"{param}.content", TOOL, report)
    marks = [
        inner.pop("cache_control", None) for inner in content if inner != str(inner)
    ]
    if blocks_of(content):
        block["content"] = content
    is_error = checks.optional(owner, "is_error", param, checks.boolean)
    if is_error is not None:
        block["is_error"] = is_error
    return block

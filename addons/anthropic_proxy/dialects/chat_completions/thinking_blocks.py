"""Thinking that a client hands back on an assistant message (rules D.4.2, D.4.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ...wire.anthropic import ContentBlock
from ..report import Report
from . import checks
from .cache_marks import MARK_KEYS, mark_of
from .places import dotted, ignore, ignore_unknown, is_neutral
from .tool_calls import checked_tool_use

PartReader = Callable[[dict[str, Any], str, Report], ContentBlock | None]
"""Takes one part, its place and the report; None when nothing of it is sent."""

THINKING_TYPES: Final = ("thinking", "redacted_thinking")

_BLOCK_TYPE: Final = checks.one_of(*THINKING_TYPES)
_BLOCK_KEYS: Final = frozenset(("type", "thinking", "signature", "data"))
_UNSIGNED_TEXT_KEYS: Final = ("reasoning_content", "reasoning")
_USER_TYPES: Final = frozenset(("image", "document", "tool_result"))
"""Blocks that an assistant turn cannot hold."""


def thinking_part(
    block: dict[str, Any], param: str, report: Report
) -> ContentBlock | None:
    """A thinking block as it came; None when it has no signature or data.

    Upstream refuses an unsigned block, and a signed one whose text was touched.
    """
    ignore_unknown(block, _BLOCK_KEYS, param, report)
    kind = checks.required(block, "type", param, _BLOCK_TYPE)
    if kind == "redacted_thinking":
        data = checks.optional(block, "data", param, checks.string)
        if data:
            return {"type": kind, "data": data}
    else:
        text = checks.optional(block, "thinking", param, checks.string) or ""
        signature = checks.optional(block, "signature", param, checks.string)
        if signature:
            return {"type": kind, "thinking": text, "signature": signature}
    reason = "a thinking block without its signature is refused upstream"
    report.ignored(dotted(param), "D.4", reason, "thinking_blocks:unsigned_dropped")
    return None


def replayed(message: dict[str, Any], param: str, report: Report) -> list[ContentBlock]:
    """The signed blocks of ``thinking_blocks``, else of ``reasoning_details``.

    What the client replays is sent as it came, even where a turn between two others
    has none: from here, a turn that never had thinking looks the same as one whose
    blocks were lost. ``drop_block`` (rules D.4.5) covers the second case.
    """
    blocks = _listed(message, "thinking_blocks", thinking_part, param, report)
    if not blocks:
        blocks = _listed(message, "reasoning_details", _detail, param, report)
    if not blocks:
        for key in _UNSIGNED_TEXT_KEYS:
            if not is_neutral(message.get(key)):
                ignore(f"{param}.{key}", report, "it carries no signature", "D.4")
    return blocks


def verbatim(blocks: list[Any], param: str, report: Report) -> list[ContentBlock]:
    """A raw ``content`` array of an earlier answer, fit to be sent again.

    Blocks stay as they are; only blank text goes, which is answered but not accepted.
    """
    checked = (
        _raw_block(block, f"{param}[{index}]", report)
        for index, block in enumerate(blocks)
    )
    return [block for block in checked if block is not None]


def _raw_block(block: Any, param: str, report: Report) -> ContentBlock | None:
    block = dict(checks.mapping(block, param))
    kind = checks.required(block, "type", param, checks.string)
    if kind in THINKING_TYPES:
        return thinking_part(block, param, report)
    if kind in _USER_TYPES:
        raise checks.invalid_value(
            kind, f"{param}.type", ("text", "tool_use", *THINKING_TYPES)
        )
    if kind == "text":
        text = checks.required(block, "text", param, checks.string)
        if not text.strip():
            return None
    elif kind == "tool_use":
        block.update(checked_tool_use(block, param))
    mark = mark_of(block, param, report)
    unmarked = {key: value for key, value in block.items() if key not in MARK_KEYS}
    return unmarked if mark is None else {**unmarked, "cache_control": mark}


def _listed(
    message: dict[str, Any], key: str, read: PartReader, param: str, report: Report
) -> list[ContentBlock]:
    items = checks.optional(message, key, param, checks.array_of(checks.mapping)) or []
    blocks = [
        block
        for index, item in enumerate(items)
        if (block := read(item, f"{param}.{key}[{index}]", report)) is not None
    ]
    if blocks:
        report.mapped(dotted(f"{param}.{key}"), "thinking blocks", "D.4")
    return blocks


def _detail(item: dict[str, Any], param: str, report: Report) -> ContentBlock | None:
    """One entry of OpenRouter's ``reasoning_details``."""
    kind = checks.required(item, "type", param, checks.string)
    vendor = checks.optional(item, "format", param, checks.string) or "anthropic"
    if vendor.startswith("anthropic"):
        if kind == "reasoning.text" and item.get("signature"):
            signature = checks.string(item["signature"], f"{param}.signature")
            text = checks.optional(item, "text", param, checks.string) or ""
            return {"type": "thinking", "thinking": text, "signature": signature}
        if kind == "reasoning.encrypted" and item.get("data"):
            data = checks.string(item["data"], f"{param}.data")
            return {"type": "redacted_thinking", "data": data}
    ignore(param, report, "it carries nothing that Claude signed", "D.4")
    return None

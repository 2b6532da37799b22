"""Cutting an answer where stop sequences and ``max_tokens`` say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from .draft import Draft
from .tokens import output_tokens, pieces


@dataclass(slots=True)
class Limited:
    """What is left of a draft, and why it ends there."""

    stop_reason: str
    stop_sequence: str | None = None
    blocks: list[dict[str, Any]] = field(default_factory=list)
    partial_inputs: dict[int, str] = field(default_factory=dict)
    thinking_tokens: int = 0
    output_tokens: int = 0


def limited(
    body: Mapping[str, Any],
    draft: Draft,
    thinking: list[dict[str, Any]],
    thinking_tokens: int,
) -> Limited:
    """Apply the stop sequences, then the tokens; thinking counts too (rules 0.3)."""
    blocks, stop = _stopped(draft.blocks, body.get("stop_sequences") or [])
    calls = any(block["type"] == "tool_use" for block in blocks)
    reason = draft.stop_reason or ("tool_use" if calls else "end_turn")
    result = Limited(stop_reason=reason)
    if stop is not None and draft.stop_reason is None:
        result.stop_reason, result.stop_sequence = "stop_sequence", stop
    budget = int(body["max_tokens"])
    result.thinking_tokens = min(thinking_tokens, budget)
    result.output_tokens = result.thinking_tokens
    if budget:
        result.blocks += thinking
    for block in blocks:
        left = budget - result.output_tokens
        if not left and (_cost(block) or not result.blocks):
            break
        cut, spent = _cut(result, block, left)
        result.blocks.append(cut)
        result.output_tokens += spent
    wanted = thinking_tokens + sum(map(_cost, blocks))
    if wanted > budget:
        result.stop_reason, result.stop_sequence = "max_tokens", None
    result.output_tokens = max(result.output_tokens, min(1, budget))
    return result


def _stopped(
    blocks: list[dict[str, Any]], stops: list[str]
) -> tuple[list[dict[str, Any]], str | None]:
    kept: list[dict[str, Any]] = []
    for block in blocks:
        text = block["text"] if block["type"] == "text" else ""
        hits = [(text.find(stop), stop) for stop in stops if stop in text]
        if hits:
            at, stop = min(hits)
            return ([*kept, {**block, "text": text[:at]}] if at else kept), stop
        kept.append(block)
    return kept, None


def _spoken(block: dict[str, Any]) -> str:
    """The text that a block costs as output."""
    if block["type"] == "text":
        return str(block["text"])
    if "input" in block:
        return msgspec.json.encode(block["input"]).decode()
    return ""


def _cost(block: dict[str, Any]) -> int:
    return output_tokens(_spoken(block))


def _cut(
    result: Limited, block: dict[str, Any], left: int
) -> tuple[dict[str, Any], int]:
    """A block within ``left`` tokens, and what it cost."""
    parts = pieces(_spoken(block))
    if len(parts) <= left:
        return block, len(parts)
    text = "".join(parts[:left])
    if block["type"] == "text":
        return {"type": "text", "text": text}, left
    result.partial_inputs[len(result.blocks)] = text
    return {**block, "input": {}}, left

"""What whole and streamed answers share: how a Message's parts are worded (rules F)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...wire.anthropic import ContentBlock
from ...wire.openai import FinishReason
from .exchange import Exchange, Settings

# Rules F.1. What is not here is unknown.
_FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "compaction": "length",
    "pause_turn": "length",
    "refusal": "content_filter",
}
_DEFAULT_REFUSAL: Final = "The model declined to answer."
_THINKING: Final = frozenset({"thinking", "redacted_thinking"})


def finish_reason(
    stop_reason: str | None, *, calls: int, legacy: bool
) -> tuple[FinishReason, list[str]]:
    """OpenAI's ``finish_reason`` and the warnings that go with it (rules F.1).

    Args:
        stop_reason: Anthropic's; None when it sent none.
        calls: How many calls by the model the answer has.
        legacy: Whether the client used ``functions``, so that it is told of one only.
    """
    warnings = []
    reason = _FINISH_REASONS.get(stop_reason or "")
    if reason is None:
        warnings.append("stop_reason:unknown")
        reason = "stop"
    if stop_reason == "pause_turn":
        warnings.append("pause_turn:not_continued")
    if stop_reason == "tool_use" and not calls:
        warnings.append("stop_reason:tool_use_without_call")
    if legacy and calls > 1:
        warnings.append("function_call:extra_calls_dropped")
    if reason in ("stop", "tool_calls"):
        # Agents loop on this word, so it follows what the client really gets.
        called: FinishReason = "function_call" if legacy else "tool_calls"
        reason = called if calls else "stop"
    return reason, warnings


def completion_id(message_id: str, created: int) -> str:
    """The ``id`` of the answer; ``created`` stands in when upstream gave no id."""
    return f"chatcmpl-{message_id.removeprefix('msg_') or created}"


def answering_model(message: Mapping[str, Any], exchange: Exchange) -> str:
    """The ``model`` of the answer (rules E.3)."""
    if exchange.settings.echo_model:
        return exchange.model_asked
    return as_text(message.get("model")) or exchange.model_used


def refusal_text(stop_details: Any) -> str:
    """The text of ``refusal`` for stop reason ``refusal``."""
    return as_text(as_mapping(stop_details).get("explanation")) or _DEFAULT_REFUSAL


def url_citations(citations: Any, start: int, end: int) -> list[dict[str, Any]]:
    """Annotations for the web pages that one text block cites, each page once.

    Other kinds of citation point into documents and have no counterpart. A page
    without a title is titled by its address: OpenAI requires the field.

    Args:
        citations: The block's ``citations``; may be null.
        start: Where the block begins in ``content``, in code points.
        end: One past its last code point.
    """
    pages: dict[tuple[str, str], None] = {}
    for citation in as_mappings(citations):
        if citation.get("type") == "web_search_result_location":
            url = as_text(citation.get("url"))
            pages[url, as_text(citation.get("title")) or url] = None
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": start,
                "end_index": end,
                "title": title,
                "url": url,
            },
        }
        for url, title in pages
    ]


def is_thinking(block: Mapping[str, Any]) -> bool:
    """Whether the block is one that only its own model can read back (rules D.4)."""
    return as_text(block.get("type")) in _THINKING


def extensions(
    content: Iterable[ContentBlock], settings: Settings
) -> dict[str, list[ContentBlock]]:
    """The keys that let a client send thinking back unharmed (rules D.4, D.5)."""
    blocks = list(content)
    found: dict[str, list[ContentBlock]] = {}
    thinking = [block for block in blocks if is_thinking(block)]
    if thinking and settings.reasoning_content:
        found["thinking_blocks"] = thinking
    if blocks and settings.anthropic_content:
        found["anthropic_content"] = blocks
    return found


def binding_warnings(message: Mapping[str, Any]) -> list[str]:
    """Warns of replayed thinking that no longer fitted its conversation (rules D.4).

    Blocks are also left out after a change of model; that is expected and harmless.
    """
    changes = as_mappings(message.get("input_transformations"))
    if any(change.get("reason") == "prefix_binding_mismatch" for change in changes):
        return ["thinking_blocks:prefix_binding_mismatch"]
    return []


def as_text(value: Any) -> str:
    """``value`` if it is a string, else the empty one."""
    return value if isinstance(value, str) else ""


def as_mapping(value: Any) -> Mapping[str, Any]:
    """``value`` if it is an object, else the empty one."""
    return value if isinstance(value, dict) else {}


def as_mappings(value: Any) -> list[Any]:
    """The objects in ``value`` if it is an array, else none."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]

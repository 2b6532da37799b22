"""A Message as the stream of events that would have built it (rules G.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

_WORD: Final = re.compile(r"\S+\s*|\s+")
_JSON_DELTA: Final = 12
_START_TOKENS: Final = 1
_CUMULATIVE: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "output_tokens_details",
    "server_tool_use",
)

Event = dict[str, Any]


def message_events(
    message: Mapping[str, Any], partial_inputs: Mapping[int, str]
) -> list[Event]:
    """Every event of a stream, in order, with the first ping where it usually is.

    Args:
        partial_inputs: JSON text of tool inputs that are cut short, by block index.
    """
    events = [_message_start(message)]
    for index, block in enumerate(message["content"]):
        start, deltas = _OPENERS.get(block["type"], _whole)(
            block, partial_inputs.get(index)
        )
        head = {"type": "content_block_start", "index": index}
        events.append({**head, "content_block": start})
        if index == 0:
            events.append({"type": "ping"})
        events += [
            {"type": "content_block_delta", "index": index, "delta": delta}
            for delta in deltas
        ]
        events.append({"type": "content_block_stop", "index": index})
    return [*events, _message_delta(message), {"type": "message_stop"}]


def frame(event: Event) -> bytes:
    """One server-sent event."""
    data = msgspec.json.encode(event)
    return b"event: %s\ndata: %s\n\n" % (event["type"].encode(), data)


def _message_start(message: Mapping[str, Any]) -> Event:
    usage = {**message["usage"], "output_tokens": _START_TOKENS}
    usage.pop("output_tokens_details", None)
    usage.pop("server_tool_use", None)
    opening = {**message, "content": [], "usage": usage}
    opening |= {"stop_reason": None, "stop_sequence": None, "stop_details": None}
    return {"type": "message_start", "message": opening}


def _message_delta(message: Mapping[str, Any]) -> Event:
    usage = message["usage"]
    names = ("stop_reason", "stop_sequence", "stop_details")
    return {
        "type": "message_delta",
        "delta": {name: message[name] for name in names},
        "usage": {name: usage[name] for name in _CUMULATIVE if name in usage},
    }


Opened = tuple[dict[str, Any], list[dict[str, Any]]]


def _text(block: dict[str, Any], partial: str | None) -> Opened:
    words = _WORD.findall(block["text"])
    deltas = [{"type": "text_delta", "text": word} for word in words]
    start = {**block, "text": ""}
    if "citations" in block:
        start["citations"] = []
        deltas += [
            {"type": "citations_delta", "citation": citation}
            for citation in block["citations"]
        ]
    return start, deltas


def _thinking(block: dict[str, Any], partial: str | None) -> Opened:
    words = _WORD.findall(block["thinking"])
    deltas = [{"type": "thinking_delta", "thinking": word} for word in words]
    deltas.append({"type": "signature_delta", "signature": block["signature"]})
    return {**block, "thinking": "", "signature": ""}, deltas


def _tool_use(block: dict[str, Any], partial: str | None) -> Opened:
    text = partial
    if text is None:
        text = msgspec.json.encode(block["input"]).decode() if block["input"] else ""
    parts = [text[at : at + _JSON_DELTA] for at in range(0, len(text), _JSON_DELTA)]
    deltas = [
        {"type": "input_json_delta", "partial_json": part}
        for part in (["", *parts] if parts else [])
    ]
    return {**block, "input": {}}, deltas


def _whole(block: dict[str, Any], partial: str | None) -> Opened:
    """Blocks that are complete when they start."""
    return block, []


_OPENERS: Final[Mapping[str, Callable[[dict[str, Any], str | None], Opened]]] = {
    "text": _text,
    "thinking": _thinking,
    "tool_use": _tool_use,
    "server_tool_use": _tool_use,
}

"""A small Message of upstream's, whole and as the events of a stream."""

from __future__ import annotations

import json
from typing import Any, Final

MESSAGE: Final[dict[str, Any]] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
ANSWER: Final = json.dumps(MESSAGE).encode()


def event(data: dict[str, Any]) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


def text_delta(text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return event({"type": "content_block_delta", "index": 0, "delta": delta})


START: Final = event(
    {"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None}}
)
BLOCK: Final = event(
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "text", "text": ""},
    }
)
TEXT: Final = text_delta("Hi")
END: Final = (
    event({"type": "content_block_stop", "index": 0})
    + event(
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 1},
        }
    )
    + event({"type": "message_stop"})
)
LAST_CHUNK: Final = b"0\r\n\r\n"

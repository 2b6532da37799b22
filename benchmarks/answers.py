"""The bytes the upstream answers with: as Anthropic's API words them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

STAMP: Final = "~" + "0" * 19
"""Place of a delta's send time (STAMP_DIGITS in common.h)."""

_LIMITS: Final = ("requests", "tokens", "input-tokens", "output-tokens")
_HEADERS: Final = {
    "date": "Mon, 02 Nov 2026 12:00:00 GMT",
    "request-id": "req_011CQ4bJqGEfYfJhBenchmark",
    "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
    "server": "cloudflare",
    "cf-cache-status": "DYNAMIC",
    **{f"anthropic-ratelimit-{name}-limit": "400000" for name in _LIMITS},
    **{f"anthropic-ratelimit-{name}-remaining": "399000" for name in _LIMITS},
    **{f"anthropic-ratelimit-{name}-reset": "2026-11-02T12:00:01Z" for name in _LIMITS},
}
_USAGE: Final = {
    "input_tokens": 25,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
    "output_tokens": 120,
    "service_tier": "standard",
}
_MESSAGE: Final[dict[str, Any]] = {
    "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [],
    "stop_reason": None,
    "stop_sequence": None,
    "usage": _USAGE,
}
_TEXT: Final = (
    "A proxy stands between a client and a server. It reads each request, decides what "
    "to do with it, and sends it on; the answer comes back the same way.\n\n"
    "Three things decide what it costs: how often it copies a body, how often it looks "
    'at one, and how many layers are asked for their opinion ("none" is a good one).'
)
_DELTA_TEXTS: Final = {
    "delta": f" {STAMP} and so on",
    # What makes JSON text longer than what it says, as one delta in a few does.
    "delta_escaped": f' {STAMP}:\n\n"café"',
}


def _head(headers: dict[str, str]) -> bytes:
    lines = [f"{name}: {value}" for name, value in (_HEADERS | headers).items()]
    return "\r\n".join(("HTTP/1.1 200 OK", *lines, "", "")).encode("ascii")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(event: Mapping[str, Any]) -> bytes:
    """One server-sent event in an HTTP chunk of its own."""
    return _chunk(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), _json(event)))


def _delta(text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return _event({"type": "content_block_delta", "index": 0, "delta": delta})


def answer() -> bytes:
    """A whole JSON answer."""
    said = {"content": [{"type": "text", "text": _TEXT}], "stop_reason": "end_turn"}
    body = _json(_MESSAGE | said)
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    return _head(headers) + body


def opening() -> bytes:
    """Head and first events of a streamed answer."""
    headers = {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "transfer-encoding": "chunked",
    }
    block = {"type": "text", "text": ""}
    events: tuple[dict[str, Any], ...] = (
        {"type": "message_start", "message": _MESSAGE},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "ping"},
    )
    return _head(headers) + b"".join(map(_event, events))


def closing() -> bytes:
    """Last events of a streamed answer, and the end of its body."""
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    events: tuple[dict[str, Any], ...] = (
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 500}},
        {"type": "message_stop"},
    )
    return b"".join(map(_event, events)) + b"0\r\n\r\n"


def write(directory: Path) -> None:
    """The files that upstream.c reads."""
    files = {"answer": answer(), "opening": opening(), "closing": closing()}
    files |= {name: _delta(text) for name, text in _DELTA_TEXTS.items()}
    for name, data in files.items():
        (directory / name).write_bytes(data)

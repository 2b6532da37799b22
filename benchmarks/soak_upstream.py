"""An upstream that breaks as its client asks: the mark in a prompt names the fault."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

SILENT_SECONDS: Final = 10.0
"""Longer than the proxy under test waits for anything."""

_MARK: Final = re.compile(rb"\[\[fault ([a-z-]+)\]\]")
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_USAGE: Final = {"input_tokens": 25, "output_tokens": 12}
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
_HTML: Final = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_LAST_CHUNK: Final = b"0\r\n\r\n"
_STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"transfer-encoding: chunked\r\nrequest-id: req_soak\r\n\r\n"
)


class _HangUp(Exception):
    """The connection is closed here."""


def mark(fault: str) -> str:
    """What a prompt says to get that fault."""
    return f"[[fault {fault}]]"


def _whole(status: int, body: bytes, type_: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {type_}\r\nrequest-id: req_soak\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body


def _refusal(status: int, type_: str) -> bytes:
    error = {"type": "error", "error": {"type": type_, "message": "Not now."}}
    return _whole(status, json.dumps(error).encode())


def _event(event: Mapping[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _delta(text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return _event({"type": "content_block_delta", "index": 0, "delta": delta})


_ANSWER: Final = json.dumps(
    _MESSAGE
    | {"content": [{"type": "text", "text": "Said. " * 40}], "stop_reason": "end_turn"}
).encode()
_OPENING: Final = (
    _event({"type": "message_start", "message": _MESSAGE})
    + _event(
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        }
    )
    + _event({"type": "ping"})
)
_BLOCK_STOP: Final = _event({"type": "content_block_stop", "index": 0})
_CLOSING: Final = (
    _BLOCK_STOP
    + _event(
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": _USAGE,
        }
    )
    + _event({"type": "message_stop"})
)
_ERROR_EVENT: Final = _event(
    {"type": "error", "error": {"type": "overloaded_error", "message": "Too much."}}
)


class FaultyUpstream:
    """Serves until it is closed; ``port`` is on 127.0.0.1."""

    def __init__(self, seed: int) -> None:
        self.port = 0
        self.asked = 0
        self._random = random.Random(seed)
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> FaultyUpstream:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                body = await reader.readexactly(int(length[1]) if length else 0)
                self.asked += 1
                await self._answer(writer, body)
        except (_HangUp, OSError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            pass  # the run is over; asyncio would print it
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, body: bytes) -> None:
        found = _MARK.search(body)
        fault = found[1].decode() if found else "none"
        streams = b'"stream":true' in body.replace(b" ", b"")
        table = _STREAM_FAULTS if streams else _JSON_FAULTS
        step = table.get(fault) or _BOTH[fault]
        await step(self, writer)

    # -- what can happen to any request ----------------------------------------------

    async def _pause(self, least: float, most: float) -> None:
        await asyncio.sleep(self._random.uniform(least, most))

    async def _overloaded(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_refusal(529, "overloaded_error"))

    async def _limited(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_refusal(429, "rate_limit_error"))

    async def _html(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_whole(502, _HTML, "text/html"))

    async def _hang_up(self, writer: asyncio.StreamWriter) -> None:
        raise _HangUp

    async def _half_head(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_STREAM_HEAD[:30])
        await writer.drain()
        raise _HangUp

    async def _garbage(self, writer: asyncio.StreamWriter) -> None:
        writer.write(self._random.randbytes(200) + b"\r\n\r\n")
        await writer.drain()
        raise _HangUp

    async def _silent(self, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(SILENT_SECONDS)
        raise _HangUp

    # -- answers in one piece ----------------------------------------------------------

    async def _good(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_whole(200, _ANSWER))

    async def _slow(self, writer: asyncio.StreamWriter) -> None:
        await self._pause(0.02, 0.4)
        writer.write(_whole(200, _ANSWER))

    async def _short_body(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_whole(200, _ANSWER)[: -self._random.randint(1, 400)])
        await writer.drain()
        raise _HangUp

    async def _not_json(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_whole(200, b'{"id": "msg_1", "content": ['))

    async def _not_a_message(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_whole(200, b"[1, 2]"))

    # -- streams -----------------------------------------------------------------------

    async def _opened(self, writer: asyncio.StreamWriter) -> None:
        """Head, opening and a few deltas, some of them together, some apart."""
        writer.write(_STREAM_HEAD + _chunk(_OPENING))
        for number in range(self._random.randint(1, 40)):
            if writer.is_closing():
                raise _HangUp
            writer.write(_chunk(_delta(f"word{number} ")))
            if self._random.random() < 0.2:
                await self._pause(0, 0.01)

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        await self._opened(writer)
        writer.write(_chunk(_CLOSING) + _LAST_CHUNK)

    async def _slow_stream(self, writer: asyncio.StreamWriter) -> None:
        await self._pause(0.1, 0.8)
        await self._stream(writer)

    async def _late_refusal(self, writer: asyncio.StreamWriter) -> None:
        await self._pause(0.1, 0.8)
        await self._overloaded(writer)

    async def _bytewise(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_STREAM_HEAD)
        data = _OPENING + _delta("é €") + _CLOSING
        for at in range(len(data)):
            if writer.is_closing():
                raise _HangUp
            writer.write(_chunk(data[at : at + 1]))
            if at % 50 == 0:
                await asyncio.sleep(0)
        writer.write(_LAST_CHUNK)

    async def _cut(self, writer: asyncio.StreamWriter) -> None:
        await self._opened(writer)
        await writer.drain()
        raise _HangUp

    async def _cut_in_event(self, writer: asyncio.StreamWriter) -> None:
        await self._opened(writer)
        writer.write(_chunk(_CLOSING[: self._random.randint(1, len(_CLOSING) - 4)]))
        await writer.drain()
        raise _HangUp

    async def _unfinished(self, writer: asyncio.StreamWriter) -> None:
        await self._opened(writer)
        writer.write(_chunk(_BLOCK_STOP) + _LAST_CHUNK)

    async def _error_event(self, writer: asyncio.StreamWriter) -> None:
        await self._opened(writer)
        writer.write(_chunk(_ERROR_EVENT) + _LAST_CHUNK)

    async def _bad_event(self, writer: asyncio.StreamWriter) -> None:
        await self._opened(writer)
        writer.write(_chunk(b"data: {nonsense\n\n" + _CLOSING) + _LAST_CHUNK)

    async def _silent_midway(self, writer: asyncio.StreamWriter) -> None:
        await self._opened(writer)
        await self._silent(writer)


_Step = Callable[[FaultyUpstream, asyncio.StreamWriter], Awaitable[None]]
_BOTH: Final[Mapping[str, _Step]] = {
    "overloaded": FaultyUpstream._overloaded,
    "limited": FaultyUpstream._limited,
    "html": FaultyUpstream._html,
    "hang-up": FaultyUpstream._hang_up,
    "half-head": FaultyUpstream._half_head,
    "garbage": FaultyUpstream._garbage,
    "silent": FaultyUpstream._silent,
}
_JSON_FAULTS: Final[Mapping[str, _Step]] = {
    "none": FaultyUpstream._good,
    "slow": FaultyUpstream._slow,
    "short-body": FaultyUpstream._short_body,
    "not-json": FaultyUpstream._not_json,
    "not-a-message": FaultyUpstream._not_a_message,
}
_STREAM_FAULTS: Final[Mapping[str, _Step]] = {
    "none": FaultyUpstream._stream,
    "slow": FaultyUpstream._slow_stream,
    "late-refusal": FaultyUpstream._late_refusal,
    "bytewise": FaultyUpstream._bytewise,
    "cut": FaultyUpstream._cut,
    "cut-in-event": FaultyUpstream._cut_in_event,
    "unfinished": FaultyUpstream._unfinished,
    "error-event": FaultyUpstream._error_event,
    "bad-event": FaultyUpstream._bad_event,
    "silent-midway": FaultyUpstream._silent_midway,
}
GOOD: Final = frozenset({"none", "slow", "bytewise"})
"""What is no fault: the answer comes, and is whole."""
JSON_FAULTS: Final = tuple(sorted({*_JSON_FAULTS, *_BOTH}))
STREAM_FAULTS: Final = tuple(sorted({*_STREAM_FAULTS, *_BOTH}))

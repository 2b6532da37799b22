"""A streamed answer: Anthropic's events as OpenAI's chunks (rules G).

``ChunkStream`` is the state machine, one event in and chunks out. ``Transcoder`` puts
it between the bytes of the two server-sent event streams.

What upstream may get wrong falls in two groups. Where nothing is lost (an unknown
event, a missing ``content_block_stop``) the stream goes on. Where the client would be
told something that is not so, it gets an error event, and nothing after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from ...wire import jsontext, sse
from ...wire.anthropic import ContentBlock
from ...wire.openai import ChatCompletionChunk, FinishReason
from .answer import (
    answering_model,
    as_mapping,
    as_text,
    binding_warnings,
    completion_id,
    finish_reason,
    refusal_text,
)
from .blocks import StreamedBlock
from .calls import Delta
from .chunks import Chunks
from .errors import from_stream_event, mid_stream_error, truncated
from .exchange import Exchange
from .plain_deltas import PlainDeltas
from .streamed_content import BrokenStream, StreamedContent
from .usage import completion_usage, merged, summed

ErrorBody: TypeAlias = dict[str, Any]
"""The object of an error event."""

Chunk: TypeAlias = ChatCompletionChunk | ErrorBody

_DONE: Final = sse.encode(b"[DONE]")


class ChunkStream:
    """One streamed answer, which may be several Messages when a turn was paused."""

    def __init__(self, exchange: Exchange, *, pauses_left: int = 0) -> None:
        self.finished = False
        """The last chunk was given out, or an error; further events are ignored."""
        self.failed = False
        """The stream ended with an error."""
        self.paused: list[ContentBlock] | None = None
        """Set at the end of a Message that paused the turn: the assistant's content to
        send back upstream. ``resume`` comes before the next Message's events."""
        self.warnings: list[str] = []
        self.stop_reason: str | None = None
        """Of the Message at hand; None until upstream gave one."""
        self.finish_reason: FinishReason | None = None
        """What the client was told at the end; None before it."""
        self.message_id: str | None = None
        """Upstream's id of the first Message; None before it started."""
        self.model: str | None = None
        """The model as the client is told it; None before the first Message."""
        self._exchange = exchange
        self._pauses_left = pauses_left
        self._content = StreamedContent(exchange)
        self._in_message = False
        self._stop_details: Any = None
        self._usage: dict[str, Any] = {}  # of the Message at hand
        self._past_usage: list[dict[str, Any]] = []  # of those before it
        self._chunks = Chunks(exchange)
        self._plain: PlainDeltas | None = None  # of the block that comes next
        self._plain_block: StreamedBlock | None = None

    @property
    def usage(self) -> Mapping[str, Any] | None:
        """Anthropic's counts of all Messages so far; None before the first."""
        if not self._chunks.begun:
            return None
        return summed([*self._past_usage, self._usage])

    @property
    def raw_content(self) -> list[ContentBlock]:
        """The content array as an answer that was not streamed would hold it."""
        return self._content.value()

    def receive(self, event: Mapping[str, Any]) -> list[Chunk]:
        """The chunks that one event of upstream's makes; an error is the last."""
        if self.finished or self.paused is not None:
            return []
        type_ = as_text(event.get("type"))
        handler = _EVENTS.get(type_)
        if handler is None:
            return []
        try:
            if not self._in_message and type_ not in _BEFORE_MESSAGE:
                raise BrokenStream(f"{type_} came before message_start")
            return handler(self, event)
        except BrokenStream as failure:
            message = f"Upstream's stream is broken: {failure}."
            return self.fail(mid_stream_error(message, "bad_gateway"))

    @property
    def plain_deltas(self) -> PlainDeltas | None:
        """The short way for deltas of the open block, which ``receive`` is spared.

        None when there is none. Not for a stream that has ended or is paused.
        """
        block = self._content.open
        if block is not self._plain_block:
            shape = self._content.plain_shape()
            chunk = self._chunks.of(shape.delta) if shape and shape.delta else None
            self._plain = PlainDeltas(shape, chunk) if shape else None
            self._plain_block = block
        return self._plain

    def resume(self) -> None:
        """The turn goes on: the next events are those of another Message.

        The role is not told again, and usage adds up.
        """
        self.paused = None
        self.stop_reason = self._stop_details = None
        self._pauses_left -= 1
        self._in_message = False
        self._past_usage.append(self._usage)
        self._usage = {}

    def close(self) -> list[Chunk]:
        """Upstream ended: an error when that was too soon, else nothing."""
        if self.finished or self.paused is not None:
            return []
        return self.fail(truncated())

    def fail(self, error: ErrorBody) -> list[Chunk]:
        """End with an error; nothing once the stream has ended."""
        if self.finished:
            return []
        self.finished = self.failed = True
        self.paused = None
        return [error]

    def _told(self, deltas: list[Delta]) -> list[Chunk]:
        return [self._chunks.of(delta) for delta in deltas]

    # -- events -----------------------------------------------------------------

    def _message_start(self, event: Mapping[str, Any]) -> list[Chunk]:
        message = event.get("message")
        if self._in_message:
            raise BrokenStream("a second message started inside the first")
        if not isinstance(message, Mapping):
            raise BrokenStream("message_start holds no message")
        chunks = [] if self._chunks.begun else self._opening(message)
        self._in_message = True
        self._usage = dict(as_mapping(message.get("usage")))
        self._note_stop(message)
        self.warnings += binding_warnings(message)
        return chunks + self._told(self._content.start_message(message))

    def _opening(self, message: Mapping[str, Any]) -> list[Chunk]:
        self.message_id = as_text(message.get("id"))
        self.model = answering_model(message, self._exchange)
        id_ = completion_id(self.message_id, self._exchange.created)
        self._chunks.begin(id_, self.model)
        return self._told([{"role": "assistant", "content": "", "refusal": None}])

    def _content_block(self, event: Mapping[str, Any]) -> list[Chunk]:
        return self._told(self._content.receive(event))

    def _message_delta(self, event: Mapping[str, Any]) -> list[Chunk]:
        self._usage = merged(self._usage, as_mapping(event.get("usage")))
        self._note_stop(as_mapping(event.get("delta")))
        return []

    def _note_stop(self, fields: Mapping[str, Any]) -> None:
        self.stop_reason = as_text(fields.get("stop_reason")) or self.stop_reason
        self._stop_details = fields.get("stop_details") or self._stop_details

    def _message_stop(self, event: Mapping[str, Any]) -> list[Chunk]:
        chunks = self._told(self._content.stop_message())
        if self.stop_reason == "pause_turn" and self._pauses_left > 0:
            # Upstream refuses to be sent text blocks without text (rules B.4).
            content = [block for block in self.raw_content if not _is_blank(block)]
            if content:
                self.paused = content
                return chunks
        self.finished = True
        return chunks + self._ending()

    def _ending(self) -> list[Chunk]:
        """The chunks that wait for the end.

        They wait for message_stop rather than message_delta: an answer cut between the
        two must not look complete (rules G.6).
        """
        refused = self.stop_reason == "refusal"
        deltas: list[Delta] = []
        if not refused:
            deltas, warnings = self._content.emulated_end()
            self.warnings += warnings
        deltas += self._content.lists()
        if refused:
            deltas.append({"refusal": refusal_text(self._stop_details)})
        finish, warnings = finish_reason(
            self.stop_reason,
            calls=self._content.calls,
            legacy=self._exchange.legacy_functions,
        )
        self.warnings += warnings
        self.finish_reason = finish
        chunks = [*self._told(deltas), self._chunks.of({}, finish)]
        if self._exchange.include_usage:
            chunks.append(self._chunks.of_usage(completion_usage(self.usage or {})))
        return chunks

    def _error(self, event: Mapping[str, Any]) -> list[Chunk]:
        return self.fail(from_stream_event(event))


_EVENTS: Final[
    Mapping[str, Callable[[ChunkStream, Mapping[str, Any]], list[Chunk]]]
] = {
    "message_start": ChunkStream._message_start,
    "content_block_start": ChunkStream._content_block,
    "content_block_delta": ChunkStream._content_block,
    "content_block_stop": ChunkStream._content_block,
    "message_delta": ChunkStream._message_delta,
    "message_stop": ChunkStream._message_stop,
    "error": ChunkStream._error,
}
_BEFORE_MESSAGE: Final = frozenset({"message_start", "error"})


class Transcoder:
    """Bytes of upstream's stream in, bytes of the client's out; ``b""`` for none."""

    def __init__(self, stream: ChunkStream) -> None:
        self.stream = stream
        """What the bytes drive, for the log and for a paused turn."""
        self._decoder = sse.Decoder()

    def feed(self, data: bytes) -> bytes:
        """What ``data`` makes. Ignored while paused and once the stream has ended."""
        frames: list[bytes] = []
        start = 0
        while start < len(data) and not self._ignoring():
            if self._decoder.at_boundary and (plain := self.stream.plain_deltas):
                start = plain.take(data, start, frames)
            end = sse.frame_end(data, start)
            if start < end:
                frames += self._full_way(data[start:end])
            start = end
        if self.stream.paused is not None:
            self._decoder = sse.Decoder()  # the next Message comes in a body of its own
        return b"".join(frames)

    def _full_way(self, data: bytes) -> list[bytes]:
        try:
            events = self._decoder.feed(data)
        except sse.EventTooLarge as failure:
            return [
                self.fail(f"Upstream's stream is broken: {failure}.", "bad_gateway")
            ]
        return [self._frames(event) for event in events]

    def end(self) -> bytes:
        """Upstream's body has ended, or broke off."""
        return _encoded(self.stream.close())

    def fail(self, message: str, code: str) -> bytes:
        """An error of ours ends the stream; later calls return nothing."""
        return _encoded(self.stream.fail(mid_stream_error(message, code)))

    def _ignoring(self) -> bool:
        return self.stream.finished or self.stream.paused is not None

    def _frames(self, event: sse.Event) -> bytes:
        if self._ignoring():
            return b""
        try:
            value = jsontext.decode(event.data)
        except jsontext.InvalidJSON:
            value = None
        if not isinstance(value, dict):
            return self.fail("Upstream's stream holds invalid JSON.", "bad_gateway")
        if value.get("type") == "ping":
            return sse.comment("ping")
        frames = _encoded(self.stream.receive(value))
        complete = self.stream.finished and not self.stream.failed
        return frames + _DONE if complete else frames


def _encoded(chunks: Iterable[Chunk]) -> bytes:
    return b"".join([sse.encode(jsontext.encode(chunk)) for chunk in chunks])


def _is_blank(block: ContentBlock) -> bool:
    return block.get("type") == "text" and not as_text(block.get("text")).strip()

"""The content of a streamed answer: block events in, deltas for the client out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from ...wire.anthropic import ContentBlock
from .answer import as_mapping, as_mappings, as_text, extensions, url_citations
from .blocks import StreamedBlock
from .calls import (
    Call,
    Delta,
    StreamedCall,
    emulated_call,
    emulation_warnings,
    streamed,
    synthetic_id,
    tool_use_call,
)
from .exchange import Exchange
from .plain_deltas import HOLE, Shape


class BrokenStream(ValueError):
    """Upstream sent what cannot be told to the client without telling it wrong."""


class StreamedContent:
    """The blocks of an answer, over all Messages of a turn; methods return deltas."""

    def __init__(self, exchange: Exchange) -> None:
        self.calls = 0
        """How many calls the model has made."""
        self.open: StreamedBlock | None = None
        """The block that was started last; None once it has been stopped."""
        self._exchange = exchange
        self._message_id = ""
        self._blocks: list[StreamedBlock] = []
        self._by_index: dict[int, StreamedBlock] = {}  # of the Message at hand
        self._open_index = 0
        self._length = 0  # of the ``content`` given out, in code points
        self._emulated: StreamedCall | None = None

    def start_message(self, message: Mapping[str, Any]) -> list[Delta]:
        """Indices begin anew. Blocks that ``message`` already holds are taken in."""
        self._message_id = self._message_id or as_text(message.get("id"))
        self._by_index = {}
        deltas = []
        for index, block in enumerate(as_mappings(message.get("content"))):
            deltas += self._start(index, block)
        return deltas

    def receive(self, event: Mapping[str, Any]) -> list[Delta]:
        """What a ``content_block_*`` event adds to the answer.

        Raises:
            BrokenStream: the event makes no sense where it stands.
        """
        return _EVENTS[event["type"]](self, event)

    def plain_shape(self) -> Shape | None:
        """The plain deltas of the open block; None when it can have none."""
        block = self.open
        plain = _PLAIN.get(block.type) if block is not None else None
        if block is None or plain is None:
            return None
        if block.type == "text" and self._exchange.emulated_tool is not None:
            return None
        type_, field, told = plain
        deltas, full_way = told(self, block), _DELTAS[type_]
        return Shape(
            index=self._open_index,
            type=type_,
            field=field,
            delta=deltas[0] if deltas else None,
            keep=lambda text: full_way(self, block, {field: text}),
        )

    def stop_message(self) -> list[Delta]:
        """No more blocks in this Message; a ``content_block_stop`` may be missing."""
        return self._stop()

    def value(self) -> list[ContentBlock]:
        """The content array as an answer that was not streamed would hold it."""
        return [block.value() for block in self._blocks]

    def emulated_end(self) -> tuple[list[Delta], list[str]]:
        """What completes an emulated call (rules C.3 b), and warnings."""
        if self._exchange.emulated_tool is None:
            return [], []
        text = "".join(block.text() for block in self._blocks if block.type == "text")
        deltas = self._emulated.end(text) if self._emulated else []
        return deltas, emulation_warnings(text)

    def lists(self) -> list[Delta]:
        """The list-valued extensions, one delta each.

        The official clients cannot lengthen such a list, so each is sent only once.
        """
        found: dict[str, list[Any]] = {}
        annotations = self._annotations()
        if annotations:
            found["annotations"] = annotations
        found |= extensions(self.value(), self._exchange.settings)
        return [{name: items} for name, items in found.items()]

    def _annotations(self) -> list[dict[str, Any]]:
        if self._exchange.emulated_tool is not None:
            return []  # the text they point into is no content but a call
        return [
            annotation
            for block in self._blocks
            for annotation in url_citations(block.citations, block.start, block.end)
        ]

    # -- events -----------------------------------------------------------------

    def _content_block_start(self, event: Mapping[str, Any]) -> list[Delta]:
        index, fields = event.get("index"), event.get("content_block")
        if not isinstance(index, int) or not isinstance(fields, Mapping):
            raise BrokenStream("content_block_start lacks its index or its block")
        return self._start(index, fields)

    def _content_block_delta(self, event: Mapping[str, Any]) -> list[Delta]:
        index, delta = event.get("index"), as_mapping(event.get("delta"))
        type_ = as_text(delta.get("type"))
        handler = _DELTAS.get(type_)
        if handler is None:
            return []
        deltas: list[Delta] = []
        block = self._by_index.get(index) if isinstance(index, int) else None
        if block is None:
            implied = _IMPLIED_BLOCKS.get(type_)
            if implied is None or not isinstance(index, int):
                raise BrokenStream(f"{type_} belongs to no content block")
            deltas = self._start(index, {"type": implied, implied: ""})
            block = self._by_index[index]
        return deltas + handler(self, block, delta)

    def _content_block_stop(self, event: Mapping[str, Any]) -> list[Delta]:
        index = event.get("index")
        block = self._by_index.get(index) if isinstance(index, int) else None
        return self._stop() if block is self.open else []

    def _start(self, index: int, fields: Mapping[str, Any]) -> list[Delta]:
        deltas = self._stop()  # blocks come one after the other
        block = StreamedBlock(fields, self._length)
        self.open = self._by_index[index] = block
        self._open_index = index
        self._blocks.append(block)
        begin = _STARTS.get(block.type)
        return deltas + begin(self, block) if begin else deltas

    def _stop(self) -> list[Delta]:
        block, self.open = self.open, None
        if block is None or block.call is None:
            return []
        return block.call.end(block.arguments())

    # -- starts and deltas of each kind of block ----------------------------------

    def _start_text(self, block: StreamedBlock) -> list[Delta]:
        return self._show_text(block, block.text())

    def _text_delta(
        self, block: StreamedBlock, delta: Mapping[str, Any]
    ) -> list[Delta]:
        text = as_text(delta.get("text"))
        block.add_text("text", text)
        return self._show_text(block, text) if block.type == "text" else []

    def _show_text(self, block: StreamedBlock, text: str) -> list[Delta]:
        if not text:
            return []
        if self._exchange.emulated_tool is not None:
            return self._emulated_piece(self._exchange.emulated_tool, text)
        self._length += len(text)
        block.end = self._length
        return [{"content": text}]

    def _emulated_piece(self, name: str, text: str) -> list[Delta]:
        deltas: list[Delta] = []
        if self._emulated is None:
            call = emulated_call(name, "", self._exchange, self._message_id)
            self._emulated, deltas = self._new_call(call)
        return deltas + self._emulated.piece(text)

    def _plain_text(self, block: StreamedBlock) -> list[Delta]:
        return [{"content": HOLE}]

    def _start_thinking(self, block: StreamedBlock) -> list[Delta]:
        return self._show_thinking(block.text("thinking"))

    def _thinking_delta(
        self, block: StreamedBlock, delta: Mapping[str, Any]
    ) -> list[Delta]:
        thinking = as_text(delta.get("thinking"))
        block.add_text("thinking", thinking)
        return self._show_thinking(thinking) if block.type == "thinking" else []

    def _show_thinking(self, thinking: str) -> list[Delta]:
        shown = thinking and self._exchange.settings.reasoning_content
        return [{"reasoning_content": thinking}] if shown else []

    def _plain_thinking(self, block: StreamedBlock) -> list[Delta]:
        return self._show_thinking(HOLE)

    def _start_tool_use(self, block: StreamedBlock) -> list[Delta]:
        fallback_id = synthetic_id(self._message_id, str(len(self._blocks) - 1))
        call = tool_use_call(block.value(), "", self._exchange, fallback_id)
        block.call, deltas = self._new_call(call)
        return deltas

    def _new_call(self, call: Call) -> tuple[StreamedCall, list[Delta]]:
        told = streamed(call, self.calls, self._exchange)
        self.calls += 1
        return told, told.start()

    def _input_json_delta(
        self, block: StreamedBlock, delta: Mapping[str, Any]
    ) -> list[Delta]:
        text = as_text(delta.get("partial_json"))
        if not text:
            return []
        block.add_json(text)
        if block.call is None:
            return []
        if block is not self.open:
            raise BrokenStream("input_json_delta came after its content block")
        return block.call.piece(text)

    def _plain_input(self, block: StreamedBlock) -> list[Delta]:
        # A copy: a call remembers that it was told a piece.
        return copy.copy(block.call).piece(HOLE) if block.call is not None else []

    def _signature_delta(
        self, block: StreamedBlock, delta: Mapping[str, Any]
    ) -> list[Delta]:
        block.replace({"signature": as_text(delta.get("signature"))})
        return []

    def _citations_delta(
        self, block: StreamedBlock, delta: Mapping[str, Any]
    ) -> list[Delta]:
        block.citations += as_mappings([delta.get("citation")])
        return []

    def _compaction_delta(
        self, block: StreamedBlock, delta: Mapping[str, Any]
    ) -> list[Delta]:
        block.replace({name: delta[name] for name in delta if name != "type"})
        return []


_EVENTS: Final[
    Mapping[str, Callable[[StreamedContent, Mapping[str, Any]], list[Delta]]]
] = {
    "content_block_start": StreamedContent._content_block_start,
    "content_block_delta": StreamedContent._content_block_delta,
    "content_block_stop": StreamedContent._content_block_stop,
}
# Blocks that are not here are complete at their start, or not for the client.
_STARTS: Final[
    Mapping[str, Callable[[StreamedContent, StreamedBlock], list[Delta]]]
] = {
    "text": StreamedContent._start_text,
    "thinking": StreamedContent._start_thinking,
    "tool_use": StreamedContent._start_tool_use,
}
_DELTAS: Final[
    Mapping[
        str, Callable[[StreamedContent, StreamedBlock, Mapping[str, Any]], list[Delta]]
    ]
] = {
    "text_delta": StreamedContent._text_delta,
    "thinking_delta": StreamedContent._thinking_delta,
    "input_json_delta": StreamedContent._input_json_delta,
    "signature_delta": StreamedContent._signature_delta,
    "citations_delta": StreamedContent._citations_delta,
    "compaction_delta": StreamedContent._compaction_delta,
}
# By the type of a block: the kind of delta that it has many of, the only field of such
# a delta, and what one with a hole in it tells the client (not more than one delta).
_PLAIN: Final[
    Mapping[
        str,
        tuple[str, str, Callable[[StreamedContent, StreamedBlock], list[Delta]]],
    ]
] = {
    "text": ("text_delta", "text", StreamedContent._plain_text),
    "thinking": ("thinking_delta", "thinking", StreamedContent._plain_thinking),
    "tool_use": ("input_json_delta", "partial_json", StreamedContent._plain_input),
}
# The block that a delta without one must belong to, when there is only one choice.
_IMPLIED_BLOCKS: Final = {"text_delta": "text", "thinking_delta": "thinking"}

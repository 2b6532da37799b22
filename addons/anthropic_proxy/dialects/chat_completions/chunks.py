"""The chunks of one streamed answer, which differ in their deltas only."""

from __future__ import annotations

from typing import Any

from ...wire.openai import ChatCompletionChunk, CompletionUsage, FinishReason
from .calls import Delta
from .exchange import Exchange


class Chunks:
    """Makes them, once ``begin`` was called."""

    def __init__(self, exchange: Exchange) -> None:
        self._created = exchange.created
        self._head: dict[str, Any] = {}  # the first fields of every chunk
        self._tail = {"usage": None} if exchange.include_usage else {}

    @property
    def begun(self) -> bool:
        """Whether the answer's id and model are known."""
        return bool(self._head)

    def begin(self, id_: str, model: str) -> None:
        """Both as the client is told them."""
        self._head = {
            "id": id_,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": model,
        }

    def of(
        self, delta: Delta, finish: FinishReason | None = None
    ) -> ChatCompletionChunk:
        """The chunk of one delta."""
        choice = {
            "index": 0,
            "delta": delta,
            "logprobs": None,
            "finish_reason": finish,
        }
        return self._chunk([choice], self._tail)

    def of_usage(self, usage: CompletionUsage) -> ChatCompletionChunk:
        """The chunk after the last delta, for clients that asked for it."""
        return self._chunk([], {"usage": usage})

    def _chunk(self, choices: list[Any], tail: Any) -> ChatCompletionChunk:
        chunk: Any = {**self._head, "choices": choices, **tail}
        return chunk  # type: ignore[no-any-return]

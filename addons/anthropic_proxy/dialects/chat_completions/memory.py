"""Recent answers with thinking, for clients that drop what they do not know."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...wire import jsontext
from .answer import as_mapping, as_text, is_thinking

DEFAULT_MAX_BYTES: Final = 64 * 1024 * 1024


class RecentThinking:
    """The newest contents, found by the id of their first tool call (rules D.4.7).

    Only answers that both think and call a tool are kept: in the loop that follows,
    the client sends the call back, and the thinking in front of it is wanted again.
    """

    def __init__(self, max_entries: int, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        """Args give the limits; either of them being 0 turns the memory off."""
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        # As JSON, oldest first: its size is known, and nobody can alter it.
        self._contents: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def remember(self, content: Sequence[Mapping[str, Any]]) -> None:
        """Keep an answer's whole content array, if it is of use."""
        blocks = [as_mapping(block) for block in content]
        key = _first_call(blocks)
        if not key or not any(is_thinking(block) for block in blocks):
            return
        text = jsontext.encode(content)
        self._forget(key)
        if len(text) > self._max_bytes:
            return
        self._contents[key] = text
        self._size += len(text)
        while len(self._contents) > self._max_entries or self._size > self._max_bytes:
            self._forget(next(iter(self._contents)))

    def recall(self, tool_use_id: str) -> Sequence[Mapping[str, Any]] | None:
        """The content whose first tool call has this id; None when it is not kept."""
        text = self._contents.get(tool_use_id)
        if text is None:
            return None
        self._contents.move_to_end(tool_use_id)
        content: list[Mapping[str, Any]] = jsontext.decode(text)
        return content

    @property
    def size(self) -> int:
        """Bytes kept."""
        return self._size

    def __len__(self) -> int:
        return len(self._contents)

    def _forget(self, key: str) -> None:
        self._size -= len(self._contents.pop(key, b""))


def _first_call(content: Sequence[Mapping[str, Any]]) -> str:
    calls = (block for block in content if block.get("type") == "tool_use")
    return as_text(next(calls, {}).get("id"))

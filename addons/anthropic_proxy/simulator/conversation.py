"""Reading a request the way the model is shown it: turns, blocks, prefixes.

Consecutive messages of one role are one turn, a string is one text block. All readers
expect a body that has passed the shape rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

THINKING_TYPES: Final = frozenset({"thinking", "redacted_thinking"})

_ENCODER: Final = msgspec.json.Encoder()


class Placed(NamedTuple):
    """A content block and where it stands."""

    message: int
    position: int
    role: str
    block: dict[str, Any]

    @property
    def path(self) -> str:
        """``messages.0.content.1``"""
        return f"messages.{self.message}.content.{self.position}"


@dataclass(frozen=True, slots=True)
class Turn:
    """A run of messages of one role."""

    role: str
    blocks: list[Placed]


def as_blocks(content: Any) -> list[dict[str, Any]]:
    """The block form of ``content``; a string is one text block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content if isinstance(content, list) else []


def placed_blocks(body: Mapping[str, Any]) -> Iterator[Placed]:
    """Every block of ``messages``, in order; not those inside tool results."""
    for number, message in enumerate(body["messages"]):
        for index, block in enumerate(as_blocks(message["content"])):
            yield Placed(number, index, message["role"], block)


def turns(body: Mapping[str, Any]) -> list[Turn]:
    """``messages`` with runs of one role joined. A message without blocks counts."""
    joined: list[Turn] = []
    for number, message in enumerate(body["messages"]):
        if not joined or joined[-1].role != message["role"]:
            joined.append(Turn(message["role"], []))
        joined[-1].blocks.extend(
            Placed(number, index, message["role"], block)
            for index, block in enumerate(as_blocks(message["content"]))
        )
    return joined


def last_user_turn(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Blocks of the last turn of the user; empty when there is none."""
    for turn in reversed(turns(body)):
        if turn.role == "user":
            return [placed.block for placed in turn.blocks]
    return []


def text_of(blocks: list[dict[str, Any]]) -> str:
    """The text blocks, one a line."""
    texts = (block["text"] for block in blocks if block.get("type") == "text")
    return "\n".join(texts)


class PrefixHash:
    """Hash of everything before a point of the conversation, fed block by block.

    Thinking is not part of it, nor where cache markers stand, nor the order of the
    tools. The order of keys is: a block that was read and written again in another
    order is another block.
    """

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._hash = hashlib.sha256()
        self._role = ""
        tools = sorted(map(canonical, body.get("tools") or []))
        for part in (canonical(as_blocks(body.get("system"))), *tools):
            self._hash.update(part + b"\n")

    def enter(self, role: str) -> None:
        """The next block belongs to ``role``."""
        if role != self._role:
            self._role = role
            self._hash.update(b"\x00" + role.encode() + b"\n")

    def add(self, block: dict[str, Any]) -> None:
        """Take in one block; thinking is passed over."""
        if block.get("type") not in THINKING_TYPES:
            self._hash.update(canonical(block) + b"\n")

    def digest(self) -> bytes:
        """16 bytes that stand for the conversation so far."""
        return self._hash.digest()[:16]


def canonical(value: Any) -> bytes:
    """JSON of ``value`` without what does not change what the model reads."""
    return _ENCODER.encode(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain = {
        key: _plain(item)
        for key, item in value.items()
        if key != "cache_control" and item is not None
    }
    if value.get("type") == "tool_result":
        plain["content"] = _plain(as_blocks(value.get("content")))
    elif value.get("type") == "tool_use":
        plain["input"] = value.get("input")
    return plain

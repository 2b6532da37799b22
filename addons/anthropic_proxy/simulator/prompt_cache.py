"""Which part of a prompt was seen before, by its cache markers. Nothing expires."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from .conversation import as_blocks, canonical

_CAPACITY: Final = 4096


class CacheUsage(NamedTuple):
    """Tokens of the prompt, by how they were had."""

    read: int
    written_5m: int
    written_1h: int


class _Part(NamedTuple):
    data: bytes
    lifetime: str | None
    """``5m`` or ``1h`` where a marker stands."""


class PromptCache:
    """Remembers prefixes that ended at a marker, per credential and model."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def use(self, body: Mapping[str, Any], owner: str) -> CacheUsage:
        """Look up the longest known prefix, then remember the marked ones."""
        rolling = hashlib.sha256(owner.encode())
        tokens = 0
        ends: list[tuple[bytes, int, str]] = []
        known: list[int] = []
        for part in _parts(body):
            rolling.update(part.data)
            tokens += len(part.data) // 4 + 1
            key = rolling.digest()
            if key in self._seen:
                known.append(tokens)
            if part.lifetime is not None:
                ends.append((key, tokens, part.lifetime))
        if not ends:
            return CacheUsage(0, 0, 0)
        last = ends[-1][1]
        read = max((size for size in known if size <= last), default=0)
        return CacheUsage(read, *self._write(ends, read))

    def _write(self, ends: list[tuple[bytes, int, str]], read: int) -> tuple[int, int]:
        written = {"5m": 0, "1h": 0}
        for key, size, lifetime in ends:
            written[lifetime] += max(0, size - read)
            read = max(read, size)
            self._seen[key] = None
            self._seen.move_to_end(key)
        while len(self._seen) > _CAPACITY:
            self._seen.popitem(last=False)
        return written["5m"], written["1h"]


def _parts(body: Mapping[str, Any]) -> Iterator[_Part]:
    """The prompt in the order of the cache; a top-level marker stands at its end."""
    found = [_part(tool, "") for tool in body.get("tools") or []]
    found += [_part(block, "system") for block in as_blocks(body.get("system"))]
    for message in body["messages"]:
        blocks = as_blocks(message["content"])
        found += [_part(block, message["role"]) for block in blocks]
    whole = _lifetime(body)
    if whole is not None and found:
        found[-1] = _Part(found[-1].data, whole)
    yield from found


def _part(holder: dict[str, Any], role: str) -> _Part:
    lifetime = _lifetime(holder)
    if lifetime is None and holder.get("type") == "tool_result":
        for block in as_blocks(holder.get("content")):
            lifetime = _lifetime(block) or lifetime
    return _Part(role.encode() + canonical(holder) + b"\n", lifetime)


def _lifetime(holder: Mapping[str, Any]) -> str | None:
    marker = holder.get("cache_control")
    return None if marker is None else str(marker.get("ttl") or "5m")

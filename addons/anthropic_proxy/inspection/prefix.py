"""Where a request stops being the same as the one before it in its conversation.

Anthropic's prompt cache and the checks on replayed thinking look at a request as one
sequence: tools, system, messages. What follows the first difference is paid for again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..wire import jsontext

KEPT_REQUESTS: Final = 200
KEPT_SEGMENTS: Final = 100_000
"""Of all requests together: about 10 MB."""

_MARK: Final = "cache_control"  # says where to cache, and is not part of what is cached
# Fields that are not text of the prompt, but whose change makes upstream read anew
# what comes after them.
_BEFORE_TOOLS: Final = ("model",)
_BEFORE_MESSAGES: Final = ("tool_choice", "thinking")


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the prompt that can be the first to differ."""

    path: str
    """Where it is in the request: ``tools.[0]``, ``messages.[2].content.[1]``."""
    size: int
    """Bytes of its JSON."""
    hash: bytes
    """Equal for equal parts; who speaks counts, ``cache_control`` does not."""


def segments(body: Mapping[str, Any]) -> list[Segment]:
    """The parts of a Messages request in the order in which they are cached.

    Takes any JSON object: what is not of the expected shape is one segment.
    """
    return [_segment(path, about, value) for path, about, value in _parts(body)]


def segments_of(content: bytes) -> list[Segment]:
    """The same of a request's body; none when it is no JSON object."""
    try:
        body = jsontext.decode(content)
    except jsontext.InvalidJSON:
        return []
    return segments(body) if isinstance(body, Mapping) else []


def _parts(body: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Path, what its meaning depends on besides, value."""
    for name in _BEFORE_TOOLS:
        if name in body:
            yield name, name, body[name]
    yield from _items("tools", "tool", body.get("tools"))
    yield from _items("system", "system", body.get("system"))
    for name in _BEFORE_MESSAGES:
        if name in body:
            yield name, name, body[name]
    messages = body.get("messages")
    if not isinstance(messages, list):
        yield from _items("messages", "messages", messages)
        return
    for index, message in enumerate(messages):
        path = f"messages.[{index}]"
        if isinstance(message, Mapping) and "content" in message:
            role = str(message.get("role"))
            yield from _items(f"{path}.content", role, message["content"])
        else:
            yield path, "message", message


def _items(path: str, about: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    """The elements of a list; a lone text, which means a list of one text block."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{path}.[{index}]", about, item
    elif isinstance(value, str):
        yield path, about, {"type": "text", "text": value}
    elif value is not None:
        yield path, about, value


def _segment(path: str, about: str, value: Any) -> Segment:
    if isinstance(value, Mapping) and _MARK in value:
        value = {key: item for key, item in value.items() if key != _MARK}
    encoded = jsontext.encode(value)
    digest = hashlib.blake2b(encoded, digest_size=8, key=about.encode()[:64])
    return Segment(path, len(encoded), digest.digest())


def common(previous: Sequence[bytes], current: Sequence[bytes]) -> int:
    """How many of the first hashes are the same."""
    pairs = enumerate(zip(previous, current, strict=False))
    shortest = min(len(previous), len(current))
    return next((index for index, (a, b) in pairs if a != b), shortest)


@dataclass(frozen=True, slots=True)
class _Known:
    """A request that upstream has answered."""

    prefix: tuple[bytes, ...]
    messages: tuple[bytes, ...]
    """The hashes of the messages alone: what tells conversations apart."""


class RecentRequests:
    """Remembers the last requests, and finds the one that another one continues."""

    def __init__(
        self, *, requests: int = KEPT_REQUESTS, segments: int = KEPT_SEGMENTS
    ) -> None:
        self._most_requests = requests
        self._most_segments = segments
        self._count = 0
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def compare(self, parts: Sequence[Segment]) -> dict[str, Any] | None:
        """The ``prefix`` of ``recorded``; None for the first of a conversation.

        ``of`` counts the segments of the earlier request, ``differs`` is a path in the
        later one; None when one of them is the beginning of the other.
        """
        current = _known(parts)
        found = self._previous(current)
        if found is None:
            return None
        before = self._known[found].prefix
        same = common(before, current.prefix)
        both_go_on = same < len(before) and same < len(parts)
        differs = parts[same].path if both_go_on else None
        return {
            "previous": found,
            "same": same,
            "of": len(before),
            "differs": differs,
        }

    def remember(self, request_id: str, parts: Sequence[Segment]) -> None:
        """Upstream has answered this request, so that it may be in its cache."""
        known = self._known[request_id] = _known(parts)
        self._count += len(known.prefix)
        while len(self._known) > self._most_requests or (
            self._count > self._most_segments and len(self._known) > 1
        ):
            _, oldest = self._known.popitem(last=False)
            self._count -= len(oldest.prefix)

    def _previous(self, current: _Known) -> str | None:
        """The request with which most messages are shared, the latest of several.

        The first message tells most: it stays when the history grows. One whose first
        message was changed too must share half of the messages, and two at least.
        """
        wanted = set(current.messages)
        best, found = 0, None
        for request_id, known in self._known.items():
            shared = len(wanted.intersection(known.messages))
            begins_alike = known.messages[:1] == current.messages[:1]
            enough = begins_alike or shared >= max(2, len(known.messages) / 2)
            if enough and shared >= max(best, 1):
                best, found = shared, request_id
        return found


def _known(parts: Sequence[Segment]) -> _Known:
    return _Known(
        tuple(part.hash for part in parts),
        tuple(part.hash for part in parts if part.path.startswith("messages")),
    )

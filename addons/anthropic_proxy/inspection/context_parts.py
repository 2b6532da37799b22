"""What a request puts before the model, part by part, in the order of the cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..dialects.chat_completions.answer import as_mapping, as_text
from .json_text import compact
from .pictures import media_of
from .text import one_line, quoted

Group = Literal["tools", "system", "messages"]

_BYTES_PER_TOKEN: Final = 4
_MARK: Final = "cache_control"
_SAMPLE: Final = 32


@dataclass(frozen=True, slots=True)
class Part:
    """A tool, a block of the system prompt, or a message."""

    group: Group
    path: str
    """``tools.[0]``, ``system`` or ``system.[1]``, ``messages.[2]``."""
    told: str
    size: int
    """Bytes of its JSON, without what is base64."""
    weight: float
    """About how many tokens it is."""
    unknown: bool = False
    """Something in it cannot be weighed: a PDF, a picture behind a link."""
    media: tuple[str, ...] = ()
    """Its pictures and documents."""
    marks: tuple[str, ...] = ()
    """Where it has cache marks, and for how long they hold."""


def parts_of(body: Mapping[str, Any]) -> list[Part]:
    """All parts; of any JSON object, in either dialect."""
    return [
        *_tools(body.get("tools")),
        *_system(body.get("system")),
        *_messages(body.get("messages")),
    ]


def top_level_mark(body: Mapping[str, Any]) -> list[str]:
    """The mark that lets upstream place one by itself."""
    return [f"automatic ({_ttl(body[_MARK])})"] if body.get(_MARK) else []


def _tools(tools: Any) -> Iterator[Part]:
    for path, tool in _items("tools", tools):
        told = as_mapping(tool)
        name = as_text(told.get("name")) or as_text(
            as_mapping(told.get("function")).get("name")
        )
        label = name or as_text(told.get("type")) or "?"
        yield _part("tools", path, one_line(label), tool)


def _system(system: Any) -> Iterator[Part]:
    for path, block in _items("system", system):
        text = block if isinstance(block, str) else as_mapping(block).get("text")
        yield _part("system", path, quoted(as_text(text).strip(), _SAMPLE), block)


def _messages(messages: Any) -> Iterator[Part]:
    for path, message in _items("messages", messages):
        content = as_mapping(message).get("content")
        role = one_line(as_mapping(message).get("role"))
        told = f"{role} {_what(message, content)}".rstrip()
        yield _part("messages", path, told, message)


def _items(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{path}.[{index}]", item
    elif value is not None:
        yield path, value


def _what(message: Any, content: Any) -> str:
    """What a message holds: kinds of blocks, each once, or its text's beginning."""
    kinds: Counter[str] = Counter()
    if isinstance(content, str) and content:
        kinds[quoted(content.strip(), _SAMPLE)] += 1
    for block in content if isinstance(content, list) else ():
        kinds[_block(as_mapping(block), alone=len(content) == 1)] += 1
    calls = as_mapping(message).get("tool_calls")  # OpenAI's
    for call in calls if isinstance(calls, list) else ():
        name = as_mapping(as_mapping(call).get("function")).get("name")
        kinds[f"call {one_line(name)}"] += 1
    told = [kind if n == 1 else f"{kind} ×{n}" for kind, n in kinds.items() if kind]
    return ", ".join(told) or ("" if kinds else "empty")


def _block(block: Mapping[str, Any], *, alone: bool) -> str:
    type_ = one_line(as_text(block.get("type")) or "?")
    if media_of(block) is not None:
        return ""  # told of in detail elsewhere
    if type_ == "text" and alone:
        return quoted(as_text(block.get("text")).strip(), _SAMPLE)
    if "name" in block:
        return f"{type_} {one_line(block['name'])}"
    return type_


def _part(group: Group, path: str, told: str, value: Any) -> Part:
    found = _Found()
    _look(value, path, found, depth=0)
    size = max(len(compact(value).encode("utf-8", "replace")) - found.encoded, 0)
    return Part(
        group,
        path,
        told,
        size,
        size / _BYTES_PER_TOKEN + found.tokens,
        found.unknown,
        tuple(found.media),
        tuple(found.marks),
    )


class _Found:
    """What is looked for inside a part."""

    def __init__(self) -> None:
        self.media: list[str] = []
        self.marks: list[str] = []
        self.encoded = 0
        self.tokens = 0
        self.unknown = False


_DEEPEST: Final = 8  # tool results hold blocks, and blocks hold sources


def _look(value: Any, path: str, found: _Found, depth: int) -> None:
    """Pictures and cache marks, wherever blocks can be."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            _look(item, f"{path}.[{index}]", found, depth + 1)
    if not isinstance(value, Mapping):
        return
    if value.get(_MARK):
        found.marks.append(f"{path} ({_ttl(value[_MARK])})")
    media = media_of(value)
    if media is not None:
        found.media.append(media.told)
        found.encoded += media.encoded
        found.tokens += media.tokens or 0
        found.unknown |= media.tokens is None
        return
    if "content" in value:
        _look(value["content"], f"{path}.content", found, depth + 1)


def _ttl(mark: Any) -> str:
    return as_text(as_mapping(mark).get("ttl")) or "5m"

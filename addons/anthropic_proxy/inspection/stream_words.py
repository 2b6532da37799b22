"""An event and a chunk in a few words, and what kind of thing each is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from ..dialects.chat_completions.answer import as_mapping, as_mappings, as_text
from ..wire import jsontext
from .answers import error_of
from .facts import as_number
from .json_text import compact
from .stream_rows import Frame
from .text import columns, one_line, quoted, shortened

LIMIT: Final = 47
"""Columns that an event or chunk may fill."""

# Type of delta → where its text is, and what the chunks made of it are about.
_DELTAS: Final[Mapping[str, tuple[str, str]]] = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "input_json_delta": ("partial_json", "call"),
}
_CHUNK_KINDS: Final[tuple[tuple[str, str], ...]] = (
    ("tool_calls", "call"),
    ("function_call", "call"),
    ("reasoning_content", "thinking"),
    ("refusal", "end"),
    ("annotations", "end"),
    ("thinking_blocks", "end"),
    ("anthropic_content", "end"),
)


class Words(NamedTuple):
    """How a frame is told of."""

    kind: str
    """What it is about: "start", "text", "thinking", "call", "ping", "end", "error";
    events and chunks of one kind belong together. "" is none of them."""
    text: str
    delta: bool = False
    """It is one of very many alike."""


def event_words(frame: Frame) -> Words:
    """An event of Anthropic's."""
    if frame.comment:
        return Words("ping", _line(frame.data))
    value = _value(frame)
    if value is None:
        return Words("error", _said("not JSON:", frame.data))
    type_ = as_text(value.get("type")) or frame.name
    describe = _EVENTS.get(type_)
    return describe(value) if describe else Words("", _line(f"{type_} (unknown)"))


def chunk_words(frame: Frame) -> Words:
    """A chunk of OpenAI's."""
    if frame.comment:
        return Words("ping", _line(frame.data))
    if frame.data.strip() == "[DONE]":
        return Words("end", "[DONE]")
    value = _value(frame)
    if value is None:
        return Words("error", _said("not JSON:", frame.data))
    if error_of(value) is not None:
        return _error(value)
    choice = next(iter(as_mappings(value.get("choices"))), None)
    if choice is None:
        return Words("end", _usage(value))
    if reason := as_text(choice.get("finish_reason")):
        return Words("end", _line(f"finish_reason {reason}"))
    return _delta_words(as_mapping(choice.get("delta")))


def _delta_words(delta: Mapping[str, Any]) -> Words:
    for key, kind in _CHUNK_KINDS:
        if (found := delta.get(key)) is not None and found != []:
            return _chunk_part(key, kind, found)
    content = as_text(delta.get("content"))
    if "role" in delta:
        role = _line(f"role {one_line(delta['role'])}")
        return Words("start", _said(f"{role} content", content) if content else role)
    if "content" in delta:
        return Words("text", _said("content", content), True)
    return Words("", "an empty delta" if not delta else _line(compact(delta)))


def _chunk_part(key: str, kind: str, found: Any) -> Words:
    if key == "tool_calls":
        call: Mapping[str, Any] = next(iter(as_mappings(found)), {})
        head = f"tool_calls[{one_line(call.get('index'))}]"
        inner = as_mapping(call.get("function")) or as_mapping(call.get("custom"))
        return _call(head, inner)
    if key == "function_call":
        return _call(key, as_mapping(found))
    if isinstance(found, str):
        return Words(kind, _said(key, found), kind != "end")
    return Words(kind, _line(f"{key} {compact(found)}"))


def _call(head: str, call: Mapping[str, Any]) -> Words:
    name = as_text(call.get("name"))
    given = as_text(call.get("arguments")) or as_text(call.get("input"))
    if name:
        return Words("call", _line(f"{head} {name} {given}".rstrip()))
    return Words("call", _said(head, given), True)


def _usage(value: Mapping[str, Any]) -> str:
    usage = as_mapping(value.get("usage"))
    prompt, written = (
        one_line(usage.get(name)) for name in ("prompt_tokens", "completion_tokens")
    )
    return _line(f"usage {prompt} in, {written} out")


def _message_start(event: Mapping[str, Any]) -> Words:
    message = as_mapping(event.get("message"))
    return Words("start", _line(f"message_start {one_line(message.get('id'))}"))


def _block_start(event: Mapping[str, Any]) -> Words:
    block = as_mapping(event.get("content_block"))
    type_, name = as_text(block.get("type")), as_text(block.get("name"))
    kind = "call" if type_ == "tool_use" else ""
    return Words(kind, _line(f"content_block_start {_index(event)} {type_} {name}"))


def _block_delta(event: Mapping[str, Any]) -> Words:
    delta = as_mapping(event.get("delta"))
    type_ = as_text(delta.get("type")) or "?"
    if type_ not in _DELTAS:
        return Words("", _line(f"{type_} {_index(event)}"))
    key, kind = _DELTAS[type_]
    text = as_text(delta.get(key))
    told = _said(f"{type_} {_index(event)}", text)
    return Words(kind if text else "", told, bool(text))


def _message_delta(event: Mapping[str, Any]) -> Words:
    delta, usage = as_mapping(event.get("delta")), as_mapping(event.get("usage"))
    told = f"message_delta {one_line(delta.get('stop_reason'))}"
    if as_number(usage.get("output_tokens")) is not None:
        told += f", {usage['output_tokens']} output tokens"
    return Words("", _line(told))


def _error(event: Mapping[str, Any]) -> Words:
    error = error_of(event) or {}
    told = (as_text(error.get(key)) for key in ("type", "message"))
    return Words("error", _line(" ".join(filter(None, ("error", *told)))))


_EVENTS: Final[Mapping[str, Callable[[Mapping[str, Any]], Words]]] = {
    "message_start": _message_start,
    "content_block_start": _block_start,
    "content_block_delta": _block_delta,
    "content_block_stop": lambda event: Words(
        "", f"content_block_stop {_index(event)}"
    ),
    "message_delta": _message_delta,
    "message_stop": lambda _: Words("end", "message_stop"),
    "ping": lambda _: Words("ping", "ping"),
    "error": _error,
}


def _index(event: Mapping[str, Any]) -> str:
    return f"[{one_line(event.get('index'))}]"


def _said(head: str, text: str) -> str:
    head = shortened(head, LIMIT // 2)
    return f"{head} {quoted(text, LIMIT - columns(head) - 3)}"


def _line(text: str) -> str:
    return shortened(one_line(text), LIMIT)


def _value(frame: Frame) -> Mapping[str, Any] | None:
    try:
        found = jsontext.decode(frame.data)
    except jsontext.InvalidJSON:
        return None
    return found if isinstance(found, Mapping) else None

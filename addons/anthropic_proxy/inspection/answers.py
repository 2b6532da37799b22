"""What an answer says, whichever dialect it speaks and whether it came as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..dialects.chat_completions.answer import as_mapping, as_mappings, as_text
from ..dialects.chat_completions.usage import merged
from .bodies import Body, data_of
from .json_text import compact

# Text of a block by the type of its delta: (type of delta, key in it).
_DELTAS: Final[Mapping[str, str]] = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
}


class Part:
    """One part of an answer: text, thinking, a call."""

    def __init__(self, label: str, text: str = "") -> None:
        self.label = label
        self.pieces = [text]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)


@dataclass(slots=True)
class Answer:
    """What can be told of an answer; what it did not say is empty or None."""

    id: str = ""
    model: str = ""
    ended: str = ""
    """``stop_reason`` or ``finish_reason``."""
    usage: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    parts: list[Part] = field(default_factory=list)
    complete: bool = True
    """A stream came to its end."""


def answer_of(body: Body) -> Answer:
    """Read a body that was answered with; total for whatever it holds."""
    if body.kind == "events":
        values = [as_mapping(data_of(event)) for event in body.events]
        ended = any(event.data.strip() == "[DONE]" for event in body.events)
        return _streamed(values, ended)
    return _whole(as_mapping(body.value))


def _whole(value: Mapping[str, Any]) -> Answer:
    answer = Answer(as_text(value.get("id")), as_text(value.get("model")))
    answer.usage = _object(value.get("usage"))
    answer.error = error_of(value)
    choice = _choice(value)
    if "choices" in value:
        answer.ended = as_text(choice.get("finish_reason"))
        answer.parts = _chat_parts(as_mapping(choice.get("message")))
    else:
        answer.ended = as_text(value.get("stop_reason"))
        answer.parts = [_block(block) for block in as_mappings(value.get("content"))]
    return answer


def error_of(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The error in an answer or event of either dialect; None when there is none."""
    error = value.get("error")
    if isinstance(error, str) and error:
        return {"message": error}
    return error if isinstance(error, Mapping) else None


def _object(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None


def _choice(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(as_mappings(value.get("choices"))), {})


def _block(block: Mapping[str, Any]) -> Part:
    type_ = as_text(block.get("type")) or "?"
    if "input" in block:
        given = block["input"]
        text = "" if given == {} else compact(given)
        return Part(" ".join(filter(None, (type_, as_text(block.get("name"))))), text)
    return Part(type_, as_text(block.get(type_)))


def _chat_parts(message: Mapping[str, Any]) -> list[Part]:
    parts = [
        Part(key, as_text(message.get(key)))
        for key in ("reasoning_content", "content", "refusal")
        if as_text(message.get(key))
    ]
    legacy = message.get("function_call")
    for call in (*as_mappings(message.get("tool_calls")), *as_mappings([legacy])):
        parts.append(_call(call))
    return parts


def _call(call: Mapping[str, Any]) -> Part:
    """A call, whole or the first piece of one."""
    custom = as_mapping(call.get("custom"))
    function = as_mapping(call.get("function")) or custom or call
    name = as_text(function.get("name"))
    given = as_text(function.get("arguments")) or as_text(function.get("input"))
    return Part(f"call {name}".rstrip(), given)


# -- streams -----------------------------------------------------------------------


def _streamed(values: Sequence[Mapping[str, Any]], done: bool) -> Answer:
    answer = Answer(complete=done)
    assembly = _Assembly(answer)
    for value in values:
        assembly.take(value)
    return answer


class _Assembly:
    """Puts the events of one stream together, or the chunks of one."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._open: dict[Any, Part] = {}  # by what tells the pieces of a part apart

    def take(self, value: Mapping[str, Any]) -> None:
        """One event; what is not known is passed over."""
        if "choices" in value:
            self._chunk(value)
        else:
            self._event(as_text(value.get("type")), value)
        self._answer.error = error_of(value) or self._answer.error

    def _event(self, type_: str, event: Mapping[str, Any]) -> None:
        answer = self._answer
        if type_ == "message_start":
            message = as_mapping(event.get("message"))
            answer.id = answer.id or as_text(message.get("id"))
            answer.model = as_text(message.get("model")) or answer.model
            answer.usage = _object(message.get("usage"))
            self._open.clear()
        elif type_ == "content_block_start":
            part = _block(as_mapping(event.get("content_block")))
            self._open[_key(event.get("index"))] = part
            answer.parts.append(part)
        elif type_ == "content_block_delta":
            delta = as_mapping(event.get("delta"))
            name = _DELTAS.get(as_text(delta.get("type")), "")
            self._add(_key(event.get("index")), as_text(delta.get(name)), "?")
        elif type_ == "message_delta":
            reason = as_text(as_mapping(event.get("delta")).get("stop_reason"))
            answer.ended = reason or answer.ended
            update = as_mapping(event.get("usage"))
            answer.usage = merged(answer.usage or {}, update) or None
        elif type_ == "message_stop":
            answer.complete = True

    def _chunk(self, chunk: Mapping[str, Any]) -> None:
        answer, choice = self._answer, _choice(chunk)
        answer.id = answer.id or as_text(chunk.get("id"))
        answer.model = answer.model or as_text(chunk.get("model"))
        answer.usage = _object(chunk.get("usage")) or answer.usage
        answer.ended = as_text(choice.get("finish_reason")) or answer.ended
        for key, part in _chunk_parts(as_mapping(choice.get("delta"))):
            self._add(key, part.text, part.label)

    def _add(self, key: Any, text: str, label: str) -> None:
        part = self._open.get(key)
        if part is None:
            if not text and label == "?":
                return
            part = self._open[key] = Part(label)
            self._answer.parts.append(part)
        part.pieces.append(text)


def _chunk_parts(delta: Mapping[str, Any]) -> Iterator[tuple[Any, Part]]:
    for key in ("reasoning_content", "content", "refusal"):
        if text := as_text(delta.get(key)):
            yield key, Part(key, text)
    for call in as_mappings(delta.get("tool_calls")):
        yield ("call", _key(call.get("index"))), _call(call)
    if isinstance(legacy := delta.get("function_call"), Mapping):
        yield "function_call", _call(legacy)


def _key(index: Any) -> Any:
    """An index as a key of a dictionary, whatever was sent as one."""
    return index if isinstance(index, int) else str(index)

"""Tool calls as OpenAI writes them: whole in a message, in pieces in a stream.

Rules B.8 (names), C.2 (custom tools), C.3 b (emulated calls), F, G.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...wire import jsontext
from .exchange import Exchange

Delta = dict[str, Any]
"""The ``delta`` of one chunk."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call by the model, in the client's names."""

    id: str
    name: str
    arguments: str
    """JSON text; as the model wrote it, so perhaps cut short."""
    custom: bool = False

    def tool_call(self) -> dict[str, Any]:
        """An item of ``message.tool_calls``."""
        if self.custom:
            custom = {"name": self.name, "input": custom_input(self.arguments)}
            return {"id": self.id, "type": "custom", "custom": custom}
        return {"id": self.id, "type": "function", "function": self.function_call()}

    def function_call(self) -> dict[str, Any]:
        """The value of the deprecated ``message.function_call``."""
        return {"name": self.name, "arguments": self.arguments}


def tool_use_call(
    block: Mapping[str, Any], arguments: str, exchange: Exchange, fallback_id: str
) -> Call:
    """The call that a ``tool_use`` block makes; ``arguments`` are its input as text."""
    name, id_ = block.get("name"), block.get("id")
    upstream_name = name if isinstance(name, str) else ""
    return Call(
        id=id_ if isinstance(id_, str) and id_ else fallback_id,
        name=exchange.tool_names.get(upstream_name, upstream_name),
        arguments=arguments,
        custom=upstream_name in exchange.custom_tools,
    )


def input_text(block: Mapping[str, Any]) -> str:
    """The ``input`` of a block as JSON text, ``{}`` when it has none."""
    value = block.get("input")
    return jsontext.encode({} if value is None else value).decode()


def emulated_call(
    name: str, arguments: str, exchange: Exchange, message_id: str
) -> Call:
    """The call that text stands for when a forced call was emulated (rules C.3 b)."""
    custom_names = {exchange.tool_names.get(n, n) for n in exchange.custom_tools}
    return Call(synthetic_id(message_id), name, arguments, name in custom_names)


def emulation_warnings(text: str) -> list[str]:
    """What to warn of when ``text`` was to be the JSON of an emulated call."""
    if isinstance(_decoded(text), dict):
        return []
    return ["tool_choice:emulated_output_not_json"]


def synthetic_id(*parts: str) -> str:
    """A call id for a call that upstream gave none; the same parts give the same id."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
    return f"call_{digest[:24]}"


def custom_input(arguments: str) -> str:
    """The text inside the object that a custom tool's input is wrapped in upstream.

    Arguments of any other shape, such as those cut short, are handed on whole.
    """
    value = _decoded(arguments)
    text = value.get("input") if isinstance(value, dict) else None
    return text if isinstance(text, str) else arguments


class StreamedCall:
    """A function call in a stream: its name, then its arguments as they come.

    The official clients concatenate strings, so id, type and name go out once.
    """

    def __init__(self, index: int, call: Call) -> None:
        self._index = index
        self._call = call  # its arguments are not known yet
        self._sent = False  # whether any of the arguments went out

    def start(self) -> list[Delta]:
        """The deltas that announce the call."""
        return [self._delta(self._call.tool_call())]

    def piece(self, text: str) -> list[Delta]:
        """The deltas for a fragment of the arguments."""
        self._sent = True
        return [self._delta({"function": {"arguments": text}})]

    def end(self, arguments: str) -> list[Delta]:
        """The deltas that complete the call; ``arguments`` are the whole text."""
        return [] if self._sent else self.piece(arguments)

    def _delta(self, call: dict[str, Any]) -> Delta:
        return {"tool_calls": [{"index": self._index, **call}]}


class StreamedCustomCall(StreamedCall):
    """A custom tool's call. Its input is inside JSON, so it waits for the end."""

    def start(self) -> list[Delta]:
        """Nothing yet."""
        return []

    def piece(self, text: str) -> list[Delta]:
        """Nothing yet."""
        return []

    def end(self, arguments: str) -> list[Delta]:
        """The whole call at once."""
        call = Call(self._call.id, self._call.name, arguments, custom=True)
        return [self._delta(call.tool_call())]


class StreamedFunctionCall(StreamedCall):
    """A call for a client that used ``functions``; OpenAI can tell it of one only."""

    def start(self) -> list[Delta]:
        """The function's name."""
        return self._only_first({"function_call": self._call.function_call()})

    def piece(self, text: str) -> list[Delta]:
        """A fragment of the arguments."""
        self._sent = True
        return self._only_first({"function_call": {"arguments": text}})

    def _only_first(self, delta: Delta) -> list[Delta]:
        return [delta] if self._index == 0 else []


def streamed(call: Call, index: int, exchange: Exchange) -> StreamedCall:
    """The way ``call``, the answer's ``index``-th, is told to this client."""
    if exchange.legacy_functions:
        return StreamedFunctionCall(index, call)
    if call.custom:
        return StreamedCustomCall(index, call)
    return StreamedCall(index, call)


def _decoded(text: str) -> Any:
    try:
        return jsontext.decode(text)
    except jsontext.InvalidJSON:
        return None

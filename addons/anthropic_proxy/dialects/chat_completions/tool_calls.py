"""Tool calls of an assistant message → ``tool_use`` blocks (rules B.5).

Ids and names in these blocks are still the client's; `turns` makes them upstream's.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, Final

import msgspec

from ...wire import jsontext
from ...wire.anthropic import ContentBlock
from ..report import Report
from . import checks
from .cache_marks import MARK_KEYS, mark_of
from .errors import RequestError
from .places import dotted, ignore_unknown

_CALL_TYPE: Final = checks.one_of("function", "custom")
_CALL_KEYS: Final = frozenset(
    # "index" is left over in calls that were put together from stream chunks.
    ("id", "type", "function", "custom", "index", *MARK_KEYS)
)
_FUNCTION_KEYS: Final = frozenset(("name", "arguments"))
_CUSTOM_KEYS: Final = frozenset(("name", "input"))
_TOOL_USE_KEYS: Final = frozenset(("type", "id", "name", "input", *MARK_KEYS))


class FunctionCalls:
    """Ids for deprecated ``function_call``s, which have none of their own."""

    def __init__(self) -> None:
        self._count = 0
        self._unanswered: defaultdict[str, list[str]] = defaultdict(list)

    def call(self, name: str) -> str:
        """The id of the next call; ids depend only on the number of earlier calls."""
        call_id = f"call_fn_{self._count}"
        self._count += 1
        self._unanswered[name].append(call_id)
        return call_id

    def answer(self, name: str) -> str | None:
        """The id of the latest call of ``name`` without an answer, now answered."""
        waiting = self._unanswered.get(name)
        return waiting.pop() if waiting else None


def tool_use_blocks(
    message: dict[str, Any], param: str, report: Report, functions: FunctionCalls
) -> list[ContentBlock]:
    """Blocks for ``tool_calls`` and the deprecated ``function_call``, in order."""
    calls = checks.optional(
        message, "tool_calls", param, checks.array_of(checks.mapping)
    )
    blocks = [
        _tool_use(call, f"{param}.tool_calls[{index}]", report)
        for index, call in enumerate(calls or ())
    ]
    legacy = checks.optional(message, "function_call", param, checks.mapping)
    if legacy is not None:
        place = f"{param}.function_call"
        name, tool_input = _function(legacy, place, report)
        blocks.append(_block(functions.call(name), name, tool_input))
    return blocks


def tool_use_part(part: dict[str, Any], param: str, report: Report) -> ContentBlock:
    """Anthropic's own ``tool_use`` block, as some clients send it in ``content``."""
    ignore_unknown(part, _TOOL_USE_KEYS, param, report)
    return checked_tool_use(part, param)


def checked_tool_use(block: dict[str, Any], param: str) -> ContentBlock:
    """The four fields of a ``tool_use`` block that must be there and right."""
    tool_input = checks.optional(block, "input", param, checks.mapping) or {}
    call_id = checks.required(block, "id", param, checks.string)
    return _block(call_id, _name(block, param), tool_input)


def _tool_use(call: dict[str, Any], param: str, report: Report) -> ContentBlock:
    ignore_unknown(call, _CALL_KEYS, param, report)
    call_id = checks.required(call, "id", param, checks.string)
    kind = checks.optional(call, "type", param, _CALL_TYPE) or "function"
    called = checks.required(call, kind, param, checks.mapping)
    read = _function if kind == "function" else _custom
    name, tool_input = read(called, f"{param}.{kind}", report)
    block = _block(call_id, name, tool_input)
    mark = mark_of(call, param, report)
    return block if mark is None else {**block, "cache_control": mark}


def _function(function: dict[str, Any], param: str, report: Report) -> tuple[str, Any]:
    ignore_unknown(function, _FUNCTION_KEYS, param, report)
    arguments = checks.optional(function, "arguments", param, checks.string)
    return _name(function, param), _input(arguments, f"{param}.arguments", report)


def _custom(custom: dict[str, Any], param: str, report: Report) -> tuple[str, Any]:
    ignore_unknown(custom, _CUSTOM_KEYS, param, report)
    text = checks.optional(custom, "input", param, checks.string)
    return _name(custom, param), {"input": text or ""}


def _name(owner: dict[str, Any], param: str) -> str:
    name: str = checks.required(owner, "name", param, checks.string)
    if not name:
        field = f"{param}.name"
        raise RequestError(f"Invalid '{field}': empty string.", field, "invalid_value")
    return name


def _block(call_id: str, name: str, tool_input: Any) -> ContentBlock:
    return {"type": "tool_use", "id": call_id, "name": name, "input": tool_input}


def _input(arguments: str | None, param: str, report: Report) -> Any:
    """``input`` for the text of ``arguments``: always an object, whatever the text."""
    if arguments is None or not arguments.strip():
        return {}
    try:
        value = jsontext.decode(arguments)
    except jsontext.InvalidJSON as problem:
        token = "tool_calls.arguments:invalid_json"
        report.altered(dotted(param), "input.INVALID_JSON", "B.5", f"{problem}", token)
        return {"INVALID_JSON": arguments}
    faithful = _faithful(arguments, value)
    if isinstance(value, dict):
        return faithful
    reason = "input must be an object"
    token = "tool_calls.arguments:not_an_object"
    report.altered(dotted(param), "input.value", "B.5", reason, token)
    return {"value": faithful}


def _faithful(arguments: str, value: Any) -> Any:
    """The text itself, so that key order and number lexemes survive; else ``value``.

    Upstream compares ``input`` when a conversation is replayed, so ``1.10`` must not
    become ``1.1``. Text that a strict reader could refuse is not passed on.
    """
    try:
        octets = arguments.strip().encode()
        if jsontext.encode(value) == octets:
            return value
        json.loads(arguments, object_pairs_hook=_unique)
        if "\\u" in arguments:  # possibly half of a surrogate pair
            msgspec.json.decode(octets)
    except (ValueError, msgspec.DecodeError):
        return value
    return msgspec.Raw(octets)


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key is repeated")

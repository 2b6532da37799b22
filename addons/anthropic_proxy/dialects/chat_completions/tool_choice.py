"""Which tools may or must be called: rules C.3, and ``parallel_tool_calls``.

Some models refuse a forced call. A named one is emulated by output of the tool's schema
where that is exact; otherwise the wish becomes an instruction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ..report import Report
from . import schemas
from .checks import (
    array,
    boolean,
    invalid_value,
    mapping,
    one_of,
    optional,
    required,
    string,
)
from .errors import RequestError
from .parameter import ignore_parts
from .parameters import Values
from .schemas import NotExpressible, Schema
from .tool_definitions import Kind, Tool

_WORDS: Final[Mapping[str, str]] = {
    "none": "none",
    "auto": "auto",
    "required": "any",
    "any": "any",
}
_TYPES: Final = (
    "function",
    "custom",
    "allowed_tools",
    *("auto", "none", "any", "tool"),
)

_CALL_ANY: Final = "You must respond by calling at least one of the available tools."
_CALL_ONE: Final = "You must respond by calling the tool {name}."


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """The choice, in Anthropic's words."""

    type: str | None = None
    """``auto``, ``none``, ``any`` or ``tool``; None when the client did not say."""
    field: str = "tool_choice"
    """The client's parameter."""
    tool: Tool | None = None
    """Of type ``tool``: the one to call."""
    one_call: bool = False
    """At most one call in the answer."""

    @property
    def forces(self) -> bool:
        """The answer must be a call."""
        return self.type in ("any", "tool")

    def body(self) -> dict[str, Any] | None:
        """``tool_choice`` as it is sent."""
        if self.type is None and not self.one_call:
            return None
        choice: dict[str, Any] = {"type": self.type or "auto"}
        if self.tool is not None:
            choice["name"] = self.tool.upstream
        if self.one_call and self.type != "none":
            choice["disable_parallel_tool_use"] = True
        return choice


def read_choice(
    values: Values, tools: Sequence[Tool], report: Report
) -> tuple[ToolChoice, list[Tool]]:
    """The choice, and the tools that it leaves.

    Args:
        tools: with the names to send.

    Raises:
        RequestError: the choice is malformed, or names what there is not.
    """
    legacy = "functions" in values
    _refuse_orphan(values, "function_call", "functions")
    _refuse_orphan(values, "tool_choice", "tools")
    field = "function_call" if "function_call" in values else "tool_choice"
    choice, left = ToolChoice(), list(tools)
    if field in values:
        choice, left = _read(values[field], field, left, report)
    if "parallel_tool_calls" in values:
        became = "tool_choice.disable_parallel_tool_use" if tools else "nothing"
        report.mapped("parallel_tool_calls", became, "A.1")
        choice = replace(choice, one_call=bool(tools))
    if legacy and choice.type != "tool":
        # The deprecated shape of an answer has room for one call.
        choice = replace(choice, one_call=True)
    return choice, left


def emulation_schema(choice: ToolChoice, tools: Sequence[Tool]) -> Schema | None:
    """The schema of output that stands for the forced call; None when none does."""
    if choice.tool is None or any(tool.kind is Kind.SERVER for tool in tools):
        return None
    definition = choice.tool.definition
    try:
        schema = schemas.closed(definition["input_schema"])
    except NotExpressible:
        return None
    if not schemas.cost(schema).fits():
        return None
    # Without the tool, its name and description are all the model has to go by.
    texts = [definition.get("description"), schema.get("description")]
    described = "\n\n".join(text for text in texts if text)
    heading = {"title": choice.tool.name}
    return schema | heading | ({"description": described} if described else {})


def emulated(choice: ToolChoice, report: Report) -> None:
    """Record that output of the tool's schema takes the place of the choice."""
    reason = "the model accepts no forced call; it writes the arguments as JSON instead"
    token = "tool_choice:emulated_by_schema"
    report.altered(choice.field, "output_config.format", "C.3", reason, token)


def unforced(choice: ToolChoice, report: Report) -> tuple[ToolChoice, str]:
    """The choice without force, and the instruction that says what is wanted."""
    name = choice.tool.upstream if choice.tool else None
    text = _CALL_ONE.format(name=name) if name else _CALL_ANY
    report.altered(
        choice.field,
        "tool_choice: auto, and an instruction",
        "C.3",
        "the model accepts no forced call; it is told to make one",
        "tool_choice:required_not_enforced",
    )
    return replace(choice, type="auto", tool=None), text


# --- reading ---


def _refuse_orphan(values: Values, field: str, needs: str) -> None:
    if field in values and needs not in values:
        message = f"'{field}' is only allowed when '{needs}' are specified."
        raise RequestError(message, field)


def _read(
    value: Any, field: str, tools: list[Tool], report: Report
) -> tuple[ToolChoice, list[Tool]]:
    if isinstance(value, str):
        if value not in _WORDS:
            raise invalid_value(value, field, ("none", "auto", "required"))
        return _plain(_WORDS[value], field, report), tools
    choice = mapping(value, field)
    if field == "function_call":
        name = required(choice, "name", field, string)
        return _named(name, field, tools, report), tools
    type_ = required(choice, "type", field, one_of(*_TYPES))
    if type_ == "allowed_tools":
        return _allowed(choice, field, tools, report)
    if type_ in ("function", "custom"):
        inner = optional(choice, type_, field, mapping)
        if inner is None:
            name = required(choice, "name", field, string)
        else:
            name = required(inner, "name", f"{field}.{type_}", string)
        return _named(name, field, tools, report), tools
    return _anthropic(choice, type_, field, tools, report), tools


def _plain(type_: str, field: str, report: Report) -> ToolChoice:
    report.mapped(field, f"tool_choice: {type_}", "C.3")
    return ToolChoice(type_, field)


def _named(name: str, field: str, tools: Sequence[Tool], report: Report) -> ToolChoice:
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        message = f"Tool choice '{name}' not found in 'tools' parameter."
        raise RequestError(message, field)
    report.mapped(field, f"tool_choice: tool {tool.upstream}", "C.3")
    return ToolChoice("tool", field, tool)


def _anthropic(
    choice: dict[str, Any],
    type_: str,
    field: str,
    tools: Sequence[Tool],
    report: Report,
) -> ToolChoice:
    """A choice that is in Anthropic's words already."""
    one_call = optional(choice, "disable_parallel_tool_use", field, boolean)
    ignore_parts(choice, ("type", "name", "disable_parallel_tool_use"), field, report)
    if type_ != "tool":
        read = _plain(type_, field, report)
    else:
        name = required(choice, "name", field, string)
        read = _named(name, field, tools, report)
    return replace(read, one_call=bool(one_call))


def _allowed(
    choice: dict[str, Any], field: str, tools: Sequence[Tool], report: Report
) -> tuple[ToolChoice, list[Tool]]:
    """Upstream has no list of allowed tools, so the others are taken out."""
    allowed = required(choice, "allowed_tools", field, mapping)
    param = f"{field}.allowed_tools"
    mode = required(allowed, "mode", param, one_of("auto", "required"))
    items = required(allowed, "tools", param, array)
    param = f"{param}.tools"
    if not items:
        raise RequestError(f"[] is too short - '{param}'", param, "empty_array")
    wanted = [
        _identity(mapping(item, f"{param}[{index}]"), f"{param}[{index}]")
        for index, item in enumerate(items)
    ]
    for name in wanted:
        if not any(_is_called(tool, name) for tool in tools):
            message = f"Tool choice '{name}' not found in 'tools' parameter."
            raise RequestError(message, field)
    left = [tool for tool in tools if any(_is_called(tool, name) for name in wanted)]
    if len(left) < len(tools):
        reason = "upstream has no list of allowed tools; the others are not sent"
        token = "tools:filtered_by_allowed_tools"
        report.altered(field, "tools", "C.3", reason, token)
    return _plain(_WORDS[mode], field, report), left


def _identity(item: dict[str, Any], param: str) -> str:
    """The name by which a list of allowed tools means one; or a server tool's type."""
    for kind in ("function", "custom"):
        inner = optional(item, kind, param, mapping)
        if inner is not None:
            name: str = required(inner, "name", f"{param}.{kind}", string)
            return name
    key = "type" if item.get("name") is None else "name"
    identity: str = required(item, key, param, string)
    return identity


def _is_called(tool: Tool, name: str) -> bool:
    return name in (tool.name, tool.definition.get("type"))

"""One tool definition, read: OpenAI's kinds, and Anthropic's own passed through.

Rules C.1 and C.2. Cursor-like clients put Anthropic's definitions into OpenAI requests,
so both spellings of a client tool are read, and server tools are sent as they are.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..report import Report
from . import checks, schemas
from .errors import RequestError
from .parameter import ignore_parts
from .schemas import NotExpressible

_SERVER_TYPE: Final = re.compile(r"[a-z][a-z_]*_\d{8}", re.ASCII)
"""``web_search_20250305`` and its like: a tool with a date is one of Anthropic's."""

_PASSED_ON: Final = (
    "cache_control",
    "allowed_callers",
    "defer_loading",
    "eager_input_streaming",
    "input_examples",
)
"""Members of a tool that only Anthropic has; a client that sends them means them."""

_SEARCH_TYPE: Final = "web_search_20250305"
_SEARCH_NAME: Final = "web_search"
_SEARCHES: Final[Mapping[str, int]] = {"low": 1, "medium": 3, "high": 5}
_PLACE_KEYS: Final = ("city", "country", "region", "timezone")


class Kind(enum.Enum):
    """Who runs a tool, and how its input reads."""

    FUNCTION = enum.auto()
    CUSTOM = enum.auto()
    SERVER = enum.auto()


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool of the request."""

    kind: Kind
    name: str
    """The client's name."""
    param: str
    """Where it stands in the request."""
    definition: dict[str, Any]
    """As upstream takes it, but under the client's name and never ``strict``."""
    strict: bool = False
    """The client wants its schema enforced."""
    upstream: str = ""
    """The name to send."""
    enforced: dict[str, Any] | None = None
    """The closed schema, once it is settled that it will be enforced."""

    def body(self) -> dict[str, Any]:
        """The definition to send."""
        definition = self.definition | {"name": self.upstream}
        if self.enforced is None:
            return definition
        return definition | {"input_schema": self.enforced, "strict": True}


def read_tool(item: Any, param: str, report: Report) -> Tool:
    tool = checks.mapping(item, param)
    type_ = checks.optional(tool, "type", param, checks.string)
    if type_ is not None and _SERVER_TYPE.fullmatch(type_):
        name = checks.required(tool, "name", param, checks.string)
        return Tool(Kind.SERVER, name, param, tool)
    if "input_schema" in tool and type_ in (None, "custom"):
        return _anthropic(tool, param, report)
    if type_ == "custom":
        custom = checks.required(tool, "custom", param, checks.mapping)
        ignore_parts(tool, ("type", "custom", *_PASSED_ON), param, report)
        return _custom(custom, f"{param}.custom", tool, report)
    if type_ not in (None, "function"):
        raise checks.invalid_value(type_, f"{param}.type", ("function", "custom"))
    if "function" not in tool and "name" in tool:
        # The flat form of the Responses API, which some clients send here as well.
        return read_function(tool, param, tool, report)
    function = checks.required(tool, "function", param, checks.mapping)
    ignore_parts(tool, ("type", "function", *_PASSED_ON), param, report)
    return read_function(function, f"{param}.function", tool, report)


def read_function(
    function: dict[str, Any], param: str, outer: Mapping[str, Any], report: Report
) -> Tool:
    parameters = checks.optional(function, "parameters", param, checks.mapping)
    known = ("type", "name", "description", "parameters", "strict")
    ignore_parts(function, (*known, *_PASSED_ON), param, report)
    strict = checks.optional(function, "strict", param, checks.boolean)
    name, described = _heading(function, param)
    schema = _input_schema(parameters, name, f"{param}.parameters")
    definition = described | {"input_schema": schema} | _extras(outer)
    return Tool(Kind.FUNCTION, name, param, definition, bool(strict))


def _anthropic(tool: dict[str, Any], param: str, report: Report) -> Tool:
    schema = checks.optional(tool, "input_schema", param, checks.mapping)
    known = ("type", "name", "description", "input_schema", "strict")
    ignore_parts(tool, (*known, *_PASSED_ON), param, report)
    strict = checks.optional(tool, "strict", param, checks.boolean)
    name, described = _heading(tool, param)
    schema = _input_schema(schema, name, f"{param}.input_schema")
    definition = described | {"input_schema": schema} | _extras(tool)
    return Tool(Kind.FUNCTION, name, param, definition, bool(strict))


def _custom(
    custom: dict[str, Any], param: str, outer: Mapping[str, Any], report: Report
) -> Tool:
    name, described = _heading(custom, param)
    ignore_parts(custom, ("name", "description", "format"), param, report)
    grammar = _grammar(custom, param)
    if grammar:
        reason = "a grammar cannot be enforced; it is part of the description"
        token = "tools.custom.format:not_enforced"
        report.altered(f"{param}.format", "description", "C.2", reason, token)
        parts = [described.get("description"), grammar]
        described["description"] = "\n\n".join(part for part in parts if part)
    schema = {
        "type": "object",
        "properties": {"input": {"type": "string"}},
        "required": ["input"],
        "additionalProperties": False,
    }
    definition = described | {"input_schema": schema} | _extras(outer)
    return Tool(Kind.CUSTOM, name, param, definition)


def _grammar(custom: dict[str, Any], param: str) -> str | None:
    format_ = checks.optional(custom, "format", param, checks.mapping)
    if format_ is None:
        return None
    param = f"{param}.format"
    if (
        checks.required(format_, "type", param, checks.one_of("text", "grammar"))
        == "text"
    ):
        return None
    grammar = checks.required(format_, "grammar", param, checks.mapping)
    param = f"{param}.grammar"
    syntax = checks.required(grammar, "syntax", param, checks.one_of("lark", "regex"))
    definition = checks.required(grammar, "definition", param, checks.string)
    return f"The input must match this {syntax} grammar:\n{definition}"


def read_web_search(options: dict[str, Any], report: Report) -> Tool:
    param = "web_search_options"
    size = checks.optional(
        options, "search_context_size", param, checks.one_of(*_SEARCHES)
    )
    definition: dict[str, Any] = {"type": _SEARCH_TYPE}
    if size is not None:
        definition["max_uses"] = _SEARCHES[size]
    location = checks.optional(options, "user_location", param, checks.mapping)
    if location is not None:
        param = f"{param}.user_location"
        checks.optional(location, "type", param, checks.one_of("approximate"))
        place = checks.optional(location, "approximate", param, checks.mapping) or {}
        param = f"{param}.approximate"
        known = {
            key: checks.optional(place, key, param, checks.string)
            for key in _PLACE_KEYS
        }
        known = {key: value for key, value in known.items() if value}
        definition["user_location"] = {"type": "approximate", **known}
    report.mapped("web_search_options", f"tools: {_SEARCH_TYPE}", "A.1")
    return Tool(Kind.SERVER, _SEARCH_NAME, "web_search_options", definition)


# --- parts of a definition ---


def _heading(owner: dict[str, Any], param: str) -> tuple[str, dict[str, Any]]:
    name = checks.required(owner, "name", param, checks.string)
    if not name:
        raise RequestError(f"Invalid '{param}.name': empty string.", f"{param}.name")
    description = checks.optional(owner, "description", param, checks.string)
    return name, {"description": description} if description else {}


def _input_schema(
    parameters: dict[str, Any] | None, name: str, param: str
) -> dict[str, Any]:
    try:
        return schemas.input_schema(parameters)
    except NotExpressible as obstacle:
        message = f"Invalid schema for function '{name}': the schema {obstacle}."
        raise RequestError(message, param, "invalid_function_parameters") from None


def _extras(tool: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tool[key] for key in _PASSED_ON if tool.get(key) is not None}

"""One tool definition, read: OpenAI's kinds, and Anthropic's own passed through.

Rules C.1 and C.2. Cursor-like clients put Anthropic's definitions into OpenAI requests,
so both spellings of a client tool are read, and server tools are sent as they are.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..report import Report
from . import checks, schemas
from .checks import array_of, boolean, mapping, one_of, optional, required, string
from .errors import RequestError
from .parameter import cache_control, ignore_parts
from .schemas import NotExpressible

_SERVER_TYPE: Final = re.compile(r"[a-z][a-z0-9_]*_\d{8}", re.ASCII)
"""``web_search_20250305`` and its like: a tool with a date is one of Anthropic's."""

_PASSED_ON: Final[Mapping[str, checks.Reader]] = {
    "cache_control": cache_control,
    "allowed_callers": array_of(string),
    "defer_loading": boolean,
    "eager_input_streaming": boolean,
    "input_examples": array_of(mapping),
}
"""Members of a tool that only Anthropic has; a client that sends them means them."""

_SEARCH_TYPE: Final = "web_search_20250305"
_SEARCH_NAME: Final = "web_search"
_SEARCHES: Final[Mapping[str, int]] = {"low": 1, "medium": 3, "high": 5}
_PLACE_KEYS: Final = ("city", "country", "region", "timezone")


_WRAPPED_INPUT: Final = {
    "type": "object",
    "properties": {"input": {"type": "string"}},
    "required": ["input"],
    "additionalProperties": False,
}
"""Free-form input as the one string of an object."""


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
        definition = {"name": self.upstream, **self.definition}
        if self.enforced is None:
            return definition
        return definition | {"input_schema": self.enforced, "strict": True}


def read_tool(item: Any, param: str, report: Report) -> Tool:
    """One item of ``tools``.

    Raises:
        RequestError: it is none of the known kinds, or a part of it is wrong.
    """
    tool = mapping(item, param)
    type_ = optional(tool, "type", param, string)
    if type_ is not None and _SERVER_TYPE.fullmatch(type_):
        definition = {**tool, **_extras([(tool, param)])}
        return Tool(Kind.SERVER, _name(tool, param), param, definition)
    if type_ in (None, "custom") and "input_schema" in tool:
        return _client_tool(tool, param, "input_schema", [], report)
    if type_ not in (None, "function", "custom"):
        raise checks.invalid_value(type_, f"{param}.type", ("function", "custom"))
    kind = type_ or "function"
    if kind == "function" and "function" not in tool and "name" in tool:
        # The flat form of the Responses API, which some clients send here as well.
        return _client_tool(tool, param, "parameters", [], report)
    inner = required(tool, kind, param, mapping)
    ignore_parts(tool, ("type", kind, *_PASSED_ON), param, report)
    outer = [(tool, param)]
    if kind == "custom":
        return _custom(inner, f"{param}.custom", outer, report)
    return _client_tool(inner, f"{param}.function", "parameters", outer, report)


def read_function(item: Any, param: str, report: Report) -> Tool:
    """One item of the deprecated ``functions``."""
    return _client_tool(mapping(item, param), param, "parameters", [], report)


def _client_tool(
    owner: dict[str, Any],
    param: str,
    schema_key: str,
    outer: Sequence[tuple[dict[str, Any], str]],
    report: Report,
) -> Tool:
    known = ("type", "name", "description", "strict", schema_key, *_PASSED_ON)
    ignore_parts(owner, known, param, report)
    name = _name(owner, param)
    schema = optional(owner, schema_key, param, mapping)
    strict = optional(owner, "strict", param, boolean)
    definition = {
        **_description(owner, param),
        "input_schema": _input_schema(schema, name, f"{param}.{schema_key}"),
        **_extras([(owner, param), *outer]),
    }
    return Tool(Kind.FUNCTION, name, param, definition, bool(strict))


def _custom(
    custom: dict[str, Any],
    param: str,
    outer: Sequence[tuple[dict[str, Any], str]],
    report: Report,
) -> Tool:
    ignore_parts(custom, ("name", "description", "format"), param, report)
    name = _name(custom, param)
    described = _description(custom, param)
    grammar = _grammar(custom, param)
    if grammar:
        reason = "a grammar cannot be enforced; it is part of the description"
        token = "tools.custom.format:not_enforced"
        report.altered(f"{param}.format", "description", "C.2", reason, token)
        parts = [*described.values(), grammar]
        described = {"description": "\n\n".join(parts)}
    definition = {**described, "input_schema": _WRAPPED_INPUT, **_extras(outer)}
    return Tool(Kind.CUSTOM, name, param, definition)


def _grammar(custom: dict[str, Any], param: str) -> str | None:
    format_ = optional(custom, "format", param, mapping)
    if format_ is None:
        return None
    param = f"{param}.format"
    if required(format_, "type", param, one_of("text", "grammar")) == "text":
        return None
    grammar = required(format_, "grammar", param, mapping)
    param = f"{param}.grammar"
    syntax = required(grammar, "syntax", param, one_of("lark", "regex"))
    definition = required(grammar, "definition", param, string)
    return f"The input must match this {syntax} grammar:\n{definition}"


def read_web_search(options: dict[str, Any], report: Report) -> Tool:
    """``web_search_options`` as Anthropic's own search tool (rules A.1)."""
    param = "web_search_options"
    ignore_parts(options, ("search_context_size", "user_location"), param, report)
    definition: dict[str, Any] = {"type": _SEARCH_TYPE}
    size = optional(options, "search_context_size", param, one_of(*_SEARCHES))
    if size is not None:
        definition["max_uses"] = _SEARCHES[size]
    location = optional(options, "user_location", param, mapping)
    if location is not None:
        place = _place(location, f"{param}.user_location", report)
        definition["user_location"] = {"type": "approximate", **place}
    report.mapped(param, f"tools: {_SEARCH_TYPE}", "A.1")
    return Tool(Kind.SERVER, _SEARCH_NAME, param, definition)


def _place(location: dict[str, Any], param: str, report: Report) -> dict[str, str]:
    optional(location, "type", param, one_of("approximate"))
    ignore_parts(location, ("type", "approximate"), param, report)
    place = optional(location, "approximate", param, mapping) or {}
    param = f"{param}.approximate"
    ignore_parts(place, _PLACE_KEYS, param, report)
    parts = {key: optional(place, key, param, string) for key in _PLACE_KEYS}
    return {key: part for key, part in parts.items() if part}


# --- parts of a definition ---


def _name(owner: dict[str, Any], param: str) -> str:
    name: str = required(owner, "name", param, string)
    if not name:
        message = f"Invalid '{param}.name': empty string."
        raise RequestError(message, f"{param}.name", "invalid_value")
    return name


def _description(owner: dict[str, Any], param: str) -> dict[str, str]:
    description = optional(owner, "description", param, string)
    return {"description": description} if description else {}


def _input_schema(
    parameters: dict[str, Any] | None, name: str, param: str
) -> dict[str, Any]:
    try:
        return schemas.input_schema(parameters)
    except NotExpressible as obstacle:
        message = f"Invalid schema for function '{name}': the schema {obstacle}."
        raise RequestError(message, param, "invalid_function_parameters") from None


def _extras(owners: Sequence[tuple[dict[str, Any], str]]) -> dict[str, Any]:
    return {
        key: optional(owner, key, param, reader)
        for owner, param in owners
        for key, reader in _PASSED_ON.items()
        if owner.get(key) is not None
    }

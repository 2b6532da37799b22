"""Rules about schemas that are enforced: strict tools and ``output_config.format``."""

from __future__ import annotations

from typing import Any, Final

from .api_error import ApiError, invalid
from .conversation import placed_blocks
from .json_schemas import Schema, is_json_schema, resolve, subschemas, tool_schema
from .request import Request

_KEYWORDS: Final = frozenset(
    {
        "$defs",
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "const",
        "description",
        "enum",
        "format",
        "items",
        "minItems",
        "properties",
        "required",
        "title",
        "type",
    }
)
_SAYING: Final = frozenset({"$ref", "allOf", "anyOf", "const", "enum", "type"})
_FORMATS: Final = frozenset(
    {
        "date",
        "date-time",
        "duration",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "time",
        "uri",
        "uuid",
    }
)
_MAX_STRICT_TOOLS: Final = 20
_MAX_OPTIONAL: Final = 24
_MAX_UNIONS: Final = 16


class _Refused(Exception):
    """A schema cannot be enforced. ``str()`` says why."""


def _children(schema: Schema) -> list[Any]:
    closing = {"additionalProperties"}
    inner = {key: schema[key] for key in schema.keys() - closing}
    return list(subschemas(inner))


def _check(schema: Any) -> None:
    if not isinstance(schema, dict):
        raise _Refused("every subschema must be an object")
    for keyword in schema:
        if keyword not in _KEYWORDS:
            kind = schema.get("type")
            raise _Refused(f"For '{kind}' type, property '{keyword}' is not supported")
    if not schema.keys() & _SAYING:
        raise _Refused("Schema must have a 'type', an 'enum', a 'const' or a union")
    for value in [*schema.get("enum", []), schema.get("const")]:
        if isinstance(value, list | dict):
            raise _Refused("'enum' and 'const' take strings, numbers, booleans, null")
    is_object = schema.get("type") == "object" or "properties" in schema
    if is_object and schema.get("additionalProperties") is not False:
        text = "For 'object' type, 'additionalProperties' must be explicitly set"
        raise _Refused(f"{text} to false")
    if schema.get("minItems", 0) not in (0, 1):
        raise _Refused("For 'array' type, 'minItems' values other than 0 or 1")
    if "format" in schema and schema["format"] not in _FORMATS:
        raise _Refused(f"String format '{schema['format']}' is not supported")
    for child in _children(schema):
        _check(child)


def _follow(root: Schema, schema: Schema, open_: frozenset[str]) -> None:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference in open_:
            raise _Refused("Recursive schemas are not supported")
        target = resolve(root, reference)
        if not isinstance(target, dict):
            raise _Refused(f"'{reference}' does not resolve")
        _follow(root, target, open_ | {reference})
    for child in _children({**schema, "$defs": {}}):
        _follow(root, child, open_)


def enforced_schemas(request: Request) -> list[tuple[str, Schema]]:
    """Path and schema of everything the answer is held to."""
    schemas = [
        (f"{path}.input_schema", tool_schema(tool["input_schema"]))
        for path, tool in request.custom_tools
        if tool.get("strict")
    ]
    if request.schema is not None:
        schemas.append(("output_config.format.schema", request.schema))
    return schemas


def schemas_enforceable(request: Request) -> None:
    """Rule 35."""
    for path, schema in enforced_schemas(request):
        try:
            if not is_json_schema(schema):
                raise _Refused("not a JSON schema of draft 2020-12")
            _check(schema)
            _follow(schema, schema, frozenset({"#"}))
        except _Refused as refusal:
            raise invalid(path, str(refusal)) from None
    if request.schema is None:
        return
    if request.body["messages"][-1]["role"] == "assistant":
        text = "Prefilling the assistant message is not possible with a format."
        raise invalid("output_config.format", text)
    for placed in placed_blocks(request.body):
        if (placed.block.get("citations") or {}) == {"enabled": True}:
            raise invalid("output_config.format", "cannot be used with citations")


def _optional(schema: Schema) -> int:
    required = schema.get("required", [])
    here = sum(name not in required for name in schema.get("properties", {}))
    return here + sum(map(_optional, _children(schema)))


def _unions(schema: Schema) -> int:
    here = "anyOf" in schema or isinstance(schema.get("type"), list)
    return here + sum(map(_unions, _children(schema)))


def schemas_small(request: Request) -> None:
    """Rule 42, over all of them together."""
    strict = sum(bool(tool.get("strict")) for _, tool in request.custom_tools)
    schemas = [schema for _, schema in enforced_schemas(request)]
    limits = (
        ("strict tools", strict, _MAX_STRICT_TOOLS),
        ("optional parameters", sum(map(_optional, schemas)), _MAX_OPTIONAL),
        ("parameters with union types", sum(map(_unions, schemas)), _MAX_UNIONS),
    )
    for what, found, limit in limits:
        if found > limit:
            text = f"Schemas contains too many {what} ({found})"
            raise ApiError(400, f"{text} (limit: {limit}).")

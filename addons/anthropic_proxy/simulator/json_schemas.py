"""Reading JSON Schemas: are they one, what is inside, where does a reference lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Schema = dict[str, Any]

_TYPE_NAMES: Final = frozenset(
    {"object", "array", "string", "integer", "number", "boolean", "null"}
)
_OPTIONAL: Final = ("properties", "required")
_IN_OBJECTS: Final = ("properties", "$defs", "definitions")
_IN_LISTS: Final = ("anyOf", "oneOf", "allOf")
_DIRECT: Final = ("items", "not", "additionalProperties")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    # To JSON Schema 2.0 is an integer.
    return _is_number(value) and value >= 0 and value % 1 == 0


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_type(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return _is_names(names) and _TYPE_NAMES.issuperset(names) and bool(names)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_KEYWORDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "$ref": _is_text,
    "description": _is_text,
    "enum": lambda value: isinstance(value, list),
    "exclusiveMaximum": _is_number,
    "exclusiveMinimum": _is_number,
    "format": _is_text,
    "maxItems": _is_count,
    "maxLength": _is_count,
    "maximum": _is_number,
    "minItems": _is_count,
    "minLength": _is_count,
    "minimum": _is_number,
    "multipleOf": lambda value: _is_number(value) and value > 0,
    "pattern": _is_text,
    "required": _is_names,
    "title": _is_text,
    "type": _is_type,
}


def is_json_schema(schema: Any) -> bool:
    """Whether keywords have values that draft 2020-12 gives a meaning to.

    After this every reader of a schema may rely on their types.
    """
    if isinstance(schema, bool):
        return True
    if not isinstance(schema, dict):
        return False
    for keyword, fits in _KEYWORDS.items():
        if keyword in schema and not fits(schema[keyword]):
            return False
    for keyword in _IN_OBJECTS:
        if not isinstance(schema.get(keyword, {}), dict):
            return False
    for keyword in _IN_LISTS:
        if not isinstance(schema.get(keyword, []), list):
            return False
    return all(map(is_json_schema, subschemas(schema)))


def tool_schema(schema: Schema) -> dict[str, Any]:
    """A tool's schema as it is read: at its root, and only there, null is absent."""
    absent = [name for name in _OPTIONAL if schema.get(name) is None]
    return {name: schema[name] for name in schema if name not in absent}


def subschemas(schema: Schema) -> Iterator[Any]:
    """Every schema directly inside one, definitions too."""
    for keyword in _IN_OBJECTS:
        yield from schema.get(keyword, {}).values()
    for keyword in _IN_LISTS:
        yield from schema.get(keyword, [])
    for keyword in _DIRECT:
        if keyword in schema:
            yield schema[keyword]


def resolve(root: Schema, reference: str) -> Any:
    """The subschema a local ``$ref`` points at; None when there is none."""
    found: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, dict) else None
    return found if reference.startswith("#") else None

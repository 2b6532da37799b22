"""Parts of a JSON Schema that stand for others: references, and sums of schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

Schema = dict[str, Any]

COMBINATORS: Final = ("anyOf", "oneOf", "allOf")
_OBJECT_KEYWORDS: Final = frozenset(
    ("type", "properties", "required", "additionalProperties")
)
DEFINITIONS: Final = ("definitions", "$defs")
MEANINGLESS: Final = frozenset(("$schema", "$id", "$comment", *DEFINITIONS))
"""Keywords that neither restrict nor describe a value. Definitions count at the root
only, where `closed` reads them."""

_ANNOTATIONS: Final = MEANINGLESS | {"title", "description", "default", "examples"}


class NotExpressible(ValueError):
    """Upstream cannot take the schema; the message says why, as the end of a sentence
    that begins with the schema."""


def definitions(schema: Any) -> dict[str, Any]:
    """The schema's own definitions by name, under the old keyword or the new."""
    if not isinstance(schema, dict):
        raise NotExpressible("is not an object")
    defs: dict[str, Any] = {}
    for key in DEFINITIONS:
        part = schema.get(key, {})
        if not isinstance(part, dict):
            raise NotExpressible(f'has "{key}" that are not an object')
        defs |= part
    return defs


def target(ref: Any, defs: Mapping[str, Any]) -> str:
    """The name of the definition that a ``$ref`` means."""
    text = ref if isinstance(ref, str) else ""
    for key in DEFINITIONS:
        pointer = text.removeprefix(f"#/{key}/")
        name = unquote(pointer).replace("~1", "/").replace("~0", "~")
        if pointer != text and "/" not in pointer and name in defs:
            return name
    raise NotExpressible("has a $ref to something other than its own definitions")


def reference(name: str) -> str:
    """The ``$ref`` to a definition."""
    return "#/$defs/" + name.replace("~", "~0").replace("/", "~1")


def resolved(schema: Any, defs: Mapping[str, Any]) -> Schema:
    """What a schema stands for, when it is a reference, perhaps to a reference."""
    for _ in range(len(defs) + 1):
        if not isinstance(schema, dict):
            raise NotExpressible("accepts every value, or none, in one of its parts")
        if "$ref" not in schema:
            return schema
        schema = defs[target(schema["$ref"], defs)]
    raise NotExpressible("refers to itself")


def flattened(
    schema: Schema, resolve: Callable[[Any], Any] = lambda part: part
) -> Schema:
    """A schema with ``allOf``, or with a choice of one, as one schema."""
    base = {key: schema[key] for key in schema if key not in COMBINATORS}
    branches: list[Any] = []
    for key in COMBINATORS:
        parts = schema.get(key, [])
        if not isinstance(parts, list) or (key != "allOf" and len(parts) > 1):
            raise NotExpressible(f"has {key} where one plain schema is needed")
        branches += [resolve(part) for part in parts]
    if not all(isinstance(branch, dict) for branch in branches):
        raise NotExpressible("accepts every value, or none, in one of its parts")
    if len(branches) == 1 and base.keys() <= _ANNOTATIONS | {"type"}:
        return {**branches[0], **base}
    return _merged([base, *branches])


def _merged(schemas: Iterable[Schema]) -> Schema:
    """One object with the properties of all; the first title and description win."""
    merged: Schema = {}
    properties: dict[str, Any] = {}
    required: list[Any] = []
    for schema in schemas:
        own, needs = schema.get("properties", {}), schema.get("required", [])
        if (
            not schema.keys() <= _OBJECT_KEYWORDS | _ANNOTATIONS
            or schema.get("type", "object") != "object"
            or schema.get("additionalProperties", False) is not False
            or not isinstance(own, dict)
            or not isinstance(needs, list)
            or own.keys() & properties.keys()
        ):
            raise NotExpressible("has an allOf that is not a sum of plain objects")
        merged = schema | merged
        properties |= own
        required += needs
    return merged | {"type": "object", "properties": properties, "required": required}

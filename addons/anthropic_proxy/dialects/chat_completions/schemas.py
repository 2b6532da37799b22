"""JSON Schemas as Anthropic takes them: for tools, and for output that is enforced.

Rules C.1 (what a tool's schema looks like) and C.4 (what can be enforced). Nothing is
changed in place. Callers have bounded the depth of what comes in.
"""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...wire import jsontext
from .schema_parts import (
    COMBINATORS,
    DEFINITIONS,
    MEANINGLESS,
    NotExpressible,
    Schema,
    definitions,
    flattened,
    reference,
    resolved,
    target,
)
from .schema_validity import refuse_malformed

__all__ = [
    "MAX_STRICT_TOOLS",
    "Cost",
    "NotExpressible",
    "Schema",
    "closed",
    "cost",
    "input_schema",
]

STRING_FORMATS: Final = frozenset(
    (
        *("date-time", "time", "date", "duration", "email", "hostname"),
        *("uri", "ipv4", "ipv6", "uuid"),
    )
)
MAX_STRICT_TOOLS: Final = 20
_MAX_OPTIONAL: Final = 24
_MAX_UNIONS: Final = 16


@dataclass(frozen=True, slots=True)
class Cost:
    """What enforced schemas take of the limits that a request has."""

    optional: int = 0
    """Properties that may be absent."""
    unions: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.optional + other.optional, self.unions + other.unions)

    def fits(self) -> bool:
        """Whether upstream takes schemas of this cost in one request."""
        return self.optional <= _MAX_OPTIONAL and self.unions <= _MAX_UNIONS


def cost(schema: Mapping[str, Any]) -> Cost:
    """The cost of a schema that `closed` returned."""
    absent = schema.get("properties", {}).keys() - set(schema.get("required", ()))
    own = Cost(optional=len(absent), unions=int("anyOf" in schema))
    return sum((cost(child) for child in _children(schema)), start=own)


def closed(schema: Any) -> Schema:
    """``schema`` with every object closed and only keywords that can be enforced.

    The other keywords become a note in the description, where the model reads them.
    Keywords beside a ``$ref`` are left out: there is no place for them.

    Raises:
        NotExpressible: an object is open, a value has no type, or a reference leads
            nowhere or back to itself.
    """
    defs = definitions(schema)
    result = _closed(schema, defs)
    if defs:
        result["$defs"] = {name: _closed(item, defs) for name, item in defs.items()}
    _refuse_cycles(result, defs)
    return result


def input_schema(parameters: Schema | None) -> Schema:
    """``parameters`` as a tool's ``input_schema``: the root is one plain object.

    Raises:
        NotExpressible: the root is of another type, or a choice between schemas; or
            it is no schema at all.
    """
    if not parameters:
        return {"type": "object", "properties": {}}
    schema, defs = parameters, definitions(parameters)
    if "$ref" in schema:
        kept = {key: schema[key] for key in DEFINITIONS if key in schema}
        schema = resolved(schema, defs) | kept
    if any(key in schema for key in COMBINATORS):
        schema = flattened(schema, lambda part: resolved(part, defs))
    if any(key in schema for key in COMBINATORS):
        raise NotExpressible("has a choice of schemas at its root")
    type_ = schema.get("type", "object")
    if type_ != "object":
        shown = type_ if isinstance(type_, str) else "several"
        raise NotExpressible(f'must be of type "object", not "{shown}"')
    # These two, here only, upstream takes for absent when they are null.
    absent = [key for key in ("properties", "required") if schema.get(key) is None]
    refuse_malformed({key: schema[key] for key in schema if key not in absent})
    return {"type": "object", **schema}


def _closed(schema: Any, defs: Mapping[str, Any]) -> Schema:
    if not isinstance(schema, dict):
        raise NotExpressible("accepts every value, or none, in one of its parts")
    if "$ref" in schema:
        return {"$ref": reference(target(schema["$ref"], defs))}
    if "allOf" in schema:
        # References stay references here: one that is inlined may never end.
        return _closed(flattened(schema), defs)
    rest = {key: schema[key] for key in schema if key not in MEANINGLESS}
    result: Schema = {}
    for key in ("title", "description"):
        if isinstance(rest.get(key), str):
            result[key] = rest.pop(key)
    if _has_literals(rest):
        rest.pop("type", None)
        result |= {key: rest.pop(key) for key in ("enum", "const") if key in rest}
    elif "anyOf" in rest or "oneOf" in rest:
        result["anyOf"] = _alternatives(rest, defs)
    elif isinstance(rest.get("type"), list):
        return result | _one_of_types(rest, defs)
    else:
        result |= _typed(rest, defs)
    return _noted(result, rest)


def _has_literals(schema: Schema) -> bool:
    present = [key for key in ("enum", "const") if key in schema]
    values = [schema["const"]] if "const" in schema else []
    if "enum" in schema:
        if not isinstance(schema["enum"], list) or not schema["enum"]:
            return False
        values += schema["enum"]
    return bool(present) and not any(isinstance(v, list | dict) for v in values)


def _alternatives(rest: Schema, defs: Mapping[str, Any]) -> list[Schema]:
    """The branches of ``anyOf`` or ``oneOf``, which are taken out of ``rest``."""
    choices = [rest.pop(key) for key in ("anyOf", "oneOf") if key in rest]
    rest.pop("type", None)
    if len(choices) > 1 or "properties" in rest or "items" in rest:
        raise NotExpressible("combines a choice of schemas with another schema")
    if not isinstance(choices[0], list) or not choices[0]:
        raise NotExpressible("has a choice of schemas that is not a list of them")
    return [_closed(branch, defs) for branch in choices[0]]


def _one_of_types(rest: Schema, defs: Mapping[str, Any]) -> Schema:
    names = [name for name in rest["type"] if isinstance(name, str)]
    if not names or len(set(names)) < len(rest["type"]):
        raise NotExpressible("has a value whose types are not a list of types")
    branches = [_closed({**rest, "type": name}, defs) for name in names]
    return branches[0] if len(branches) == 1 else {"anyOf": branches}


def _typed(rest: Schema, defs: Mapping[str, Any]) -> Schema:
    """The enforceable part of a schema with one type, taken out of ``rest``."""
    type_ = rest.pop("type", None)
    reader = _BY_TYPE.get(type_) if isinstance(type_, str) else None
    if reader is None:
        raise NotExpressible("has a value without a type")
    return {"type": type_, **reader(rest, defs)}


def _object(rest: Schema, defs: Mapping[str, Any]) -> Schema:
    # Without a word about properties, an object is one that may hold anything.
    others = rest.pop("additionalProperties", "properties" not in rest)
    if others is not False or rest.pop("patternProperties", None):
        raise NotExpressible("has an object with properties that it does not name")
    properties = rest.pop("properties", {})
    required = rest.pop("required", None)
    names = [] if required is None else required
    if not isinstance(properties, dict) or not _are_names(names, properties):
        raise NotExpressible("requires properties that it does not describe")
    parts = {name: _closed(part, defs) for name, part in properties.items()}
    result = {"properties": parts, "additionalProperties": False}
    return result if required is None else result | {"required": names}


def _are_names(names: Any, properties: Mapping[str, Any]) -> bool:
    return isinstance(names, list) and all(
        isinstance(name, str) and name in properties for name in names
    )


def _array(rest: Schema, defs: Mapping[str, Any]) -> Schema:
    result: Schema = {}
    if "items" in rest:
        result["items"] = _closed(rest.pop("items"), defs)
    if rest.get("minItems") in (0, 1):
        result["minItems"] = int(rest.pop("minItems"))
    return result


def _string(rest: Schema, defs: Mapping[str, Any]) -> Schema:
    format_ = rest.get("format")
    if isinstance(format_, str) and format_ in STRING_FORMATS:
        return {"format": rest.pop("format")}
    return {}


def _plain(rest: Schema, defs: Mapping[str, Any]) -> Schema:
    return {}


_BY_TYPE: Final[Mapping[str, Callable[[Schema, Mapping[str, Any]], Schema]]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    **dict.fromkeys(("integer", "number", "boolean", "null"), _plain),
}


def _noted(schema: Schema, rest: Mapping[str, Any]) -> Schema:
    """``schema`` with what cannot be enforced written into its description."""
    if not rest:
        return schema
    parts = ", ".join(f"{key}: {_shown(value)}" for key, value in rest.items())
    described = [schema["description"]] if schema.get("description") else []
    return schema | {"description": "\n\n".join([*described, f"{{{parts}}}"])}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else jsontext.encode(value).decode()


def _refuse_cycles(schema: Schema, defs: Mapping[str, Any]) -> None:
    graph = {
        name: {target(ref, defs) for ref in _references(item)}
        for name, item in schema.get("$defs", {}).items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError:
        raise NotExpressible("refers to itself") from None


def _references(schema: Schema) -> Iterator[str]:
    if "$ref" in schema:
        yield schema["$ref"]
    for child in _children(schema):
        yield from _references(child)


def _children(schema: Mapping[str, Any]) -> Iterator[Schema]:
    yield from schema.get("properties", {}).values()
    yield from schema.get("$defs", {}).values()
    yield from schema.get("anyOf", ())
    if "items" in schema:
        yield schema["items"]

"""Whether a client's schema is one: keywords with values that have a meaning.

Upstream refuses a tool whose schema does not match draft 2020-12, and names neither
the tool as the client knows it nor the keyword. What older drafts wrote is the usual
cause: ``required: true``, ``exclusiveMinimum: true``, ``items: […]``. Only what that
draft says of its own keywords is checked; others are free (rules C.1, J.21).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from .schema_parts import NotExpressible, Schema


class _Form(NamedTuple):
    """What a keyword's value has to be."""

    fits: Callable[[Any], bool]
    name: str


_TYPES: Final = frozenset(
    ("object", "array", "string", "integer", "number", "boolean", "null")
)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value % 1 == 0


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_types(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and _are_strings(names) and _TYPES.issuperset(names)


_TYPE: Final = _Form(_are_types, "a type, or a list of types")
_STRING: Final = _Form(lambda value: isinstance(value, str), "a string")
_BOOLEAN: Final = _Form(lambda value: isinstance(value, bool), "a boolean")
_NUMBER: Final = _Form(_is_number, "a number")
_POSITIVE: Final = _Form(lambda value: _is_number(value) and value > 0, "above zero")
_COUNT: Final = _Form(_is_count, "a whole number from zero")
_STRINGS: Final = _Form(_are_strings, "an array of strings")
_ARRAY: Final = _Form(lambda value: isinstance(value, list), "an array")
_OBJECT: Final = _Form(lambda value: isinstance(value, dict), "an object")

_IN_OBJECTS: Final = (
    "properties", "patternProperties", "dependentSchemas", "$defs", "definitions",
)  # fmt: skip
_IN_ARRAYS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_DIRECT: Final = (
    "items", "contains", "additionalProperties", "propertyNames", "not", "if", "then",
    "else", "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
_COUNTS: Final = (
    "maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties",
    "maxContains", "minContains",
)  # fmt: skip
_FORMS: Final[Mapping[str, _Form]] = {
    "type": _TYPE,
    "required": _STRINGS,
    "multipleOf": _POSITIVE,
    "uniqueItems": _BOOLEAN,
    **dict.fromkeys(_COUNTS, _COUNT),
    **dict.fromkeys(
        ("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"), _NUMBER
    ),
    **dict.fromkeys(
        ("title", "description", "pattern", "format", "$ref", "$id"), _STRING
    ),
    **dict.fromkeys(("enum", "examples", *_IN_ARRAYS), _ARRAY),
    **dict.fromkeys(_IN_OBJECTS, _OBJECT),
}


def refuse_malformed(schema: Schema) -> None:
    """Callers have bounded the depth of ``schema``.

    Raises:
        NotExpressible: it, or a schema in it, does not match draft 2020-12.
    """
    for key, form in _FORMS.items():
        if key in schema and not form.fits(schema[key]):
            raise NotExpressible(f'has a "{key}" that is not {form.name}')
    for key, part in _parts(schema):
        if isinstance(part, dict):
            refuse_malformed(part)
        elif not isinstance(part, bool):
            raise NotExpressible(f'has "{key}" that is not a schema')


def _parts(schema: Schema) -> Iterator[tuple[str, Any]]:
    """The schemas directly inside one, with the keyword that each stands under."""
    for key in _IN_OBJECTS:
        for part in schema.get(key, {}).values():
            yield key, part
    for key in _IN_ARRAYS:
        for part in schema.get(key, ()):
            yield key, part
    for key in _DIRECT:
        if key in schema:
            yield key, schema[key]

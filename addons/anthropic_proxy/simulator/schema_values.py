"""A value that a JSON schema accepts: always the same one, easy to recognise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .json_schemas import resolve

_FORMATS: Final[Mapping[str, str]] = {
    "date": "2026-11-22",
    "date-time": "2026-11-22T12:00:00Z",
    "duration": "PT1H",
    "email": "simulated@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "12:00:00Z",
    "uri": "https://example.com/simulated",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_MAX_DEPTH: Final = 24


@dataclass(frozen=True, slots=True)
class Values:
    """Makes values for one root schema; ``$ref`` is read against it."""

    root: dict[str, Any]

    def value(self, schema: Any, name: str = "value", depth: int = 0) -> Any:
        """A value for ``schema``; ``name`` of the property goes into strings.

        Optional properties are left out below a depth at which only a recursive
        schema can be.
        """
        if not isinstance(schema, dict):
            return None
        if isinstance(reference := schema.get("$ref"), str):
            return self.value(resolve(self.root, reference), name, depth + 1)
        for keyword in ("const", "default"):
            if keyword in schema:
                return schema[keyword]
        if schema.get("enum"):
            return schema["enum"][0]
        if branches := schema.get("anyOf") or schema.get("oneOf"):
            return self.value(branches[0], name, depth + 1)
        if parts := schema.get("allOf"):
            return self.value(self._merged(schema, parts), name, depth + 1)
        return self._typed(schema, name, depth)

    def _typed(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        return _scalar(kind, schema, name)

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required", [])
        return {
            key: self.value(inner, key, depth + 1)
            for key, inner in schema.get("properties", {}).items()
            if key in required or depth < _MAX_DEPTH
        }

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        if depth >= _MAX_DEPTH or schema.get("maxItems") == 0:
            least = min(least, 0)
        elif not least:
            least = 1
        items = schema.get("items", {"type": "string"})
        return [self.value(items, name, depth + 1) for _ in range(least)]

    def _merged(self, schema: dict[str, Any], parts: list[Any]) -> dict[str, Any]:
        """One schema that says what every part of an ``allOf`` says."""
        merged = {key: item for key, item in schema.items() if key != "allOf"}
        for part in parts:
            if isinstance(reference := part.get("$ref"), str):
                part = resolve(self.root, reference) or {}
            for key, item in part.items():
                if key == "properties":
                    merged[key] = {**merged.get(key, {}), **item}
                elif key == "required":
                    merged[key] = [*merged.get(key, []), *item]
                else:
                    merged.setdefault(key, item)
        return merged


def _scalar(kind: str, schema: dict[str, Any], name: str) -> Any:
    if kind in ("integer", "number"):
        return _number(schema)
    if kind == "boolean":
        return True
    if kind == "null":
        return None
    text = _FORMATS.get(schema.get("format", ""), f"simulated {name}")
    text = text.ljust(schema.get("minLength", 0), ".")
    return text[: schema.get("maxLength", len(text))]


def _number(schema: dict[str, Any]) -> int | float:
    """The smallest multiple of ``multipleOf`` (1) within the bounds."""
    step = schema.get("multipleOf", 1)
    if "exclusiveMinimum" in schema:
        found = (schema["exclusiveMinimum"] // step + 1) * step
    else:
        found = -(-schema.get("minimum", step) // step) * step
    limited: int | float = min(found, schema.get("maximum", found))
    return limited


def schema_value(schema: dict[str, Any]) -> Any:
    """A value for a whole schema."""
    return Values(schema).value(schema)

"""A small language for JSON shapes, with the paths and texts that pydantic gives.

``check`` walks a value and lists what is wrong with it: a key too many anywhere is an
issue, as it is upstream. Unions are told apart by a tag, which becomes part of the
path: ``messages.0.content.1.tool_use.id``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

Path = tuple[str | int, ...]


class Issue(NamedTuple):
    """One thing wrong with a value."""

    kind: Literal["missing", "extra", "type"]
    path: str
    message: str


class Shape(Protocol):
    """What a value may look like."""

    def check(self, value: Any, path: Path, issues: list[Issue]) -> None:
        """Append to ``issues`` what is wrong with ``value``."""


def dotted(path: Path) -> str:
    """``messages.0.content``"""
    return ".".join(map(str, path))


def _add(
    issues: list[Issue],
    kind: Literal["missing", "extra", "type"],
    path: Path,
    message: str,
) -> None:
    issues.append(Issue(kind, dotted(path), message))


@dataclass(frozen=True, slots=True)
class Anything:
    """Checked elsewhere, or not at all."""

    def check(self, value: Any, path: Path, issues: list[Issue]) -> None:
        """Accept."""


@dataclass(frozen=True, slots=True)
class Of:
    """A JSON type: ``string``, ``integer``, ``number``, ``boolean``, ``dictionary``."""

    name: str

    def check(self, value: Any, path: Path, issues: list[Issue]) -> None:
        """Integers are numbers; booleans are neither."""
        types, article = _TYPES[self.name]
        wrong_bool = isinstance(value, bool) and self.name != "boolean"
        if wrong_bool or not isinstance(value, types):
            _add(issues, "type", path, f"Input should be {article} {self.name}")


_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "string": ((str,), "a valid"),
    "integer": ((int,), "a valid"),
    "number": ((int, float), "a valid"),
    "boolean": ((bool,), "a valid"),
    "dictionary": ((dict,), "a valid"),
}


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few strings."""

    values: tuple[str, ...]

    def check(self, value: Any, path: Path, issues: list[Issue]) -> None:
        """Compare exactly."""
        if not isinstance(value, str) or value not in self.values:
            *rest, last = (f"'{allowed}'" for allowed in self.values)
            listed = f"{', '.join(rest)} or {last}" if rest else last
            _add(issues, "type", path, f"Input should be {listed}")


@dataclass(frozen=True, slots=True)
class Nullable:
    """``null`` or something."""

    shape: Shape

    def check(self, value: Any, path: Path, issues: list[Issue]) -> None:
        """Accept None at once."""
        if value is not None:
            self.shape.check(value, path, issues)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of like items."""

    shape: Shape

    def check(self, value: Any, path: Path, issues: list[Issue]) -> None:
        """Check each item under its index."""
        if not isinstance(value, list):
            _add(issues, "type", path, "Input should be a valid list")
            return
        for index, item in enumerate(value):
            self.shape.check(item, (*path, index), issues)


@dataclass(frozen=True, slots=True)
class TextOr:
    """A string, or the longer form of the same thing."""

    shape: Shape

    def check(self, value: Any, path: Path, issues: list[Issue]) -> None:
        """Only what is not a string is looked at."""
        if not isinstance(value, str):
            self.shape.check(value, path, issues)


@dataclass(frozen=True, slots=True)
class Record:
    """An object with known keys and no others."""

    required: Mapping[str, Shape] = field(default_factory=dict)
    optional: Mapping[str, Shape] = field(default_factory=dict)

    def check(self, value: Any, path: Path, issues: list[Issue]) -> None:
        """Look for missing keys, keys too many, then at each value."""
        if not isinstance(value, dict):
            _add(issues, "type", path, "Input should be a valid dictionary")
            return
        for key in self.required:
            if key not in value:
                _add(issues, "missing", (*path, key), "Field required")
        for key, item in value.items():
            shape = self.required.get(key) or self.optional.get(key)
            if shape is None:
                text = "Extra inputs are not permitted"
                _add(issues, "extra", (*path, key), text)
            else:
                shape.check(item, (*path, key), issues)


@dataclass(frozen=True, slots=True)
class Tagged:
    """A union told apart by ``type``. The records do not list that key themselves."""

    variants: Mapping[str, Record]
    default: str | None = None
    """The variant of a value whose ``type`` is absent or null."""

    def check(self, value: Any, path: Path, issues: list[Issue]) -> None:
        """Find the variant, then check against it, with the tag in the path."""
        if not isinstance(value, dict):
            _add(issues, "type", path, "Input should be a valid dictionary")
            return
        tag = value.get("type") or self.default
        if tag is None:
            _add(issues, "missing", (*path, "type"), "Field required")
            return
        variant = self.variants.get(tag) if isinstance(tag, str) else None
        if variant is None:
            expected = ", ".join(f"'{name}'" for name in self.variants)
            text = f"Input tag '{tag}' found using 'type' does not match any of the"
            _add(issues, "type", path, f"{text} expected tags: {expected}")
            return
        rest = {key: item for key, item in value.items() if key != "type"}
        variant.check(rest, (*path, tag), issues)


TEXT = Of("string")
INTEGER = Of("integer")
NUMBER = Of("number")
BOOLEAN = Of("boolean")
OBJECT = Of("dictionary")
ANYTHING = Anything()

"""Readers for the JSON values of a request; a failure is worded as OpenAI words it.

A reader takes a value and the path of its field, and returns the value or raises
`RequestError` with ``param`` set to that path. Booleans are never numbers. A decimal
number with an integral value (``5.0``) counts as an integer: JSON has one number type,
and some languages write all numbers that way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from .errors import RequestError

Reader = Callable[[Any, str], Any]

MAX_DEPTH: Final = 100
"""Levels of nesting that one parameter may have. Protects every recursive walk, ours
and the JSON encoder's, from the interpreter's recursion limit."""

_SHOWN: Final = 64
"""Characters of a client's own value that an error message repeats."""

_PRINTABLE: Final = 10**15

_KINDS: Final = (
    (type(None), "null"),
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a decimal number"),
    (str, "a string"),
    (list, "an array"),
    (object, "an object"),
)


def invalid_type(value: Any, param: str, expected: str) -> RequestError:
    """The error for a value of the wrong JSON type."""
    kind = next(name for type_, name in _KINDS if isinstance(value, type_))
    message = (
        f"Invalid type for '{param}': expected {expected}, but got {kind} instead."
    )
    return RequestError(message, param, "invalid_type")


def invalid_value(value: str, param: str, supported: Sequence[str]) -> RequestError:
    """The error for a string that is none of the supported ones."""
    shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    names = _listed([f"'{name}'" for name in supported])
    message = f"Invalid value: '{shown}'. Supported values are: {names}."
    return RequestError(message, param, "invalid_value")


def missing(param: str) -> RequestError:
    """The error for a field that must be there."""
    message = f"Missing required parameter: '{param}'."
    return RequestError(message, param, "missing_required_parameter")


def boolean(value: Any, param: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise invalid_type(value, param, "a boolean")
    return value


def integer(value: Any, param: str) -> int:
    """A whole number of any size."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid_type(value, param, "an integer")
    return value


def number(value: Any, param: str) -> int | float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid_type(value, param, "a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise RequestError(f"Invalid '{param}': not a finite number.", param)
    return value


def within(
    reader: Reader, minimum: int | None = None, maximum: int | None = None
) -> Reader:
    """A reader of numbers that also holds both bounds (inclusive)."""
    word = "integer" if reader is integer else "decimal"

    def read(value: Any, param: str) -> Any:
        checked = reader(value, param)
        if minimum is not None and checked < minimum:
            said = f"{word} below minimum value. Expected a value >= {minimum}"
            code = f"{word}_below_min_value"
        elif maximum is not None and checked > maximum:
            said = f"{word} above maximum value. Expected a value <= {maximum}"
            code = f"{word}_above_max_value"
        else:
            return checked
        # An integer of thousands of digits cannot be printed, and need not be.
        got = checked if abs(checked) < _PRINTABLE else "one far outside"
        raise RequestError(
            f"Invalid '{param}': {said}, but got {got} instead.", param, code
        )

    return read


def string(value: Any, param: str) -> str:
    """Text of any length."""
    if not isinstance(value, str):
        raise invalid_type(value, param, "a string")
    return value


def one_of(*supported: str) -> Reader:
    """A reader of strings that are one of ``supported``."""

    def read(value: Any, param: str) -> str:
        text = string(value, param)
        if text not in supported:
            raise invalid_value(text, param, supported)
        return text

    return read


def array(value: Any, param: str) -> list[Any]:
    """An array, elements unchecked."""
    if not isinstance(value, list):
        raise invalid_type(value, param, "an array")
    return value


def array_of(reader: Reader) -> Reader:
    """A reader of arrays whose every element ``reader`` accepts."""

    def read(value: Any, param: str) -> list[Any]:
        items = enumerate(array(value, param))
        return [reader(item, f"{param}[{index}]") for index, item in items]

    return read


def mapping(value: Any, param: str) -> dict[str, Any]:
    """A JSON object, members unchecked."""
    if not isinstance(value, dict):
        raise invalid_type(value, param, "an object")
    return value


def required(owner: dict[str, Any], key: str, param: str, reader: Reader) -> Any:
    """``owner[key]`` as ``reader`` reads it; absent and null are both missing."""
    if owner.get(key) is None:
        raise missing(f"{param}.{key}")
    return reader(owner[key], f"{param}.{key}")


def optional(owner: dict[str, Any], key: str, param: str, reader: Reader) -> Any:
    """``owner[key]`` as ``reader`` reads it; None when absent or null."""
    if owner.get(key) is None:
        return None
    return reader(owner[key], f"{param}.{key}")


def shallow_enough(value: Any, param: str) -> Any:
    """``value``, nested no deeper than `MAX_DEPTH`. Walks without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return value
    message = f"Invalid '{param}': nested more than {MAX_DEPTH} levels deep."
    raise RequestError(message, param, "invalid_value")


def _children(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


def _listed(names: list[str]) -> str:
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"

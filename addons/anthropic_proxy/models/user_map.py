"""The user's own map of names to Claude models, ``.router-mappings.json``."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from .model_names import CLAUDE_PREFIX, is_claude, without_provider


class MappingError(ValueError):
    """A mapping that cannot be used. ``str()`` says where, and what is wrong there."""


def parse_user_map(text: str, path: str) -> dict[str, str]:
    """Read one JSON object, from names or ``*`` patterns to Claude ids.

    Args:
        text: what the file holds.
        path: how messages call the file.

    Raises:
        MappingError: with path, line and column, for text that is not JSON or not an
            object, a target that is not a Claude id, a name that is empty or given
            twice (letter case aside), and a pattern for Claude ids, which the rules
            would keep from ever being used.
    """
    text = text.removeprefix("\ufeff")
    user_map: dict[str, str] = {}
    seen: set[str] = set()
    try:
        for name, name_at, target, target_at in _entries(text):
            if problem := _problem_of_name(name, seen):
                raise json.JSONDecodeError(problem, text, name_at)
            if problem := _problem_of_target(target):
                raise json.JSONDecodeError(problem, text, target_at)
            seen.add(name.lower())
            user_map[name] = target
    except json.JSONDecodeError as found:
        place = f"{path}: line {found.lineno}, column {found.colno}"
        raise MappingError(f"{place}: {found.msg}") from None
    return user_map


def claude_id(target: str) -> str:
    """The id that a target of the user's names, without a provider's prefix.

    Raises:
        MappingError: it is no Claude id.
    """
    if problem := _problem_of_target(target):
        raise MappingError(problem)
    return without_provider(target)


def _problem_of_name(name: str, seen: Collection[str]) -> str | None:
    if not name.strip():
        return "a name is empty"
    if name.lower() in seen:
        return f"the name {json.dumps(name)} is there twice"
    if "*" in name and is_claude(name):
        return f"{json.dumps(name)} never applies: patterns leave Claude ids alone"
    return None


def _problem_of_target(target: Any) -> str | None:
    if not isinstance(target, str):
        return f"expected a Claude id, got {_JSON_TYPES[type(target)]}"
    if not is_claude(target):
        return f'{json.dumps(target)} is no Claude id ("{CLAUDE_PREFIX}…")'
    return None


_JSON_TYPES: Final = {
    dict: "an object",
    list: "an array",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}

# As floats, numbers of any length are read; their value is of no interest here.
_JSON: Final = json.JSONDecoder(parse_int=float)
_COLON: Final = re.compile(r"\s*:\s*")
_COMMA: Final = re.compile(r"[\s,]*")


def _entries(text: str) -> Iterator[tuple[str, int, Any, int]]:
    """Name, its place, value, its place: the standard decoder keeps no places.

    Raises:
        json.JSONDecodeError: the text is not one JSON object.
    """
    try:
        root = _JSON.decode(text)
    except RecursionError:
        raise json.JSONDecodeError("nested too deeply", text, 0) from None
    start = _after(_COMMA, text, 0)
    if not isinstance(root, dict):
        raise json.JSONDecodeError("expected an object of names", text, start)
    # From here on the text is known to be valid.
    name_at = _after(_COMMA, text, start + 1)
    while text[name_at] != "}":
        name, name_end = _JSON.raw_decode(text, name_at)
        value_at = _after(_COLON, text, name_end)
        value, value_end = _JSON.raw_decode(text, value_at)
        yield name, name_at, value, value_at
        name_at = _after(_COMMA, text, value_end)


def _after(separator: re.Pattern[str], text: str, at: int) -> int:
    found = separator.match(text, at)
    assert found is not None, "valid JSON has its separators"
    return found.end()

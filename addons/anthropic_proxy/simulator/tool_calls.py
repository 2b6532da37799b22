"""Which tools a plain text asks for, and with which arguments.

A tool is meant when a word of its name, or two key words of its description, are in
the text. Arguments come out of the text: capitalised words and quotations for
strings, numbers for numbers, enum values that are mentioned; then defaults; then
whatever the schema accepts. Several names in the text make several calls:
"the weather in Paris and Rome" calls ``get_weather`` twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .json_schemas import tool_schema
from .schema_values import Values

_WORD: Final = re.compile(r"[A-Za-z]+")
_NAME_PART: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_PROPER: Final = re.compile(r"[A-Z][\w'-]*(?:\s+[A-Z][\w'-]*)*")
_QUOTED: Final = re.compile(r"[\"“`]([^\"”`]+)[\"”`]")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?:\n])\s*$")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_DULL_WORDS: Final = """
    a an and any are as at by call can current do does for from function get given has
    have how if in into is it its list make me my of on or please return returns
    run set tell that the this to tool use used uses user using value what when where
    which who why will with you your
"""
_DULL: Final = frozenset(_DULL_WORDS.split())
_OPENERS: Final = _DULL | {"book", "check", "compare", "find", "look", "search", "show"}
"""Words that are capitalised because a sentence starts with them."""
_KEYWORD_LENGTH: Final = 4
_STEM_LENGTH: Final = 4
_MAX_CALLS: Final = 8


def stems(text: str, shortest: int = 2) -> set[str]:
    """The words of a text, lower case, dull ones left out, plurals cut."""
    words = {word.lower() for word in _WORD.findall(text)} - _DULL
    return {_stem(word) for word in words if len(word) >= shortest}


def _stem(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > _STEM_LENGTH else word


def is_meant(tool: Mapping[str, Any], text: str) -> bool:
    """Whether ``text`` asks for this tool."""
    said = stems(text)
    named = stems(" ".join(_NAME_PART.findall(str(tool.get("name", "")))))
    if said & named:
        return True
    keywords = stems(str(tool.get("description", "")), _KEYWORD_LENGTH)
    return len(said & keywords) > 1


def proper_names(text: str) -> list[str]:
    """Quotations, then capitalised words that are more than the start of a sentence."""
    found = [quoted.strip() for quoted in _QUOTED.findall(text)]
    rest = _QUOTED.sub(" ", text)
    openings: list[str] = []
    for match in _PROPER.finditer(rest):
        words = match[0].split()
        starts = _SENTENCE_START.search(rest[: match.start()]) is not None
        name = " ".join(_without_openers(words) if starts else words)
        if len(name) > 1 and name not in found:
            (openings if starts and words == [name] else found).append(name)
    return found or openings


def _without_openers(words: list[str]) -> list[str]:
    is_opener = (word.split("'")[0].lower() in _OPENERS for word in words)
    first = next((at for at, opens in enumerate(is_opener) if not opens), len(words))
    return words[first:]


def calls(
    tool: Mapping[str, Any], text: str, *, parallel: bool
) -> list[dict[str, Any]]:
    """The calls of one tool, without ids: one for each name in the text."""
    schema = tool_schema(tool.get("input_schema") or {"type": "object"})
    names = [name for name in proper_names(text) if not is_meant(tool, name)]
    taking = _takes_name(schema)
    wanted = names[:_MAX_CALLS] if parallel and taking else names[:1]
    return [
        {
            "type": "tool_use",
            "name": tool["name"],
            "input": _arguments(schema, text, iter([name] if name else [])),
        }
        for name in wanted or [""]
    ]


def _takes_name(schema: dict[str, Any]) -> bool:
    return any(
        inner.get("type") == "string" and "enum" not in inner
        for key, inner in schema.get("properties", {}).items()
        if key in schema.get("required", []) and isinstance(inner, dict)
    )


def _arguments(
    schema: dict[str, Any], text: str, names: Iterator[str]
) -> dict[str, Any]:
    """Required properties always; the others only when the text says something."""
    values = Values(schema)
    numbers = iter(_NUMBER.findall(text))
    required = schema.get("required", [])
    found: dict[str, Any] = {}
    for key, inner in schema.get("properties", {}).items():
        said = _from_text(inner, text, names, numbers, wanted=key in required)
        if said is not None:
            found[key] = said
        elif key in required:
            found[key] = values.value(inner, key)
    return found


def _from_text(
    schema: Any,
    text: str,
    names: Iterator[str],
    numbers: Iterator[str],
    *,
    wanted: bool,
) -> Any:
    """What the text says about one property; None when it says nothing."""
    if not isinstance(schema, dict) or "const" in schema:
        return None
    if "enum" in schema:
        said = text.lower()
        options = (one for one in schema["enum"] if str(one).lower() in said)
        return next(options, None)
    kind = schema.get("type")
    if kind in ("integer", "number") and wanted:
        number = next(numbers, None)
        if number is None:
            return None
        return int(float(number)) if kind == "integer" else float(number)
    if kind == "array" and wanted and schema.get("items", {}).get("type") == "string":
        return proper_names(text) or None
    if kind == "string" and wanted and "format" not in schema:
        return next(names, None) or schema.get("default") or text[:80] or None
    return None

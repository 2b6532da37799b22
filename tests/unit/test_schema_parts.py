from __future__ import annotations

from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.schema_parts import (
    NotExpressible,
    definitions,
    flattened,
    reference,
    resolved,
    target,
)

DEFS = {
    "A": {"type": "object"},
    "a/b~c d": {"type": "null"},
    "B": {"$ref": "#/$defs/A"},
}


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("#/$defs/A", "A"),
        ("#/definitions/A", "A"),
        ("#/$defs/a~1b~0c%20d", "a/b~c d"),
    ],
)
def test_a_reference_names_a_definition(ref: str, name: str) -> None:
    assert target(ref, DEFS) == name


@pytest.mark.parametrize(
    "ref", ["#", "A", "#/$defs/Z", "#/$defs/A/properties", "https://x.test/a", 5, None]
)
def test_a_reference_to_anything_else_is_refused(ref: Any) -> None:
    with pytest.raises(NotExpressible, match=r"\$ref"):
        target(ref, DEFS)


@pytest.mark.parametrize("name", DEFS)
def test_references_are_written_as_they_are_read(name: str) -> None:
    assert target(reference(name), DEFS) == name


def test_a_chain_of_references_is_followed_to_its_end() -> None:
    assert resolved({"$ref": "#/$defs/B"}, DEFS) == {"type": "object"}
    assert resolved({"type": "string"}, {}) == {"type": "string"}
    with pytest.raises(NotExpressible, match="refers to itself"):
        resolved({"$ref": "#/$defs/X"}, {"X": {"$ref": "#/$defs/X"}})
    with pytest.raises(NotExpressible, match="accepts every value"):
        resolved({"$ref": "#/$defs/X"}, {"X": True})


def test_definitions_are_read_under_both_keywords() -> None:
    schema = {"definitions": {"A": 1}, "$defs": {"B": 2}}
    assert definitions(schema) == {"A": 1, "B": 2}
    for wrong in ({"$defs": []}, {"definitions": None}, True, []):
        with pytest.raises(NotExpressible):
            definitions(wrong)


def test_a_sum_of_objects_is_one_object() -> None:
    first = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
    second = {"type": "object", "properties": {"b": {"type": "null"}}, "title": "T"}
    assert flattened({"description": "d", "allOf": [first, second]}) == {
        "description": "d",
        "title": "T",
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "null"}},
        "required": ["a"],
    }


@pytest.mark.parametrize("key", ["allOf", "anyOf", "oneOf"])
def test_a_choice_of_one_is_no_choice(key: str) -> None:
    schema = {"description": "d", key: [{"type": "string", "description": "inner"}]}
    assert flattened(schema) == {"description": "d", "type": "string"}


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{}, {}]},
        {"oneOf": [{}, {}]},
        {"allOf": {}},
        {"allOf": [True]},
        {"allOf": [{"type": "string"}, {"type": "string"}]},
        {"allOf": [{"properties": {"a": {}}}, {"properties": {"a": {}}}]},
        {"allOf": [{"additionalProperties": True}, {}]},
        {"allOf": [{"properties": []}, {}]},
        {"allOf": [{"required": "a"}, {}]},
        {"allOf": [{"$ref": "#/$defs/A"}, {}]},
        {"allOf": [{"not": {}}, {}]},
    ],
)
def test_what_is_no_sum_of_plain_objects_is_refused(schema: Any) -> None:
    with pytest.raises(NotExpressible):
        flattened(schema)

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.dialects.chat_completions import schemas
from anthropic_proxy.dialects.chat_completions.schemas import (
    STRING_FORMATS,
    Cost,
    NotExpressible,
    closed,
    cost,
    input_schema,
)

STRING = {"type": "string"}


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def closed_obj(**properties: Any) -> dict[str, Any]:
    return {**obj(**properties), "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (obj(a=STRING), closed_obj(a=STRING)),
        (
            {**obj(a=STRING), "additionalProperties": False, "required": ["a"]},
            {**closed_obj(a=STRING), "required": ["a"]},
        ),
        ({"type": "object", "additionalProperties": False}, closed_obj()),
        (
            {"type": "integer", "minimum": 1, "maximum": 9, "description": "A number"},
            {"type": "integer", "description": "A number\n\n{minimum: 1, maximum: 9}"},
        ),
        (
            {"type": "string", "pattern": "^a$", "default": None, "examples": ["a"]},
            {**STRING, "description": '{pattern: ^a$, default: null, examples: ["a"]}'},
        ),
        ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
        ({"type": "string", "format": "x"}, {**STRING, "description": "{format: x}"}),
        ({"type": "string", "format": 5}, {**STRING, "description": "{format: 5}"}),
        ({"type": "array", "items": STRING}, {"type": "array", "items": STRING}),
        (
            {"type": "array", "items": STRING, "minItems": 1, "maxItems": 3},
            {
                "type": "array",
                "items": STRING,
                "minItems": 1,
                "description": "{maxItems: 3}",
            },
        ),
        (
            {"type": "array", "minItems": 2},
            {"type": "array", "description": "{minItems: 2}"},
        ),
        ({"type": "string", "enum": ["a", "b"]}, {"enum": ["a", "b"]}),
        ({"const": 5, "title": "T"}, {"const": 5, "title": "T"}),
        ({"enum": [{}], **STRING}, {**STRING, "description": "{enum: [{}]}"}),
        ({"enum": [], **STRING}, {**STRING, "description": "{enum: []}"}),
        ({"title": 5, **STRING}, {**STRING, "description": "{title: 5}"}),
        ({"oneOf": [STRING, {"type": "null"}]}, {"anyOf": [STRING, {"type": "null"}]}),
        (
            {"type": ["string", "null"], "description": "d"},
            {"description": "d", "anyOf": [STRING, {"type": "null"}]},
        ),
        ({"type": ["string"]}, STRING),
        (
            {"type": ["array", "string"], "items": STRING, "format": "date"},
            {
                "anyOf": [
                    {"type": "array", "items": STRING, "description": "{format: date}"},
                    {
                        **STRING,
                        "format": "date",
                        "description": '{items: {"type":"string"}}',
                    },
                ]
            },
        ),
        ({"allOf": [STRING], "description": "d"}, {**STRING, "description": "d"}),
        (
            {"allOf": [obj(a=STRING), obj(b=STRING)]},
            {**closed_obj(a=STRING, b=STRING), "required": []},
        ),
        ({"$schema": "x", "$id": "y", "$comment": "z", **STRING}, STRING),
        (
            {
                "$ref": "#/$defs/A",
                "$defs": {"A": obj(b={"$ref": "#/$defs/B"}), "B": STRING},
            },
            {
                "$ref": "#/$defs/A",
                "$defs": {"A": closed_obj(b={"$ref": "#/$defs/B"}), "B": STRING},
            },
        ),
        (
            {
                **obj(a={"allOf": [{"$ref": "#/definitions/A"}], "description": "d"}),
                "definitions": {"A": STRING},
            },
            {**closed_obj(a={"$ref": "#/$defs/A"}), "$defs": {"A": STRING}},
        ),
    ],
)
def test_a_schema_is_closed(schema: Any, expected: Any) -> None:
    before = copy.deepcopy(schema)
    assert closed(schema) == expected
    assert schema == before


RECURSIVE = obj(child={"$ref": "#/$defs/A"})


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"description": "anything"},
        {"type": "object"},
        {"type": "object", "additionalProperties": True},
        {**obj(), "additionalProperties": STRING},
        {**obj(), "patternProperties": {"^a": STRING}},
        {**obj(a=STRING), "required": ["b"]},
        {**obj(a=STRING), "required": "a"},
        {"type": "object", "properties": []},
        obj(a=True),
        obj(a={}),
        {"type": "array", "items": {}},
        {"type": "array", "items": [STRING]},
        {"type": "any"},
        {"type": {}},
        {"type": []},
        {"type": ["string", "string"]},
        {"type": ["string", {}]},
        {"anyOf": []},
        {"anyOf": STRING},
        {"anyOf": [{"required": ["a"]}]},
        {"anyOf": [STRING], "oneOf": [STRING]},
        {**obj(a=STRING), "anyOf": [obj(b=STRING)]},
        {"$ref": "#"},
        {"$ref": "#/$defs/A", "$defs": {"A": RECURSIVE}},
        {
            "$ref": "#/$defs/A",
            "$defs": {"A": obj(b={"$ref": "#/$defs/B"}), "B": RECURSIVE},
        },
        {"$ref": "#/$defs/A", "$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}]}}},
        {
            "$ref": "#/$defs/A",
            "$defs": {"A": obj(c={"allOf": [{"$ref": "#/$defs/A"}, {"default": 1}]})},
        },
    ],
)
def test_a_schema_that_cannot_be_closed_is_refused(schema: Any) -> None:
    with pytest.raises(NotExpressible):
        closed(schema)


def test_a_long_chain_of_definitions_is_no_recursion() -> None:
    last = 5_000
    defs = {str(n): obj(next={"$ref": f"#/$defs/{n + 1}"}) for n in range(last)}
    chain = {"$ref": "#/$defs/0", "$defs": {**defs, str(last): STRING}}
    assert closed(chain)["$defs"]["0"] == closed_obj(next={"$ref": "#/$defs/1"})


def test_cost_counts_optional_properties_and_unions_everywhere() -> None:
    union = {"anyOf": [obj(a=STRING, b=STRING), {"type": "null"}]}
    schema = {
        **obj(one=union, many={"type": "array", "items": obj(c=STRING)}),
        "required": ["one"],
        "$defs": {"A": obj(d={"type": ["string", "null"]})},
    }
    assert cost(closed(schema)) == Cost(optional=5, unions=2)


@pytest.mark.parametrize(
    ("total", "fits"),
    [(Cost(24, 16), True), (Cost(25, 0), False), (Cost(0, 17), False)],
)
def test_limits_of_a_request(total: Cost, fits: bool) -> None:
    assert total.fits() == fits


def kinds(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a closed one, itself included."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    inner += schema.get("anyOf", [])
    inner += [schema["items"]] if "items" in schema else []
    for child in inner:
        yield from kinds(child)


SUPPORTED = {
    *("type", "properties", "required", "additionalProperties", "items", "minItems"),
    *("enum", "const", "anyOf", "$ref", "$defs", "format", "title", "description"),
}

WORDS = st.sampled_from(["string", "object", "array", "null", "date", "#/$defs/a", "a"])
SCHEMAS = st.recursive(
    st.booleans() | st.integers(0, 3) | WORDS | st.just({"type": "string"}),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "type",
                        "properties",
                        "required",
                        "items",
                        "anyOf",
                        "oneOf",
                        "allOf",
                    ),
                    *(
                        "enum",
                        "const",
                        "format",
                        "minItems",
                        "$ref",
                        "$defs",
                        "definitions",
                    ),
                    *("additionalProperties", "description", "minimum", "a"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(SCHEMAS)
@settings(deadline=None, max_examples=150)
def test_whatever_is_closed_is_what_upstream_enforces(schema: Any) -> None:
    before = copy.deepcopy(schema)
    result = {}
    with contextlib.suppress(NotExpressible):
        result = closed(schema)
    assert schema == before
    if not result:
        return
    for part in kinds(result):
        assert part.keys() <= SUPPORTED
        assert part.keys() & {"type", "enum", "const", "anyOf", "$ref"}
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert set(part.get("required", ())) <= part["properties"].keys()
        assert part.get("format", "date") in STRING_FORMATS
        assert part.get("minItems", 0) in (0, 1)
        if "$ref" in part:
            assert part["$ref"].removeprefix("#/$defs/") in result["$defs"]


@given(SCHEMAS)
@settings(deadline=None, max_examples=100)
def test_whatever_becomes_an_input_schema_is_an_object(schema: Any) -> None:
    if not isinstance(schema, dict):
        return
    before = copy.deepcopy(schema)
    result = {"type": "object"}
    with contextlib.suppress(NotExpressible):
        result = input_schema(schema)
    assert schema == before
    assert result["type"] == "object"
    assert not result.keys() & {"anyOf", "oneOf", "allOf", "$ref"}


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (None, obj()),
        ({}, obj()),
        ({"properties": {"a": {}}}, obj(a={})),
        ({"type": "object"}, {"type": "object"}),
        (
            {**obj(), "required": None, "x-mine": 1},
            {**obj(), "required": None, "x-mine": 1},
        ),
        (
            {"$ref": "#/$defs/A", "$defs": {"A": obj(a=STRING)}},
            {**obj(a=STRING), "$defs": {"A": obj(a=STRING)}},
        ),
        (
            {"description": "d", "anyOf": [obj(a=STRING)]},
            {**obj(a=STRING), "description": "d"},
        ),
        (
            {
                **obj(a=STRING),
                "allOf": [{"$ref": "#/definitions/B"}],
                "definitions": {"B": obj(b=STRING)},
            },
            {
                **obj(a=STRING, b=STRING),
                "required": [],
                "definitions": {"B": obj(b=STRING)},
            },
        ),
    ],
)
def test_a_tools_schema_is_one_object(parameters: Any, expected: Any) -> None:
    assert input_schema(parameters) == expected


@pytest.mark.parametrize(
    "parameters",
    [
        {"type": "string"},
        {"type": ["object", "null"]},
        {"anyOf": [obj(), obj()]},
        {"anyOf": [{"anyOf": [obj(), obj()]}]},
        {**obj(), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {"type": "object", "properties": []},
        {"type": "object", "required": "a"},
        {"$ref": "#/$defs/Z"},
        {"$ref": "#"},
    ],
)
def test_a_tools_schema_of_another_kind_is_refused(parameters: Any) -> None:
    with pytest.raises(NotExpressible):
        input_schema(parameters)


def test_the_limit_of_strict_tools_is_upstreams() -> None:
    assert schemas.MAX_STRICT_TOOLS == 20

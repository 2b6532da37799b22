"""A tool's schema that is none is refused here, with the reason and the field."""

from __future__ import annotations

import re
from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.errors import RequestError
from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.dialects.chat_completions.request import messages_request
from anthropic_proxy.dialects.chat_completions.schema_parts import NotExpressible
from anthropic_proxy.dialects.chat_completions.schema_validity import refuse_malformed
from anthropic_proxy.simulator.json_schemas import is_json_schema
from request_support import MAPPING, NOW


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": ["string", "null"], "minLength": 2.0, "x-mine": [1]},
        {"properties": {"a": True, "b": {"type": "integer", "minimum": -0.5}}},
        {"items": {"enum": [1, "a", None]}, "uniqueItems": True, "minItems": 0},
        {"anyOf": [{"const": 1}, {"$ref": "#/$defs/a"}], "$defs": {"a": {}}},
        {"prefixItems": [{}], "items": False, "contains": {"not": {"type": "null"}}},
    ],
)
def test_a_schema_passes(schema: Any) -> None:
    refuse_malformed(schema)
    assert is_json_schema(schema)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "text"}, 'has a "type" that is not a type, or a list of types'),
        ({"type": []}, 'has a "type" that is not a type'),
        ({"required": True}, 'has a "required" that is not an array of strings'),
        ({"required": [1]}, 'has a "required" that is not an array of strings'),
        ({"exclusiveMinimum": True}, 'has a "exclusiveMinimum" that is not a number'),
        ({"maxLength": -1}, 'has a "maxLength" that is not a whole number from zero'),
        ({"minItems": 1.5}, 'has a "minItems" that is not a whole number from zero'),
        ({"multipleOf": 0}, 'has a "multipleOf" that is not above zero'),
        ({"pattern": 1}, 'has a "pattern" that is not a string'),
        ({"properties": []}, 'has a "properties" that is not an object'),
        ({"properties": {"a": "string"}}, 'has "properties" that is not a schema'),
        ({"items": [{}]}, 'has "items" that is not a schema'),
        ({"anyOf": {}}, 'has a "anyOf" that is not an array'),
        ({"allOf": [1]}, 'has "allOf" that is not a schema'),
        ({"items": {"not": {"enum": 1}}}, 'has a "enum" that is not an array'),
    ],
)
def test_what_is_no_schema_is_refused(schema: Any, reason: str) -> None:
    with pytest.raises(NotExpressible, match=re.escape(reason)):
        refuse_malformed(schema)
    assert not is_json_schema(schema)


def test_the_client_is_told_which_of_its_fields_is_wrong() -> None:
    tool = {"name": "f", "parameters": {"properties": {"a": {"required": True}}}}
    chat = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "function": tool}],
    }
    with pytest.raises(RequestError) as refused:
        messages_request(chat, mapping=MAPPING, settings=Settings(), now=NOW)
    assert refused.value.param == "tools[0].function.parameters"
    assert refused.value.code == "invalid_function_parameters"
    assert 'has a "required" that is not an array of strings' in refused.value.message

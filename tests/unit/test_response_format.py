from __future__ import annotations

from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.response_format import ANY_OBJECT
from request_support import CITY, HAIKU_4_5, HI, refusal, translate


def schema_format(schema: Any, **parts: Any) -> dict[str, Any]:
    return {
        "type": "json_schema",
        "json_schema": {"name": "o", "schema": schema, **parts},
    }


def test_text_is_what_it_is_anyway() -> None:
    translated = translate(response_format={"type": "text"})
    assert translated.body == translate().body
    assert translated.warnings == set()


def test_a_schema_is_enforced() -> None:
    translated = translate(
        response_format=schema_format(CITY, description="A city", strict=True),
        reasoning_effort="low",
    )
    assert translated.body["output_config"] == {
        "effort": "low",
        "format": {
            "type": "json_schema",
            "schema": {
                **CITY,
                "additionalProperties": False,
                "description": "A city",
            },
        },
    }
    assert not translated.translation.exchange.unfence_json
    assert translated.warnings == set()


def test_a_schemas_own_description_wins() -> None:
    wanted = schema_format({**CITY, "description": "own"}, description="other")
    body = translate(response_format=wanted).body
    assert body["output_config"]["format"]["schema"]["description"] == "own"


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "json_object"},
        {"type": "json_schema", "json_schema": {"name": "o"}},
        schema_format({}, description="d"),
    ],
)
def test_json_as_such_is_asked_for(wanted: Any) -> None:
    system = {"role": "system", "content": "Be terse."}
    translated = translate(messages=[system, *HI], response_format=wanted)
    assert translated.body["system"] == f"Be terse.\n\n{ANY_OBJECT}"
    assert "output_config" not in translated.body
    assert translated.translation.exchange.unfence_json
    assert translated.warnings == {"response_format:json_object_not_enforced"}


WIDE = {"type": "object", "properties": {f"p{n}": {"type": "null"} for n in range(25)}}


@pytest.mark.parametrize("schema", [{"type": "object"}, WIDE])
def test_a_schema_that_cannot_be_enforced_is_asked_for(schema: Any) -> None:
    translated = translate(response_format=schema_format(schema))
    assert '{"type":"object"' in translated.body["system"]
    assert translated.translation.exchange.unfence_json
    assert translated.warnings == {"response_format:schema_not_enforced"}


def test_an_enforced_schema_leaves_no_place_for_a_prefill() -> None:
    messages = [*HI, {"role": "assistant", "content": "{"}]
    plain = translate(HAIKU_4_5, messages=messages)
    assert plain.body["messages"][-1]["role"] == "assistant"
    formatted = translate(
        HAIKU_4_5, messages=messages, response_format=schema_format(CITY)
    )
    assert formatted.body["messages"][-1]["role"] == "user"


def test_thinking_leaves_no_place_for_a_prefill() -> None:
    messages = [*HI, {"role": "assistant", "content": "1."}]
    thinking = translate(HAIKU_4_5, messages=messages, reasoning_effort="low")
    assert thinking.body["messages"][-1]["role"] == "user"


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        ({}, "response_format.type"),
        ({"type": "xml"}, "response_format.type"),
        ({"type": "json_schema"}, "response_format.json_schema"),
        (schema_format([]), "response_format.json_schema.schema"),
        (schema_format(CITY, strict=1), "response_format.json_schema.strict"),
        (schema_format(CITY, description=1), "response_format.json_schema.description"),
    ],
)
def test_what_is_wrong_is_named(wanted: Any, param: str) -> None:
    assert refusal(response_format=wanted).param == param


def test_unknown_parts_are_ignored_by_name() -> None:
    wanted = {**schema_format(CITY, extra=1), "more": 1}
    assert translate(response_format=wanted).warnings == {
        "response_format.extra:ignored",
        "response_format.more:ignored",
    }

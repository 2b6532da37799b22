"""Golden pairs: an OpenAI request, and what becomes of it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.errors import RequestError
from anthropic_proxy.dialects.chat_completions.exchange import Settings, Translation
from anthropic_proxy.dialects.chat_completions.parameters import PARAMETERS
from anthropic_proxy.dialects.chat_completions.request import messages_request
from anthropic_proxy.wire import jsontext
from request_support import MAPPING, NOW

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "request"
VECTORS = [json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))]
SENT = [vector for vector in VECTORS if vector["kind"] == "request"]
REFUSED = [vector for vector in VECTORS if vector["kind"] == "request_error"]


def named(vectors: list[Any]) -> Any:
    return pytest.mark.parametrize("vector", vectors, ids=lambda vector: vector["name"])


def translated(chat: Any) -> Translation:
    return messages_request(chat, mapping=MAPPING, settings=Settings(), now=NOW)


@named(SENT)
def test_a_request_becomes_the_expected_one(vector: Any) -> None:
    chat = copy.deepcopy(vector["input"])
    translation = translated(chat)
    expected = vector["expected"]
    assert jsontext.decode(jsontext.encode(translation.body)) == expected["body"]
    assert set(translation.report.warnings) == set(expected["warnings"])
    assert expected.get("headers", {}).items() <= translation.headers.items()
    assert chat == vector["input"]


@named(REFUSED)
def test_a_request_is_refused_as_expected(vector: Any) -> None:
    with pytest.raises(RequestError) as refused:
        translated(vector["input"])
    assert refused.value.status == vector["expected"]["status"]
    assert refused.value.body() == vector["expected"]["body"]


@named(SENT)
def test_every_field_of_a_request_is_accounted_for(vector: Any) -> None:
    reported = {entry.field for entry in translated(vector["input"]).report.entries}
    for field, value in vector["input"].items():
        row = PARAMETERS.get(field)
        if row is None or row.read(value, field) not in row.neutral:
            assert field in reported


def test_every_parameter_has_a_vector() -> None:
    seen = {field for vector in VECTORS for field in vector["input"]}
    assert set(PARAMETERS) <= seen


def test_a_vector_is_called_as_its_file_is() -> None:
    names = [path.stem for path in sorted(FOLDER.glob("*.json"))]
    assert [vector["name"] for vector in VECTORS] == names

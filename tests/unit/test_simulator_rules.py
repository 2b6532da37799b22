"""Each rule of the stand-in: status, type, path and rule of what it refuses."""

from __future__ import annotations

import json

import pytest

from anthropic_proxy.simulator.api_error import ApiError
from anthropic_proxy.simulator.profile import Profile
from anthropic_proxy.simulator.rules import RULES
from anthropic_proxy.simulator.validation import checked, validate_request
from simulator_cases import CASES, Case
from simulator_cases.case import HEADERS, assistant, text, tool, user, validate

TESTED_BELOW = {27, 28, 40, 108}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule} {case.name}")
def test_rule(case: Case) -> None:
    validate(case.good, case.good_headers, case.profile)
    headers = case.good_headers if case.bad_headers is None else case.bad_headers
    with pytest.raises(ApiError) as refused:
        validate(case.bad, headers, case.profile)
    error = refused.value
    assert error.rule == (case.refused_by or case.rule), str(error)
    assert error.status == case.status
    assert error.path.startswith(case.path)
    kinds = {401: "authentication_error", 404: "not_found_error"}
    kinds |= {400: "invalid_request_error", 413: "request_too_large"}
    assert error.type == kinds[case.status]


def test_every_rule_has_a_case() -> None:
    numbers = [rule.number for rule in RULES]
    assert set(range(1, 43)) <= set(numbers)
    assert len(numbers) == len(set(numbers))
    assert set(numbers) == {case.rule for case in CASES} | TESTED_BELOW


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b'{"a": NaN}',
        rb'{"a": "\ud83d"}',
        rb'{"a": "\ud83d\u0041"}',
        rb'{"a": "\udc00"}',
        b'{"a": "\xff"}',
        b"[" * 100_000,
    ],
)
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError, match="The request body is not valid JSON") as refused:
        validate_request(HEADERS, body)
    assert (refused.value.rule, refused.value.status) == (40, 400)


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(ApiError) as refused:
        validate_request(HEADERS, b"[]")
    assert refused.value.rule == 36


def test_a_paused_turn_is_no_prefill() -> None:
    search = {
        "type": "server_tool_use",
        "id": "srvtoolu_1",
        "name": "web_search",
        "input": {"query": "x"},
    }
    found = {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [],
    }
    validate({"messages": [user(), assistant([text("Wait. "), search, found])]})


def test_count_tokens_takes_no_max_tokens_but_checks_the_rest() -> None:
    body = {"model": "claude-sonnet-5-5", "messages": [user()]}
    validate_request(HEADERS, json.dumps(body).encode(), endpoint="count_tokens")
    for key, value, rule in [
        ("max_tokens", 5, 4),
        ("stream", True, 4),
        ("metadata", {}, 4),
        ("model", "x", 39),
    ]:
        with pytest.raises(ApiError) as refused:
            validate_request(
                HEADERS,
                json.dumps({**body, key: value}).encode(),
                endpoint="count_tokens",
            )
        assert refused.value.rule == rule
    forced = {**body, "tools": [tool()], "tool_choice": {"type": "any"}}
    with pytest.raises(ApiError) as refused:
        validate_request(HEADERS, json.dumps(forced).encode(), endpoint="count_tokens")
    assert refused.value.rule == 23


def test_models_need_headers_but_no_body() -> None:
    validate_headers = {**HEADERS}
    checked(validate_headers, b"", Profile(), "models")
    del validate_headers["anthropic-version"]
    with pytest.raises(ApiError):
        checked(validate_headers, b"", Profile(), "models")

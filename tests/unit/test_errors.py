import json

import pytest
from openai.types import ErrorObject

from answer_support import vectors
from anthropic_proxy.dialects.chat_completions.errors import (
    RequestError,
    error_body,
    from_anthropic,
    from_stream_event,
    mid_stream_error,
    truncated,
    upstream_message,
)
from anthropic_proxy.dialects.chat_completions.headers import openai_headers


def told(status, type_="invalid_request_error", message="Oops", headers=(), **error):
    body = {"type": "error", "error": {"type": type_, "message": message, **error}}
    return from_anthropic(status, headers, json.dumps(body).encode())


def error_of(*args, **fields):
    status, _, body = told(*args, **fields)
    ErrorObject.model_validate(body["error"], strict=True)
    return status, body["error"]["type"], body["error"]["code"]


@pytest.mark.parametrize(("given", "expected"), vectors("error"))
def test_vectors(given, expected):
    body = given["body"]
    raw = body if isinstance(body, str) else json.dumps(body)
    headers = list(given["headers"].items())
    status, extra, answer = from_anthropic(given["status"], headers, raw.encode())
    sent = dict(openai_headers(headers, 0.0)) | dict(extra)
    assert status == expected["status"]
    assert answer == expected["body"]
    assert expected["headers"].items() <= sent.items()


@pytest.mark.parametrize(
    ("status", "type_", "expected"),
    [
        (400, "invalid_request_error", (400, "invalid_request_error", None)),
        (
            401,
            "authentication_error",
            (401, "invalid_request_error", "invalid_api_key"),
        ),
        (402, "billing_error", (429, "insufficient_quota", "insufficient_quota")),
        (403, "permission_error", (403, "invalid_request_error", "permission_denied")),
        (404, "not_found_error", (404, "invalid_request_error", None)),
        (408, "timeout_error", (408, "server_error", "timeout")),
        (409, "conflict_error", (409, "invalid_request_error", None)),
        (412, "invalid_request_error", (412, "invalid_request_error", None)),
        (413, "request_too_large", (413, "invalid_request_error", "request_too_large")),
        (422, "to_come", (422, "invalid_request_error", None)),
        (418, "api_error", (418, "invalid_request_error", None)),
        (429, "rate_limit_error", (429, "requests", "rate_limit_exceeded")),
        (431, "invalid_request_error", (431, "invalid_request_error", None)),
        (499, "api_error", (499, "server_error", None)),
        (500, "api_error", (500, "server_error", None)),
        (500, "overloaded_error", (500, "server_error", "overloaded")),
        (500, "invalid_request_error", (500, "server_error", None)),
        (501, "to_come", (501, "server_error", None)),
        (503, "api_error", (503, "server_error", None)),
        (504, "timeout_error", (504, "server_error", "timeout")),
        (529, "overloaded_error", (503, "server_error", "overloaded")),
    ],
)
def test_status_type_and_code(status, type_, expected):
    assert error_of(status, type_) == expected


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "prompt is too long: 9 tokens > 8 maximum", "context_length_exceeded"),
        (
            400,
            "input length and `max_tokens` exceed context limit: 1 + 2 > 2",
            "context_length_exceeded",
        ),
        (
            400,
            "You have reached your specified API usage limits. You will regain access",
            "insufficient_quota",
        ),
        (400, "Your credit balance is too low to access", "insufficient_quota"),
        (400, "The spend limit is reached", "insufficient_quota"),
        (400, "messages.0: model: x", None),
        (404, "model: claude-9", "model_not_found"),
        (404, "Not found", None),
    ],
)
def test_codes_that_only_the_message_tells(status, message, code):
    type_ = "not_found_error" if status == 404 else "invalid_request_error"
    assert error_of(status, type_, message) == (status, "invalid_request_error", code)


def test_a_code_that_only_the_details_tell():
    details = {"error_code": "linked_organization_spend_limit_reached"}
    assert error_of(400, details=details)[2] == "insufficient_quota"


def test_token_limits_are_told_apart_from_request_limits():
    words = "would exceed your rate limit of 30,000 input tokens per minute"
    assert error_of(429, "rate_limit_error", words)[1] == "tokens"
    header = ("Anthropic-RateLimit-Input-Tokens-Remaining", "0")
    assert error_of(429, "rate_limit_error", headers=[header])[1] == "tokens"
    left = ("anthropic-ratelimit-tokens-remaining", "10")
    assert error_of(429, "rate_limit_error", headers=[left])[1] == "requests"


@pytest.mark.parametrize("code", ["enforced", "contract"])
def test_spend_limits_are_not_to_be_retried(code):
    details = {"error_code": f"{code}_spend_limit_reached"}
    status, extra, body = told(429, "rate_limit_error", details=details)
    assert status == 429
    assert extra == [("x-should-retry", "false")]
    assert body["error"]["code"] == "insufficient_quota"


def test_other_limits_stay_retryable():
    _, extra, body = told(
        429, "rate_limit_error", details={"error_code": "ramp_limit_exceeded"}
    )
    assert extra == []
    assert body["error"]["code"] == "rate_limit_exceeded"


def test_a_missing_payment_is_a_quota_that_is_not_to_be_retried():
    assert told(402, "billing_error")[:2] == (429, [("x-should-retry", "false")])


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("messages.3.content.0: odd", "messages.[3].content.[0]"),
        ("tools.0.custom.name: String should match", "tools.[0].custom.name"),
        ("max_tokens: Field required", "max_tokens"),
        (
            "messages.0.content.1.image.source.base64: big",
            "messages.[0].content.[1].image.source.base64",
        ),
        ("prompt is too long: 9 tokens", None),
        ("No colon here", None),
        ("https://example.org: odd", None),
    ],
)
def test_the_path_in_the_message_is_the_param(message, param):
    assert told(400, message=message)[2]["error"]["param"] == param


def test_errors_of_the_server_have_no_param():
    assert told(500, "api_error", "upstream: gone")[2]["error"]["param"] is None


@pytest.mark.parametrize(
    ("body", "description"),
    [
        (b"", "an empty body"),
        (b" \n", "an empty body"),
        (b"<html><h1>502</h1></html>", "a non-JSON body"),
        (b"\xff\xfe", "a non-JSON body"),
        (b"[" * 100_000, "a non-JSON body"),
        (b"[]", "an unexpected body"),
        (b"null", "an unexpected body"),
        (b"{}", "an unexpected body"),
        (b'{"error":{"message":null}}', "an unexpected body"),
        (b'{"error":{"message":"<!DOCTYPE html><p>"}}', "an unexpected body"),
        (b'{"message":"  <HTML>"}', "an unexpected body"),
        (b'{"error":{"message":"' + b"x" * 2_000_000 + b'"}}', "an unexpected body"),
    ],
)
def test_bodies_that_hold_no_error(body, description):
    status, extra, answer = from_anthropic(500, [], body)
    message = f"Upstream returned HTTP 500 with {description}."
    assert (status, extra) == (500, [])
    assert answer == error_body(message, "server_error", None, "bad_gateway")


@pytest.mark.parametrize(
    ("status", "type_", "code"),
    [
        (401, "invalid_request_error", "invalid_api_key"),
        (404, "invalid_request_error", "bad_gateway"),
        (413, "invalid_request_error", "request_too_large"),
        (429, "requests", "rate_limit_exceeded"),
        (504, "server_error", "timeout"),
    ],
)
def test_a_page_of_a_gateway_is_worded_by_its_status(status, type_, code):
    _, _, answer = from_anthropic(status, [], b"<html>")
    assert (answer["error"]["type"], answer["error"]["code"]) == (type_, code)


@pytest.mark.parametrize(
    "body",
    [
        {"message": "Words"},
        {"error": "Words"},
        {"detail": "Words"},
        {"error": {"message": "Words"}},
        {"error": {"message": 5}, "detail": "Words"},
    ],
)
def test_messages_in_other_shapes_are_handed_on(body):
    raw = json.dumps(body).encode()
    assert from_anthropic(400, [], raw)[2]["error"]["message"] == "Words"
    assert upstream_message(raw) == "Words"


def test_a_long_message_is_cut():
    message = told(400, message="y" * 100_000)[2]["error"]["message"]
    assert message == "y" * 8192 + "…"


@pytest.mark.parametrize("status", [100, 204, 302, 600])
def test_what_is_no_error_status_is_a_bad_gateway(status):
    answered, extra, body = from_anthropic(status, [], b"{}")
    assert (answered, extra) == (502, [])
    assert body["error"]["code"] == "bad_gateway"
    assert str(status) in body["error"]["message"]


def test_upstreams_words_when_there_are_none():
    assert upstream_message(b"<html>") == ""


@pytest.mark.parametrize(
    ("error", "type_", "code"),
    [
        ({"type": "overloaded_error"}, "server_error", "overloaded"),
        ({"type": "rate_limit_error"}, "requests", "rate_limit_exceeded"),
        ({"type": "to_come"}, "server_error", None),
        ({"type": None}, "server_error", None),
    ],
)
def test_errors_in_a_stream_go_by_their_type(error, type_, code):
    body = from_stream_event({"type": "error", "error": {"message": "Oops", **error}})
    assert body == error_body("Oops", type_, None, code)


@pytest.mark.parametrize("event", [{"type": "error"}, {"error": None}, {"error": {}}])
def test_an_error_without_a_message_is_still_an_error(event):
    error = from_stream_event(event)["error"]
    assert error["message"]
    assert error["type"] == "server_error"


def test_errors_of_ours():
    assert truncated()["error"]["code"] == "stream_truncated"
    assert mid_stream_error("x", "timeout") == error_body(
        "x", "server_error", None, "timeout"
    )


def test_a_request_that_cannot_be_translated():
    error = RequestError("No.", "n", "unsupported_value")
    assert error.status == 400
    assert error.body() == error_body(
        "No.", "invalid_request_error", "n", "unsupported_value"
    )

import pytest

from answer_support import vectors
from anthropic_proxy.dialects.chat_completions.headers import duration, openai_headers

NOW = 1_700_000_000.0  # 2023-11-14T22:13:20Z


def mapped(*headers):
    return openai_headers(headers, NOW)


@pytest.mark.parametrize(("given", "expected"), vectors("headers"))
def test_vectors(given, expected):
    headers = openai_headers(map(tuple, given["headers"]), given["now"])
    assert [list(header) for header in headers] == expected["headers"]


def test_the_request_id_is_told_under_both_names():
    assert mapped(("Request-Id", "req_1"), ("x-request-id", "edge")) == [
        ("request-id", "req_1"),
        ("x-request-id", "req_1"),
    ]


def test_the_time_upstream_took_is_told_as_openai_does():
    assert mapped(("x-envoy-upstream-service-time", "812")) == [
        ("x-envoy-upstream-service-time", "812"),
        ("openai-processing-ms", "812"),
    ]


def test_rate_limits_are_renamed_and_instants_become_durations():
    headers = dict(
        mapped(
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2023-11-14T22:14:21Z"),
            ("anthropic-ratelimit-tokens-limit", "80000"),
            ("anthropic-ratelimit-tokens-remaining", "1000"),
            ("anthropic-ratelimit-tokens-reset", "2023-11-14T22:13:20.250Z"),
        )
    )
    assert headers == {
        "x-ratelimit-limit-requests": "50",
        "x-ratelimit-remaining-requests": "49",
        "x-ratelimit-reset-requests": "1m1s",
        "x-ratelimit-limit-tokens": "80000",
        "x-ratelimit-remaining-tokens": "1000",
        "x-ratelimit-reset-tokens": "250ms",
    }


def test_input_tokens_stand_in_for_tokens_and_stay():
    headers = mapped(
        ("anthropic-ratelimit-input-tokens-remaining", "5"),
        ("anthropic-ratelimit-output-tokens-remaining", "6"),
    )
    assert headers == [
        ("anthropic-ratelimit-input-tokens-remaining", "5"),
        ("anthropic-ratelimit-output-tokens-remaining", "6"),
        ("x-ratelimit-remaining-tokens", "5"),
    ]


def test_tokens_are_preferred_to_input_tokens():
    headers = dict(
        mapped(
            ("anthropic-ratelimit-tokens-limit", "1"),
            ("anthropic-ratelimit-input-tokens-limit", "2"),
            ("anthropic-ratelimit-input-tokens-remaining", "3"),
        )
    )
    assert headers["x-ratelimit-limit-tokens"] == "1"
    assert "x-ratelimit-remaining-tokens" not in headers


@pytest.mark.parametrize(
    "instant", ["soon", "", "12s", "2023-11-14T22:13:20", "2023-13-99T00:00:00Z"]
)
def test_a_malformed_instant_is_left_out(instant):
    assert mapped(("anthropic-ratelimit-requests-reset", instant)) == []


def test_what_concerns_the_connection_or_the_old_body_is_stripped():
    unwanted = [
        ("Content-Encoding", "gzip"),
        ("Content-Length", "12"),
        ("Transfer-Encoding", "chunked"),
        ("Set-Cookie", "a=b"),
        ("CF-Ray", "x"),
        ("cf-cache-status", "DYNAMIC"),
        ("Alt-Svc", "h3"),
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Authenticate", "Basic"),
        ("TE", "trailers"),
        ("Trailer", "x"),
        ("Upgrade", "h2c"),
    ]
    assert mapped(*unwanted) == []


def test_everything_else_passes_through_in_order():
    others = [
        ("retry-after", "12"),
        ("retry-after-ms", "11500"),
        ("x-should-retry", "true"),
        ("anthropic-organization-id", "org"),
        ("anthropic-priority-input-tokens-limit", "9"),
        ("via", "1.1 a"),
        ("via", "1.1 b"),
        ("content-type", "application/json"),
    ]
    assert mapped(*others) == others


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (0.25, "250ms"),
        (0.2500000001, "250ms"),
        (0.0004, "1ms"),
        (0.9999, "1s"),
        (1, "1s"),
        (11.4, "12s"),
        (12, "12s"),
        (59.5, "1m0s"),
        (61, "1m1s"),
        (360, "6m0s"),
        (3605, "1h0m5s"),
        (90000, "25h0m0s"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text

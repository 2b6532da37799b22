"""What is secret in the head of a client's request is taken out of it."""

from __future__ import annotations

import pytest
from mitmproxy import http

from anthropic_proxy.proxy.client_credentials import masked_path, take_credentials

LOCAL_KEY = "a local/key"


def request(path: str = "/v1/messages", **headers: str) -> http.Request:
    given = http.Headers(
        [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()]
    )
    made = http.Request.make("POST", f"http://127.0.0.1{path}", b"", given)
    made.data.headers = given
    return made


@pytest.mark.parametrize(
    "name",
    [
        *("authorization", "x_api_key", "api_key", "proxy_authorization", "cookie"),
        *("x_goog_api_key", "x_auth_token"),
    ],
)
def test_headers_with_a_secret_hold_a_mark(name: str) -> None:
    made = request(**{name: "secret", "x_other": "kept"})
    take_credentials(made, None)
    assert made.headers[name.replace("_", "-")] == "***"
    assert made.headers["x-other"] == "kept"


def test_the_credential_is_still_understood() -> None:
    made = request(authorization=f"Bearer {LOCAL_KEY}", x_api_key="sk-ant-api03-abc")
    found = take_credentials(made, LOCAL_KEY)
    assert found.local_key
    assert found.own is not None
    assert found.own.secret == "sk-ant-api03-abc"


def test_the_local_key_is_taken_out_wherever_it_is() -> None:
    made = request(f"/v1/{LOCAL_KEY}/a%20local%2Fkey?x=1", x_note=f"<{LOCAL_KEY}>")
    take_credentials(made, LOCAL_KEY)
    assert made.headers["x-note"] == "<***>"
    assert made.path == "/v1/***/***?x=1"


def test_a_short_local_key_does_not_tear_headers_apart() -> None:
    made = request(x_length="123")
    take_credentials(made, "1")
    assert made.headers["x-length"] == "123"


def test_an_api_key_is_taken_out_of_any_header_and_of_a_pages_address() -> None:
    page = "http://localhost/chat?key=secret&x=1"
    made = request(
        x_our_key="sk-ant-api03-abcdefgh", referer=page, x_task="task-12345678"
    )
    take_credentials(made, None)
    assert made.headers["x-our-key"] == "sk-ant-***"
    assert made.headers["referer"] == "http://localhost/chat?key=***&x=1"
    assert made.headers["x-task"] == "task-12345678"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/v1/models", "/v1/models"),
        ("/v1/models?limit=5&after_id=a", "/v1/models?limit=5&after_id=a"),
        ("/v1?key=abc&beta=true", "/v1?key=***&beta=true"),
        ("/v1?API_KEY=abc", "/v1?API_KEY=***"),
        ("/v1?x=1&api%5Fkey=abc", "/v1?x=1&api%5Fkey=***"),
        ("/v1?code=abc#d&token=e", "/v1?code=***&token=***"),
        ("/v1?key", "/v1?key"),
        ("/v1?key=", "/v1?key=***"),
        ("/v1/sk-ant-api03-abcdefgh/x", "/v1/sk-ant-***/x"),
        ("/v1?", "/v1?"),
        ("", ""),
    ],
)
def test_the_path_keeps_no_secret(target: str, shown: str) -> None:
    assert masked_path(target) == shown

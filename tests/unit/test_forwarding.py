"""Which headers travel on, and how the length of an answer is said."""

from __future__ import annotations

from typing import Any

import pytest
from mitmproxy import http

from anthropic_proxy.proxy.forwarding import (
    end_to_end,
    for_the_client,
    frame,
    is_redirect,
)


def answer(*fields: tuple[bytes, bytes], status: int = 200) -> http.Response:
    made = http.Response.make(status, b"body")
    made.headers = http.Headers(fields)
    return made


def names(response: http.Response) -> list[str]:
    return [name for name, _ in response.headers.items(multi=True)]


@pytest.mark.parametrize(
    "field",
    [
        ("Connection", "keep-alive, X-Named"),
        ("x-named", "1"),
        ("TE", "trailers"),
        ("Proxy-Connection", "close"),
        ("X-Forwarded-For", "192.0.2.1"),
        # Between the browser and us.
        ("Origin", "http://localhost:3000"),
        ("Referer", "http://localhost:3000/notes/1"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-CH-UA", '"x"'),
        ("Access-Control-Request-Method", "POST"),
    ],
)
def test_what_stays_here_of_a_request(field: tuple[str, str]) -> None:
    kept = ("anthropic-dangerous-direct-browser-access", "true")
    fields = [("connection", "x-named"), kept, field]
    assert end_to_end(fields) == [kept]


@pytest.mark.parametrize(
    "field",
    [
        (b"Connection", b"close, X-Named"),
        (b"x-named", b"1"),
        (b"Keep-Alive", b"timeout=5"),
        (b"Proxy-Authenticate", b"Basic"),
        (b"Trailer", b"x"),
        (b"Upgrade", b"h2c"),
        (b"Set-Cookie", b"a=b"),
        (b"Strict-Transport-Security", b"max-age=1"),
        (b"Alt-Svc", b"h3"),
        (b"Access-Control-Allow-Origin", b"*"),
        (b"access-control-allow-credentials", b"true"),
        (b"Timing-Allow-Origin", b"*"),
    ],
)
def test_what_stays_here_of_an_answer(field: tuple[bytes, bytes]) -> None:
    given = answer((b"connection", b"x-named"), field, (b"X-Future", b"kept"))
    assert names(for_the_client(given)) == ["X-Future"]


def test_nobody_names_the_length_away() -> None:
    given = answer(
        (b"connection", b"content-length, transfer-encoding, \xff"),
        (b"content-length", b"4"),
    )
    assert names(for_the_client(given)) == ["content-length"]


@pytest.mark.parametrize(
    ("version", "fields"),
    [("HTTP/1.1", ((b"connection", b"close"),)), ("HTTP/1.0", ())],
)
def test_an_upstream_that_closes_is_still_seen_to(
    version: str, fields: tuple[tuple[bytes, bytes], ...]
) -> None:
    given = answer(*fields)
    given.http_version = version
    taken = for_the_client(given)
    assert taken is not given
    assert given.headers.fields == fields
    assert given.http_version == version
    assert (taken.http_version, names(taken)) == ("HTTP/1.1", [])


CHUNKED = (b"transfer-encoding", b"chunked")
LENGTH = (b"content-length", b"4")


@pytest.mark.parametrize(
    ("fields", "stream", "version", "expected"),
    [
        ((), False, "HTTP/1.1", {"content-length": "4"}),
        ((CHUNKED,), False, "HTTP/1.1", {"content-length": "4"}),
        ((CHUNKED,), False, "HTTP/2.0", {"content-length": "4"}),
        ((LENGTH,), True, "HTTP/1.1", {"content-length": "4"}),
        ((CHUNKED,), True, "HTTP/1.1", {"transfer-encoding": "chunked"}),
        ((), True, "HTTP/1.1", {"transfer-encoding": "chunked"}),
        ((), True, "HTTP/2.0", {}),
        ((CHUNKED,), True, "HTTP/1.0", {"connection": "close"}),
        ((), True, "HTTP/1.0", {"connection": "close"}),
        (
            (LENGTH,),
            True,
            "HTTP/1.0",
            {"content-length": "4", "connection": "keep-alive"},
        ),
        (
            (CHUNKED,),
            False,
            "HTTP/1.0",
            {"content-length": "4", "connection": "keep-alive"},
        ),
    ],
)
def test_the_length_of_an_answer(
    fields: tuple[Any, ...], stream: bool, version: str, expected: dict[str, str]
) -> None:
    given = answer(*fields)
    given.stream = stream
    for _ in range(2):
        frame(given, "POST", version)
        assert dict(given.headers) == expected


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", 200), ("POST", 204), ("GET", 304)]
)
def test_an_answer_without_a_body_has_no_length_of_ours(
    method: str, status: int
) -> None:
    given = answer((b"content-length", b"99"), status=status)
    frame(given, method, "HTTP/1.1")
    assert given.headers["content-length"] == "99"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, False), (301, True), (307, True), (304, False), (400, False), (None, False)],
)
def test_a_redirect(status: int | None, expected: bool) -> None:
    assert is_redirect(status) is expected

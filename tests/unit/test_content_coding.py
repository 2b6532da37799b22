"""Bodies out of their content-encoding, and never more of them than is allowed."""

from __future__ import annotations

import gzip
import zlib

import pytest
from mitmproxy import http

from anthropic_proxy.proxy.content_coding import NotDecoded, TooLarge, decoded

PLAIN = b'{"a": 1}' * 50


def message(body: bytes, coding: str | None) -> http.Request:
    made = http.Request.make("POST", "http://x.test/", b"")
    made.data.content = body
    if coding is not None:
        made.headers["content-encoding"] = coding
    return made


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (PLAIN, None),
        (PLAIN, "identity"),
        (gzip.compress(PLAIN, mtime=0), "gzip"),
        (gzip.compress(PLAIN, mtime=0), "X-GZIP"),
        (zlib.compress(PLAIN), "deflate"),
    ],
)
def test_the_body_comes_back(body: bytes, coding: str | None) -> None:
    assert decoded(message(body, coding), len(PLAIN)) == PLAIN


@pytest.mark.parametrize(
    ("body", "coding"), [(PLAIN, None), (gzip.compress(PLAIN, mtime=0), "gzip")]
)
def test_one_byte_too_many_is_too_large(body: bytes, coding: str | None) -> None:
    with pytest.raises(TooLarge):
        decoded(message(body, coding), len(PLAIN) - 1)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (PLAIN, "gzip"),
        (gzip.compress(PLAIN, mtime=0)[:-9], "gzip"),
        (PLAIN, "br"),
        (PLAIN, "gzip, gzip"),
    ],
)
def test_what_cannot_be_undone_is_told(body: bytes, coding: str) -> None:
    with pytest.raises(NotDecoded):
        decoded(message(body, coding), 10**6)

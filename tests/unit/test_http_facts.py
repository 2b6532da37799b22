"""What may be written to the wire, and what may be said of what may not."""

from __future__ import annotations

import pytest
from mitmproxy import http

from anthropic_proxy.proxy.http_facts import is_clean, without_bytes


def request(**fields: object) -> http.Request:
    made = http.Request.make("POST", "https://upstream.test/v1/messages", b"{}")
    for name, value in fields.items():
        setattr(made.data, name, value)
    return made


def test_an_ordinary_request_is_clean() -> None:
    headers = http.Headers([(b"x", b"a b\tc"), (b"y", "é".encode())])
    assert is_clean(request(headers=headers))


@pytest.mark.parametrize("bad", [b"\r\n", b"\n", b"\r", b"\x00", b"\x7f"])
@pytest.mark.parametrize("place", ["method", "path", "authority", "name", "value"])
def test_nothing_can_end_a_line(place: str, bad: bytes) -> None:
    text = b"a" + bad + b"b"
    if place == "name":
        made = request(headers=http.Headers([(text, b"x")]))
    elif place == "value":
        made = request(headers=http.Headers([(b"x", text)]))
    else:
        made = request(**{place: text})
    assert not is_clean(made)


def test_a_space_ends_a_part_of_the_first_line() -> None:
    assert not is_clean(request(path=b"/v1 HTTP/1.1"))
    assert not is_clean(request(method=b"GET /x"))


def test_quoted_bytes_are_not_repeated() -> None:
    assert without_bytes("Bad line: b'secret\\n'") == "Bad line: (bytes not shown)"
    assert without_bytes('odd: b"it\'s"') == "odd: (bytes not shown)"
    assert without_bytes("peer closed connection") == "peer closed connection"

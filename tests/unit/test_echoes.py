"""Our credential in upstream's answer, at any boundary."""

from __future__ import annotations

import pytest
from mitmproxy import http

from anthropic_proxy.credentials.credential import Credential
from anthropic_proxy.proxy.echoes import Echoes

SECRET = "sk-ant-sk-ant-1"  # begins with a part of itself
STARS = b"*" * len(SECRET)


def echoes() -> Echoes:
    return Echoes(Credential("api_key", SECRET, oauth=False))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 14, 15, 16, 40])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"got {SECRET}!".encode(), b"got " + STARS + b"!"),
        (f"{SECRET}{SECRET}".encode(), STARS + STARS),
        (f"sk-ant-{SECRET}".encode(), b"sk-ant-" + STARS),
        (b"no sk-ant-sk-ant- at all", b"no sk-ant-sk-ant- at all"),
        (b"ends sk-ant-sk-", b"ends sk-ant-sk-"),
        (b"", b""),
    ],
)
def test_it_is_overwritten_however_it_is_cut(
    body: bytes, expected: bytes, size: int
) -> None:
    answer = echoes()
    pieces = [answer.feed(body[at : at + size]) for at in range(0, len(body), size)]
    assert b"".join([*pieces, answer.flush()]) == expected


def test_what_cannot_be_the_secret_is_not_held_back() -> None:
    answer = echoes()
    assert answer.feed(b"data: sk-other\n\n") == b"data: sk-other\n\n"
    assert answer.feed(b"data: sk-an") == b"data: "
    assert answer.feed(b"swer\n\n") == b"sk-answer\n\n"


def test_a_head_keeps_everything_else() -> None:
    headers = http.Headers([(b"A", b"1"), (b"Echo", b"x " + SECRET.encode())])
    response = http.Response.make(401, b"", headers)
    response.reason = f"No {SECRET}"
    echoes().head(response)
    assert response.data.reason == b"No " + STARS
    assert response.headers["A"] == "1"
    assert response.headers["Echo"] == "x " + STARS.decode()

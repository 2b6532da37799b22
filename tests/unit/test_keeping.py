"""What may be kept: no secret, nothing that cannot be saved, no more than the limit."""

from __future__ import annotations

import gzip
from types import SimpleNamespace
from typing import Any

from mitmproxy import http
from mitmproxy.io import tnetstring

from anthropic_proxy.proxy.keeping import Keeping

SECRET = "canary-of-a-key"


def keeping(limit: int = 100) -> Keeping:
    call: Any = SimpleNamespace(secrets=("", SECRET))
    return Keeping(call, limit)


def test_texts_are_masked_at_any_depth_and_can_be_saved() -> None:
    facts = {"a": [f"<{SECRET}>", {"b": ("sk-ant-api03-abcdefgh", 3, None, True)}]}
    found = keeping().saveable(facts | {"lone": "\ud800", "body": SECRET.encode()})
    assert found["a"] == ["<***>", {"b": ["sk-ant-***", 3, None, True]}]
    assert found["lone"] == "\N{REPLACEMENT CHARACTER}"
    assert found["body"] == SECRET.encode()  # bodies are hidden when they are kept
    assert tnetstring.loads(tnetstring.dumps(found)) == found


def test_a_message_is_hidden_first_and_cut_then() -> None:
    body = b"ab " + SECRET.encode() + b" cd"
    found = keeping(7).message("GET /", [("a", "b")], body)
    assert found == {
        "line": "GET /",
        "headers": [["a", "b"]],
        "body": b"ab *** ",
        "size": 9,
    }
    assert keeping().message("GET /", [], b"ab", 50)["size"] == 50


def test_what_holds_no_secret_is_not_copied() -> None:
    body = b"x" * 50
    assert keeping().message("GET /", [], body)["body"] is body


def response(content: bytes, **headers: str) -> http.Response:
    made = http.Response.make(200, b"", headers)
    made.data.content = content
    return made


def test_a_body_in_a_flow_is_cut() -> None:
    made = response(b"x" * 500)
    assert keeping().shorten(made) == 500
    assert made.raw_content == b"x" * 100
    short = response(b"x" * 100)
    before = short.raw_content
    assert keeping().shorten(short) is None
    assert short.raw_content is before


def test_a_secret_in_a_flow_is_hidden() -> None:
    made = response(b"ab " + SECRET.encode())
    assert keeping().shorten(made) is None
    assert made.raw_content == b"ab ***"


def test_a_compressed_body_is_cut_in_its_plain_form() -> None:
    noise = bytes(range(256)) * 3
    packed = gzip.compress(noise)
    made = response(packed, **{"content-encoding": "gzip"})
    assert keeping().shorten(made) == len(noise)
    assert made.raw_content == noise[:100]
    assert "content-encoding" not in made.headers


def test_no_body_stays_none() -> None:
    made = response(b"")
    made.data.content = None
    assert keeping().shorten(made) is None
    assert made.raw_content is None

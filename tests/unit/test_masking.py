import json

import pytest

from anthropic_proxy.proxy.masking import (
    masked,
    one_line,
    printable_body,
    several_lines,
    shortened,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("key sk-ant-api03-abcdefgh_-1.", "key sk-ant-***."),
        ("sk-proj-abcdefgh1234", "sk-***"),
        ("task-force-alpha-beta", "task-force-alpha-beta"),
        ("Authorization: Bearer abcdefgh.1234", "Authorization: Bearer ***"),
        ('{"api_key": "x y"}', '{"api_key": "***"}'),
        ('{"authorization_token":"t"}', '{"authorization_token":"***"}'),
        ('"{\\"password\\":\\"p\\"}"', '"{\\"password\\":\\"***\\"}"'),
        ('{"password": null, "code": "x"}', '{"password": null, "code": "x"}'),
        ("GET /x?key=abc&y=1", "GET /x?key=***&y=1"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text, expected):
    assert masked(text) == expected


def test_known_secrets_are_masked_whatever_they_look_like():
    assert masked("a plain word", ["plain", ""]) == "a *** word"


def test_nothing_steers_a_terminal_or_forges_a_line():
    nasty = "a\x1b[2J\r\nb\rc\x00\x9b\u2028\u202e\u200fd\te"
    assert several_lines(nasty) == (
        "a\\x1b[2J\nb\\rc\\x00\\x9b\\u2028\\u202e\\u200fd\te"
    )
    assert "\n" not in one_line(nasty)
    assert one_line("ü ✓ \U0001f600") == "ü ✓ \U0001f600"


@pytest.mark.parametrize("joint", ["", "\\n", "\\/"])
def test_base64_is_shortened(joint):
    run = joint.join(["QUJD" * 19] * 4)
    assert shortened(f'"{run}"') == f'"{run[:24]}…({len(run)} characters)"'
    assert shortened("word " * 100) == "word " * 100


def test_a_body_is_indented_masked_and_cut():
    body = json.dumps({"a": "x" * 50, "token": "sk-ant-api03-abcdefgh"}).encode()
    text = printable_body(body, limit=1000, size=len(body), secrets=["xxxxx"])
    assert text.startswith('{\n  "a": "')
    assert "x" not in text
    assert "sk-ant-***" in text
    cut = printable_body(body, limit=20, size=len(body), secrets=[])
    assert cut.endswith(f"… ({len(body)} bytes in all)")


def test_bytes_that_are_not_text_are_counted():
    shown = printable_body(b"\x89PNG\xff\xfe" * 9, limit=99, size=54, secrets=[])
    assert shown == "(54 bytes that are not text)"


def test_a_character_cut_at_the_limit_is_left_out():
    body = "aé".encode()[:2]
    assert printable_body(body, limit=99, size=500, secrets=[]).startswith("a\n… (500")

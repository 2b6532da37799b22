"""A request as a curl command: what a shell makes of it is what was sent."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest

from anthropic_proxy.inspection.curl import OWN, PROXY, UPSTREAM, curl, needs_file
from anthropic_proxy.inspection.recorded import Message

URL = "http://127.0.0.1:8100"


def message(
    body: bytes = b"",
    headers: Sequence[tuple[str, str]] = (),
    line: str = "POST /v1/messages HTTP/1.1",
    size: int | None = None,
) -> Message:
    return Message(line, headers, body, len(body) if size is None else size)


def arguments(command: str, **env: str) -> list[str]:
    """What curl would get, after a real shell has read the command."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{command}\n"
    done = subprocess.run(
        ["sh", "-c", script], env=env, capture_output=True, check=True, timeout=10
    )
    assert done.stderr == b""
    return done.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "it\'s"}',
        "$(rm -rf x) `y` $HOME",
        '"\\n"\n\t\\',
        "@file",
        "é😀 !!",
        "-d x",
    ],
)
def test_a_shell_hands_the_body_on_as_it_was(text: str) -> None:
    command = curl(message(text.encode()), URL, PROXY, "body.json")
    assert arguments(command)[-2:] == ["--data-raw", text]


def test_headers_are_quoted_and_what_curl_sets_is_left_out() -> None:
    headers = [
        ("Host", "127.0.0.1:8100"),
        ("content-length", "12"),
        ("content-encoding", "gzip"),
        ("Accept-Encoding", "gzip"),
        ("cookie", "***"),
        ("x-stainless-os", "Linux"),
        ("content-type", "application/json"),
        ("x-odd", 'it\'s $HOME; "x"'),
        ("x-empty", ""),
    ]
    command = curl(message(b"{}", headers), URL, PROXY, "body.json")
    assert arguments(command) == [
        f"{URL}/v1/messages",
        *("-H", "content-type: application/json"),
        *("-H", 'x-odd: it\'s $HOME; "x"'),
        *("-H", "x-empty;"),
        *("--data-raw", "{}"),
    ]


@pytest.mark.parametrize(
    ("header", "placeholders", "env", "expected"),
    [
        ("authorization", PROXY, {}, "authorization: Bearer not-used"),
        ("authorization", PROXY, {"ANTHROPIC_PROXY_LOCAL_KEY": "k"},
         "authorization: Bearer k"),
        ("x-api-key", PROXY, {}, "x-api-key: not-used"),
        ("x-api-key", OWN, {"ANTHROPIC_API_KEY": "sk"}, "x-api-key: sk"),
        ("X-Api-Key", UPSTREAM, {"ANTHROPIC_API_KEY": "sk"}, "x-api-key: sk"),
        ("Authorization", UPSTREAM, {"ANTHROPIC_AUTH_TOKEN": "t"},
         "authorization: Bearer t"),
    ],
)  # fmt: skip
def test_credentials_are_shell_variables(
    header: str, placeholders: object, env: dict[str, str], expected: str
) -> None:
    sent = message(b"{}", [(header, "***")])
    command = curl(sent, URL, placeholders, "body.json")  # type: ignore[arg-type]
    assert "***" not in command
    assert arguments(command, **env)[1:3] == ["-H", expected]


@pytest.mark.parametrize(
    ("line", "body", "expected"),
    [
        ("GET /v1/models HTTP/1.1", b"", [f"{URL}/v1/models"]),
        ("HEAD / HTTP/1.1", b"", ["--head", f"{URL}/"]),
        ("DELETE /v1/files/f HTTP/2.0", b"", ["-X", "DELETE", f"{URL}/v1/files/f"]),
        ("POST /v1/x HTTP/1.1", b"", ["-X", "POST", f"{URL}/v1/x"]),
        ("GET /v1/a[1]{2} HTTP/1.1", b"", ["--globoff", f"{URL}/v1/a[1]{{2}}"]),
        ("GET /v1/a?b='c'&d=$e HTTP/1.1", b"", [f"{URL}/v1/a?b='c'&d=$e"]),
        ("POST /v1/x HTTP/1.1", b'{"stream": true}',
         ["--no-buffer", f"{URL}/v1/x", "--data-raw", '{"stream": true}']),
    ],
)  # fmt: skip
def test_method_and_address(line: str, body: bytes, expected: list[str]) -> None:
    assert arguments(curl(message(body, line=line), URL, PROXY, "f")) == expected


@pytest.mark.parametrize("body", [b"x" * 100_001, b"\0", b"\xff"])
def test_a_body_that_cannot_stand_on_a_line_is_in_a_file(body: bytes) -> None:
    command = curl(message(body), URL, PROXY, "my body.json")
    assert needs_file(body)
    assert arguments(command)[-2:] == ["--data-binary", "@my body.json"]
    assert command.startswith("# The body")


def test_a_body_that_was_cut_says_so() -> None:
    command = curl(message(b"{}", size=500), URL, PROXY, "f")
    assert command.startswith("# Only 2 of the body's 500 bytes were kept")

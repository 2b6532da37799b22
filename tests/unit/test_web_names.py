"""Hosts and origins as browsers and users write them."""

from __future__ import annotations

import pytest

from anthropic_proxy.proxy.web_names import (
    Origin,
    OriginPattern,
    host_of,
    is_this_machine,
)


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("localhost:8100", "localhost"),
        ("LocalHost.:8100", "localhost"),
        ("localhost:", "localhost"),
        ("my_proxy", "my_proxy"),
        ("[::1]:8100", "::1"),
        ("[fe80::1%eth0]:8100", "fe80::1%eth0"),
        ("192.0.2.1", "192.0.2.1"),
        # What is more, or less, than a host and a port.
        ("localhost@evil.example", None),
        ("evil.example@localhost", None),
        ("evil.example#@localhost", None),
        ("evil.example/localhost", None),
        ("evil.example\\localhost", None),
        ("localhost, evil.example", None),
        ("localhost evil.example", None),
        ("localhost:80:80", None),
        ("localhost:port", None),
        ("::1", None),
        ("[localhost]", None),
        ("[1:2]", None),
        ("[::1", None),
        (".", None),
        (":8100", None),
        ("", None),
        ("ⓛocalhost", None),
    ],
)
def test_the_host_of_an_authority(authority: str, host: str | None) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("claude.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:7f00:1", True),
        ("0.0.0.0", True),
        ("::", True),
        ("192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
        ("localhost.evil.example", False),
        ("evillocalhost", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.", False),  # the root's dot is taken away once, by host_of
        ("", False),
    ],
)
def test_what_leads_to_this_machine(host: str, expected: bool) -> None:
    assert is_this_machine(host) is expected


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://localhost:3000", Origin("http", "localhost", "3000")),
        ("HTTPS://Example.COM", Origin("https", "example.com")),
        ("https://example.com:443", Origin("https", "example.com")),
        ("http://example.com:443", Origin("http", "example.com", "443")),
        ("http://[::1]:8100", Origin("http", "::1", "8100")),
        ("app://obsidian.md", Origin("app", "obsidian.md")),
        ("vscode-webview://1a2b3c", Origin("vscode-webview", "1a2b3c")),
        ("tauri://localhost", Origin("tauri", "localhost")),
        ("file://", Origin("file")),
        ("null", Origin("null")),
        ("http://a, http://b", None),
        ("http://a/path", None),
        ("http://user@a", None),
        ("localhost:3000", None),
        ("//localhost", None),
        ("", None),
    ],
)
def test_an_origin_as_a_browser_sends_it(text: str, origin: Origin | None) -> None:
    assert Origin.parse(text) == origin


@pytest.mark.parametrize(
    ("origin", "authority", "expected"),
    [
        ("http://localhost:8100", "localhost:8100", True),
        ("http://LOCALHOST:8100", "localhost.:8100", True),
        ("https://claude.example", "claude.example", True),
        ("https://claude.example", "claude.example:443", True),
        ("http://[::1]:8100", "[::1]:8100", True),
        ("http://localhost:3000", "localhost:8100", False),
        ("http://127.0.0.1:8100", "localhost:8100", False),
        ("https://claude.example", "claude.example:80", False),
        ("app://localhost", "localhost", False),
        ("null", "null", False),
        ("file://", "", False),
    ],
)
def test_whether_a_page_is_the_proxys_own(
    origin: str, authority: str, expected: bool
) -> None:
    parsed = Origin.parse(origin)
    assert parsed is not None
    assert parsed.is_at(authority) is expected


@pytest.mark.parametrize(
    ("word", "allowed", "refused"),
    [
        (
            "http://localhost:3000",
            ["http://localhost:3000"],
            [
                "http://localhost:3001",
                "https://localhost:3000",
                "http://localhost",
                "http://localhost.evil.example:3000",
                "null",
            ],
        ),
        ("http://localhost:3000/", ["http://localhost:3000"], ["http://localhost"]),
        ("https://a.example", ["https://a.example", "https://a.example:443"], []),
        ("https://a.example:443", ["https://a.example"], ["https://a.example:8443"]),
        ("a.example", ["http://a.example", "https://a.example"], ["app://a.example"]),
        ("a.example:80", ["http://a.example"], ["https://a.example"]),
        (
            "http://localhost:*",
            ["http://localhost", "http://localhost:5173"],
            ["http://evil.example:5173", "https://localhost"],
        ),
        (
            "https://*.a.example",
            ["https://x.a.example", "https://x.y.a.example"],
            ["https://a.example", "https://xa.example", "https://x.a.example:8443"],
        ),
        ("http://*", ["http://a", "http://b:8080"], ["https://a"]),
        (
            "vscode-webview://*",
            ["vscode-webview://1a2b3c"],
            ["vscode-file://vscode-app", "https://vscode-webview"],
        ),
        ("app://obsidian.md", ["app://obsidian.md"], ["app://other"]),
        ("file://", ["file://"], ["null", "file://host"]),
        ("http://[::1]:3000", ["http://[::1]:3000"], ["http://[::2]:3000"]),
        ("null", ["null"], ["file://", "http://null"]),
    ],
)
def test_what_a_word_of_the_option_allows(
    word: str, allowed: list[str], refused: list[str]
) -> None:
    pattern = OriginPattern.parse(word)
    for text, expected in [(t, True) for t in allowed] + [(t, False) for t in refused]:
        origin = Origin.parse(text)
        assert origin is not None
        assert pattern.matches(origin) is expected, text


@pytest.mark.parametrize(
    "word", ["http://a b", "http://a/path", "http://a:port", "://a", "http://a*", ""]
)
def test_a_word_that_is_no_origin_is_an_error(word: str) -> None:
    with pytest.raises(ValueError, match="is not an origin such as"):
        OriginPattern.parse(word)


@pytest.mark.parametrize(
    ("origin", "word"),
    [
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("app://obsidian.md", "app://obsidian.md"),
        ("vscode-webview://1a2b3c", "vscode-webview://*"),
        ("moz-extension://8d2f-41", "moz-extension://*"),
        ("file://", "file://"),
        ("null", "null"),
    ],
)
def test_the_word_that_is_proposed_does_allow_the_origin(
    origin: str, word: str
) -> None:
    parsed = Origin.parse(origin)
    assert parsed is not None
    assert parsed.to_allow == word
    assert OriginPattern.parse(word).matches(parsed)

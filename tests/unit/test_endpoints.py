import pytest
from mitmproxy.http import Request

from anthropic_proxy.proxy.endpoints import allowed, disabled, hint, match, model_name

VERSION = {"anthropic-version": "2026-10-21"}


def request(line, headers=None):
    method, path = line.split(" ", 1)
    return Request.make(method, f"http://x{path}", b"", headers or {})


@pytest.mark.parametrize(
    ("line", "kind", "dialect"),
    [
        ("POST /v1/chat/completions", "chat", "openai"),
        ("POST /v1/v1/chat/completions", "chat", "openai"),
        ("POST //v1/chat/completions/", "chat", "openai"),
        ("POST /v1/messages", "messages", "anthropic"),
        ("POST /v1/v1/v1/messages?beta=true", "messages", "anthropic"),
        ("POST /v1/messages/count_tokens", "messages", "anthropic"),
        ("GET /v1/messages", "native", "anthropic"),
        ("POST /v1/messages/batches", "native", "anthropic"),
        ("DELETE /v1/files/x", "native", "anthropic"),
        ("GET /v1/memory_stores/x/memories", "native", "anthropic"),
        ("GET /v1/organizations", "native", "anthropic"),
        ("POST /v1/messagesx", "unknown", "openai"),
        ("POST /v1/embeddings", "unknown", "openai"),
        ("POST /v1/completions", "unknown", "openai"),
        ("GET /v1/chat/completions", "unknown", "openai"),
        ("GET /v1/models", "models", "openai"),
        ("POST /v1/models", "unknown", "openai"),
        ("GET /v1/models/claude-x", "model", "openai"),
        ("DELETE /v1/models/claude-x", "unknown", "openai"),
        ("GET /", "status page", "openai"),
        ("HEAD /", "status page", "openai"),
        ("GET /health", "health", "openai"),
        ("GET /metrics", "metrics", "openai"),
        ("OPTIONS /v1/messages", "options", "openai"),
        ("GET /nonsense", "unknown", "openai"),
    ],
)
def test_where_a_request_goes(line, kind, dialect):
    found = match(request(line))
    assert (found.kind, found.dialect) == (kind, dialect)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("GET /v1/models", "models"),
        ("GET /v1/models/x", "model"),
        ("GET /nonsense", "unknown"),
    ],
)
def test_a_client_that_sends_a_version_speaks_anthropics_dialect(line, kind):
    found = match(request(line, VERSION))
    assert (found.kind, found.dialect) == (kind, "anthropic")


def test_only_what_holds_no_secret_by_nature_is_shown():
    lines = ("POST /v1/messages", "POST /v1/chat/completions", "GET /v1/models")
    assert all(match(request(line)).shown for line in lines)
    lines = ("POST /v1/vaults/x/credentials", "POST /auth/callback", "POST /v1/files")
    assert not any(match(request(line)).shown for line in lines)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/models/gpt-4o", "gpt-4o"),
        ("/v1/models/anthropic%2Fclaude-x?y=1", "anthropic/claude-x"),
        ("/v1/models/anthropic/claude-x", "anthropic/claude-x"),
        ("/v1/models/caf%c3%a9-%ff", "café-\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_the_name_of_a_model(path, name):
    assert model_name(request(f"GET {path}")) == name


def test_the_name_of_a_model_in_bytes_that_are_no_text():
    asked = request("GET /")
    asked.data.path = b"/v1/models/claude-\xcd"
    assert model_name(asked) == "claude-\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/", "GET, HEAD, OPTIONS"),
        ("/v1/chat/completions", "POST, OPTIONS"),
        ("/v1/messages", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ("/v1/models/x", "GET, OPTIONS"),
        ("/nonsense", "OPTIONS"),
    ],
)
def test_the_methods_of_a_path(path, methods):
    assert allowed(request(f"OPTIONS {path}")) == methods


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "POST /chat/completions",
            "Add /v1 to the base URL: POST /v1/chat/completions.",
        ),
        ("POST /messages", "Add /v1 to the base URL: POST /v1/messages."),
        ("GET /v1/chat/completions", "/v1/chat/completions takes POST."),
        ("POST /health", "/health takes GET and HEAD."),
        ("GET /nonsense", ""),
    ],
)
def test_a_guess_at_what_was_meant(line, expected):
    assert hint(request(line)) == expected


def test_a_disabled_endpoint_keeps_its_dialect_and_switch():
    off = disabled(match(request("POST /v1/messages")))
    assert (off.kind, off.dialect) == ("disabled", "anthropic")
    assert off.switch == "enable_anthropic"
    assert not off.shown

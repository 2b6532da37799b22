"""The proxy with a subscription login: refresh, resend, the /auth endpoints."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.oauth_server import IDENTITY, RunningOAuthServer
from support.running_proxy import RunningProxy

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
NATIVE = {"model": "claude-sonnet-5-5", "max_tokens": 99, "messages": CHAT["messages"]}
PHRASE = "I understand"


@pytest.fixture
def server() -> Iterator[RunningOAuthServer]:
    with RunningOAuthServer(label="canary") as running:
        yield running


def token_file(home: Path) -> Path:
    return home / "tokens.json"


def log_in(home: Path, server: RunningOAuthServer, *, expires_in: float) -> str:
    """Write a login; its access token is returned."""
    issued = server.oauth.issue()
    document = {
        "version": 1,
        "type": "subscription",
        "access_token": issued["access_token"],
        "refresh_token": issued["refresh_token"],
        "expires_at": int(time.time() + expires_in),
        "scope": issued["scope"],
        "account": issued["account"],
        "organization": issued["organization"],
        "acknowledged_terms": "2026-11-01",
        "acknowledged_terms_version": "2026-09-26",
    }
    path = token_file(home)
    path.touch(0o600)
    path.write_text(json.dumps(document))
    return str(issued["access_token"])


def running(home: Path, server: RunningOAuthServer, **extra: str) -> RunningProxy:
    environment = server.environment | {
        "ANTHROPIC_PROXY_TOKEN_FILE": str(token_file(home)),
        **extra,
    }
    return RunningProxy(home, upstream=server.url, environment=environment)


def post(proxy: RunningProxy, path: str, body: Any, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{proxy.url}{path}", json=body, headers=headers, trust_env=False, timeout=20
    )


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/chat/completions", CHAT), ("/v1/messages", NATIVE)]
)
def test_a_request_gets_token_beta_and_identity(
    path: str, body: Any, home: Path, server: RunningOAuthServer
) -> None:
    token = log_in(home, server, expires_in=3600)
    with running(home, server) as proxy:
        answer = post(proxy, path, body)
        assert answer.status_code == 200
        headers, sent = server.api.requests[-1]
        assert headers["authorization"] == f"Bearer {token}"
        assert headers["anthropic-beta"] == "oauth-2025-04-20"
        assert "x-api-key" not in headers
        assert headers["user-agent"].startswith("anthropic-max-proxy/")
        assert sent["system"][0] == {"type": "text", "text": IDENTITY}
        assert token not in proxy.log


@pytest.mark.parametrize("stream", [False, True])
def test_a_401_to_our_token_is_mended_before_the_client_sees_a_byte(
    stream: bool, home: Path, server: RunningOAuthServer
) -> None:
    token = log_in(home, server, expires_in=3600)
    server.oauth.access_tokens.remove(token)  # revoked long before it expires
    with running(home, server) as proxy:
        answer = post(proxy, "/v1/chat/completions", CHAT | {"stream": stream})
        assert answer.status_code == 200
        assert "You said: Hi" in answer.text.replace('"}}]}', "") or stream
        assert server.oauth.refreshes == 1
        assert len(server.api.requests) == 2
        stored = json.loads(token_file(home).read_text())
        assert stored["access_token"] in server.oauth.access_tokens
        assert post(proxy, "/v1/chat/completions", CHAT).status_code == 200
        assert server.oauth.refreshes == 1


@pytest.mark.parametrize("expires_in", [3600, -10])
def test_ten_requests_at_once_cause_one_refresh(
    expires_in: float, home: Path, server: RunningOAuthServer
) -> None:
    token = log_in(home, server, expires_in=expires_in)
    server.oauth.access_tokens.remove(token)
    server.oauth.delay_s = 0.3

    async def ask_all(url: str) -> list[httpx.Response]:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            bodies = [CHAT | {"stream": bool(i % 2)} for i in range(10)]
            return await asyncio.gather(
                *(client.post(f"{url}/v1/chat/completions", json=b) for b in bodies)
            )

    with running(home, server) as proxy:
        answers = asyncio.run(ask_all(proxy.url))
        assert [answer.status_code for answer in answers] == [200] * 10
        assert server.oauth.refreshes == 1


def test_a_refresh_that_fails_keeps_the_login_and_says_what_to_type(
    home: Path, server: RunningOAuthServer
) -> None:
    log_in(home, server, expires_in=-10)
    before = token_file(home).read_bytes()
    server.oauth.failure = "invalid_grant"
    with running(home, server) as proxy:
        answer = post(proxy, "/v1/chat/completions", CHAT)
        assert answer.status_code == 401
        assert "login --subscription" in answer.json()["error"]["message"]
        assert token_file(home).read_bytes() == before
        assert server.api.requests == []


def test_a_clients_own_401_is_the_clients(
    home: Path, server: RunningOAuthServer
) -> None:
    log_in(home, server, expires_in=3600)
    with running(home, server) as proxy:
        answer = post(
            proxy,
            "/v1/chat/completions",
            CHAT,
            authorization="Bearer sk-ant-api03-test-wrong",
        )
        assert answer.status_code == 401
        assert server.oauth.refreshes == 0
        assert len(server.api.requests) == 1


def test_a_refusal_reaches_the_caller_word_for_word(
    home: Path, server: RunningOAuthServer
) -> None:
    log_in(home, server, expires_in=3600)
    words = "This credential is only authorized for use with Claude Code."
    server.api.refusal = (400, words)
    with running(home, server) as proxy:
        answer = post(proxy, "/v1/chat/completions", CHAT)
        assert answer.status_code == 400
        assert words in answer.json()["error"]["message"]
        assert len(server.api.requests) == 1


def test_login_over_http(home: Path, server: RunningOAuthServer) -> None:
    with running(home, server) as proxy:
        assert post(proxy, "/v1/chat/completions", CHAT).status_code == 401
        get = lambda path: httpx.get(f"{proxy.url}{path}", trust_env=False)  # noqa: E731
        assert get("/auth/status").json()["authenticated"] is False

        started = get("/auth/start").json()
        assert "verifier" not in json.dumps(started)
        pasted = server.page(started["url"])
        unread = post(proxy, "/auth/callback", {"code": pasted})
        assert unread.status_code == 400
        assert PHRASE in unread.json()["error"]["message"]

        body = {"code": pasted, "acknowledgement": PHRASE}
        assert post(proxy, "/auth/callback", body).status_code == 200
        assert token_file(home).stat().st_mode & 0o777 == 0o600
        again = post(proxy, "/auth/callback", body)
        assert again.status_code == 400

        status = get("/auth/status").json()
        assert status["authenticated"] is True
        assert status["source"] == "subscription"
        assert post(proxy, "/v1/chat/completions", CHAT).status_code == 200

        assert post(proxy, "/auth/logout", {}).json() == {"logged_out": True}
        assert not token_file(home).exists()
        assert post(proxy, "/v1/chat/completions", CHAT).status_code == 401
        assert "canary" not in proxy.log
        assert pasted.partition("#")[0] not in proxy.log


def test_a_wrong_state_is_refused(home: Path, server: RunningOAuthServer) -> None:
    with running(home, server) as proxy:
        started = httpx.get(f"{proxy.url}/auth/start", trust_env=False).json()
        code = server.page(started["url"]).partition("#")[0]
        body = {
            "code": f"{code}#forged",
            "handle": started["handle"],
            "acknowledgement": PHRASE,
        }
        assert post(proxy, "/auth/callback", body).status_code == 400
        assert server.oauth.requests == []


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"host": "evil.example"},
    ],
)
def test_web_pages_cannot_reach_the_login(
    headers: dict[str, str], home: Path, server: RunningOAuthServer
) -> None:
    log_in(home, server, expires_in=3600)
    with running(home, server) as proxy:
        for method, path in (
            ("GET", "/auth/status"),
            ("GET", "/auth/start"),
            ("POST", "/auth/callback"),
            ("POST", "/auth/logout"),
        ):
            answer = httpx.request(
                method, f"{proxy.url}{path}", headers=headers, trust_env=False
            )
            assert answer.status_code == 403, path
        assert token_file(home).exists()


def test_the_local_key_guards_everything_that_costs_or_tells(
    home: Path, server: RunningOAuthServer
) -> None:
    log_in(home, server, expires_in=3600)
    key = "my-local-key-canary"
    with running(home, server, ANTHROPIC_PROXY_LOCAL_KEY=key) as proxy:
        for path in ("/v1/chat/completions", "/auth/logout", "/auth/callback"):
            assert post(proxy, path, CHAT).status_code == 401
        native = post(proxy, "/v1/messages", NATIVE)
        assert native.status_code == 401
        assert native.json()["error"]["type"] == "authentication_error"
        assert server.api.requests == []

        authorized = {"authorization": f"Bearer {key}"}
        for headers in (authorized, {"x-api-key": key}):
            answer = post(proxy, "/v1/chat/completions", CHAT, **headers)
            assert answer.status_code == 200
        sent, _ = server.api.requests[-1]
        assert key not in sent.values()
        assert key not in proxy.log
        assert httpx.get(f"{proxy.url}/health", trust_env=False).status_code == 200


def test_a_subscription_is_not_shared_beyond_this_machine(
    home: Path, server: RunningOAuthServer
) -> None:
    log_in(home, server, expires_in=3600)
    arguments = ("--set", "listen_host=0.0.0.0")
    environment = server.environment | {
        "ANTHROPIC_PROXY_TOKEN_FILE": str(token_file(home))
    }
    open_mode = RunningProxy(
        home, upstream=server.url, environment=environment, arguments=arguments
    )
    # The mode names 127.0.0.1, which wins: this must start.
    with open_mode as proxy:
        assert post(proxy, "/v1/chat/completions", CHAT).status_code == 200

    exposed = RunningProxy(
        home,
        upstream=server.url,
        environment=environment,
        listen_host="0.0.0.0",
        settle_seconds=2,
    )
    with pytest.raises(RuntimeError, match="local_key"), exposed:
        pass

    with RunningProxy(
        home,
        upstream=server.url,
        environment=environment | {"ANTHROPIC_PROXY_LOCAL_KEY": "k"},
        listen_host="0.0.0.0",
    ) as proxy:
        answer = post(proxy, "/v1/chat/completions", CHAT, **{"x-api-key": "k"})
        assert answer.status_code == 200

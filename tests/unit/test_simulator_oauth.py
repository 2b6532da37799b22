"""The simulated OAuth server refuses what the real one refuses."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from anthropic_proxy.credentials.endpoints import OAuthEndpoints
from anthropic_proxy.simulator.oauth import (
    CLIENT_ID,
    FAILURES,
    OAuthRefusal,
    OAuthServer,
)

VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .rstrip(b"=")
    .decode()
)
QUERY = {
    "code": "true",
    "client_id": CLIENT_ID,
    "response_type": "code",
    "redirect_uri": "https://example.com/callback",
    "scope": "user:inference",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "state": "st",
}


def exchange(server: OAuthServer, **changes: Any) -> dict[str, Any]:
    code, _, state = server.authorize(QUERY).partition("#")
    request = {
        "grant_type": "authorization_code",
        "code": code,
        "state": state,
        "client_id": CLIENT_ID,
        "redirect_uri": QUERY["redirect_uri"],
        "code_verifier": VERIFIER,
    }
    sent = {name: value for name, value in (request | changes).items() if value}
    return dict(server.token(sent))


def refusal_of(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(OAuthRefusal) as caught:
        call(*args, **kwargs)
    return str(caught.value.body)


def test_the_client_id_is_the_one_that_we_use() -> None:
    assert OAuthEndpoints().client_id == CLIENT_ID


def test_a_code_gives_tokens_once() -> None:
    server = OAuthServer()
    tokens = exchange(server)
    assert tokens["expires_in"] == 28_800
    assert tokens["scope"] == "user:inference"
    assert tokens["access_token"] in server.access_tokens
    assert "'code'" in refusal_of(exchange, server, code="simulated-code-000001")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code_verifier": "w" * 43}, "code_verifier does not match"),
        ({"code_verifier": None}, "code_verifier: required"),
        ({"state": None}, "state: required"),
        ({"state": "other"}, "state does not match"),
        ({"redirect_uri": "https://example.com/"}, "redirect_uri does not match"),
        ({"client_id": "other"}, "Unknown client"),
        ({"grant_type": "password"}, "Unsupported grant type"),
    ],
)
def test_an_exchange_that_is_not_right_in_everything_is_refused(
    changes: dict[str, Any], words: str
) -> None:
    assert words in refusal_of(exchange, OAuthServer(), **changes)


@pytest.mark.parametrize(
    "name",
    ["client_id", "response_type", "redirect_uri", "scope", "code_challenge", "state"],
)
def test_the_login_page_insists_on_every_parameter(name: str) -> None:
    query = {key: value for key, value in QUERY.items() if key != name}
    assert "invalid" in refusal_of(OAuthServer().authorize, query)


def test_a_refresh_token_works_once() -> None:
    server = OAuthServer()
    first = exchange(server)["refresh_token"]
    request = {
        "grant_type": "refresh_token",
        "client_id": CLIENT_ID,
        "refresh_token": first,
    }
    second = server.token(request)["refresh_token"]
    assert "invalid_grant" in refusal_of(server.token, request)
    assert server.token(request | {"refresh_token": second})
    assert server.refreshes == 3


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_can_be_asked_for(name: str) -> None:
    server = OAuthServer(failure=name)
    with pytest.raises(OAuthRefusal):
        server.token({"grant_type": "refresh_token"})

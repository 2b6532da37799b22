"""PKCE, the requests and what replies mean; the RFCs' own examples where they exist."""

from __future__ import annotations

import contextlib
import json
import string
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.credentials import oauth_errors as errors
from anthropic_proxy.credentials.endpoints import OAuthEndpoints, from_env
from anthropic_proxy.credentials.oauth import (
    DEFAULT_EXPIRES_IN_S,
    Pkce,
    Reply,
    TokenRequest,
    TokenSet,
    parse_token_reply,
    pkce,
    prepare_authorization_url,
    prepare_console_refresh,
    prepare_exchange,
    prepare_refresh,
)

NOW = 1_800_000_000.0
ENDPOINTS = OAuthEndpoints()
ACCESS = "sk-ant-oat01-canary-access"
REFRESH = "sk-ant-ort01-canary-refresh"
SPENT = "sk-ant-ort01-canary-spent"


def reply(status: int, body: Any, **headers: str) -> Reply:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, {k.replace("_", "-"): v for k, v in headers.items()}, text)


def refresh_request() -> TokenRequest:
    return prepare_refresh(ENDPOINTS, SPENT)


# -- PKCE -----------------------------------------------------------------------------


def test_the_example_of_rfc_7636_appendix_b() -> None:
    octets = bytes.fromhex(
        "7418dfb49799e0254ffa607dd8adbbba16d4254d69d6bff05b58055853848d79"
    )
    key = pkce(octets)
    assert key.verifier == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert key.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@given(st.binary(min_size=32, max_size=32))
@settings(deadline=None, max_examples=50)
def test_every_verifier_is_43_characters_that_need_no_encoding(octets: bytes) -> None:
    key = pkce(octets)
    assert len(key.verifier) == 43
    assert set(key.verifier) <= set(string.ascii_letters + string.digits + "-_")


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="16 random bytes given, 32 needed"):
        pkce(bytes(16))


# -- what is sent ---------------------------------------------------------------------


def test_the_authorization_url_holds_all_parameters_encoded() -> None:
    url = prepare_authorization_url(ENDPOINTS, challenge="chal", state="st")
    assert url.startswith("https://claude.ai/oauth/authorize?code=true&")
    assert " " not in url
    assert parse_qs(urlsplit(url).query) == {
        "code": ["true"],
        "client_id": ["9d1c250a-e61b-44d9-88ed-5944d1962f5e"],
        "response_type": ["code"],
        "redirect_uri": ["https://platform.claude.com/oauth/code/callback"],
        "scope": ["org:create_api_key user:profile user:inference"],
        "code_challenge": ["chal"],
        "code_challenge_method": ["S256"],
        "state": ["st"],
    }


def test_an_authorize_url_with_a_query_keeps_it() -> None:
    endpoints = OAuthEndpoints(authorize_url="https://claude.ai/authorize?x=1")
    url = prepare_authorization_url(endpoints, challenge="c", state="s")
    assert url.startswith("https://claude.ai/authorize?x=1&code=true&")


def test_the_exchange_repeats_the_redirect_uri_and_the_state() -> None:
    request = prepare_exchange(ENDPOINTS, code="co", state="st", verifier="ve")
    assert request.url == "https://platform.claude.com/v1/oauth/token"
    assert json.loads(request.body) == {
        "grant_type": "authorization_code",
        "code": "co",
        "state": "st",
        "client_id": ENDPOINTS.client_id,
        "redirect_uri": ENDPOINTS.redirect_uri,
        "code_verifier": "ve",
    }


def test_a_refresh_sends_three_fields_and_no_beta() -> None:
    request = refresh_request()
    assert json.loads(request.body) == {
        "grant_type": "refresh_token",
        "refresh_token": SPENT,
        "client_id": ENDPOINTS.client_id,
    }
    assert request.betas == ()


def test_a_console_refresh_goes_to_the_profiles_host_with_the_beta() -> None:
    request = prepare_console_refresh("https://api.anthropic.com/", "cid", SPENT)
    assert request.url == "https://api.anthropic.com/v1/oauth/token"
    assert request.betas == ("oauth-2025-04-20",)


@pytest.mark.parametrize(
    "value",
    [
        TokenSet(ACCESS, REFRESH),
        Pkce("secret-verifier", "challenge"),
        refresh_request(),
        reply(200, {"access_token": ACCESS}),
    ],
)
def test_no_repr_holds_a_secret(value: object) -> None:
    for secret in (ACCESS, REFRESH, SPENT, "secret-verifier"):
        assert secret not in repr(value)


# -- endpoints ------------------------------------------------------------------------


def test_every_constant_can_be_set_by_the_environment() -> None:
    env = {
        "ANTHROPIC_PROXY_OAUTH_TOKEN_URL": "http://127.0.0.1:9/token",
        "ANTHROPIC_PROXY_OAUTH_CLIENT_ID": "other",
        "ANTHROPIC_PROXY_OAUTH_SCOPE": "",  # empty is unset
    }
    endpoints = from_env(env)
    assert endpoints.token_url == "http://127.0.0.1:9/token"
    assert endpoints.client_id == "other"
    assert endpoints.scope == ENDPOINTS.scope


@pytest.mark.parametrize(
    "url", ["http://example.com/token", "ftp://x/", "nonsense", "https://"]
)
def test_an_address_that_would_carry_secrets_in_the_clear_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="token_url must be an https:// address"):
        OAuthEndpoints(token_url=url)


# -- what comes back ------------------------------------------------------------------

FULL = {
    "access_token": ACCESS,
    "refresh_token": REFRESH,
    "token_type": "Bearer",
    "expires_in": 28_800,
    "scope": "user:inference",
    "account": {"uuid": "u", "email_address": "a@b"},
    "organization": {"uuid": "o", "name": "Org"},
}


def test_a_whole_reply() -> None:
    tokens = parse_token_reply(refresh_request(), reply(200, FULL), now=NOW)
    assert tokens == TokenSet(
        access_token=ACCESS,
        refresh_token=REFRESH,
        expires_at=NOW + 28_800,
        scope="user:inference",
        account={"uuid": "u", "email_address": "a@b"},
        organization={"uuid": "o", "name": "Org"},
    )


def test_what_a_reply_leaves_out_is_kept() -> None:
    previous = replace(
        TokenSet("old", SPENT, 1.0, "scope", {"uuid": "u"}, {"name": "Org"}),
        acknowledged_terms="2026-11-22",
        extra={"later": 1},
    )
    answer = reply(200, {"access_token": ACCESS, "expires_in": 10})
    tokens = parse_token_reply(refresh_request(), answer, now=NOW, previous=previous)
    assert tokens == replace(previous, access_token=ACCESS, expires_at=NOW + 10)


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (28_800, 28_800),
        ("600", 600),
        (0.5, 0.5),
        (None, DEFAULT_EXPIRES_IN_S),
        ("soon", DEFAULT_EXPIRES_IN_S),
        (-1, DEFAULT_EXPIRES_IN_S),
        ([], DEFAULT_EXPIRES_IN_S),
    ],
)
def test_an_odd_expiry_never_costs_the_tokens(expires_in: Any, seconds: float) -> None:
    answer = reply(200, {**FULL, "expires_in": expires_in})
    tokens = parse_token_reply(refresh_request(), answer, now=NOW)
    assert tokens.expires_at == NOW + seconds
    assert tokens.refresh_token == REFRESH


@pytest.mark.parametrize("token", [None, "", 7, "two words", "new\nline", "ümlaut"])
def test_a_success_without_a_usable_access_token(token: Any) -> None:
    answer = reply(200, {**FULL, "access_token": token})
    with pytest.raises(errors.BadReply, match="without an access token"):
        parse_token_reply(refresh_request(), answer, now=NOW)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        # RFC 6749 5.2
        (400, {"error": "invalid_grant"}, errors.InvalidGrant, "invalid_grant"),
        (
            400,
            {"error": "invalid_grant", "error_description": "expired"},
            errors.InvalidGrant,
            "HTTP 400 (invalid_grant: expired)",
        ),
        (401, {"error": "invalid_client"}, errors.Refused, "invalid_client"),
        (400, {"error": "unsupported_grant_type"}, errors.Refused, "unsupported"),
        # Anthropic's own shape
        (
            400,
            {"error": {"type": "invalid_request_error", "message": "code: required"}},
            errors.InvalidGrant,
            "(invalid_request_error: code: required)",
        ),
        (
            403,
            {"type": "error", "error": {"type": "permission_error", "message": "no"}},
            errors.Refused,
            "(permission_error: no)",
        ),
        (429, {"error": {"type": "rate_limit_error"}}, errors.RateLimited, "429"),
        # neither
        (404, b"<html>Not found</html>", errors.EndpointMoved, "HTTP 404"),
        (405, b"", errors.EndpointMoved, "HTTP 405"),
        (308, b"", errors.EndpointMoved, "HTTP 308"),
        (200, b"<html>sign in</html>", errors.EndpointMoved, "not in JSON"),
        (500, {"error": "server_error"}, errors.ServerTrouble, "server_error"),
        (503, b"upstream connect error", errors.ServerTrouble, "connect error"),
        (400, b"[1]", errors.Refused, "HTTP 400"),
    ],
)
def test_every_failure_has_its_class_and_shows_the_servers_words(
    status: int, body: Any, kind: type[errors.OAuthError], words: str
) -> None:
    with pytest.raises(errors.OAuthError) as caught:
        parse_token_reply(refresh_request(), reply(status, body), now=NOW)
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("header", "seconds"), [("300", 300), ("1", 60), ("Mon, 01 Jan", 60), (None, 60)]
)
def test_a_rate_limit_is_left_alone_for_a_minute_at_least(
    header: str | None, seconds: float
) -> None:
    headers = {"retry_after": header} if header else {}
    with pytest.raises(errors.RateLimited) as caught:
        parse_token_reply(refresh_request(), reply(429, {}, **headers), now=NOW)
    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize(
    "echo",
    [
        {"error": "invalid_grant", "error_description": f"bad token {SPENT}"},
        {"error": SPENT},
        {"error": {"type": "x", "message": f"the code {SPENT} and {ACCESS}"}},
        f"plain text {SPENT} {ACCESS}".encode(),
    ],
)
def test_a_server_that_echoes_secrets_does_not_bring_them_into_a_message(
    echo: Any,
) -> None:
    with pytest.raises(errors.OAuthError) as caught:
        parse_token_reply(refresh_request(), reply(400, echo), now=NOW)
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(caught.value)


def test_a_code_that_is_echoed_is_not_shown_though_it_looks_like_no_token() -> None:
    request = prepare_exchange(
        ENDPOINTS, code="canary-code", state="canary-state", verifier="canary-verifier"
    )
    echo = {"error": "invalid_grant", "error_description": request.body.decode()}
    with pytest.raises(errors.InvalidGrant) as caught:
        parse_token_reply(request, reply(400, echo), now=NOW)
    assert "canary" not in str(caught.value)


def test_a_secret_in_the_names_of_a_reply_is_not_shown_either() -> None:
    with pytest.raises(errors.BadReply) as caught:
        parse_token_reply(refresh_request(), reply(200, {SPENT: 1}), now=NOW)
    assert "canary" not in str(caught.value)


def test_the_servers_words_cannot_steer_the_terminal_or_flood_it() -> None:
    body = {"error": "x", "error_description": "\x1b[2J" + "a" * 5000}
    with pytest.raises(errors.OAuthError) as caught:
        parse_token_reply(refresh_request(), reply(400, body), now=NOW)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < errors.MAX_SHOWN + 200


@given(st.integers(200, 599), st.binary(max_size=60))
@settings(deadline=None, max_examples=200)
def test_any_reply_gives_tokens_or_an_oauth_error(status: int, body: bytes) -> None:
    with contextlib.suppress(errors.OAuthError):
        parse_token_reply(refresh_request(), Reply(status, {}, body), now=NOW)


@pytest.mark.parametrize(
    ("expires_at", "seconds", "expected"),
    [(None, 300, False), (NOW + 301, 300, False), (NOW + 300, 300, True), (0, 0, True)],
)
def test_expires_within(
    expires_at: float | None, seconds: float, expected: bool
) -> None:
    tokens = TokenSet(ACCESS, expires_at=expires_at)
    assert tokens.expires_within(seconds, NOW) is expected


def test_a_failure_that_may_have_arrived_warns_of_a_spent_token() -> None:
    assert "nothing was lost" in errors.Unreachable("x", sent=False).next_step
    assert "log in again" in errors.Unreachable("x", sent=True).next_step

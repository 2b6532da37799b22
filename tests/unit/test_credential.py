"""What goes on the wire, and what a client's headers mean."""

from __future__ import annotations

import pytest

from anthropic_proxy.credentials.credential import Credential, Presented, presented

API = "sk-ant-api03-canary"
OAT = "sk-ant-oat01-canary"
LOCAL = "my-local-key"


def test_an_api_key_goes_as_x_api_key_without_betas() -> None:
    credential = Credential("api_key", API, oauth=False)
    assert credential.headers == (("x-api-key", API),)
    assert credential.betas == ()


def test_a_token_goes_as_bearer_with_the_oauth_beta() -> None:
    credential = Credential("console", OAT, oauth=True, workspace_id="wrkspc_1")
    assert credential.headers == (
        ("authorization", f"Bearer {OAT}"),
        ("anthropic-workspace-id", "wrkspc_1"),
    )
    assert credential.betas == ("oauth-2025-04-20",)


def test_repr_and_str_show_no_secret() -> None:
    credential = Credential("subscription", OAT, oauth=True, needs_identity=True)
    assert "canary" not in f"{credential!r} {credential}"


CLIENT_KEY = Credential("client", API, oauth=False)
CLIENT_TOKEN = Credential("client", OAT, oauth=True)


@pytest.mark.parametrize(
    ("headers", "own", "is_local"),
    [
        ([], None, False),
        # by prefix, whichever header it comes in
        ([("authorization", f"Bearer {API}")], CLIENT_KEY, False),
        ([("x-api-key", API)], CLIENT_KEY, False),
        ([("authorization", f"Bearer {OAT}")], CLIENT_TOKEN, False),
        ([("x-api-key", OAT)], CLIENT_TOKEN, False),
        ([("Authorization", f"bearer   {API}  ")], CLIENT_KEY, False),
        ([("authorization", API)], CLIENT_KEY, False),
        # placeholders
        ([("authorization", "Bearer not-used")], None, False),
        ([("x-api-key", "dummy")], None, False),
        ([("authorization", "Bearer sk-proj-openai")], None, False),
        ([("authorization", "Bearer ")], None, False),
        ([("authorization", "Basic dXNlcjpwYXNz")], None, False),
        # the local key
        ([("authorization", f"Bearer {LOCAL}")], None, True),
        ([("x-api-key", LOCAL)], None, True),
        ([("x-api-key", LOCAL + "x")], None, False),
        ([("x-api-key", LOCAL), ("authorization", f"Bearer {API}")], CLIENT_KEY, True),
        # both real: x-api-key wins, as upstream decides
        (
            [("authorization", f"Bearer {OAT}"), ("x-api-key", API)],
            CLIENT_KEY,
            False,
        ),
        # bytes that are no text reach us as lone surrogates
        ([("authorization", "Bearer \udcff\udcfe")], None, False),
    ],
)
def test_classified_by_prefix(
    headers: list[tuple[str, str]], own: Credential | None, is_local: bool
) -> None:
    assert presented(headers, local_key=LOCAL) == Presented(own, is_local)


def test_a_local_key_that_looks_like_a_real_one_is_never_sent_on() -> None:
    assert presented([("x-api-key", API)], local_key=API) == Presented(None, True)


@pytest.mark.parametrize("local_key", [None, ""])
def test_without_a_local_key_nothing_is_one(local_key: str | None) -> None:
    assert presented([("x-api-key", "")], local_key=local_key) == Presented(None, False)


def test_a_local_key_outside_ascii() -> None:
    given = [("authorization", "Bearer schlüssel")]
    assert presented(given, local_key="schlüssel").local_key

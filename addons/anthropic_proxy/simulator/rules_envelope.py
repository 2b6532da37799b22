"""Rules about headers, size and encoding: what is looked at before the body is."""

from __future__ import annotations

from .api_error import ApiError
from .profile import IDENTITY, OAUTH_BETA, VERSIONS
from .request import Request


def version_present(request: Request) -> None:
    """Rule 1."""
    if not request.version:
        raise ApiError(400, "anthropic-version: header is required")


def version_known(request: Request) -> None:
    """Rule 101."""
    if request.version not in VERSIONS:
        text = f'"{request.version}" is not a valid version'
        raise ApiError(400, f"anthropic-version: {text}")


def credential(request: Request) -> tuple[str, bool] | None:
    """The secret and whether it came as a bearer; ``x-api-key`` wins."""
    if key := request.headers.get("x-api-key", "").strip():
        return key, False
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return secret.strip(), True
    return None


def is_oauth(request: Request) -> bool:
    """Whether the credential is an OAuth token."""
    found = credential(request)
    return found is not None and found[0].startswith("sk-ant-oat")


def key_accepted(request: Request) -> None:
    """Rule 2. An OAuth token counts as a bearer only."""
    found = credential(request)
    if found is None:
        raise ApiError(401, "x-api-key header is required")
    secret, bearer = found
    known = request.profile.accepted_keys
    accepted = secret.startswith("sk-ant-") if known is None else secret in known
    if not accepted or (is_oauth(request) and not bearer):
        raise ApiError(401, "Invalid bearer token" if bearer else "invalid x-api-key")


def token_alive(request: Request) -> None:
    """Rule 102."""
    found = credential(request)
    if found is not None and found[0] in request.profile.expired:
        text = "OAuth token has expired. Please obtain a new token or refresh yours."
        raise ApiError(401, text)


def oauth_beta(request: Request) -> None:
    """Rule 103."""
    if is_oauth(request) and OAUTH_BETA not in request.betas:
        raise ApiError(401, "OAuth authentication is currently not supported.")


def betas_known(request: Request) -> None:
    """Rule 30."""
    for beta in request.betas:
        if beta not in request.profile.known_betas:
            text = f"Unexpected value(s) `{beta}` for the `anthropic-beta` header."
            raise ApiError(400, text)


def body_size(request: Request) -> None:
    """Rule 38."""
    if len(request.raw) > request.profile.max_body_bytes:
        raise ApiError(413, "Request exceeds the maximum size")


def body_is_json(request: Request) -> None:
    """Rule 40. Lone surrogate escapes are not JSON either."""
    _ = request.body


def identity_first(request: Request) -> None:
    """Rule 104: a plan's token is for Claude Code, which says so in its first block."""
    found = credential(request)
    prefix = request.profile.subscription_prefix
    if found is None or not found[0].startswith(prefix):
        return
    system = request.body.get("system")
    first = system[0]["text"] if isinstance(system, list) and system else system
    if first != IDENTITY:
        text = "This credential is only authorized for use with Claude Code"
        raise ApiError(400, f"{text} and cannot be used for other API requests.")

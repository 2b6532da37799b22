"""Where the OAuth login happens, and as whom: every value can be configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final
from urllib.parse import urlsplit

ENVIRONMENT_PREFIX: Final = "ANTHROPIC_PROXY_OAUTH_"
API_URL: Final = "https://api.anthropic.com"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_URLS: Final = ("authorize_url", "token_url", "redirect_uri")


@dataclass(frozen=True, slots=True)
class OAuthEndpoints:
    """The constants of the subscription login (rules: credentials 4).

    Each field is also an option ``anthropic_oauth_<field>`` and an environment
    variable ``ANTHROPIC_PROXY_OAUTH_<FIELD>``.

    Raises:
        ValueError: a URL that would carry secrets in the clear, naming the field.
    """

    authorize_url: str = "https://claude.ai/oauth/authorize"
    token_url: str = "https://platform.claude.com/v1/oauth/token"
    client_id: str = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
    redirect_uri: str = "https://platform.claude.com/oauth/code/callback"
    scope: str = "org:create_api_key user:profile user:inference"

    def __post_init__(self) -> None:
        for name in _URLS:
            require_https(getattr(self, name), name)


def from_env(env: Mapping[str, str]) -> OAuthEndpoints:
    """The defaults, with what ``ANTHROPIC_PROXY_OAUTH_*`` sets; empty means unset.

    Raises:
        ValueError: as ``OAuthEndpoints``.
    """
    given = {
        field.name: value
        for field in fields(OAuthEndpoints)
        if (value := env.get(ENVIRONMENT_PREFIX + field.name.upper(), "").strip())
    }
    return OAuthEndpoints(**given)


def require_https(url: str, name: str) -> None:
    """Refuse a URL that is neither ``https`` nor on this machine.

    Raises:
        ValueError: naming the setting; the requests to it carry secrets.
    """
    parts = urlsplit(url)
    if parts.hostname and (
        parts.scheme == "https"
        or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    ):
        return
    raise ValueError(
        f"{name} must be an https:// address (http:// only on this machine), "
        f"got {url!r}: secrets are sent to it"
    )

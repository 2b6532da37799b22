"""Which request goes where: (method, path) → dialect and stages, or a local answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from .answers import Dialect

if TYPE_CHECKING:
    from mitmproxy.http import Request

Kind = Literal["chat", "messages", "models", "health", "auth", "unknown"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row. ``kind`` selects the stages in ``pipeline``."""

    kind: Kind
    dialect: Dialect
    name: str


CHAT: Final = Endpoint("chat", "openai", "chat completions")
MESSAGES: Final = Endpoint("messages", "anthropic", "messages")
MODELS: Final = Endpoint("models", "openai", "models")
HEALTH: Final = Endpoint("health", "openai", "health")
AUTH: Final = Endpoint("auth", "openai", "auth")
UNKNOWN_OPENAI: Final = Endpoint("unknown", "openai", "unknown")
UNKNOWN_ANTHROPIC: Final = Endpoint("unknown", "anthropic", "unknown")

ENDPOINTS: Final[dict[tuple[str, str], Endpoint]] = {
    ("POST", "/v1/chat/completions"): CHAT,
    ("POST", "/v1/messages"): MESSAGES,
    ("POST", "/v1/messages/count_tokens"): MESSAGES,
    ("GET", "/v1/models"): MODELS,
    ("GET", "/health"): HEALTH,
    ("HEAD", "/health"): HEALTH,
    ("GET", "/auth/status"): AUTH,
    ("GET", "/auth/start"): AUTH,
    ("POST", "/auth/callback"): AUTH,
    ("POST", "/auth/logout"): AUTH,
}

# Paths that only Anthropic's API has, for the shape of a 404.
_ANTHROPIC_PATHS: Final = ("/v1/messages",)


def path_of(request: Request) -> str:
    """The path without query; ``/v1/v1/…`` of some clients is understood."""
    path = request.path.partition("?")[0]
    while path.startswith("/v1/v1/"):
        path = path.removeprefix("/v1")
    return path.rstrip("/") or "/"


def match(request: Request) -> Endpoint:
    """The row for a request; an ``unknown`` one in the dialect of the path."""
    path = path_of(request)
    found = ENDPOINTS.get((request.method, path))
    if found is not None:
        return found
    native = path.startswith(_ANTHROPIC_PATHS) or "anthropic-version" in request.headers
    return UNKNOWN_ANTHROPIC if native else UNKNOWN_OPENAI


def hint(request: Request) -> str:
    """What a client that got a 404 probably meant; empty when there is no guess."""
    path = path_of(request)
    guesses: list[tuple[Callable[[str], bool], str]] = [
        (
            lambda p: ("POST", "/v1" + p) in ENDPOINTS,
            f"Add /v1 to the base URL: POST /v1{path}.",
        ),
        (
            lambda p: any(known == p for _, known in ENDPOINTS),
            f"{path} takes "
            + " and ".join(sorted(m for m, p in ENDPOINTS if p == path))
            + ".",
        ),
    ]
    return next((text for matches, text in guesses if matches(path)), "")

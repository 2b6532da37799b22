"""Which request goes where: (method, path) → dialect and stages, or a local answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote

from ..wire.anthropic import VERSION_HEADER
from .answers import Dialect
from .http_facts import value_of

if TYPE_CHECKING:
    from mitmproxy.http import Request

    from .web_guard import Refusal

Kind = Literal[
    "chat", "messages", "native", "models", "model", "health", "status page",
    "options", "auth", "metrics", "disabled", "refused", "unknown",
]  # fmt: skip
Switch = Literal["enable_openai", "enable_anthropic"]
Served = Literal["anywhere", "here", "here or with the key"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row. ``kind`` selects the stages in ``pipeline``."""

    kind: Kind
    dialect: Dialect
    name: str
    switch: Switch | None = None
    """The option that turns it off."""
    shown: bool = False
    """Its bodies hold no secrets by their nature: a verbose log may show them."""
    takes_json: bool = False
    """A body that is sent to it by POST has to say that it is JSON."""
    served: Served = "anywhere"
    """Who may ask: all, this machine, or also who presents the local access key."""
    refusal: Refusal | None = None
    """Why this request is not served."""


CHAT: Final = Endpoint(
    "chat", "openai", "chat completions", "enable_openai", True, takes_json=True
)
MESSAGES: Final = Endpoint(
    "messages", "anthropic", "messages", "enable_anthropic", True, takes_json=True
)
COUNT_TOKENS: Final = replace(MESSAGES, name="count tokens")
MODELS: Final = Endpoint("models", "openai", "models", shown=True)
MODELS_ANTHROPIC: Final = Endpoint("models", "anthropic", "models", shown=True)
MODEL: Final = Endpoint("model", "openai", "model", shown=True)
MODEL_ANTHROPIC: Final = Endpoint("model", "anthropic", "model", shown=True)
HEALTH: Final = Endpoint("health", "openai", "health")
STATUS_PAGE: Final = Endpoint("status page", "openai", "status page")
OPTIONS: Final = Endpoint("options", "openai", "options")
AUTH: Final = Endpoint("auth", "openai", "auth", takes_json=True, served="here")
METRICS: Final = Endpoint("metrics", "openai", "metrics", served="here or with the key")
UNKNOWN_OPENAI: Final = Endpoint("unknown", "openai", "unknown")
UNKNOWN_ANTHROPIC: Final = Endpoint("unknown", "anthropic", "unknown")

_VERSION: Final = VERSION_HEADER.encode()

ENDPOINTS: Final[Mapping[tuple[str, str], Endpoint]] = {
    ("POST", "/v1/chat/completions"): CHAT,
    # The two whose bodies may need the identity sentence.
    ("POST", "/v1/messages"): MESSAGES,
    ("POST", "/v1/messages/count_tokens"): COUNT_TOKENS,
    ("GET", "/v1/models"): MODELS,
    ("GET", "/"): STATUS_PAGE,
    ("HEAD", "/"): STATUS_PAGE,
    ("GET", "/health"): HEALTH,
    ("HEAD", "/health"): HEALTH,
    ("GET", "/metrics"): METRICS,
    ("GET", "/auth/status"): AUTH,
    ("GET", "/auth/start"): AUTH,
    ("POST", "/auth/callback"): AUTH,
    ("POST", "/auth/logout"): AUTH,
}

_NATIVE: Final = tuple(
    (
        f"/v1/{name}",
        Endpoint(
            "native", "anthropic", name, "enable_anthropic", shown,
            takes_json=name in ("messages", "complete"),
        ),
    )
    for name, shown in (
        ("messages", True),
        ("complete", True),
        ("files", False),
        ("skills", False),
        ("agents", False),
        ("environments", False),
        ("sessions", False),
        ("vaults", False),
        ("memory_stores", False),
        ("deployments", False),
        ("deployment_runs", False),
        ("dreams", False),
        ("tunnels", False),
        ("user_profiles", False),
        ("organizations", False),
    )
)  # fmt: skip
"""Everything else that Anthropic's API has below ``/v1/``, whatever the method."""

_BY_DIALECT: Final = {MODELS: MODELS_ANTHROPIC, MODEL: MODEL_ANTHROPIC}
_MODEL_PATH: Final = re.compile(r"/v1/models/(.+)")
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_ANY_METHOD: Final = ", ".join(_METHODS)


def path_of(request: Request) -> str:
    """The path without query; ``/v1/v1/…`` and ``//v1/…`` of some clients are meant."""
    path = "/" + request.path.partition("?")[0].lstrip("/")
    while path.startswith("/v1/v1/"):
        path = path.removeprefix("/v1")
    return path.rstrip("/") or "/"


def match(request: Request) -> Endpoint:
    """The row for a request; an ``unknown`` one in the dialect of the path."""
    if request.method == "OPTIONS":
        return OPTIONS
    path = path_of(request)
    native = value_of(request.headers, _VERSION) is not None
    if request.method not in _METHODS or _climbs(path):
        return UNKNOWN_ANTHROPIC if native else UNKNOWN_OPENAI
    found = ENDPOINTS.get((request.method, path)) or _model(request.method, path)
    if found is not None:
        return _BY_DIALECT.get(found, found) if native else found
    return _native(path) or (UNKNOWN_ANTHROPIC if native else UNKNOWN_OPENAI)


def _climbs(path: str) -> bool:
    """Whether a path leads out of where it seems to be: ``/v1/files/../../api``."""
    if "." not in path and "%" not in path:
        return False  # as nearly all
    plain = unquote(unquote(path)).replace("\\", "/")
    return any(segment in (".", "..") for segment in plain.split("/"))


def _model(method: str, path: str) -> Endpoint | None:
    return MODEL if method == "GET" and _MODEL_PATH.fullmatch(path) else None


def _native(path: str) -> Endpoint | None:
    found = (
        endpoint
        for prefix, endpoint in _NATIVE
        if path == prefix or path.startswith(f"{prefix}/")
    )
    return next(found, None)


def model_name(request: Request) -> str:
    """The id in ``/v1/models/{id}``, unescaped; it may hold a slash.

    What is not UTF-8, escaped or not, becomes U+FFFD.
    """
    found = _MODEL_PATH.fullmatch(path_of(request))
    assert found is not None
    return unquote(found[1].encode("utf-8", "surrogateescape"))


def allowed(request: Request) -> str:
    """The methods of a path, for ``Allow``."""
    path = path_of(request)
    if _native(path) is not None:
        return f"{_ANY_METHOD}, OPTIONS"
    methods = {method for method, known in ENDPOINTS if known == path}
    if _model("GET", path):
        methods.add("GET")
    return ", ".join([*sorted(methods), "OPTIONS"])


def disabled(endpoint: Endpoint) -> Endpoint:
    """The row in place of one whose switch is off."""
    return Endpoint("disabled", endpoint.dialect, endpoint.name, endpoint.switch)


def not_served(endpoint: Endpoint, refusal: Refusal) -> Endpoint:
    """The row in place of one that this request may not reach."""
    return Endpoint("refused", endpoint.dialect, endpoint.name, refusal=refusal)


def hint(request: Request) -> str:
    """What a client that got a 404 probably meant; empty when there is no guess."""
    path = path_of(request)
    if (request.method, f"/v1{path}") in ENDPOINTS or _native(f"/v1{path}"):
        return f"Add /v1 to the base URL: {request.method} /v1{path}."
    methods = sorted(method for method, known in ENDPOINTS if known == path)
    return f"{path} takes {' and '.join(methods)}." if methods else ""

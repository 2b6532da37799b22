"""An OAuth server that is as strict as the real one, for tests and demonstrations.

It verifies PKCE, insists on ``state``, hands out single-use refresh tokens, and can be
told to fail in every way that the real one was seen to fail. ``OAuthServer.routes()``
goes into a tornado application; the state is plain attributes, to be looked at.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from tornado.web import HTTPError, RequestHandler

CLIENT_ID: Final = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
EXPIRES_IN_S: Final = 28_800
ACCOUNT: Final = {
    "uuid": "00000000-0000-4000-8000-000000000001",
    "email_address": "someone@example.com",
}
ORGANIZATION: Final = {
    "uuid": "00000000-0000-4000-8000-000000000002",
    "name": "Example",
}

_RETRY: Final = {"retry-after": "120"}
_HTML: Final = "<!doctype html><title>Not found</title><h1>Not found</h1>"


class OAuthRefusal(Exception):
    """What the token endpoint answers instead of tokens."""

    def __init__(
        self,
        status: int,
        body: Mapping[str, Any] | str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers or {}


def _rfc(status: int, error: str, description: str) -> OAuthRefusal:
    return OAuthRefusal(status, {"error": error, "error_description": description})


def _anthropic(
    status: int, error: str, message: str, headers: Mapping[str, str] | None = None
) -> OAuthRefusal:
    body = {"type": "error", "error": {"type": error, "message": message}}
    return OAuthRefusal(status, body, headers)


FAILURES: Final[Mapping[str, Callable[[], OAuthRefusal]]] = {
    "moved": lambda: OAuthRefusal(404, _HTML, {"content-type": "text/html"}),
    "redirect": lambda: OAuthRefusal(
        308, "", {"location": "https://platform.claude.com/v1/oauth/token"}
    ),
    "invalid_grant": lambda: _rfc(
        400, "invalid_grant", "Refresh token not found or invalid"
    ),
    "invalid_client": lambda: _rfc(401, "invalid_client", "Unknown client"),
    "forbidden": lambda: _anthropic(403, "permission_error", "OAuth is not allowed"),
    "rate_limited": lambda: _anthropic(
        429, "rate_limit_error", "Rate limited. Please try again later.", _RETRY
    ),
    "server_error": lambda: _anthropic(500, "api_error", "Internal server error"),
    "unavailable": lambda: OAuthRefusal(503, "upstream connect error"),
    "sign_in_page": lambda: OAuthRefusal(200, _HTML, {"content-type": "text/html"}),
    "no_tokens": lambda: OAuthRefusal(200, {"token_type": "Bearer"}),
}
"""What ``OAuthServer.failure`` may be set to."""


@dataclass(frozen=True)
class Grant:
    """An authorization code that was handed out."""

    challenge: str
    state: str
    redirect_uri: str
    scope: str


@dataclass
class OAuthServer:
    """The server's state and its rules. Safe to use from several threads."""

    client_id: str = CLIENT_ID
    expires_in_s: int = EXPIRES_IN_S
    rotate: bool = True
    """Each refresh token works once and the reply brings the next one."""
    failure: str | None = None
    """A key of ``FAILURES``: what every token request is answered with."""
    delay_s: float = 0.0
    """How long a token request takes."""
    clock_offset_s: float = 0.0
    """How far the ``Date`` header is off."""
    label: str = "simulated"
    """Part of every token, so that a test can look for leaks."""
    requests: list[Mapping[str, Any]] = field(default_factory=list)
    """Every token request that arrived, as sent."""
    user_agents: list[str] = field(default_factory=list)
    grants: dict[str, Grant] = field(default_factory=dict)
    access_tokens: set[str] = field(default_factory=set)
    """Valid now."""
    refresh_tokens: set[str] = field(default_factory=set)
    """Valid now."""
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def routes(self) -> Sequence[tuple[str, type[RequestHandler], dict[str, Any]]]:
        """What a tornado application needs to be this server."""
        this = {"server": self}
        return (
            (r"/oauth/authorize", _AuthorizeHandler, this),
            (r"/v1/oauth/token", _TokenHandler, this),
        )

    @property
    def refreshes(self) -> int:
        """How many refresh requests arrived, whatever was answered."""
        return sum(
            request.get("grant_type") == "refresh_token" for request in self.requests
        )

    def authorize(self, query: Mapping[str, str]) -> str:
        """The user agreed: the ``code#state`` that the page shows.

        Raises:
            OAuthRefusal: the address is wrong.
        """
        expected = {"response_type": "code", "code_challenge_method": "S256"}
        for name, value in expected.items():
            if query.get(name) != value:
                raise _rfc(400, "invalid_request", f"{name} must be {value}")
        for name in ("state", "code_challenge", "redirect_uri", "scope"):
            if not query.get(name):
                raise _rfc(400, "invalid_request", f"{name} is required")
        if query.get("client_id") != self.client_id:
            raise _rfc(400, "invalid_client", "Unknown client")
        with self._lock:
            code = self._next("code")
            self.grants[code] = Grant(
                query["code_challenge"],
                query["state"],
                query["redirect_uri"],
                query["scope"],
            )
        return f"{code}#{query['state']}"

    def token(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a token request.

        Raises:
            OAuthRefusal: what to answer instead.
        """
        with self._lock:
            self.requests.append(request)
            if self.failure is not None:
                raise FAILURES[self.failure]()
            if request.get("client_id") != self.client_id:
                raise _rfc(401, "invalid_client", "Unknown client")
            grants = {
                "authorization_code": self._exchange,
                "refresh_token": self._refresh,
            }
            handle = grants.get(request.get("grant_type", ""))
            if handle is None:
                raise _rfc(400, "unsupported_grant_type", "Unsupported grant type")
            return handle(request)

    def issue(self, scope: str = "user:inference") -> dict[str, Any]:
        """New tokens, as a reply holds them."""
        access_token = f"sk-ant-oat01-{self._next('access')}"
        refresh_token = f"sk-ant-ort01-{self._next('refresh')}"
        self.access_tokens.add(access_token)
        self.refresh_tokens.add(refresh_token)
        return {
            "token_type": "Bearer",
            "access_token": access_token,
            "refresh_token": refresh_token,
            "expires_in": self.expires_in_s,
            "scope": scope,
            "account": dict(ACCOUNT),
            "organization": dict(ORGANIZATION),
        }

    def _exchange(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        for name in ("code", "state", "code_verifier", "redirect_uri"):
            if not request.get(name):
                raise _anthropic(400, "invalid_request_error", f"{name}: required")
        grant = self.grants.pop(request["code"], None)
        if grant is None:
            raise _rfc(400, "invalid_grant", "Invalid 'code' in request")
        if request["state"] != grant.state:
            raise _rfc(400, "invalid_grant", "state does not match")
        if request["redirect_uri"] != grant.redirect_uri:
            raise _rfc(400, "invalid_grant", "redirect_uri does not match")
        digest = hashlib.sha256(request["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != grant.challenge:
            raise _rfc(400, "invalid_grant", "code_verifier does not match")
        return self.issue(grant.scope)

    def _refresh(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        token = request.get("refresh_token", "")
        if token not in self.refresh_tokens:
            raise FAILURES["invalid_grant"]()
        if self.rotate:
            self.refresh_tokens.remove(token)
            return self.issue()
        issued = self.issue()
        self.refresh_tokens.discard(issued.pop("refresh_token"))
        return issued

    def _next(self, kind: str) -> str:
        self._count += 1
        return f"{self.label}-{kind}-{self._count:06d}"


class _AuthorizeHandler(RequestHandler):
    """The login page; its user always agrees. Shows ``code#state`` or redirects."""

    def initialize(self, server: OAuthServer) -> None:
        self.server = server

    def get(self) -> None:
        query = {
            name: self.get_query_argument(name, "") or ""
            for name in self.request.arguments
        }
        try:
            shown = self.server.authorize(query)
        except OAuthRefusal as refusal:
            _finish_with(self, refusal)
            return
        if query.get("code") == "true":
            self.set_header("content-type", "text/plain; charset=utf-8")
            self.finish(shown)
            return
        code, _, state = shown.partition("#")
        self.redirect(
            f"{query['redirect_uri']}?{urlencode({'code': code, 'state': state})}"
        )


class _TokenHandler(RequestHandler):
    """The token endpoint: JSON both ways."""

    def initialize(self, server: OAuthServer) -> None:
        self.server = server

    def get(self) -> None:
        self._date()
        if self.server.failure in ("moved", "redirect", "rate_limited"):
            _finish_with(self, FAILURES[self.server.failure]())
            return
        self.set_status(405)
        self.finish()

    async def post(self) -> None:
        self.server.user_agents.append(self.request.headers.get("user-agent", ""))
        try:
            request = json.loads(self.request.body)
        except ValueError:
            raise HTTPError(400) from None
        await asyncio.sleep(self.server.delay_s)
        self._date()
        try:
            self.finish(dict(self.server.token(request)))
        except OAuthRefusal as refusal:
            _finish_with(self, refusal)

    def _date(self) -> None:
        moment = time.gmtime(time.time() + self.server.clock_offset_s)
        self.set_header("date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", moment))


def _finish_with(handler: RequestHandler, refusal: OAuthRefusal) -> None:
    handler.set_status(refusal.status)
    for name, value in refusal.headers.items():
        handler.set_header(name, value)
    body = refusal.body
    handler.finish(body if isinstance(body, str) else dict(body))

"""The simulated OAuth server on a port of 127.0.0.1, and a Messages API to try it on.

The server is real: requests go through sockets, so that other processes can use it.
"""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from anthropic_proxy.simulator.oauth import OAuthServer

IDENTITY = "You are Claude Code, Anthropic's official CLI for Claude."


@dataclass
class Api:
    """A Messages API that knows which tokens are good, and nothing else."""

    oauth: OAuthServer
    api_keys: set[str] = field(default_factory=set)
    refusal: tuple[int, str] | None = None
    """Status and message of what every request is answered with."""
    needs_identity: bool = True
    requests: list[tuple[dict[str, str], Any]] = field(default_factory=list)

    def judge(self, headers: dict[str, str], body: Any) -> tuple[int, Any] | None:
        """None: the request is good; otherwise status and error."""
        self.requests.append((headers, body))
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        if bearer not in self.oauth.access_tokens and (
            headers.get("x-api-key") not in self.api_keys
        ):
            return _error(401, "authentication_error", "Invalid bearer token")
        if self.refusal:
            return _error(self.refusal[0], "invalid_request_error", self.refusal[1])
        first = (body or {}).get("system") or [{}]
        if bearer and body and self.needs_identity and first[0].get("text") != IDENTITY:
            return _error(
                400,
                "invalid_request_error",
                "This credential is only authorized for use with Claude Code and "
                "cannot be used for other API requests.",
            )
        return None


class RunningOAuthServer:
    """Starts on enter, stops on exit."""

    def __init__(self, **settings: Any) -> None:
        self.oauth = OAuthServer(**settings)
        self.api = Api(self.oauth)
        self.url = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """What points a process at this server."""
        return {
            "ANTHROPIC_PROXY_OAUTH_AUTHORIZE_URL": f"{self.url}/oauth/authorize",
            "ANTHROPIC_PROXY_OAUTH_TOKEN_URL": f"{self.url}/v1/oauth/token",
            "ANTHROPIC_PROXY_OAUTH_REDIRECT_URI": f"{self.url}/oauth/code/callback",
            "ANTHROPIC_PROXY_UPSTREAM": self.url,
        }

    def page(self, url: str) -> str:
        """What the login page shows the user: ``code#state``."""
        with urllib.request.urlopen(url, timeout=10) as response:
            shown: str = response.read().decode()
            return shown

    def __enter__(self) -> RunningOAuthServer:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        settings = {"api": self.api}
        application = Application(
            [
                *self.oauth.routes(),
                (r"/v1/messages", _MessagesHandler, settings),
                (r"/v1/models", _ModelsHandler, settings),
            ],
            log_function=lambda _: None,
        )
        sockets = bind_sockets(0, "127.0.0.1", backlog=512)
        server = HTTPServer(application)
        server.add_sockets(sockets)
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        self._started.set()
        self._loop.run_forever()
        server.stop()
        self._loop.run_until_complete(server.close_all_connections())
        self._loop.close()


class _Handler(RequestHandler):
    def initialize(self, api: Api) -> None:
        self.api = api

    def judged(self, body: Any) -> bool:
        headers = {name.lower(): value for name, value in self.request.headers.items()}
        error = self.api.judge(headers, body)
        if error is not None:
            self.set_status(error[0])
            self.finish(error[1])
        return error is None


class _ModelsHandler(_Handler):
    def get(self) -> None:
        if self.judged(None):
            self.finish({"data": [], "has_more": False})


class _MessagesHandler(_Handler):
    def post(self) -> None:
        body = json.loads(self.request.body)
        if not self.judged(body):
            return
        said = body["messages"][-1]["content"]
        text = f"You said: {said} (turn {len(body['messages'])})"
        usage = {"input_tokens": 12, "output_tokens": 7}
        if not body.get("stream"):
            content = [{"type": "text", "text": text}]
            self.finish({"type": "message", "content": content, "usage": usage})
            return
        self.set_header("content-type", "text/event-stream")
        message = {"model": body["model"], "usage": {"input_tokens": 12}}
        for event in (
            {"type": "message_start", "message": message},
            *(
                {
                    "type": "content_block_delta",
                    "delta": {"type": "text_delta", "text": piece},
                }
                for piece in (text[:8], text[8:])
            ),
            {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 7}},
            {"type": "message_stop"},
        ):
            self.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n")
        self.finish()


def _error(status: int, kind: str, message: str) -> tuple[int, Any]:
    return status, {"type": "error", "error": {"type": kind, "message": message}}

"""The HTTP side: tornado handlers for the API and for the stand-in itself."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from asyncio import Future
from typing import TYPE_CHECKING, Any, Final

import msgspec
from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from . import models_api
from .answer import Answer, HtmlPage, answer
from .api_error import ApiError
from .commands import help_text
from .delivery import Cut, Send, Step, Wait, body_steps, faulty_body, stream_steps
from .events import message_events
from .recorder import RecordedRequest
from .request import Endpoint, Request
from .response_headers import ORGANIZATION, SIMULATOR, rate_limit_headers
from .rules_envelope import credential
from .tokens import input_tokens
from .validation import checked

if TYPE_CHECKING:
    from .server import Simulator

_JSON: Final = "application/json"
_SSE: Final = "text/event-stream; charset=utf-8"
_PAGE: Final = b"<html><head><title>%d</title></head><body>Bad gateway</body></html>"


class BaseHandler(RequestHandler):
    """Records the request, names it, answers in the API's error shape."""

    simulator: Simulator
    recorded: RecordedRequest

    def initialize(self, simulator: Simulator) -> None:
        """Called by tornado with what the route says."""
        self.simulator = simulator
        self.gone = asyncio.Event()
        self.recorded = simulator.record(
            method=self.request.method or "",
            path=self.request.uri or "",
            headers=[(n.lower(), v) for n, v in self.request.headers.get_all()],
            body=self.request.body,
        )

    def set_default_headers(self) -> None:
        """Runs before ``initialize``, and again when an error clears the headers."""
        self.set_header("server", "anthropic-max-proxy-simulator")
        self.set_header("x-simulator", SIMULATOR)

    def prepare(self) -> None:
        """Headers of every answer, errors too."""
        self.name_answer()

    def name_answer(self) -> None:
        """Set the headers that tell one answer from another."""
        self.set_header("request-id", self.recorded.request_id)
        self.set_header("anthropic-organization-id", ORGANIZATION)
        limits = rate_limit_headers(self.simulator.count - 1, self.simulator.clock())
        for name, value in limits.items():
            self.set_header(name, value)

    def on_connection_close(self) -> None:
        """The client has left, or the server stops."""
        self.gone.set()

    def flush(self, include_footers: bool = False) -> Future[None]:
        """Note the status before the client can have seen it."""
        self.recorded.status = self.get_status()
        return super().flush(include_footers)

    def check(self, endpoint: Endpoint) -> Request:
        """The request, if the rules accept it.

        Raises:
            ApiError: they do not.
        """
        headers = {
            name: ", ".join(self.request.headers.get_list(name))
            for name in self.request.headers
        }
        try:
            return checked(headers, self.request.body, self.simulator.profile, endpoint)
        except ApiError as error:
            self.recorded.rule = error.rule
            raise

    def json_body(self, status: int, value: Any) -> bytes:
        """Set status and headers of a JSON answer; its bytes, compressed if asked."""
        self.set_status(status)
        self.set_header("content-type", _JSON)
        body = msgspec.json.encode(value)
        return self.compressed(body)

    def compressed(self, body: bytes) -> bytes:
        """``body``, with gzip when the client takes it, and its length announced."""
        if "gzip" in self.request.headers.get("accept-encoding", ""):
            self.set_header("content-encoding", "gzip")
            body = gzip.compress(body, mtime=0)
        self.set_header("content-length", str(len(body)))
        return body

    def reply(self, value: Any, status: int = 200) -> None:
        """Answer with JSON."""
        self.finish(self.json_body(status, value))

    def reply_error(self, error: ApiError) -> None:
        """Answer with an error in the API's own shape."""
        if error.should_retry is not None:
            self.set_header("x-should-retry", str(error.should_retry).lower())
        for name, value in error.headers.items():
            self.set_header(name, value)
        self.reply(error.body(self.recorded.request_id), error.status)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What tornado itself refuses: wrong methods, bugs of ours."""
        self.name_answer()
        raised = kwargs.get("exc_info", (None, None))[1]
        self.reply_error(
            raised
            if isinstance(raised, ApiError)
            else ApiError(status_code, self._reason)
        )

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Refusals are answers, not accidents."""
        if not isinstance(value, ApiError):
            super().log_exception(typ, value, tb)


class NotFound(BaseHandler):
    """Every other path."""

    def prepare(self) -> None:
        """Whatever the method."""
        super().prepare()
        raise ApiError(404, "Not found")


class Messages(BaseHandler):
    """``POST /v1/messages``"""

    async def post(self) -> None:
        """Answer, as JSON or as a stream."""
        request = self.check("messages")
        found = credential(request)
        owner = hashlib.sha256((found or ("", False))[0].encode()).hexdigest()
        try:
            made = answer(request, self.simulator.memory, owner)
        except HtmlPage as page:
            self.set_status(page.status)
            self.set_header("content-type", "text/html")
            await self.finish(_PAGE % page.status)
            return
        if made.delivery.silent_after == 0:
            await self.gone.wait()
            return
        await self.carry_out(self.steps(made, stream=bool(request.body.get("stream"))))

    def steps(self, made: Answer, *, stream: bool) -> list[Step]:
        """The steps of an answer, after its headers have been set."""
        delivery = made.delivery
        delivery.delay_s = delivery.delay_s or (self.simulator.pace_s if stream else 0)
        if stream:
            self.set_header("content-type", _SSE)
            self.set_header("cache-control", "no-cache")
            events = message_events(made.message, made.partial_inputs)
            return stream_steps(events, delivery, self.recorded.request_id)
        self.set_header("content-type", _JSON)
        body = faulty_body(msgspec.json.encode(made.message), delivery)
        return body_steps(self.compressed(body), delivery)

    async def carry_out(self, steps: list[Step]) -> None:
        """Send, wait, cut, fall silent; stop when the client has left."""
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        connection.stream.set_nodelay(True)
        try:
            for step in steps:
                if isinstance(step, Send):
                    self.write(step.data)
                    await self.flush()
                elif isinstance(step, Cut):
                    connection.stream.close()
                    return
                elif await self.is_gone(
                    step.seconds if isinstance(step, Wait) else None
                ):
                    return
        except StreamClosedError:
            return

    async def is_gone(self, seconds: float | None) -> bool:
        """Wait; whether the client left meanwhile. None: until it does."""
        try:
            await asyncio.wait_for(self.gone.wait(), seconds)
        except TimeoutError:
            return False
        return True


class CountTokens(BaseHandler):
    """``POST /v1/messages/count_tokens``"""

    def post(self) -> None:
        """Count."""
        request = self.check("count_tokens")
        self.reply({"input_tokens": input_tokens(request.body)})


class Models(BaseHandler):
    """``GET /v1/models``"""

    def get(self) -> None:
        """One page."""
        self.check("models")
        self.reply(
            models_api.page(
                limit=self.get_query_argument("limit", None),
                after_id=self.get_query_argument("after_id", None),
                before_id=self.get_query_argument("before_id", None),
                lifecycle=[
                    *self.get_query_arguments("lifecycle"),
                    *self.get_query_arguments("lifecycle[]"),
                ],
            )
        )


class Model(BaseHandler):
    """``GET /v1/models/{id}``"""

    def get(self, name: str) -> None:
        """One model."""
        self.check("models")
        self.reply(models_api.retrieve(name))


class ControlHandler(BaseHandler):
    """Paths of the stand-in's own: looked at by people, never recorded."""

    def initialize(self, simulator: Simulator) -> None:
        """As every handler, but forgotten at once."""
        super().initialize(simulator)
        simulator.forget(self.recorded)


class Help(ControlHandler):
    """``GET /simulator/help``"""

    def get(self) -> None:
        """The commands."""
        self.set_header("content-type", "text/plain; charset=utf-8")
        self.finish(help_text())


class Requests(ControlHandler):
    """``GET`` and ``DELETE /simulator/requests``"""

    def get(self) -> None:
        """The last requests, secrets masked."""
        self.reply([recorded.public() for recorded in self.simulator.requests])

    def delete(self) -> None:
        """Forget them."""
        self.simulator.requests.clear()
        self.reply([])


class Expire(ControlHandler):
    """``POST /simulator/expire``"""

    def post(self) -> None:
        """Let the OAuth token in ``{"token": …}`` run out."""
        try:
            token = msgspec.json.decode(self.request.body)["token"]
        except (msgspec.DecodeError, TypeError, KeyError):
            raise ApiError(400, 'simulator: send {"token": "sk-ant-oat…"}') from None
        self.simulator.expire(str(token))
        self.reply({"expired": True})

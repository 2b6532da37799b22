"""``/v1/messages`` and its kin: Anthropic's own API, passed through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from mitmproxy import http

from ..dialects.chat_completions.errors import TRUNCATED
from ..dialects.messages.errors import NativeStreamWatch
from ..dialects.messages.splice import spliced
from .answers import USER_AGENT, as_headers
from .content_coding import NotDecoded, decoded
from .endpoints import path_of
from .forwarding import end_to_end, forward, upstream_of
from .handler import Handler
from .http_facts import texts_of
from .streaming import SafeStream

if TYPE_CHECKING:
    from .call import Call

PING: Final = b'event: ping\ndata: {"type": "ping"}\n\n'
MAX_TOKENS: Final = 1_000_000
REQUEST_ID: Final = "request-id"
OUR_REQUEST_ID: Final = "x-request-id"


class Native(Handler):
    """The client's bytes go up, upstream's bytes come down."""

    def request(self, call: Call) -> None:
        """Keep what the client sent; change the credential and nothing else."""
        request = call.flow.request
        query = request.path.partition("?")[2]
        content = self.body(call)
        headers = as_headers(end_to_end(texts_of(request.headers)))
        if call.credential is not None and call.credential.needs_identity:
            # A subscription token is never sent under another program's name.
            headers["user-agent"] = USER_AGENT
        forward(
            call,
            upstream_of(call, self.runtime.upstream),
            method=request.method,
            path=path_of(request) + (f"?{query}" if query else ""),
            headers=headers,
            content=content,
        )

    def body(self, call: Call) -> bytes:
        """What goes up: what came."""
        return call.flow.request.raw_content or b""

    def response_headers(self, call: Call) -> None:
        """Let what is not JSON through as it comes: it may be a large file."""
        response = call.flow.response
        assert response is not None
        with_request_id(call, response)
        if not _is(response, "application/json"):
            response.stream = True


class Messages(Native):
    """The two endpoints whose body may need the identity sentence."""

    def request(self, call: Call) -> None:
        """As all, and the model is noted for the log."""
        call.asked = asked(call.flow.request.raw_content or b"")
        call.model = call.asked.get("model")
        call.note(model_asked=call.model, model_used=call.model)
        super().request(call)

    def body(self, call: Call) -> bytes:
        """What came, with the sentence spliced in for a subscription token."""
        content, request = super().body(call), call.flow.request
        assert call.credential is not None
        if not call.credential.needs_identity:
            return content
        try:
            plain = decoded(request, self.runtime.options["body_limit"])
        except NotDecoded:
            return content  # upstream says what is wrong with it
        body = spliced(plain, self.identity)
        if body is plain:
            return content
        request.headers.pop("content-encoding", None)
        call.injected = True
        return body

    def response_headers(self, call: Call) -> None:
        """Let a stream through as it comes, watching for its end."""
        response = call.flow.response
        assert response is not None
        with_request_id(call, response)
        if response.status_code != 200 or not _is(response, "text/event-stream"):
            return
        if response.headers.get("content-encoding", "identity") != "identity":
            response.stream = True  # opaque to us, and still the client's
            return
        call.watch = NativeStreamWatch()
        response.stream = SafeStream(_PassThrough(call.watch), call.flow.id)
        response.headers.pop("content-length", None)  # an error event may be added

    def response(self, call: Call) -> None:
        """Read the usage for the log; the answer stays as it is."""
        if call.watch is not None:
            call.usage, call.model = call.watch.usage, call.watch.model
            call.stop_reason = call.watch.stop_reason
            call.finish = "error" if call.watch.failed else call.stop_reason
            return
        response = call.flow.response
        if response is None or response.status_code != 200:
            return
        try:
            content = response.get_content(strict=False) or b""
            message = _MESSAGE.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        call.usage, call.model = message.usage, message.model
        call.finish = call.stop_reason = message.stop_reason

    def broken_stream(self, call: Call, reason: str, code: str) -> bytes | None:
        """An error event, as upstream itself would have sent one."""
        if call.watch is None:
            return None
        if code == TRUNCATED:
            return _PassThrough(call.watch).end()
        type_ = "timeout_error" if code == "timeout" else "api_error"
        return call.watch.fail(type_, reason)

    def whole_answer_tokens(self, call: Call) -> int:
        """max_tokens, unless it streams; a value that is not one is upstream's case."""
        tokens = call.asked.get("max_tokens")
        if not isinstance(tokens, int) or call.asked.get("stream"):
            return 0
        return max(0, min(tokens, MAX_TOKENS))

    def ping(self, call: Call) -> bytes:
        """Anthropic's own ping, between two events of a stream."""
        watch = call.watch
        if watch is None or watch.finished or not watch.between_events:
            return b""
        return PING


class _PassThrough:
    """A ``streaming.Machine`` that changes nothing but a missing end."""

    def __init__(self, watch: NativeStreamWatch) -> None:
        self._watch = watch

    def feed(self, data: bytes) -> bytes:
        self._watch.feed(data)
        return data

    def end(self) -> bytes:
        return self._watch.end()

    def fail(self, message: str, code: str) -> bytes:
        return self._watch.fail("api_error", message)


class _Message(msgspec.Struct):
    """What the log wants of an answer; the rest is skipped, not read."""

    model: str | None = None
    stop_reason: str | None = None
    usage: dict[str, Any] | None = None


class _Request(msgspec.Struct):
    model: str | None = None
    max_tokens: int | None = None
    stream: bool | None = None


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_REQUEST: Final = msgspec.json.Decoder(_Request)


def asked(body: bytes) -> dict[str, Any]:
    """What the log tells of a request; empty when the body cannot be read."""
    try:
        found = msgspec.structs.asdict(_REQUEST.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return {name: value for name, value in found.items() if value is not None}


def with_request_id(call: Call, response: http.Response) -> None:
    """Add ``x-request-id``: upstream's id if it gave one, else ours."""
    if OUR_REQUEST_ID not in response.headers:
        given = response.headers.get(REQUEST_ID, call.id)
        response.headers[OUR_REQUEST_ID] = given


def _is(response: http.Response, media_type: str) -> bool:
    given: str = response.headers.get("content-type", "")
    return given.lower().startswith(media_type)

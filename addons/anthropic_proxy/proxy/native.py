"""``/v1/messages`` and its kin: Anthropic's own API, passed through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mitmproxy import http

from ..dialects.messages.errors import NativeStreamWatch
from ..dialects.messages.identity import with_identity
from ..wire import jsontext
from .endpoints import path_of
from .forwarding import end_to_end, forward, upstream_of
from .handler import Handler
from .streaming import SafeStream

if TYPE_CHECKING:
    from .call import Call


class Messages(Handler):
    """The client's bytes go up, upstream's bytes come down."""

    def request(self, call: Call) -> None:
        """Keep what the client sent; change the credential and nothing else."""
        request = call.flow.request
        fields = end_to_end(request.headers.items(multi=True))
        query = request.path.partition("?")[2]
        forward(
            call,
            upstream_of(call, self.runtime.upstream),
            method=request.method,
            path=path_of(request) + (f"?{query}" if query else ""),
            headers=http.Headers([(k.encode(), v.encode()) for k, v in fields]),
            content=self._body(call),
        )

    def _body(self, call: Call) -> bytes:
        content = call.flow.request.raw_content or b""
        assert call.credential is not None
        if not call.credential.needs_identity:
            return content
        try:
            body: Any = jsontext.decode(content)
        except ValueError:
            return content  # upstream says what is wrong with it
        if not isinstance(body, dict):
            return content
        system = with_identity(body.get("system"), self.identity)
        return jsontext.encode(body | {"system": system})

    def response_headers(self, call: Call) -> None:
        """Let a stream through as it comes, watching for its end."""
        response = call.flow.response
        assert response is not None
        kind = response.headers.get("content-type", "").lower()
        if response.status_code != 200 or not kind.startswith("text/event-stream"):
            return
        if response.headers.get("content-encoding", "identity") != "identity":
            response.stream = True  # opaque to us, and still the client's
            return
        call.watch = NativeStreamWatch()
        response.stream = SafeStream(_PassThrough(call.watch), call.flow.id)
        if response.headers.pop("content-length", None) is not None:
            response.headers["transfer-encoding"] = "chunked"

    def response(self, call: Call) -> None:
        """Read the usage for the log; the answer stays as it is."""
        if call.watch is not None:
            call.usage, call.model = call.watch.usage, call.watch.model
            call.finish = call.watch.stop_reason
            return
        response = call.flow.response
        if response is None or response.status_code != 200:
            return
        try:
            message: Any = jsontext.decode(response.get_content(strict=False) or b"")
        except ValueError:
            return
        if isinstance(message, dict):
            call.usage, call.model = message.get("usage"), message.get("model")
            call.finish = message.get("stop_reason")

    def broken_stream(self, call: Call, reason: str) -> bytes | None:
        """An error event, as upstream itself would have sent one."""
        if call.watch is None:
            return None
        return _PassThrough(call.watch).end()


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

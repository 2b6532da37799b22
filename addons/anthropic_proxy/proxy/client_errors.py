"""A stream's errors on their way to the client: JSON, or an event in a stream.

mitmproxy words them in HTML, and lets a stream that upstream cut end like a whole one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mitmproxy import http
from mitmproxy.proxy import commands, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import HttpStream, SendHttp
from mitmproxy.proxy.layers.http._events import (
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook

from ..dialects.chat_completions.errors import TRUNCATED
from .call import Call
from .http_facts import declared_length, status_of, without_bytes
from .stages import Stages

Commands = layer.CommandGenerator[None]


class ClientErrors(HttpStream):
    """The part of ``EgressStream`` that speaks to a client when something failed."""

    def __init__(self, context: Context, stream_id: int, stages: Stages) -> None:
        super().__init__(context, stream_id)
        self._stages = stages
        self._call: Call | None = None
        self._head_sent = False  # the client has the head of an answer
        self._own_status: int | None = None  # HTTP status of a refusal of ours
        self._own_reason: str | None = None  # its words, in place of mitmproxy's
        self._own_code = TRUNCATED  # its code, in an event of a stream
        self._answer: http.Response | None = None  # of an error, once it is worded
        self._ending: bytes | None = None  # of a stream, once it is worded

    def check_body_size(self, request: bool) -> layer.CommandGenerator[bool]:
        """Our own limit; mitmproxy's may not stream a body past the stages."""
        if not request:
            return False
        size = len(self.request_body_buf) or declared_length(self.flow.request)
        limit = self._stages.body_limit()
        if size <= limit:
            return False
        if not self.request_body_buf:
            yield HttpRequestHeadersHook(self.flow)
        reason = f"Request body of {size} bytes exceeds the limit of {limit} bytes."
        error = self._refusal(reason, status=413)
        yield from self.handle_protocol_error(error)
        self.client_state = self.server_state = self.state_errored
        return True

    def _refusal(self, reason: str, status: int = 500) -> ResponseProtocolError:
        """An error of ours on mitmproxy's own path for errors."""
        self._own_status = status
        return ResponseProtocolError(self.stream_id, reason, ResponseProtocolError.code)

    def _fails_with(self, status: int, reason: str, code: str) -> None:
        """How the error is worded that is about to happen."""
        self._own_status, self._own_reason, self._own_code = status, reason, code

    def handle_protocol_error(
        self, event: RequestProtocolError | ResponseProtocolError
    ) -> Commands:
        """Word the answer first: who is told of the error saves the answer with it."""
        over = (self.state_done, self.state_errored)
        if (
            isinstance(event, ResponseProtocolError)
            and self.client_state != self.state_errored
            and self.server_state not in over
        ):
            self._word(event)
            if self._answer is not None:
                self.flow.response = self._answer
        yield from super().handle_protocol_error(event)

    def _status(self, event: ResponseProtocolError) -> int | None:
        """None when the flow was killed or the client is gone: nobody to tell."""
        return self._own_status or status_of(event)

    def _word(self, event: ResponseProtocolError) -> None:
        """Make what the client gets of an error, once."""
        status = self._status(event)
        if status is None or self._answer is not None or self._ending is not None:
            return
        told, code = self._own_reason or without_bytes(event.message), self._own_code
        if not self._head_sent:
            self._answer = self._stages.failure(self._call, status, told)
        elif self._call is not None:
            self._ending = self._stages.broken_stream(self._call, told, code)

    def _protocol_error(
        self, event: ResponseProtocolError, client: Any
    ) -> Iterator[commands.Command]:
        """JSON instead of HTML; an event at the end of a stream; else as it was."""
        self._word(event)
        if self._status(event) is None:
            yield SendHttp(event, client)
        elif self._answer is not None and not self._head_sent:
            yield from self._send_whole(self._answer, client)
            yield from self._closed(event, client)
        elif self._ending is None:
            yield SendHttp(event, client)
        else:
            if self._ending:
                yield SendHttp(ResponseData(self.stream_id, self._ending), client)
            yield SendHttp(ResponseEndOfMessage(self.stream_id), client)

    def _send_whole(
        self, answer: http.Response, client: Any
    ) -> Iterator[commands.Command]:
        self._head_sent = True
        answer.headers["connection"] = "close"
        self.flow.response = answer
        body = answer.raw_content or b""
        yield SendHttp(ResponseHeaders(self.stream_id, answer, False), client)
        yield SendHttp(ResponseData(self.stream_id, body), client)

    def _closed(
        self, event: ResponseProtocolError, client: Any
    ) -> Iterator[commands.Command]:
        """HTTP/1: drop the connection, its request may be half read. HTTP/2: end."""
        if self.context.client.alpn == b"h2":
            yield SendHttp(ResponseEndOfMessage(self.stream_id), client)
        else:
            yield SendHttp(event, client)

"""What a stream does with upstream's answer: hold it, ask again, go on, give up.

All of it happens before the client has seen a byte, or between two parts of a turn.
"""

from __future__ import annotations

from typing import Final

from mitmproxy.proxy import events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import SendHttp
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)

from .call import Call
from .guarding import Guarded
from .http_facts import CLOSED_BY_UPSTREAM, INTERNAL, is_interim, texts_of
from .stages import AnthropicContinueHook, AnthropicRecoverHook, Recovery, Stages
from .waiting import Waiting

Commands = layer.CommandGenerator[None]

HELD_BODY_BYTES: Final = 1024 * 1024
"""How much of a failed answer is kept back while we decide whether to ask again."""


class Asking(Guarded, Waiting):
    """The part of ``EgressStream`` that speaks to upstream."""

    def __init__(self, context: Context, stream_id: int, stages: Stages) -> None:
        super().__init__(context, stream_id, stages)
        self._retried = False
        self._held: ResponseHeaders | None = None
        self._held_body = bytearray()

    # -- asking, again ------------------------------------------------------------

    def _ask_upstream(self) -> Commands:
        """Send the flow's request (again)."""
        self.server_state = self.state_wait_for_response_headers
        if not (yield from self.make_server_connection()):
            return
        request, body = self.flow.request, self.flow.request.raw_content or b""
        head = RequestHeaders(self.stream_id, request, end_stream=not body)
        yield SendHttp(head, self.context.server)
        if body:
            yield SendHttp(RequestData(self.stream_id, body), self.context.server)
        yield SendHttp(RequestEndOfMessage(self.stream_id), self.context.server)

    def handle_protocol_error(
        self, event: RequestProtocolError | ResponseProtocolError
    ) -> Commands:
        """Ask again where upstream closed an idle connection just as we used it."""
        if self._is_stale(event):
            self._retried = True
            yield from self._ask_upstream()
        else:
            yield from super().handle_protocol_error(event)

    def _is_stale(self, event: RequestProtocolError | ResponseProtocolError) -> bool:
        """Whether a kept connection was closed before a byte of an answer came."""
        connected, began = (
            self.context.server.timestamp_tcp_setup,
            self.flow.request.timestamp_start,
        )
        return (
            isinstance(event, ResponseProtocolError)
            and event.message == CLOSED_BY_UPSTREAM
            and self.server_state == self.state_wait_for_response_headers
            and self.client_state == self.state_done
            and not self._retried
            and connected is not None
            and connected < began
        )

    # -- from upstream -------------------------------------------------------------

    def state_wait_for_response_headers(self, event: events.Event) -> Commands:
        """Hold back an answer that may be mended by asking again."""
        assert isinstance(event, ResponseHeaders)
        call = self._call
        if is_interim(event):
            # mitmproxy takes it for the answer; a 101 would open a tunnel past us.
            reason = f"upstream answered {event.response.status_code}"
            yield from self._give_up(reason, 502)
        elif call is not None and call.transcoder is not None and self._head_sent:
            yield from self._next_part(call, event)
        elif (
            call is not None
            and not event.end_stream
            and self._stages.recoverable(call, event.response.status_code)
        ):
            self._held = event
            self._held_body.clear()
            self.server_state = self.state_hold_answer
        else:
            yield from super().state_wait_for_response_headers(event)

    def state_hold_answer(self, event: events.Event) -> Commands:
        """Collect a failed answer; at its end ask the addon what to do."""
        assert self._held is not None
        assert self._call is not None
        if isinstance(event, ResponseData):
            self._held_body += event.data
            if len(self._held_body) > HELD_BODY_BYTES:
                yield from self._release(ended=False)
        elif isinstance(event, ResponseEndOfMessage):
            answer = self._held.response
            fields = texts_of(answer.headers)
            recovery = Recovery(
                self._call, answer.status_code, fields, bytes(self._held_body)
            )
            # A hook, not a call: it also lets the upstream connection finish this
            # answer before the next request is written to it.
            yield AnthropicRecoverHook(recovery)
            if recovery.again:
                yield from self._ask_upstream()
            else:
                yield from self._release(ended=True)

    def _release(self, *, ended: bool) -> Commands:
        """Go on as if nothing had been held back."""
        assert self._held is not None
        yield from super().state_wait_for_response_headers(self._held)
        if self.server_state == self.state_errored:
            return
        if self._held_body:
            data = ResponseData(self.stream_id, bytes(self._held_body))
            yield from self.server_state(data)
        if ended:
            yield from self.server_state(ResponseEndOfMessage(self.stream_id))

    def send_response(self, already_streamed: bool = False) -> Commands:
        """Ask for the next part of a paused turn before the answer is finished."""
        call = self._call
        if call is None or call.local or call.broken:
            yield from super().send_response(already_streamed)
        elif self._guarded("goes_on", lambda: self._stages.goes_on(call)):
            yield AnthropicContinueHook(call)
            yield from self._ask_upstream()
        elif call.broken and already_streamed:
            yield from self.handle_protocol_error(self._refusal(INTERNAL))
        else:
            yield from super().send_response(already_streamed)

    def _next_part(self, call: Call, event: ResponseHeaders) -> Commands:
        """The head of a later part: its body joins the stream, its head is not sent."""
        if event.response.status_code == 200:
            self.server_state = self.state_stream_response_body
        else:
            reason = f"upstream answered {event.response.status_code} mid-turn"
            yield from self._give_up(reason, 500)

"""Our HTTP layer, built on mitmproxy's private HTTP classes (here and beside it only).

mitmproxy fails open (a hook that raises lets the request go on as it came) and words
its errors in HTML. So our stages do not run as addon hooks: the stream calls them in
place, before any addon sees the flow, and refuses to send upstream what they have not
prepared. What leaves here differs from the flow in one header: the credential.

Every command a stream issues passes ``EgressStream._filtered``:

* a flow hook: our stage first, then the addons that listen (view, save, intercept);
* request headers for upstream: a copy with the credential in place of the placeholder;
* a protocol error for the client: the same error as JSON, or as an event in a stream.

Seen working on mitmproxy 11.0.2 and 12.2.3; ``tests/integration`` holds each of these
promises on both lines.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from mitmproxy.net.http.http1 import connection_close
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import SendHttp
from mitmproxy.proxy.layers.http._base import HttpEvent
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
from mitmproxy.proxy.layers.http._hooks import (
    HttpErrorHook,
    HttpRequestHeadersHook,
    HttpRequestHook,
    HttpResponseHeadersHook,
    HttpResponseHook,
)

from .call import Call
from .http_facts import (
    BROKEN_ANSWER,
    CLOSED_BY_UPSTREAM,
    INTERNAL,
    NOT_CLEAN,
    NOT_OURS,
    is_clean,
    is_interim,
    scrub,
    without_bytes,
)
from .stages import (
    AnthropicContinueHook,
    AnthropicPrepareHook,
    AnthropicRecoverHook,
    End,
    Recovery,
    Stages,
)
from .waiting import Stop, Tick, Waiting

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

Commands = layer.CommandGenerator[None]

HELD_BODY_BYTES = 1024 * 1024
"""How much of a failed answer is kept back while we decide whether to ask again."""


_FLOW_HOOKS = (
    HttpRequestHeadersHook,
    HttpRequestHook,
    HttpResponseHeadersHook,
    HttpResponseHook,
    HttpErrorHook,
)


class EgressStream(Waiting):
    """One request and its answer."""

    def __init__(self, context: Context, stream_id: int, stages: Stages) -> None:
        super().__init__(context, stream_id, stages)
        self._client_host = ""
        self._last = False  # the client wants its connection closed after this
        self._retried = False
        self._client_gone = self._ended = False
        self._held: ResponseHeaders | None = None
        self._held_body = bytearray()

    # -- every command passes here -------------------------------------------------

    def handle_event(self, event: events.Event) -> Commands:
        """Filter what the base class wants done."""
        self._client_gone |= isinstance(event, RequestProtocolError)
        if isinstance(event, Tick | Stop) and self._paused is not None:
            source = self._on_clock_during_a_hook(event)
        else:
            self._note_received(event)
            source = super().handle_event(event)
        for command in source:
            yield from self._filtered(command)
        self._note_end()

    def _note_end(self) -> None:
        """Tell, once, that the exchange is over: mitmproxy marks each end so."""
        call = self._call
        if call is None or self._ended or self.flow.live:
            return
        self._ended = True
        response = self.flow.response
        given = response.status_code if response and self._head_sent else None
        status = 200 if call.early else given
        end = End(status, self._own_status, self._client_gone)
        self._guarded("ended", lambda: self._stages.ended(call, end))

    def _filtered(self, command: commands.Command) -> Iterator[commands.Command]:
        if isinstance(command, SendHttp):
            yield from self._sent(command)
            return
        if isinstance(command, _FLOW_HOOKS):
            self._stage(command)
            if not self._stages.told(command.name):
                yield from self.handle_event(events.HookCompleted(command, None))
                return
        yield command

    def _sent(self, command: SendHttp) -> Iterator[commands.Command]:
        if isinstance(command.event, RequestHeaders):
            yield SendHttp(self._with_credential(command.event), command.connection)
        elif isinstance(command.event, ResponseProtocolError):
            yield from self._protocol_error(command.event, command.connection)
        elif (event := self._for_a_client_with_a_head(command.event)) is not None:
            if isinstance(event, ResponseHeaders) and not is_interim(event):
                self._head_sent = True
                if self._last and self.context.client.alpn != b"h2":
                    event.response.headers["connection"] = "close"
            self._note_sent(event)
            yield SendHttp(event, command.connection)

    def _for_a_client_with_a_head(self, event: HttpEvent) -> HttpEvent | None:
        """What is left to send to a client that was given a head early, to ping it."""
        call = self._call
        if call is None or not call.early or not self._head_sent:
            return event
        if isinstance(event, ResponseHeaders):
            return None
        if (
            isinstance(event, ResponseData)
            and call.transcoder is None
            and (call.upstream_status is not None)
        ):
            data = self._stages.late_refusal(call, event.data)
            return ResponseData(self.stream_id, data)
        return event

    # -- our stages, in place of addon hooks ---------------------------------------

    def _stage(self, hook: commands.StartHook) -> None:
        """Run our part of a flow hook."""
        if isinstance(hook, HttpRequestHeadersHook):
            flow, host = hook.flow, self._client_host
            self._call = self._guarded(
                hook.name, lambda: self._stages.begin(flow, host)
            )
            hook.flow.request.stream = False
            if self.flow.error is not None:  # refused by mitmproxy: its head is odd
                self.flow.request.headers.clear()
                self.flow.error.msg = without_bytes(self.flow.error.msg)
        elif (call := self._call) is not None:
            if self.flow.error is not None:
                self.flow.error.msg = without_bytes(self.flow.error.msg)
            stages = {
                HttpRequestHook: self._stages.request,
                HttpResponseHeadersHook: self._stages.response_headers,
                HttpResponseHook: self._stages.response,
                HttpErrorHook: self._stages.error,
            }
            if (stage := stages.get(type(hook))) is not None:
                self._guarded(hook.name, lambda: stage(call))

    def _guarded(self, name: str, step: Callable[[], _T]) -> _T | None:
        """What ``step`` returns; what it raises ends in a 500, never upstream."""
        try:
            return step()
        except Exception:  # noqa: BLE001  a bug of ours must let nothing through
            self._fail_closed(name)
            return None

    def _fail_closed(self, stage: str) -> None:
        logger.exception("flow %s: %s failed", self.flow.id, stage)
        if self._call is not None:
            self._call.broken = True
            self._call.admitted = False
        scrub(self.flow.request.headers)
        if not self._head_sent:
            asked = self._call is not None and self._call.upstream_status is not None
            reason = BROKEN_ANSWER if asked else INTERNAL
            self.flow.response = self._stages.failure(self._call, 500, reason)

    # -- towards upstream ----------------------------------------------------------

    def state_wait_for_request_headers(self, event: events.Event) -> Commands:
        """Keep the client's Host header, which the base class overwrites."""
        assert isinstance(event, RequestHeaders)
        request = event.request
        self._client_host = request.host_header or ""
        # Our stages replace the headers in which mitmproxy would look for this.
        self._last = self._stages.stopping or connection_close(
            request.http_version, request.headers
        )
        yield from super().state_wait_for_request_headers(event)

    def state_consume_request_body(self, event: events.Event) -> Commands:
        """Wait for what is not at hand (a credential, a file) before the stages run."""
        call = self._call
        if (
            isinstance(event, RequestEndOfMessage)
            and call is not None
            and self._guarded("must_wait", lambda: self._stages.must_wait(call))
        ):
            call.body = bytes(self.request_body_buf)
            yield AnthropicPrepareHook(call)
            call.body = b""
        yield from super().state_consume_request_body(event)

    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        """Refuse what no stage of ours has prepared."""
        call, request = self._call, self.flow.request
        target = (request.scheme, request.host, request.port)
        if call is None or not call.admitted:
            refusal = self._refusal(INTERNAL)
        elif target != call.target:  # by another addon, or edited while intercepted
            refusal = self._refusal(NOT_OURS)
        elif not is_clean(request):
            refusal = self._refusal(NOT_CLEAN, status=400)
        else:
            self.connecting = time.monotonic()
            connected = yield from super().make_server_connection()
            self.connecting = None
            return connected
        yield from self.handle_protocol_error(refusal)
        return False

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

    def _with_credential(self, event: RequestHeaders) -> RequestHeaders:
        """A copy for the wire; the flow keeps its placeholder."""
        request = event.request.copy()
        scrub(request.headers)
        if self._call is not None and self._call.credential is not None:
            for name, value in self._call.credential.headers:
                request.headers[name] = value
        return RequestHeaders(event.stream_id, request, event.end_stream)

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

    # -- from upstream -------------------------------------------------------------

    def state_wait_for_response_headers(self, event: events.Event) -> Commands:
        """Hold back an answer that may be mended by asking again."""
        assert isinstance(event, ResponseHeaders)
        call = self._call
        if is_interim(event):
            # mitmproxy takes it for the answer; a 101 would open a tunnel past us.
            reason = f"upstream answered {event.response.status_code}"
            yield from self._give_up(reason, self._refusal(reason, status=502))
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
            fields = [(name, value) for name, value in answer.headers.items(True)]
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
            yield from self._give_up(reason, self._refusal(reason))

"""Our HTTP layer, built on mitmproxy's private HTTP classes (here and beside it only).

mitmproxy fails open (a hook that raises lets the request go on as it came) and words
its errors in HTML. So our stages do not run as addon hooks: the stream calls them in
place, before any addon sees the flow, and refuses to send upstream what they have not
prepared. What leaves here differs from the flow in one header: the credential.

Every command a stream issues passes ``EgressStream.handle_event``:

* a flow hook: our stage first, then the addons that listen (view, save, intercept);
* request headers for upstream: a copy with the credential in place of the placeholder;
* a protocol error for the client: the same error as JSON, or as an event in a stream.

Seen working on mitmproxy 11.0.2 and 12.2.3; ``tests/integration`` holds each of these
promises on both lines.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import copy

from mitmproxy.net.http.http1 import connection_close
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import SendHttp
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import (
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
    ResponseTrailers,
)
from mitmproxy.proxy.layers.http._hooks import (
    HttpErrorHook,
    HttpRequestHeadersHook,
    HttpRequestHook,
    HttpResponseHeadersHook,
    HttpResponseHook,
)

from .asking import Asking
from .echoes import Echoes
from .http_facts import (
    INTERNAL,
    NOT_CLEAN,
    NOT_OURS,
    headers_of,
    is_clean,
    is_interim,
    with_fields,
    without_bytes,
    without_credentials,
)
from .stages import (
    AnthropicPrepareHook,
    End,
    Stages,
)
from .waiting import Stop, Tick

Commands = layer.CommandGenerator[None]


_STAGES = {
    HttpRequestHook: "request",
    HttpResponseHeadersHook: "response_headers",
    HttpResponseHook: "response",
    HttpErrorHook: "error",
}
_FLOW_HOOKS = (HttpRequestHeadersHook, *_STAGES)


class EgressStream(Asking):
    """One request and its answer."""

    def __init__(self, context: Context, stream_id: int, stages: Stages) -> None:
        super().__init__(context, stream_id, stages)
        self._client_host = ""
        self._last = False  # the client wants its connection closed after this
        self._client_gone = self._ended = False
        self._echoes: Echoes | None = None  # of the answer that is coming in

    # -- every command passes here -------------------------------------------------

    def handle_event(self, event: events.Event) -> Commands:
        """Filter what the base class wants done.

        A flow hook that nobody listens to is over at once. Its completion is one more
        event of this loop, and not of a call within: each hook of a request would put
        what comes after it one generator deeper.
        """
        self._client_gone |= isinstance(event, RequestProtocolError)
        waiting = self._without_echoes(event)
        while waiting:
            for command in self._commands(waiting.pop(0)):
                if isinstance(command, SendHttp):
                    yield from self._sent(command)
                elif isinstance(command, _FLOW_HOOKS):
                    self._stage(command)
                    if self._stages.told(command.name):
                        yield command
                    else:  # the base class waits for it, so it was its last command
                        waiting.insert(0, events.HookCompleted(command, None))
                else:
                    yield command
        self._note_end()

    def _commands(self, event: events.Event) -> Commands:
        if self._paused is not None and isinstance(event, (Tick, Stop)):
            return self._on_clock_during_a_hook(event)
        self._note_received(event)
        return super().handle_event(event)

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

    def _sent(self, command: SendHttp) -> Iterator[commands.Command]:
        if isinstance(command.event, RequestHeaders):
            yield SendHttp(self._with_credential(command.event), command.connection)
        elif isinstance(command.event, ResponseProtocolError):
            yield from self._leave()
            yield from self._protocol_error(command.event, command.connection)
        elif (event := self._for_a_client_with_a_head(command.event)) is not None:
            if isinstance(event, ResponseHeaders) and not is_interim(event):
                self._head_sent = True
                last = self._last or self._stages.stopping
                if last and self.context.client.alpn != b"h2":
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
            name = _STAGES[type(hook)]
            self._guarded(hook.name, lambda: getattr(self._stages, name)(call))

    # -- from upstream -------------------------------------------------------------

    def _without_echoes(self, event: events.Event) -> list[events.Event]:
        """What upstream sends, before anyone sees it, without the credential."""
        call = self._call
        if isinstance(event, ResponseHeaders) and call is not None and call.credential:
            self._echoes = Echoes(call.credential)
            self._echoes.head(event.response)
        elif self._echoes is None:
            pass
        elif isinstance(event, ResponseData):
            data = self._echoes.feed(event.data)
            return [ResponseData(self.stream_id, data)] if data else []
        elif isinstance(event, (ResponseTrailers, ResponseEndOfMessage)):
            if isinstance(event, ResponseTrailers):
                self._echoes.fields(event.trailers)
            if held := self._echoes.flush():
                return [ResponseData(self.stream_id, held), event]
        return [event]

    # -- towards upstream ----------------------------------------------------------

    def state_wait_for_request_headers(self, event: events.Event) -> Commands:
        """Keep the client's Host header, which the base class overwrites."""
        assert isinstance(event, RequestHeaders)
        request = event.request
        self._client_host = request.host_header or ""
        # Our stages replace the headers in which mitmproxy would look for this.
        self._last = connection_close(request.http_version, request.headers)
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
            self.clock.connecting(time.monotonic())
            connected = yield from super().make_server_connection()
            self.clock.connected()
            return connected
        yield from self.handle_protocol_error(refusal)
        return False

    def _with_credential(self, event: RequestHeaders) -> RequestHeaders:
        """A copy for the wire; the flow keeps its placeholder.

        Only the headers differ, so only they are copied.
        """
        request = copy(event.request)
        request.data = copy(event.request.data)
        credential = self._call.credential if self._call is not None else None
        own = credential.headers if credential is not None else ()
        request.headers = headers_of(
            with_fields(without_credentials(event.request.headers), own)
        )
        return RequestHeaders(event.stream_id, request, event.end_stream)

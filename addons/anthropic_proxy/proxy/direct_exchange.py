"""One request and its answer under ``direct_layer``: the stages, with nobody told.

The same stages in the same order as ``egress`` and ``asking`` run them, and the same
promises to the client. What differs is beneath: a request is there in one piece, and no
addon listens to its flow.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final, Literal

from mitmproxy import http
from mitmproxy.proxy import commands
from mitmproxy.proxy.context import Context

from .call import Call
from .direct_answer import DirectAnswer
from .direct_client import DirectClient, Line
from .framing import LAST_CHUNK, BadFraming, RequestHead, answer_head, chunk, head_bytes
from .http_facts import (
    BROKEN_ANSWER,
    CLOSED_BY_UPSTREAM,
    INTERNAL,
    NOT_CLEAN,
    is_clean,
    request_of,
    value_of,
    with_fields,
    without_credentials,
)
from .stages import (
    AnthropicContinueHook,
    AnthropicPrepareHook,
    AnthropicRecoverHook,
    Recovery,
    Stages,
)

Commands = Iterator[commands.Command]
State = Literal["here", "connecting", "asked", "answered"]

_LARGE: Final = 256 * 1024


class DirectExchange(DirectClient):
    """From the request's last byte to the answer's."""

    def __init__(
        self, line: Line, stages: Stages, head: RequestHead, body: bytes
    ) -> None:
        flow = _flow_of(line.context, head, body)
        super().__init__(line, stages, flow, closes=head.closes)
        self._host = value_of(flow.request.headers, b"host") or ""
        self._body = body
        self._state: State = "here"
        self._fresh = True  # the connection was opened for this request
        self._retried = False
        self._unread = b""  # the beginning of an answer's head
        self._answer: DirectAnswer | None = None

    # -- the request ---------------------------------------------------------------

    def take_in(self) -> None:
        """The first stage. All there is of a request that never becomes whole."""
        self._call = self._guarded(
            "begin", lambda: self._stages.begin(self.flow, self._host)
        )

    def begin(self) -> Commands:
        """Take it in, and send it on or answer it."""
        self.take_in()
        call, stages = self._call, self._stages
        if call is not None and self._guarded(
            "must_wait", lambda: stages.must_wait(call)
        ):
            call.body = self._body
            yield from self._line.wait_for(AnthropicPrepareHook(call), self._prepared)
        else:
            yield from self._prepared()

    def _prepared(self) -> Commands:
        call = self._call
        if call is not None:
            call.body = self._body = b""
            self._guarded("request", lambda: self._stages.request(call))
        if call is None or not call.admitted or self.flow.response is not None:
            yield from self._answer_here()
        elif not is_clean(self.flow.request):
            yield from self._fail(400, NOT_CLEAN, own=True)
        else:
            yield from self._ask()

    def _answer_here(self) -> Commands:
        """A stage has answered, or broken."""
        call = self._call
        if call is not None:
            self._guarded("headers", lambda: self._stages.response_headers(call))
            self._guarded("response", lambda: self._stages.response(call))
        if self.flow.response is None:
            self.flow.response = self._stages.failure(call, 500, INTERNAL)
        yield from self._send_whole(self.flow.response)

    # -- upstream ------------------------------------------------------------------

    def _ask(self) -> Commands:
        """Send the flow's request (again)."""
        assert self._call is not None
        assert self._call.target is not None
        self._unread, self._answer = b"", None
        upstream, target = self._line.upstream, self._call.target
        self._fresh = not upstream.is_open_to(target)
        if self._fresh:
            self._state = "connecting"
            self.clock.connecting(time.monotonic())
            yield from upstream.open(target)
        else:
            yield from self._send_request()

    def connected(self, error: str | None) -> Commands:
        """Upstream's connection is open, or why it is not."""
        if self._state != "connecting":
            return
        self.clock.connected()
        if error is None:
            yield from self._send_request()
        else:
            yield from self._fail(502, error)

    def _send_request(self) -> Commands:
        """With the credential, which the flow never has."""
        call, request = self._call, self.flow.request
        assert call is not None
        own = call.credential.headers if call.credential is not None else ()
        fields = with_fields(without_credentials(request.headers), own)
        data = request.data
        head = head_bytes(b"%b %b HTTP/1.1" % (data.method, data.path), fields)
        self._state = "asked"
        self.flow.server_conn = self._line.upstream.server or self.flow.server_conn
        self.clock.asked(time.monotonic(), self._stages.response_timeout(call))
        content = data.content or b""
        if len(content) > _LARGE:  # not to be copied behind its head
            yield from self._line.upstream.send(head)
            yield from self._line.upstream.send(content)
        else:
            yield from self._line.upstream.send(head + content)

    def closed(self) -> Commands:
        """Upstream closed its connection."""
        answer, asked = self._answer, self._state == "asked"
        yield from self._line.upstream.close()
        if answer is not None and answer.ends_with_connection:
            answer.connection_closed()
            yield from self._more(answer, b"")
        elif asked and not (self._fresh or self._unread or self._retried):
            self._retried = True  # it was closed just as we used it
            yield from self._ask()
        elif asked or (answer is not None and not answer.ended):
            yield from self._fail(502, CLOSED_BY_UPSTREAM)

    def received(self, data: bytes) -> Commands:
        """Upstream sent something."""
        self.clock.heard(time.monotonic())
        try:
            if self._answer is not None and not self._answer.ended:
                yield from self._more(self._answer, data)
            elif self._state == "asked":
                self._unread = self._unread + data if self._unread else data
                yield from self._begin_answer()
            else:  # nobody asked
                yield from self._line.upstream.close()
        except BadFraming as wrong:
            yield from self._break_off(502, str(wrong))

    # -- the answer ----------------------------------------------------------------

    def _begin_answer(self) -> Commands:
        found = answer_head(self._unread)
        if found is None:
            return
        head, size = found
        rest, self._unread = self._unread[size:], b""
        call = self._call
        assert call is not None
        self._state = "answered"
        self.clock.answered(time.monotonic())
        answer = self._answer = DirectAnswer(head, call.credential)
        front = b""
        refused = f"upstream answered {head.status}"
        if head.status < 200:
            yield from self._break_off(502, refused, own=True)
            return
        if call.transcoder is not None and self._head_sent:
            if head.status != 200:  # of a later part of a turn: it has no other place
                yield from self._break_off(502, refused)
                return
            answer.streams = True
        elif head.length and self._guarded(
            "recoverable", lambda: self._stages.recoverable(call, head.status)
        ):
            answer.held = True
        elif call.broken:
            yield from self._break_off(500, BROKEN_ANSWER, own=True)
            return
        else:
            front = self._headers(answer)
        yield from self._more(answer, rest, front)

    def _headers(self, answer: DirectAnswer) -> bytes:
        """The stage of the head; what the client gets of it now."""
        call = self._call
        assert call is not None
        self.flow.response = answer.response
        self._guarded("headers", lambda: self._stages.response_headers(call))
        response = self.flow.response
        answer.streams = bool(response.stream) and not call.broken
        if not answer.streams or self._head_sent:
            return b""
        return self._head(response)

    def _more(self, answer: DirectAnswer, data: bytes, front: bytes = b"") -> Commands:
        """A piece of the body; ``front`` goes out before what it makes."""
        data = answer.feed(data)
        if answer.streams:
            front += self._streamed(data)
        else:
            answer.kept.append(data)
            if answer.held and answer.is_too_large_to_hold(len(data)):
                front += self._released(answer)
        if answer.surplus:
            yield from self._line.upstream.close()  # more than was asked for
        if answer.ended:
            yield from self._ended(answer, front)
        elif front:
            yield self._to_client(front)
        if answer.error is not None:
            yield from self._break_off(502, answer.error)

    def _streamed(self, data: bytes, *, last: bool = False) -> bytes:
        """What a piece of upstream's stream becomes; ``last``: nothing follows."""
        assert self.flow.response is not None
        stream = self.flow.response.stream
        if callable(stream) and (data or last):
            made = stream(data)
            data = made if isinstance(made, bytes) else b"".join(made)
        return chunk(data) if self._framed else data

    def _released(self, answer: DirectAnswer) -> bytes:
        """What was held back goes on as if it had not been."""
        answer.held = False
        front = self._headers(answer)
        if answer.streams:
            front += self._streamed(answer.take())
        return front

    def _ended(self, answer: DirectAnswer, front: bytes) -> Commands:
        """Upstream's answer is whole."""
        self.clock.over()
        if answer.closes:
            yield from self._line.upstream.close()
        call, flow = self._call, self.flow
        assert call is not None
        if answer.held:
            recovery = answer.recovery(call)
            yield from self._line.wait_for(
                AnthropicRecoverHook(recovery), lambda: self._recovered(recovery)
            )
            return
        assert flow.response is not None
        if answer.streams:
            front += self._streamed(b"", last=True)
        else:
            flow.response.data.content = answer.take()
        if not call.broken and self._guarded(
            "goes_on", lambda: self._stages.goes_on(call)
        ):
            if front:
                yield self._to_client(front)
            yield from self._line.wait_for(AnthropicContinueHook(call), self._ask)
        elif answer.streams and call.broken:
            if front:
                yield self._to_client(front)
            yield from self._fail(500, INTERNAL, own=True)
        else:
            yield from self._finish(call, answer, front)

    def _recovered(self, recovery: Recovery) -> Commands:
        answer = self._answer
        assert answer is not None
        if recovery.again:
            yield from self._ask()
        else:
            yield from self._ended(answer, self._released(answer))

    def _finish(self, call: Call, answer: DirectAnswer, front: bytes) -> Commands:
        """The last stage, and the last bytes."""
        self._guarded("response", lambda: self._stages.response(call))
        response = self.flow.response
        assert response is not None
        if answer.streams:
            if front := front + (LAST_CHUNK if self._framed else b""):
                yield self._to_client(front)
            yield from self._over()
        elif self._head_sent:  # given early, for a stream that was then refused
            content = response.raw_content or b""
            late = chunk(self._stages.late_refusal(call, content))
            yield self._to_client(late + LAST_CHUNK)
            yield from self._over()
        else:
            yield from self._send_whole(response)


def _flow_of(context: Context, head: RequestHead, body: bytes) -> http.HTTPFlow:
    """As mitmproxy builds it, in reverse mode."""
    assert context.server.address is not None
    flow = http.HTTPFlow(context.client, context.server, live=True)
    flow.request = request_of(
        address=context.server.address[:2],
        method=head.method,
        path=head.target,
        fields=head.fields,
        body=body,
    )
    return flow

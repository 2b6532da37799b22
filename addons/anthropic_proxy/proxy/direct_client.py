"""What a direct exchange says to its client: whole answers, errors, pings, ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from mitmproxy import flow as mitmproxy_flow
from mitmproxy import http
from mitmproxy.proxy import commands
from mitmproxy.proxy.context import Context

from ..dialects.chat_completions.errors import TRUNCATED
from .call import Call
from .clock import Clock, sign_of_life
from .direct_upstream import UpstreamConnection
from .framing import LAST_CHUNK, chunk, head_bytes
from .guarding import Guarded
from .http_facts import with_fields, without_bytes
from .stages import End, Stages
from .waiting import STOPPED

Commands = Iterator[commands.Command]

CLIENT_LEFT: Final = "Client disconnected."


class Line(Protocol):
    """The connections that an exchange uses, one after the other."""

    context: Context
    upstream: UpstreamConnection

    def wait_for(
        self, hook: commands.StartHook, then: Callable[[], Commands]
    ) -> Commands:
        """Run a hook, and go on when it is through."""

    def over(self, *, closes: bool) -> Commands:
        """The exchange has ended; the client's connection too, if it ``closes``."""


class DirectClient(Guarded):
    """The part of ``DirectExchange`` that speaks to the client."""

    def __init__(
        self, line: Line, stages: Stages, flow: http.HTTPFlow, *, closes: bool
    ) -> None:
        self._line, self._stages, self.flow = line, stages, flow
        self._closes = closes  # the client's connection ends with this
        self._call: Call | None = None
        self.clock = Clock(stages.timeouts)
        self._head_sent = False
        self._framed = False  # the answer's body goes out in chunks
        self._own_status: int | None = None  # HTTP status of a refusal of ours

    # -- answers -------------------------------------------------------------------

    def _head(self, response: http.Response) -> bytes:
        """The head of an answer that is there in one piece, or streamed."""
        self._head_sent = True
        data, fields = response.data, response.data.headers.fields
        names = {name.lower(): value for name, value in fields}
        self._framed = b"chunked" in names.get(b"transfer-encoding", b"")
        has_length = b"content-length" in names or data.status_code in (204, 304)
        if not self._framed and not has_length:
            self._closes = True
        if self._closes or self._stages.stopping:
            self._closes = True
            fields = with_fields(fields, [("connection", "close")])
        first = b"HTTP/1.1 %d %b" % (data.status_code, data.reason)
        return head_bytes(first, fields)

    def _send_whole(self, response: http.Response) -> Commands:
        self.flow.response = response
        yield self._to_client(self._head(response) + (response.raw_content or b""))
        yield from self._over()

    def _to_client(self, data: bytes) -> commands.Command:
        self.clock.told(time.monotonic())
        return commands.SendData(self._line.context.client, data)

    def _over(self, *, gone: bool = False) -> Commands:
        call, response = self._call, self.flow.response
        self.flow.live = False
        if call is not None:
            status = response.status_code if response and self._head_sent else None
            end = End(200 if call.early else status, self._own_status, gone)
            self._guarded("ended", lambda: self._stages.ended(call, end))
        yield from self._line.over(closes=self._closes)

    # -- what goes wrong -----------------------------------------------------------

    def _fail(
        self, status: int, reason: str, code: str = TRUNCATED, *, own: bool = False
    ) -> Commands:
        """Tell the client, in the answer or in the middle of it.

        Args:
            own: the error is a decision of ours, not of upstream or the network.
        """
        call, reason = self._call, without_bytes(reason)
        self._own_status = status if own else None
        self.clock.over()
        self.flow.error = mitmproxy_flow.Error(reason)
        if not self._head_sent:
            answer = self._stages.failure(call, status, reason)
            self._closes = True
            self._tell_of_error()
            yield from self._send_whole(answer)
            return
        assert call is not None
        ending = self._stages.broken_stream(call, reason, code)
        self._tell_of_error()
        if ending is None or not self._framed:
            self._closes = True  # all that can tell the client
        if ending is not None:
            last = chunk(ending) + LAST_CHUNK if self._framed else ending
            yield self._to_client(last)
        yield from self._over()

    def _break_off(
        self, status: int, reason: str, code: str = TRUNCATED, *, own: bool = False
    ) -> Commands:
        """``_fail``, and have no more of upstream's connection."""
        yield from self._line.upstream.close()
        yield from self._fail(status, reason, code, own=own)

    def client_left(self) -> Commands:
        """Nobody waits for the answer."""
        yield from self._line.upstream.close()
        self.flow.error = mitmproxy_flow.Error(CLIENT_LEFT)
        self._tell_of_error()
        self._closes = True
        yield from self._over(gone=True)

    def _tell_of_error(self) -> None:
        if (call := self._call) is not None:
            self._guarded("error", lambda: self._stages.error(call))

    def stop(self) -> Commands:
        """The proxy stops."""
        yield from self._break_off(503, STOPPED, "server_shutting_down", own=True)

    def tick(self, now: float) -> Commands:
        """Time has passed."""
        clock = self.clock
        reason = clock.no_connection(now) or clock.silence(now)
        if reason is not None:
            yield from self._break_off(504, reason, "timeout", own=True)
        elif clock.wants_ping(now):
            clock.told(now)  # also when there is nothing to send
            yield from self._ping()

    def _ping(self) -> Commands:
        """A sign of life for the client of a stream; the head too, if it has none."""
        head, ping = sign_of_life(self._stages, self._call, head_sent=self._head_sent)
        front = self._head(head) if head is not None else b""
        front += chunk(ping) if self._framed else ping
        if front:
            yield self._to_client(front)

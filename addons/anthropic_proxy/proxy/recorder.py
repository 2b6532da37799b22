"""Writes what becomes of a request into its flow, for those who look at flows.

Where nobody does (mitmdump with neither ``-w`` nor details), nothing is kept. Which
facts there are is said in ``inspection.recorded``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mitmproxy import http

from ..dialects.chat_completions.errors import upstream_message
from ..inspection.prefix import RecentRequests, segments_of
from . import flow_list
from .call import FLOW_KEY
from .forwarding import upstream_of
from .http_facts import declared_length
from .keeping import Keeping
from .masking import MASK
from .recording import plain
from .streaming import Tap

if TYPE_CHECKING:
    from .call import Call
    from .flow_list import FlowList
    from .runtime import Runtime
    from .stages import Recovery


class Recorder:
    """Makes recordings; what they share outlives a change of options."""

    def __init__(self, wanted: Callable[[], bool], flows: FlowList) -> None:
        """``wanted``: whether anybody looks at flows."""
        self.wanted = wanted
        self.flows = flows
        self.recent = RecentRequests()

    def begin(self, call: Call, runtime: Runtime) -> None:
        """The client's head was read, its credentials are out of the flow."""
        if self.wanted():
            call.recording = Recording(call, runtime, self)
            call.recording.begin()


class Recording:
    """The record of one request. Its methods are called as the stages go by."""

    def __init__(self, call: Call, runtime: Runtime, shared: Recorder) -> None:
        self._call = call
        self._runtime = runtime
        self._shared = shared
        limit = runtime.options["keep_bytes"]
        if call.endpoint.kind == "native" and not call.endpoint.shown:
            limit = 0  # files, vaults: what they hold may be secret
        self.keeping = Keeping(call, limit)
        self._room = limit  # bytes left for earlier messages
        self._head: http.Response | None = None  # of upstream's answer
        self._received: dict[str, Any] | None = None  # that answer
        self._body: bytes | None = None  # the whole of its body, if it is at hand
        self._early: http.Response | None = None
        self._streamed = self._finished = False
        self._shown = ("", "")  # the comment and the mark that are ours
        self.tap = Tap(limit, self._seconds)
        """Of a stream; what the client gets without upstream's doing is added to it."""

    # -- the request ---------------------------------------------------------------

    def begin(self) -> None:
        """The head; the body is yet to come."""
        request = self._call.flow.request
        self._client_request(b"", declared_length(request))

    def body_read(self) -> None:
        """The client's request is whole, and not yet translated."""
        self._client_request(plain(self._call.flow.request))

    def _client_request(self, body: bytes, size: int = 0) -> None:
        call, request = self._call, self._call.flow.request
        # Refused by mitmproxy: such a head may hold a secret where none is looked for.
        fields = [] if call.flow.error else request.headers.items(multi=True)
        headers = [
            (name, call.host if name.lower() == "host" else value)
            for name, value in fields
        ]
        line = f"{request.method} {request.path} {request.http_version}"
        call.note(
            client_request=self.keeping.message(line, headers, body, size),
            dialect=call.endpoint.dialect,
        )

    def translated(self) -> None:
        """The flow's request is what goes upstream, if it does."""
        if self._call.admitted:
            upstream = upstream_of(self._call, self._runtime.upstream)
            self._call.note(upstream=str(upstream))

    # -- the answer ----------------------------------------------------------------

    def head_came(self) -> None:
        """Upstream's head, before anything is done to it."""
        response = self._call.flow.response
        assert response is not None
        self._head = response.copy()

    def stream_begins(self, response: http.Response) -> None:
        """Its callable is chosen; ours takes the place of it."""
        feed = response.stream if callable(response.stream) else None
        response.stream = self.tap.around(feed)
        self._streamed = True

    def answer_came(self, *, whole: bool = True) -> None:
        """Upstream's answer is there and not yet translated.

        ``whole``: not broken off; of such a one only a stream's part is at hand.
        """
        head, response = self._head, self._call.flow.response
        if head is None or response is None:
            return
        received, self._body = self.tap.received, None
        if self._streamed:
            body, size = bytes(received.body), received.size
        elif whole:
            body, size = plain(response), 0
            self._body = body
        else:
            body, size = b"", declared_length(head)
        line = f"{head.http_version} {head.status_code} {head.reason}".rstrip()
        fields = _without_cookies(head.headers.items(multi=True))
        self._received = self.keeping.message(line, fields, body, size)

    def upstream_request(self) -> dict[str, Any]:
        """What the flow would send upstream now."""
        request = self._call.flow.request
        line = f"{request.method} {request.path} {request.http_version}"
        fields = request.headers.items(multi=True)
        return self.keeping.message(line, fields, plain(request))

    def asked_again(self, request: dict[str, Any], refused: Recovery) -> None:
        """That request was refused so, and another one is sent."""
        line = f"HTTP/1.1 {refused.status}"
        fields = _without_cookies(refused.headers)
        answer = self.keeping.message(line, fields, refused.body)
        self._earlier(request, answer)

    def goes_on(self, request: dict[str, Any]) -> None:
        """That request began a turn which another one continues."""
        self.answer_came()
        # A streamed part is in the same stream as the last one.
        self._earlier(request, None if self._streamed else self._received)

    def _earlier(self, request: dict[str, Any], answer: dict[str, Any] | None) -> None:
        for message in (request, answer):
            if message is not None:
                message["body"] = message["body"][: self._room]
                self._room -= len(message["body"])
        known = self._facts.get("earlier", [])
        self._call.note(earlier=[*known, {"request": request, "response": answer}])

    def early_head(self, head: http.Response) -> None:
        """The client is sent this head before upstream's is there."""
        self._early = head.copy()

    # -- the end -------------------------------------------------------------------

    def finish(self, late: bytes = b"") -> None:
        """The answer or the error is there; addons will be told next.

        ``late``: what will be sent to a client that has an early head already.
        """
        self._finished = True
        flow = self._call.flow
        self._note_prefix()
        self._note_answers(late)
        self._call.note(outcome=self._outcome())
        self._cut(flow.request, "request")
        self._show()

    def settle(self, status: int | None) -> None:
        """All is sent, ``status`` is what the client got; nothing changes any more."""
        call, flow = self._call, self._call.flow
        if not self._finished:
            self.finish()
        self._note_answers(b"")
        call.note(outcome=self._facts["outcome"] | {"status": status})
        if flow.response is not None:
            if not self._streamed:
                self._cut(flow.response, "response")
            flow.response.stream = True  # lets go of what translated it
        if self._show():
            self._shared.flows.changed(flow)
        self._shared.flows.ended(flow, self._runtime.options["keep_flows"])

    @property
    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = self._call.flow.metadata[FLOW_KEY]
        return facts

    def _note_prefix(self) -> None:
        """Compare what went upstream, if it was a prompt, with the one before it."""
        call, request, recent = self._call, self._call.flow.request, self._shared.recent
        path = request.path.partition("?")[0]
        if not call.admitted or not path.endswith("/v1/messages"):
            return
        parts = segments_of(plain(request))
        if (prefix := recent.compare(parts)) is not None:
            call.note(prefix=prefix)
        if call.upstream_status == 200:
            recent.remember(call.id, parts)

    def _note_answers(self, late: bytes) -> None:
        """Upstream's answer, if the client got another; and what a stream sent."""
        response = self._call.flow.response
        if self._streamed and response is not None:
            self._note_stream(response)
        elif self._early is not None:
            sent = bytes(self.tap.sent.body) + late
            line = f"{self._early.http_version} 200 OK"
            fields = self._early.headers.items(multi=True)
            size = self.tap.sent.size + len(late)
            answer = self.keeping.message(line, fields, sent, size)
            self._call.note(client_response=answer)
        if self._received is not None and not self._passed_on(response):
            self._call.note(upstream_response=self._received)

    def _note_stream(self, response: http.Response) -> None:
        sent = self.tap.sent
        if self._early is not None:
            response.headers = self._early.headers.copy()
        response.data.content = self.keeping.hidden(bytes(sent.body))
        if len(sent.body) < sent.size:
            self._note_kept("response", sent.size)
        self._facts["marks"] = self.tap.rows

    def _passed_on(self, response: http.Response | None) -> bool:
        """Whether the client got upstream's bytes."""
        if self._streamed:
            received, sent = self.tap.received, self.tap.sent
            return received.size == sent.size and received.body == sent.body
        return response is not None and self._body == plain(response)

    def _outcome(self) -> dict[str, Any]:
        call, response = self._call, self._call.flow.response
        complete = response is not None and response.raw_content is not None
        status = response.status_code if response is not None and complete else None
        if self._early is not None:
            status = self._early.status_code
        report = self._facts.get("report", {})
        first, started = call.first_byte, call.started
        return {
            "status": status,
            "upstream_status": call.upstream_status,
            "finish": call.finish or ("error" if call.flow.error else None),
            "stop_reason": call.stop_reason,
            "usage": dict(call.usage) if isinstance(call.usage, Mapping) else None,
            "warnings": [*report.get("warnings", []), *call.warnings],
            "first_byte": None if first is None else round(first - started, 6),
            "duration": round(self._seconds(), 6),
            "error": self._error(),
        }

    def _error(self) -> str | None:
        """Why there was no answer, or what the answer says that went wrong."""
        flow, endpoint = self._call.flow, self._call.endpoint
        if flow.error is not None:
            return flow.error.msg
        may_tell = endpoint.shown or (self._call.local and endpoint.kind != "auth")
        if flow.response is None or flow.response.status_code < 400 or not may_tell:
            return None
        return upstream_message(plain(flow.response)) or None

    def _cut(self, message: http.Request | http.Response, which: str) -> None:
        """Keep the beginning of a body that nobody waits for any more."""
        whole = self.keeping.shorten(message)
        if whole is not None:
            self._note_kept(which, whole)

    def _note_kept(self, which: str, size: int) -> None:
        self._call.note(kept=self._facts.get("kept", {}) | {which: size})

    def _show(self) -> bool:
        """Set comment and mark, unless a user did; whether that changed anything."""
        flow, before = self._call.flow, self._shown
        self._shown = flow_list.comment(self._facts), flow_list.mark(self._facts)
        if flow.comment in ("", before[0]):
            flow.comment = self._shown[0]
        if flow.marked in ("", before[1]):
            flow.marked = self._shown[1]
        return self._shown != before

    def _seconds(self) -> float:
        return self._runtime.monotonic() - self._call.started


def _without_cookies(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """A session that upstream's front may have opened is for nobody else."""
    return [
        (name, MASK if name.lower() == "set-cookie" else value)
        for name, value in fields
    ]

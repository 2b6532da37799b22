"""The stages of a request with the recording around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mitmproxy import http

from .auth import blank
from .pipeline import Pipeline

if TYPE_CHECKING:
    from .call import Call
    from .recorder import Recorder
    from .runtime import Runtime
    from .stages import End, Recovery


class RecordedPipeline(Pipeline):
    """Each stage as it is; before and after it the recording looks at the flow."""

    def __init__(
        self, runtime: Runtime, told: Callable[..., bool], recorder: Recorder
    ) -> None:
        super().__init__(runtime, told)
        self._recorder = recorder

    def begin(self, flow: http.HTTPFlow, host: str) -> Call:
        """The head without its credentials is what the client sent."""
        call = super().begin(flow, host)
        self._recorder.begin(call, self.runtime)
        return call

    def request(self, call: Call) -> None:
        """The client's request before the translation, upstream's after it."""
        if "/auth" in call.path:
            blank(call.flow.request)
        if call.recording is not None:
            call.recording.body_read()
        super().request(call)
        if call.recording is not None:
            call.recording.translated()

    def response_headers(self, call: Call) -> None:
        """Upstream's head before it becomes the client's."""
        if call.recording is not None and call.admitted:
            call.recording.head_came()
        super().response_headers(call)

    def response(self, call: Call) -> None:
        """Upstream's answer before the translation, and what came of it."""
        if call.recording is None:
            super().response(call)
            return
        call.recording.answer_came()
        super().response(call)
        late, response = b"", call.flow.response
        if call.early and call.transcoder is None and response is not None:
            late = super().late_refusal(call, response.raw_content or b"")
        call.recording.finish(late)

    def error(self, call: Call) -> None:
        """What there is of an answer."""
        if call.recording is not None:
            call.recording.answer_came(whole=False)
        super().error(call)
        if call.recording is not None:
            call.recording.finish()

    def ended(self, call: Call, end: End) -> None:
        """Nothing is sent any more."""
        super().ended(call, end)
        if call.recording is not None:
            call.recording.settle(end.status)

    async def recover(self, recovery: Recovery) -> None:
        """A request that was refused, and how."""
        recording = recovery.call.recording
        before = recording.upstream_request() if recording is not None else None
        await super().recover(recovery)
        if recording is not None and before is not None and recovery.again:
            recording.asked_again(before, recovery)

    def goes_on(self, call: Call) -> bool:
        """The earlier part of a turn that was paused."""
        recording = call.recording
        if recording is None:
            return super().goes_on(call)
        before = recording.upstream_request()
        goes_on = super().goes_on(call)
        if goes_on:
            recording.goes_on(before)
        return goes_on

    # -- what the client gets without upstream's doing ------------------------------

    def early_head(self, call: Call) -> http.Response | None:
        """It is the client's head, whatever upstream's will be."""
        head = super().early_head(call)
        if call.recording is not None and head is not None:
            call.recording.early_head(head)
        return head

    def late_refusal(self, call: Call, content: bytes) -> bytes:
        """Sent as it is returned."""
        return _recorded(call, super().late_refusal(call, content))

    def broken_stream(self, call: Call, reason: str, code: str) -> bytes | None:
        """Sent as it is returned."""
        last = super().broken_stream(call, reason, code)
        return last if last is None else _recorded(call, last)

    def ping(self, call: Call) -> bytes:
        """Sent as it is returned."""
        return _recorded(call, super().ping(call))


def _recorded(call: Call, data: bytes) -> bytes:
    if call.recording is not None and data:
        call.recording.tap.also_sent(data)
    return data

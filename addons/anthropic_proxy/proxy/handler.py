"""What every kind of endpoint does at each stage, unless it says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .answers import error_answer

if TYPE_CHECKING:
    from mitmproxy import http

    from .call import Call
    from .runtime import Runtime
    from .stages import Recovery


class Handler:
    """Stages of one kind of endpoint; what a request needs is in its call."""

    needs_credential = True
    without_credential = False
    """Whether ``request`` copes with a call that has no credential."""
    waits = False
    """Whether ``prepare`` has to run before ``request``."""
    guarded = False
    """Whether the local access key is needed although no credential is."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    @property
    def identity(self) -> str:
        """The sentence that a subscription token needs in front."""
        sentence: str = self.runtime.options["system_prompt_prefix"]
        return sentence

    async def prepare(self, call: Call) -> None:
        """What may take time; runs off the hot path, before ``request``."""

    def request(self, call: Call) -> None:
        """Prepare the flow for upstream, or answer it."""
        raise NotImplementedError

    def response_headers(self, call: Call) -> None:
        """Upstream's head is there; choose streaming here or never."""

    def response(self, call: Call) -> None:
        """The answer is whole (or has been streamed)."""

    def recoverable(self, call: Call, status: int) -> bool:
        """Whether a refusal with this status may be mended by another request."""
        return False

    def recover(self, recovery: Recovery) -> None:
        """Set ``recovery.again`` after rewriting the flow's request."""

    def failure(self, call: Call, status: int, message: str) -> http.Response:
        """The answer when upstream could not be asked, or we failed."""
        return error_answer(call.endpoint.dialect, status, message, call.id)

    def goes_on(self, call: Call) -> bool:
        """Whether the answer that just ended is one part of a longer turn."""
        return False

    def broken_stream(self, call: Call, reason: str, code: str) -> bytes | None:
        """Last bytes of a stream that upstream did not finish; None: no event fits."""
        return None

    def whole_answer_tokens(self, call: Call) -> int:
        """max_tokens of an answer that comes in one piece, when it is complete."""
        return 0

    def early_head(self, call: Call) -> http.Response | None:
        """The head of a stream whose client has waited long; None: it has to wait."""
        return None

    def late_refusal(self, call: Call, content: bytes) -> bytes:
        """An error's JSON body as an event, for a client that has an early head."""
        return content

    def ping(self, call: Call) -> bytes:
        """A sign of life between two events of a stream; empty when none fits."""
        return b""


def answer(call: Call, response: http.Response) -> None:
    """Answer here; upstream is not asked."""
    call.local = True
    if call.flow.request.method == "HEAD":
        response.data.content = b""  # what content-length says is what GET would get
    call.flow.response = response


def refuse(call: Call, status: int, message: str) -> None:
    """Answer here with an error in the call's dialect."""
    answer(call, error_answer(call.endpoint.dialect, status, message, call.id))

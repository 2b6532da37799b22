"""What egress asks of the rest of the proxy: the stages, and the hooks of our own.

A stage runs in place, while mitmproxy waits. What may take time runs in a hook, which
mitmproxy schedules as a task; the addon has an async method of the hook's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from mitmproxy import http
from mitmproxy.proxy import commands

from .call import Call


@dataclass
class AnthropicPrepareHook(commands.StartHook):
    """Something must be waited for before the request stage (a refresh, a file)."""

    call: Call


@dataclass
class AnthropicRecoverHook(commands.StartHook):
    """Upstream refused; the addon decides whether to ask again."""

    recovery: Recovery


@dataclass
class Recovery:
    """A failed answer that the client has not seen, and what to do about it."""

    call: Call
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    again: bool = False
    """Set by the addon: send ``call.flow.request`` once more."""


@dataclass
class AnthropicContinueHook(commands.StartHook):
    """A paused turn goes on with another request."""

    call: Call


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long upstream and a client may be kept waiting, in seconds."""

    connect: float
    response: float
    idle: float
    ping: float

    @property
    def shortest(self) -> float:
        """No span that is waited for is shorter."""
        return min(self.connect, self.response, self.idle, self.ping)


@dataclass(frozen=True, slots=True)
class End:
    """How an exchange ended."""

    status: int | None
    """What the client got; None: nothing."""
    own_status: int | None = None
    """Of an error of ours, whether the client could still be given it or not."""
    client_gone: bool = False
    """It left before its answer was complete."""


class Stages(Protocol):
    """What is done with a request at each point. May raise: the stream guards them."""

    def begin(self, flow: http.HTTPFlow, host: str) -> Call:
        """The head was read. Takes the client's credentials out of the flow.

        ``host`` is the Host header as it came; the flow's is upstream's by now.
        """

    def must_wait(self, call: Call) -> bool:
        """Whether something has to be waited for before ``request``."""

    def request(self, call: Call) -> None:
        """The body was read: prepare the flow for upstream, or answer it here."""

    def response_headers(self, call: Call) -> None:
        """Upstream's head was read."""

    def response(self, call: Call) -> None:
        """The whole answer is there (or has been streamed)."""

    def error(self, call: Call) -> None:
        """The exchange ended without an answer."""

    def ended(self, call: Call, end: End) -> None:
        """The exchange is over, whichever way it ended; comes once for each call."""

    def recoverable(self, call: Call, status: int) -> bool:
        """Whether an answer with this status is held back for ``Recovery``."""

    def goes_on(self, call: Call) -> bool:
        """Whether the answer that just ended is one part of a longer turn."""

    def failure(self, call: Call | None, status: int, reason: str) -> http.Response:
        """An error of ours, in the dialect of the call."""

    def broken_stream(self, call: Call, reason: str, code: str) -> bytes | None:
        """The last bytes of a stream that upstream did not finish; None: none fit."""

    timeouts: Timeouts
    stopping: bool
    """No further request is wanted on any connection."""

    def response_timeout(self, call: Call) -> float:
        """Seconds to wait for the head of upstream's answer."""

    def early_head(self, call: Call) -> http.Response | None:
        """The head of a stream, to be sent before upstream's; None: it can wait."""

    def late_refusal(self, call: Call, content: bytes) -> bytes:
        """The error in ``content`` for a client that has an early head."""

    def ping(self, call: Call) -> bytes:
        """A sign of life in the client's stream; empty when none fits here."""

    def told(self, *hooks: str) -> bool:
        """Whether any addon listens to one of these flow hooks."""

    def body_limit(self) -> int:
        """Largest request body in bytes."""

"""The bodies of all four messages, for ``anthropic_log_level=verbose``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from mitmproxy import http
from mitmproxy.log import ALERT

from . import content_coding
from .log_output import Entry, Line, tell
from .masking import printable_body

if TYPE_CHECKING:
    from .call import Call
    from .runtime import Runtime
    from .streaming import Tap

logger = logging.getLogger(__name__)

SHOWN_BYTES: Final = 64 * 1024
"""How much of one body is printed."""
KEPT_BYTES: Final = 1024 * 1024
"""How much of a stream is kept for that."""

MAX_SHOWN_BYTES: Final = 32 * 1024 * 1024
"""How large a compressed body may become to be looked at."""


def wanted(call: Call, runtime: Runtime) -> bool:
    """Whether bodies are printed: not those that are secrets by their nature."""
    return runtime.options["log_level"] == "verbose" and call.endpoint.shown


def show(call: Call, which: str, body: bytes, size: int = -1) -> None:
    """Print one body, secrets and base64 shortened."""
    text = printable_body(
        body,
        limit=SHOWN_BYTES,
        size=len(body) if size < 0 else size,
        secrets=call.secrets,
    )
    lines = [Line(f"[{call.id}] {which}", "dim"), Line(text or "(empty)")]
    facts = {"request_id": call.id, "which": which, "body": text}
    tell(logger, ALERT, Entry("body", tuple(lines), facts, full_time=True))


def show_request(call: Call, sent: bytes) -> None:
    """What the client sent and, when it is another, what goes upstream."""
    show(call, "client → proxy", sent)
    if not call.admitted:
        return
    content = decoded(call.flow.request)
    if content == sent:
        note = Line(f"[{call.id}] proxy → upstream: the same bytes", "dim")
        facts = {"request_id": call.id, "which": "proxy → upstream", "body": None}
        tell(logger, ALERT, Entry("body", (note,), facts, full_time=True))
    else:
        show(call, "proxy → upstream", content)


def decoded(message: http.Request | http.Response) -> bytes:
    """The content without its encoding; as it is when that cannot be undone."""
    try:
        return content_coding.decoded(message, MAX_SHOWN_BYTES)
    except content_coding.NotDecoded:
        return message.raw_content or b""


def around(call: Call, stage: Callable[[Call], None]) -> None:
    """Run the stage of a whole answer; show what came and what the client gets."""
    assert call.flow.response is not None
    received = decoded(call.flow.response)
    show(call, "upstream → proxy", received)
    stage(call)
    sent = decoded(call.flow.response)
    if sent != received:
        show(call, "proxy → client", sent)


def show_stream(call: Call, tap: Tap) -> None:
    """Both sides of a stream that has ended."""
    received, sent = tap.received, tap.sent
    show(call, "upstream → proxy", bytes(received.body), received.size)
    if sent.body != received.body:
        show(call, "proxy → client", bytes(sent.body), sent.size)

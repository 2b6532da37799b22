"""Errors as Anthropic's API words them, and streams that end too soon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...wire import jsontext, sse
from ...wire.anthropic import error_body
from ..chat_completions.usage import merged

# Rules H.1, read from right to left.
_TYPES: Final[Mapping[int, str]] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
# Events that say nothing of the stream's state, which most events are.
_CONTENT: Final = frozenset(
    {"content_block_start", "content_block_delta", "content_block_stop", "ping"}
)


def error_for(status: int, message: str) -> dict[str, Any]:
    """The body of an error of ours, its type chosen by the HTTP status."""
    by_hundred = "invalid_request_error" if status < 500 else "api_error"
    return error_body(_TYPES.get(status, by_hundred), message)


def error_event(type_: str, message: str) -> bytes:
    """The event that tells a streaming client of an error."""
    return sse.encode(jsontext.encode(error_body(type_, message)), "error")


class NativeStreamWatch:
    """Looks on as a Messages stream passes through; never alters it, never raises."""

    def __init__(self) -> None:
        self.finished = False
        """``message_stop`` or an error has passed."""
        self.failed = False
        """An error has passed."""
        self.message_id: str | None = None
        self.model: str | None = None
        self.stop_reason: str | None = None
        self.usage: Mapping[str, Any] | None = None
        """Upstream's counts as far as they are known; None before the first."""
        self._decoder: sse.Decoder | None = (
            sse.Decoder()
        )  # None: cannot follow any more
        self._in_line = False  # whether the bytes so far end inside a line
        self._tail = b""  # the last of them

    @property
    def truncated(self) -> bool:
        """Whether a stream that ends here has been cut.

        False for one that could not be followed: better no error than a false one.
        """
        return not self.finished and self._decoder is not None

    @property
    def between_events(self) -> bool:
        """Whether an event of ours would not tear one of upstream's apart."""
        if self._decoder is None:
            return False
        return not self._tail or self._tail.endswith((b"\n\n", b"\r\n\r\n"))

    def feed(self, data: bytes) -> None:
        """Look at bytes that pass through."""
        if self._decoder is None or self.finished or not data:
            return
        self._in_line = not data.endswith((b"\n", b"\r"))
        self._tail = (self._tail + data[-4:])[-4:]
        try:
            events = self._decoder.feed(data)
        except sse.EventTooLarge:
            self._decoder = None
            return
        for event in events:
            if event.name not in _CONTENT and not self.finished:
                self._look(event.data)

    def fail(self, type_: str, message: str) -> bytes:
        """Bytes that end the stream with an error; none when it has ended already.

        A frame that was begun is not completed but taken over: its line is ended, and
        of two ``event`` fields the later one counts, so that no client takes the
        beginning of an event for the whole of it.
        """
        if self.finished:
            return b""
        self.finished = self.failed = True
        return (b"\n" if self._in_line else b"") + error_event(type_, message)

    def end(self) -> bytes:
        """Bytes to add once upstream's body has ended: none if it was complete."""
        if not self.truncated:
            return b""
        return self.fail(
            "api_error", "Upstream's stream ended before the message was complete."
        )

    def _look(self, data: str) -> None:
        try:
            event = jsontext.decode(data)
        except jsontext.InvalidJSON:
            return
        if not isinstance(event, dict):
            return
        match event.get("type"):
            case "message_start":
                self._note(event.get("message"))
            case "message_delta":
                self._note(event.get("delta"))
                self._count(event.get("usage"))
            case "message_stop":
                self.finished = True
            case "error":
                self.finished = self.failed = True

    def _note(self, fields: Any) -> None:
        if not isinstance(fields, dict):
            return
        self.message_id = fields.get("id") or self.message_id
        self.model = fields.get("model") or self.model
        self.stop_reason = fields.get("stop_reason") or self.stop_reason
        self._count(fields.get("usage"))

    def _count(self, usage: Any) -> None:
        if isinstance(usage, dict):
            self.usage = merged(self.usage or {}, usage)

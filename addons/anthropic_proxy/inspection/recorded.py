"""One request as it was recorded: what travelled on both sides, and the facts.

The proxy keeps the facts in the metadata of mitmproxy's flow, so that they are saved
with it; ``proxy.recording`` makes a ``Recorded`` of a flow, from mitmweb or a file.

Keys of ``facts``, all optional: an older file, or a request that ended early, has
fewer, and whoever reads them must do without.

==================== ==============================================================
request_id           ours
upstream_request_id  Anthropic's
endpoint, dialect    row of the endpoint table; "openai" or "anthropic"
credential           name of the source, never the credential
model_asked          the client's name for the model
model_used           the model that was sent upstream
upstream             base URL of what was, or was to be, sent upstream
report               ``Report.as_dict()``: entries and warnings of the request side
client_request       a message (below) as the client sent it, credentials ``***``
upstream_response    a message as Anthropic sent it; absent when the client got the
                     same bytes, or when the answer was made here
client_response      a message, when the client got another than the flow's response
                     says: an error after the head of a stream had gone out early
earlier              [{"request": message, "response": message or None}, …]: requests
                     whose answer the client has not got, oldest first: refused and
                     sent again, or the first parts of a paused turn (whose answers,
                     if streamed, are in ``upstream_response``)
marks                streams: [seconds, upstream bytes, client bytes], both counted
                     from the start of the body, one for each socket read or ping
prefix               {"previous": request_id, "same": n, "of": n, "differs": path or
                     None}: how many of the first segments of the conversation's
                     previous request are the same in this one, of how many; where
                     this one differs first, None if one is the beginning of the other
outcome              {"status", "upstream_status", "finish", "stop_reason", "usage",
                     "warnings", "first_byte", "duration", "error"}: seconds since the
                     request's head was read, usage in Anthropic's words; "error" is
                     why there is no answer, or what the answer says that went wrong
kept                 {"request": n, "response": n}: whole sizes in bytes of what was
                     cut in the flow itself (upstream's request, the client's answer)
==================== ==============================================================

A message is {"line": str, "headers": [[name, value], …], "body": bytes, "size": int}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer, as one side saw it."""

    line: str
    """Request line or status line, without the line's end."""
    headers: Sequence[tuple[str, str]]
    body: bytes
    """Decoded from its content coding; perhaps only the first part of it."""
    size: int
    """Whole length of the body in bytes."""

    @property
    def cut(self) -> bool:
        """Whether the end of the body was not kept."""
        return len(self.body) < self.size

    def header(self, name: str) -> str:
        """The first value of a header; empty when it is not there."""
        wanted = name.lower()
        found = (value for key, value in self.headers if key.lower() == wanted)
        return next(found, "")


@dataclass(frozen=True, slots=True)
class Recorded:
    """The four messages of a request, and what is known about it."""

    facts: Mapping[str, Any]
    client_request: Message | None = None
    upstream_request: Message | None = None
    """None when nothing was meant for upstream."""
    upstream_response: Message | None = None
    client_response: Message | None = None
    """None while the request is under way, or when the client got nothing."""

"""How an answer's bytes go out, with the faults that were asked for, as a list.

Pure: the server only carries out the steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from .api_error import DEFAULT_MESSAGES
from .draft import Delivery
from .events import Event, frame

_GARBAGE: Final = b"event: content_block_delta\ndata: {this is not JSON\n\n"
_COMMENT: Final = b": a comment that every client skips\n\n"


class Send(NamedTuple):
    """Write these bytes and flush."""

    data: bytes


class Wait(NamedTuple):
    """Do nothing for a while."""

    seconds: float


class Cut(NamedTuple):
    """Close the connection at once."""


class Silence(NamedTuple):
    """Send nothing more until the client leaves."""


Step = Send | Wait | Cut | Silence


def stream_steps(
    events: list[Event], delivery: Delivery, request_id: str
) -> list[Step]:
    """The steps of a streamed answer."""
    frames = [frame(event) for event in _with_extras(events, delivery)]
    ending: list[Step] = []
    if delivery.error_type is not None:
        error = _error_event(delivery.error_type, request_id)
        frames[delivery.error_after :] = [frame(error)]
    if delivery.garbage:
        frames[len(frames) // 2 :] = [_GARBAGE]
    if delivery.truncated:
        frames[-2:] = [frames[-2][: len(frames[-2]) // 2]]
    if delivery.silent_after is not None:
        del frames[delivery.silent_after :]
        ending = [Silence()]
    if delivery.cut_after is not None:
        del frames[delivery.cut_after :]
        ending = [Cut()]
    if delivery.crlf:
        frames = [_COMMENT, *frames]
        frames = [data.replace(b"\n", b"\r\n") for data in frames]
    if delivery.cut_after_bytes is not None:
        frames = [b"".join(frames)[: delivery.cut_after_bytes]]
        ending = [Cut()]
    return [*_sends(frames, delivery), *ending]


def body_steps(body: bytes, delivery: Delivery) -> list[Step]:
    """The steps of a JSON answer whose length has been announced as ``len(body)``.

    Counts of events have no meaning here: cutting or falling silent after some of
    them happens half-way.
    """
    steps: list[Step] = [Wait(delivery.delay_s)] if delivery.delay_s else []
    if delivery.cut_after_bytes is not None:
        return [*steps, Send(body[: delivery.cut_after_bytes]), Cut()]
    if delivery.cut_after is not None:
        return [*steps, Send(body[: len(body) // 2]), Cut()]
    if delivery.silent_after is not None:
        return [*steps, Send(body[: len(body) // 2]), Silence()]
    return [*steps, Send(body)]


def faulty_body(body: bytes, delivery: Delivery) -> bytes:
    """The body of a JSON answer, spoiled if that was asked for."""
    if delivery.garbage:
        return b"this is not JSON"
    return body[: len(body) // 2] if delivery.truncated else body


def _with_extras(events: list[Event], delivery: Delivery) -> Iterable[Event]:
    for event in events:
        yield event
        if event["type"] == "message_start" and delivery.unknown_events:
            yield {"type": "simulated_event", "detail": {"of": "no known type"}}
        if event["type"] == "content_block_start" and delivery.unknown_events:
            delta = {"type": "simulated_delta", "value": 1}
            index = event["index"]
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        if event["type"] == "content_block_delta" and delivery.ping:
            yield {"type": "ping"}


def _error_event(type_: str, request_id: str) -> dict[str, Any]:
    error = {"type": type_, "message": f"{DEFAULT_MESSAGES[type_]} (simulated)"}
    return {"type": "error", "error": error, "request_id": request_id}


def _sends(frames: list[bytes], delivery: Delivery) -> list[Step]:
    if delivery.chunk_bytes is not None:
        whole, size = b"".join(frames), delivery.chunk_bytes
        frames = [whole[at : at + size] for at in range(0, len(whole), size)]
    steps: list[Step] = []
    for data in frames:
        if delivery.delay_s and steps:
            steps.append(Wait(delivery.delay_s))
        steps.append(Send(data))
    return steps

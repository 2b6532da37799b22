"""The view *Upstream*: what Anthropic received, and what it answered."""

from __future__ import annotations

from typing import Final

from . import facts
from .facts import Side, missing_answer
from .message_text import message_lines
from .recorded import Recorded
from .text import text_of

NOT_ASKED: Final = "Nothing: the proxy answered by itself."
NOT_KEPT: Final = "It was not kept."
NOT_YET: Final = "Nothing yet."


def render(recorded: Recorded, side: Side = "request") -> str:
    """Both messages on Anthropic's side; the one of ``side`` first."""
    why_not = NOT_YET if facts.value(recorded, "outcome") is None else NOT_ASKED
    asked = recorded.upstream_request is not None
    received = message_lines("Anthropic received", recorded.upstream_request, why_not)
    answered = message_lines(
        "Anthropic answered",
        recorded.upstream_response,
        missing_answer(recorded) if asked else why_not,
    )
    parts = (received, answered) if side == "request" else (answered, received)
    return text_of(*parts, *_earlier(recorded))


def _earlier(recorded: Recorded) -> list[list[str]]:
    """What went to and fro before, for the same request of the client's."""
    exchanges = facts.earlier(recorded)
    parts = []
    for number, (request, response) in enumerate(exchanges, 1):
        place = f"({number} of {len(exchanges)} earlier)"
        parts.append(message_lines(f"Anthropic received {place}", request, NOT_KEPT))
        absent = "The answer is the beginning of the stream."
        parts.append(message_lines(f"Anthropic answered {place}", response, absent))
    return parts

"""The view *Client*: what the client sent, and what it got."""

from __future__ import annotations

from typing import Final

from .facts import Side, missing_answer
from .message_text import message_lines
from .recorded import Recorded
from .text import text_of

NOT_KEPT: Final = "It was not kept: older versions and other tools do not."


def render(recorded: Recorded, side: Side = "request") -> str:
    """Both messages on the client's side; the one of ``side`` first."""
    sent = message_lines("The client sent", recorded.client_request, NOT_KEPT)
    got = message_lines(
        "The client got", recorded.client_response, missing_answer(recorded)
    )
    return text_of(sent, got) if side == "request" else text_of(got, sent)

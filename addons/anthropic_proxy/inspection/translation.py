"""The view *Translation*: what became of a request, and of its answer."""

from __future__ import annotations

from typing import Final

from ..dialects.chat_completions.answer import as_mapping, as_text
from . import facts
from .answers import answer_of
from .bodies import read
from .changes import change_lines
from .facts import Side, missing_answer
from .recorded import Recorded
from .report_text import has_report, report_lines, tally, warning_tokens
from .response_text import response_lines, tokens_told
from .text import (
    WARN,
    WRONG,
    hanging,
    heading,
    one_line,
    paragraph,
    seconds,
    shortened,
    text_of,
)

_ERROR_LIMIT: Final = 300


def render(recorded: Recorded, side: Side = "request") -> str:
    """A summary, then the side that it is shown with, then the other."""
    request = [*heading(_request_title(recorded)), *_request(recorded)]
    response = [*heading("The answer"), *_response(recorded)]
    parts = (request, response) if side == "request" else (response, request)
    return text_of(_summary(recorded), *parts)


def _summary(recorded: Recorded) -> list[str]:
    """What was asked, what came of it, and what to beware of."""
    asked, used = (facts.text(recorded, key) for key in ("model_asked", "model_used"))
    models = used if asked in ("", used) else f"{asked} → {used or '–'}"
    credential = facts.text(recorded, "credential")
    first = [
        facts.text(recorded, "endpoint") or "request",
        models,
        credential and f"with the credential {credential}",
    ]
    lines = [*hanging(_told(first), 2), *hanging(_told(_outcome(recorded)), 2)]
    if tokens := warning_tokens(recorded):
        lines += paragraph(f"{WARN} {', '.join(tokens)}", indent=2)
    if error := facts.text(recorded, "outcome", "error") or _told_error(recorded):
        lines += paragraph(f"{WRONG} {error}", indent=2)
    return lines


def _told_error(recorded: Recorded) -> str:
    """What went wrong in the middle of a stream, in the client's words."""
    error = as_mapping(answer_of(read(recorded.client_response)).error)
    return shortened(as_text(error.get("message")), _ERROR_LIMIT)


def _told(parts: list[str]) -> str:
    return "  ·  ".join(one_line(part) for part in parts if part)


def _outcome(recorded: Recorded) -> list[str]:
    if not facts.mapping(recorded, "outcome"):
        return ["under way" if recorded.client_response is None else ""]
    status = facts.value(recorded, "outcome", "status")
    duration = facts.number(recorded, "outcome", "duration")
    usage = facts.mapping(recorded, "outcome", "usage")
    return [
        f"status {status}" if status is not None else "no answer",
        facts.text(recorded, "outcome", "finish"),
        tokens_told(usage) if usage else "",
        seconds(duration) if duration is not None else "",
    ]


def _request_title(recorded: Recorded) -> str:
    if has_report(recorded):
        return f"The request: {tally(recorded)}"
    return "The request"


def _request(recorded: Recorded) -> list[str]:
    if has_report(recorded):
        return report_lines(recorded)
    if recorded.upstream_request is None:
        return ["Nothing was sent to Anthropic: the proxy answered by itself."]
    return change_lines(recorded)


def _response(recorded: Recorded) -> list[str]:
    if recorded.client_response is None and recorded.upstream_response is None:
        return paragraph(missing_answer(recorded))
    return response_lines(recorded)

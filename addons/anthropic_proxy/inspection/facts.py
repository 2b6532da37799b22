"""The facts of a request, read so that nothing missing or odd can do harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from ..dialects.chat_completions.answer import as_mapping, as_text
from .recorded import Message, Recorded

Side = Literal["request", "response"]
"""Which message a view is shown with; what belongs to it comes first."""

_SELDOM: Final = (
    "health", "status page", "options", "auth", "models", "model", "metrics"
)  # fmt: skip


def text(recorded: Recorded, *path: str) -> str:
    """A string by its path; empty when it is not there or is something else."""
    return as_text(value(recorded, *path))


def value(recorded: Recorded, *path: str) -> Any:
    """Whatever is at a path; None when there is nothing."""
    found: Any = recorded.facts
    for key in path:
        found = as_mapping(found).get(key)
    return found


def mapping(recorded: Recorded, *path: str) -> Mapping[str, Any]:
    """The object at a path; the empty one when there is none."""
    return as_mapping(value(recorded, *path))


def number(recorded: Recorded, *path: str) -> float | None:
    """The number at a path."""
    return as_number(value(recorded, *path))


def texts(recorded: Recorded, *path: str) -> list[str]:
    """The strings in the list at a path."""
    return [item for item in items(value(recorded, *path)) if isinstance(item, str)]


def items(found: Any) -> Sequence[Any]:
    """A list's items, or a tuple's; of anything else none."""
    return found if isinstance(found, list | tuple) else ()


def as_number(found: Any) -> float | None:
    """``found`` if it is a finite number."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if abs(found) < 1e15 else None  # NaN is not less either


def missing_answer(recorded: Recorded) -> str:
    """Why there is no answer to show."""
    if error := text(recorded, "outcome", "error"):
        return f"Nothing: {error}"
    if value(recorded, "outcome") is None:
        return "Nothing yet: the request is under way. Select it again for news."
    return "Nothing that was kept."


def earlier(recorded: Recorded) -> list[tuple[Message | None, Message | None]]:
    """Requests of the same turn that went upstream before, each with its answer.

    Upstream refused them and they were sent in another form, or it paused.
    """
    exchanges = [as_mapping(item) for item in items(recorded.facts.get("earlier"))]
    return [
        (message(exchange.get("request")), message(exchange.get("response")))
        for exchange in exchanges
    ]


def message(kept: Any) -> Message | None:
    """A message out of the facts; None when it is not in the form of ``recorded``."""
    match kept:
        case {
            "line": str(line),
            "headers": [*fields],
            "body": bytes(body),
            "size": int(size),
        }:
            headers = [pair for field in fields for pair in _header(field)]
            return Message(line, headers, body, max(size, len(body)))
    return None


def _header(field: Any) -> list[tuple[str, str]]:
    match field:
        case [str(name), str(value)]:
            return [(name, value)]
    return []


def is_translated(recorded: Recorded) -> bool:
    """Whether the client speaks the other dialect than upstream."""
    return text(recorded, "dialect") == "openai"


def is_conversation(facts: Mapping[str, Any]) -> bool:
    """Whether there is more to tell of a request than its body does."""
    return bool(facts) and facts.get("endpoint") not in _SELDOM

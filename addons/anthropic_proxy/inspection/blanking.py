"""Overwrites what was said in a conversation, and leaves what shows its shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .json_spans import values

# What a conversation is below; what stands elsewhere are settings and definitions.
_SAID_BELOW: Final = frozenset(
    {
        "messages", "system", "choices", "content", "content_block", "delta", "message",
        "prompt", "completion", "input", "instructions", "prediction",
    }
)  # fmt: skip
_SHAPE: Final = frozenset(
    {
        "type", "role", "model", "id", "tool_use_id", "tool_call_id", "name", "object",
        "finish_reason", "stop_reason", "media_type", "format", "detail", "effort",
        "service_tier", "code", "param", "ttl", "status", "error_code", "ref",
        "inference_geo", "created", "native_finish_reason",
    }
)  # fmt: skip
_JSON_TEXT: Final = ("arguments", "partial_json")
_ARGUMENTS: Final = "input"
_KEPT_START: Final = re.compile(r"data:[\w/+.;=-]{0,80};base64,|https?://")


def blanked(text: str, path: tuple[str, ...]) -> Iterator[tuple[int, int, str]]:
    """Where to write what, so that nothing that was said is left.

    Args:
        text: a string of a body.
        path: the keys that lead to it.
    """
    if not _was_said(path):
        return
    if path[-1] in _JSON_TEXT:
        for value in values(text):
            new = "x" if value.is_string else "1"
            yield value.start, value.end, new * (value.end - value.start)
        return
    kept = _KEPT_START.match(text)
    start = kept.end() if kept else 0
    yield start, len(text), "x" * (len(text) - start)


def in_arguments(path: tuple[str, ...]) -> bool:
    """Whether a value belongs to what a tool was called with."""
    return _ARGUMENTS in path[:-1]


def _was_said(path: tuple[str, ...]) -> bool:
    if not path or path[0] not in _SAID_BELOW:
        return False
    return in_arguments(path) or path[-1] not in _SHAPE

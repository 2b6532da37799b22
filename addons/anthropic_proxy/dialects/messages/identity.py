"""The identity sentence that a subscription token needs as its first system block."""

from __future__ import annotations

from typing import Any, Final

from ...wire.anthropic import ContentBlock

IDENTITY: Final = "You are Claude Code, Anthropic's official CLI for Claude."


def with_identity(system: Any, sentence: str = IDENTITY) -> Any:
    """``system`` with the sentence as a block of its own in front, if it is missing.

    A string becomes two blocks, a list is prepended to, and what is in the list stays
    as it is, ``cache_control`` included. Anything else is upstream's to refuse.
    """
    block: ContentBlock = {"type": "text", "text": sentence}
    if system is None or system == "" or system == []:
        return [block]
    if isinstance(system, str):
        if system == sentence:
            return [block]
        return [block, {"type": "text", "text": system}]
    if isinstance(system, list):
        first = system[0]
        if isinstance(first, dict) and first.get("text") == sentence:
            return system
        return [block, *system]
    return system

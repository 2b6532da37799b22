"""Model names as clients and gateways write them."""

from __future__ import annotations

import re
from typing import Final

CLAUDE_PREFIX: Final = "claude-"

_BEDROCK: Final = re.compile(
    r"(?:[a-z-]+\.)?anthropic\.(claude-.+?)(?:-v\d+(?::\d+)?)?", re.IGNORECASE
)


def without_provider(name: str) -> str:
    """The model's own name, out of the ways in which gateways wrap it.

    ``openrouter/anthropic/claude-opus-5-5``, ``ft:gpt-4o:acme::id`` and
    ``us.anthropic.claude-opus-4-5-20251101-v1:0`` lose everything but the name.
    """
    name = name.rpartition("/")[2]
    if name.lower().startswith("ft:"):
        return name.split(":")[1]
    bedrock = _BEDROCK.fullmatch(name)
    return bedrock[1] if bedrock else name


def is_claude(name: str) -> bool:
    """Whether the name means a Claude model, whoever is said to provide it."""
    return without_provider(name).lower().startswith(CLAUDE_PREFIX)

"""What the request side hands on: the body, and what an answer needs of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..report import Report

DEFAULT_MAX_TOKENS = 32_000


class ThinkingMemory(Protocol):
    """Raw content of earlier answers, for clients that drop thinking blocks."""

    def recall(self, tool_use_id: str) -> Sequence[Mapping[str, Any]] | None:
        """The whole content array of the answer whose first tool call had this id."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's choices that change a translation; the shell fills it from options."""

    default_max_tokens: int = DEFAULT_MAX_TOKENS
    strict: bool = False
    """Every altered or ignored field becomes a 400 that names it."""
    reject_retired_models: bool = False
    auto_cache: bool = False
    """Send the top-level ``cache_control`` that lets Anthropic place cache marks."""
    reasoning_content: bool = True
    """Answer with the ``reasoning_content`` and ``thinking_blocks`` extensions."""
    anthropic_content: bool = False
    """Answer with the lossless ``anthropic_content`` extension."""
    echo_model: bool = False
    """Answer with the model name that was asked for, not the one that answered."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the response side must know of the request. Never holds a secret."""

    created: int
    """Unix seconds; one value for all chunks of a stream."""
    model_asked: str
    model_used: str
    stream: bool = False
    include_usage: bool = False
    legacy_functions: bool = False
    """The request used ``functions``: answer with ``function_call``."""
    tool_names: Mapping[str, str] = field(default_factory=dict)
    """Name sent upstream → the client's name, for names that had to be changed."""
    custom_tools: frozenset[str] = frozenset()
    """Upstream names of tools that the client declared with ``type: "custom"``."""
    emulated_tool: str | None = None
    """Client's name of a tool whose forced call a JSON schema emulates (rules C.3)."""
    unfence_json: bool = False
    """JSON was asked for by prompt only: strip a Markdown fence from the answer."""
    settings: Settings = Settings()


@dataclass(frozen=True, slots=True)
class Translation:
    """A request ready for upstream."""

    body: dict[str, Any]
    headers: Mapping[str, str]
    """``anthropic-version`` and, when needed, ``anthropic-beta``. No credential."""
    exchange: Exchange
    report: Report
    retried: frozenset[str] = frozenset()
    """Kinds of retry that this request has been through; each is made once."""

"""Anthropic's Messages API: names, versions and shapes, as its reference has them."""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict

VERSION_HEADER: Final = "anthropic-version"
BETA_HEADER: Final = "anthropic-beta"

CURRENT_VERSION: Final = "2026-10-21"
"""The default. Sampling fields do not exist on it."""
SAMPLING_VERSION: Final = "2023-06-01"
"""Sent only with a request that really forwards ``temperature`` or ``top_p``."""

THINKING_BINDING_BETA: Final = "thinking-binding-controls-2026-08-01"

Role = Literal["user", "assistant", "system"]

ContentBlock = dict[str, Any]
"""One block of ``content``; discriminated by ``type``. Kept open: blocks are added
upstream all the time, and what we do not know must survive."""


class MessageParam(TypedDict):
    """One turn of a request's ``messages``."""

    role: Role
    content: str | list[ContentBlock]


class MessagesRequest(TypedDict):
    """Body of ``POST /v1/messages`` as far as translation builds it."""

    model: str
    max_tokens: int
    messages: list[MessageParam]
    system: NotRequired[str | list[ContentBlock]]
    tools: NotRequired[list[dict[str, Any]]]
    tool_choice: NotRequired[dict[str, Any]]
    thinking: NotRequired[dict[str, Any]]
    output_config: NotRequired[dict[str, Any]]
    metadata: NotRequired[dict[str, Any]]
    stop_sequences: NotRequired[list[str]]
    stream: NotRequired[bool]
    service_tier: NotRequired[str]
    temperature: NotRequired[float]
    top_p: NotRequired[float]
    top_k: NotRequired[int]
    cache_control: NotRequired[dict[str, Any]]


def error_body(type_: str, message: str) -> dict[str, Any]:
    """The JSON object that every Anthropic error answer holds."""
    return {"type": "error", "error": {"type": type_, "message": message}}

"""OpenAI's Chat Completions API: the shapes that answers are built in."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

FinishReason = Literal[
    "stop", "length", "tool_calls", "content_filter", "function_call"
]


class CompletionUsage(TypedDict):
    """Token counts; both detail objects are always present."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: dict[str, int]
    completion_tokens_details: dict[str, int]


class ChatCompletion(TypedDict):
    """Answer to a request that was not streamed."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: CompletionUsage
    service_tier: NotRequired[str]
    system_fingerprint: None


class ChatCompletionChunk(TypedDict):
    """One frame of a streamed answer."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: NotRequired[CompletionUsage | None]

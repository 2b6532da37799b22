"""A whole answer: Anthropic's ``Message`` as OpenAI's ``ChatCompletion`` (rules F)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ...wire import jsontext
from ...wire.openai import ChatCompletion
from .answer import (
    answering_model,
    as_mapping,
    as_mappings,
    as_text,
    binding_warnings,
    completion_id,
    extensions,
    finish_reason,
    refusal_text,
    url_citations,
)
from .calls import (
    Call,
    emulated_call,
    emulation_warnings,
    input_text,
    synthetic_id,
    tool_use_call,
)
from .exchange import Exchange
from .usage import completion_usage, summed

_SERVICE_TIERS: Final[Mapping[str, str]] = {
    "standard": "default",
    "priority": "priority",
    "batch": "default",
}
_FENCE: Final = re.compile(r"\s*```[\w-]*[ \t]*\r?\n")


class UnusableMessage(ValueError):
    """Upstream answered with JSON that is not a Message."""


def joined(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Several Messages that continue one paused turn, as one (rules F.1).

    Args:
        messages: At least one, oldest first.

    Raises:
        UnusableMessage: one of them has no content.
    """
    return {
        **messages[-1],
        "id": messages[0].get("id"),
        "content": [block for message in messages for block in _content(message)],
        "usage": summed([as_mapping(message.get("usage")) for message in messages]),
    }


def chat_completion(
    message: Mapping[str, Any], exchange: Exchange
) -> tuple[ChatCompletion, list[str]]:
    """The answer for the client, and warning tokens.

    Raises:
        UnusableMessage: ``message`` has no content. Anything else that is odd about
            it is tolerated.
    """
    content = _content(message)
    usage = as_mapping(message.get("usage"))
    stop_reason = as_text(message.get("stop_reason")) or None
    calls, warnings = _calls(message, content, exchange)
    finish, finish_warnings = finish_reason(
        stop_reason, calls=len(calls), legacy=exchange.legacy_functions
    )
    choice = {
        "index": 0,
        "message": _assistant_message(message, content, calls, exchange),
        "logprobs": None,
        "finish_reason": finish,
    }
    completion: ChatCompletion = {
        "id": completion_id(as_text(message.get("id")), exchange.created),
        "object": "chat.completion",
        "created": exchange.created,
        "model": answering_model(message, exchange),
        "choices": [choice],
        "usage": completion_usage(usage),
        "system_fingerprint": None,
    }
    tier = _service_tier(usage)
    if tier is not None:
        completion["service_tier"] = tier
    return completion, [*warnings, *finish_warnings, *binding_warnings(message)]


def _content(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content") if isinstance(message, Mapping) else None
    if not isinstance(content, list):
        raise UnusableMessage("Upstream answered with something that is not a Message.")
    return as_mappings(content)


def _assistant_message(
    message: Mapping[str, Any],
    content: list[dict[str, Any]],
    calls: list[Call],
    exchange: Exchange,
) -> dict[str, Any]:
    refused = message.get("stop_reason") == "refusal"
    text, annotations = _text(content, exchange)
    answer: dict[str, Any] = {
        "role": "assistant",
        "content": text or (None if calls or refused else ""),
        "refusal": refusal_text(message.get("stop_details")) if refused else None,
    }
    if calls and exchange.legacy_functions:
        answer["function_call"] = calls[0].function_call()
    elif calls:
        answer["tool_calls"] = [call.tool_call() for call in calls]
    if annotations:
        answer["annotations"] = annotations
    thinking = "".join(_texts(content, "thinking"))
    if thinking and exchange.settings.reasoning_content:
        answer["reasoning_content"] = thinking
    return answer | extensions(content, exchange.settings)


def _calls(
    message: Mapping[str, Any], content: list[dict[str, Any]], exchange: Exchange
) -> tuple[list[Call], list[str]]:
    """The calls to tell the client of, and warnings. A refusal leaves none to run."""
    if message.get("stop_reason") == "refusal":
        return [], []
    message_id = as_text(message.get("id"))
    emulated = exchange.emulated_tool
    text, shown = _all_text(content, exchange)
    arguments = text[shown.start : shown.stop]
    warnings = [] if emulated is None else emulation_warnings(arguments)
    calls: list[Call] = []
    for position, block in enumerate(content):
        type_ = block.get("type")
        if type_ == "tool_use":
            fallback_id = synthetic_id(message_id, str(position))
            given = input_text(block)
            calls.append(tool_use_call(block, given, exchange, fallback_id))
        elif type_ == "text" and as_text(block.get("text")) and emulated is not None:
            # All text makes one call, which stands where the text begins.
            calls.append(emulated_call(emulated, arguments, exchange, message_id))
            emulated = None
    return calls, warnings


def _text(
    content: list[dict[str, Any]], exchange: Exchange
) -> tuple[str, list[dict[str, Any]]]:
    """``content`` and its annotations. The text of an emulated call is neither."""
    if exchange.emulated_tool is not None:
        return "", []
    text, shown = _all_text(content, exchange)
    annotations, start = [], 0
    for block in content:
        if block.get("type") == "text":
            end = start + len(as_text(block.get("text")))
            place = (_clamped(offset, shown) for offset in (start, end))
            annotations += url_citations(block.get("citations"), *place)
            start = end
    return text[shown.start : shown.stop], annotations


def _all_text(content: list[dict[str, Any]], exchange: Exchange) -> tuple[str, range]:
    """The text of all blocks, and the part of it that is for the client."""
    text = "".join(_texts(content, "text"))
    return text, _unfenced(text) if exchange.unfence_json else range(len(text))


def _texts(content: list[dict[str, Any]], type_: str) -> list[str]:
    """The text of each block of a type whose text is in a field of the same name."""
    return [
        as_text(block.get(type_)) for block in content if block.get("type") == type_
    ]


def _unfenced(text: str) -> range:
    """The part of ``text`` inside a Markdown fence, if that is JSON; else all of it."""
    opening = _FENCE.match(text)
    trimmed = text.rstrip()
    if opening is not None and trimmed.endswith("```"):
        inside = text[opening.end() : len(trimmed) - 3].rstrip()
        try:
            jsontext.decode(inside)
        except jsontext.InvalidJSON:
            pass
        else:
            return range(opening.end(), opening.end() + len(inside))
    return range(len(text))


def _clamped(offset: int, shown: range) -> int:
    """Where ``offset`` lies in the part of the text that is shown."""
    return min(max(offset, shown.start), shown.stop) - shown.start


def _service_tier(usage: Mapping[str, Any]) -> str | None:
    if usage.get("speed") == "fast":
        return "priority"
    return _SERVICE_TIERS.get(as_text(usage.get("service_tier")))

"""What the tests of messages share: one call to translate, and upstream's rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anthropic_proxy.dialects.chat_completions.identifiers import ToolNames
from anthropic_proxy.dialects.chat_completions.messages import (
    Conversation,
    conversation,
)
from anthropic_proxy.dialects.report import Report
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.wire import jsontext

_CATALOG = Catalog.load()
SONNET = _CATALOG.get("claude-sonnet-5-5")
"""Takes instructions in place, no prefill."""
OPUS_4_7 = _CATALOG.get("claude-opus-4-7")
"""Takes neither."""
HAIKU_4_5 = _CATALOG.get("claude-haiku-4-5")
"""Takes a prefill, no instructions in place."""


@dataclass
class Translated:
    """A translation as upstream reads it."""

    conversation: Conversation
    system: Any
    messages: list[Any]
    report: Report

    @property
    def warnings(self) -> set[str]:
        return set(self.report.warnings)


class Memory(dict[str, Sequence[Mapping[str, Any]]]):
    """Remembered contents by the id of their first call."""

    def recall(self, tool_use_id: str) -> Sequence[Mapping[str, Any]] | None:
        return self.get(tool_use_id)


def translate(
    messages: Any,
    model: Any = SONNET,
    *,
    memory: Memory | None = None,
    prefill: bool = True,
    tools: Sequence[str] = (),
) -> Translated:
    report = Report()
    found = conversation(
        messages,
        model=model,
        names=ToolNames(tools),
        report=report,
        memory=memory,
        prefill_allowed=prefill,
    )
    body = {"system": found.system, "messages": found.messages}
    on_the_wire = jsontext.decode(jsontext.encode(body))
    return Translated(found, on_the_wire["system"], on_the_wire["messages"], report)


def violations(translated: Translated, model: Any, prefill: bool) -> list[str]:
    """Which rules of upstream's (rules J.9 to J.20, J.31, J.34) the request breaks."""
    messages = translated.messages
    system = translated.system
    found = list(_order(messages, model, prefill and model.prefill))
    found += _calls(messages)
    contents = [message["content"] for message in messages]
    found += [rule for content in contents for rule in _content(content)]
    if system is not None:
        found += _content(system)
    if isinstance(system, list) and any(b["type"] != "text" for b in system):
        found.append("system holds more than text")
    return found


def _order(messages: list[Any], model: Any, prefill: bool) -> Iterator[str]:
    if not messages:
        yield "9: no messages"
        return
    roles = [message["role"] for message in messages]
    if roles[0] != "user":
        yield "10: first message is not the user's"
    for before, role, after in zip(
        [None, *roles], roles, [*roles[1:], None], strict=False
    ):
        if role not in ("user", "assistant", "system"):
            yield f"9: role {role}"
        if role == before:
            yield f"two {role} turns in a row"
        if role == "system":
            if not model.in_message_system:
                yield "11: the model has no in-message system"
            if before != "user" or after not in (None, "assistant"):
                yield "11: system in the wrong place"
    for message in messages:
        kinds = [b["type"] for b in _blocks(message)]
        if message["role"] == "system" and set(kinds) - {"text"}:
            yield "11: system holds more than text"
        if message["role"] == "assistant":
            if {"image", "document", "tool_result"} & set(kinds):
                yield "34: a user's block in an assistant turn"
        elif {"tool_use", "thinking", "redacted_thinking"} & set(kinds):
            yield "an assistant's block elsewhere"
    if roles[-1] == "assistant":
        if not prefill:
            yield "14: no prefill"
        last = _blocks(messages[-1])[-1]
        if last["type"] == "text" and last["text"] != last["text"].rstrip():
            yield "13: trailing whitespace"


def _calls(messages: list[Any]) -> Iterator[str]:
    seen: set[str] = set()
    waiting: list[str] = []
    for message in messages:
        blocks = _blocks(message)
        results = [b for b in blocks if b["type"] == "tool_result"]
        if message["role"] == "user":
            if sorted(b["tool_use_id"] for b in results) != sorted(waiting):
                yield "15, 16: results do not answer the calls before"
            if blocks[: len(results)] != results:
                yield "17: results are not first"
            waiting = []
        elif message["role"] == "assistant":
            calls = [b for b in blocks if b["type"] == "tool_use"]
            waiting = [call["id"] for call in calls]
            for call in calls:
                if call["id"] in seen:
                    yield "18: id used twice"
                seen.add(call["id"])
                if not re.fullmatch("[a-zA-Z0-9_-]+", call["id"]):
                    yield "19: id"
                if not re.fullmatch("[a-zA-Z0-9_-]{1,128}", call["name"]):
                    yield "19: name"
                if not isinstance(call["input"], dict):
                    yield "20: input"
    if waiting:
        yield "15: calls at the end"


def _content(content: Any) -> Iterator[str]:
    if not content:
        yield "12: empty content"
    for block in _blocks({"content": content}):
        if block["type"] == "text" and not block["text"].strip():
            yield "12: blank text"
        if block["type"] == "tool_result" and "content" in block:
            yield from _content(block["content"])
        if block["type"] in ("thinking", "redacted_thinking"):
            if "cache_control" in block:
                yield "31: mark on thinking"
            if not (block.get("signature") or block.get("data")):
                yield "27: unsigned"
        for key in ("prompt_cache_breakpoint", "image_url", "refusal", "detail"):
            if key in block:
                yield f"4: {key}"


def _blocks(message: Any) -> list[Any]:
    content = message["content"]
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content)

"""Thinking in the history: recalled, inspected, taken out again (rules D.2, D.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from ...wire import jsontext
from ...wire.anthropic import ContentBlock, MessageParam
from ..report import Report
from .content import Content, blocks_of, has_thinking
from .exchange import ThinkingMemory
from .identifiers import ToolNames
from .places import dotted
from .thinking_blocks import THINKING_TYPES, verbatim
from .turns import Said


def recalled(
    conversation: Sequence[Said],
    memory: ThinkingMemory,
    names: ToolNames,
    report: Report,
) -> list[Said]:
    """Replace answers of the trailing tool loop by what upstream really said (D.4.7).

    The loop ends at the user's latest words. Going back from its end, the first answer
    that cannot be recalled ends the search: a leading run may be without thinking, a
    hole may not. A client that replays thinking itself is left alone.
    """
    result = list(conversation)
    if any(has_thinking(said.content) for said in result):
        return result
    for place in range(len(result) - 1, -1, -1):
        said = result[place]
        if said.role == "user" and _has_words(said.content):
            break
        if said.role == "assistant":
            content = _memory_of(said, memory, names, report)
            if content is None:
                break
            result[place] = replace(said, content=content)
            report.mapped(dotted(said.param), "the answer as upstream gave it", "D.4")
    return result


def replays_thinking(messages: Sequence[MessageParam]) -> bool:
    """Whether any thinking block is sent."""
    return any(has_thinking(message["content"]) for message in messages)


def starts_turn_with_thinking(messages: Sequence[MessageParam]) -> bool:
    """Whether manual thinking is possible: no trailing tool loop begins without (D.2).

    The loop's latest answer counts, the one right before the results at the end.
    """
    answers = [turn["content"] for turn in messages if turn["role"] == "assistant"]
    if not answers or not any(_is_tool_use(block) for block in blocks_of(answers[-1])):
        return True
    return blocks_of(answers[-1])[0]["type"] in THINKING_TYPES


def without_thinking(body: Mapping[str, Any]) -> dict[str, Any]:
    """A Messages body for the one retry of D.4.6: no thinking in its history.

    ``thinking.block_binding`` goes with it, and turns that are left empty go too.
    Nothing of ``body`` is changed.
    """
    turns: list[MessageParam] = []
    for message in body["messages"]:
        content = _without_thinking(message["content"])
        if content:
            _append(turns, {"role": message["role"], "content": content})
    result = {**body, "messages": turns}
    thinking = dict(result.pop("thinking", None) or {})
    thinking.pop("block_binding", None)
    return {**result, "thinking": thinking} if thinking else result


def _memory_of(
    said: Said, memory: ThinkingMemory, names: ToolNames, report: Report
) -> list[ContentBlock] | None:
    calls = [block for block in blocks_of(said.content) if _is_tool_use(block)]
    raw = memory.recall(calls[0]["id"]) if calls else None
    if raw is None:
        return None
    content = verbatim(list(raw), said.param, report)
    theirs = [_identity(block) for block in content if _is_tool_use(block)]
    ours = [
        _identity({**block, "name": names.upstream(block["name"])}) for block in calls
    ]
    return content if ours == theirs else None


def _identity(call: ContentBlock) -> tuple[str, str, Any]:
    tool_input = call["input"]
    if isinstance(tool_input, msgspec.Raw):
        tool_input = jsontext.decode(bytes(tool_input))
    return call["id"], call["name"], tool_input


def _has_words(content: Content) -> bool:
    return any(block["type"] != "tool_result" for block in blocks_of(content))


def _is_tool_use(block: ContentBlock) -> bool:
    return bool(block["type"] == "tool_use")


def _without_thinking(content: Content) -> Content:
    if isinstance(content, str):
        return content
    return [block for block in content if block["type"] not in THINKING_TYPES]


def _append(turns: list[MessageParam], turn: MessageParam) -> None:
    """Add a turn; where a dropped one leaves two of a role side by side, join them."""
    place = len(turns) - 1
    if turn["role"] == "user" and place > 0 and turns[place]["role"] == "system":
        place -= 1  # an instruction stays behind the user turn
    if place < 0 or turns[place]["role"] != turn["role"]:
        turns.append(turn)
        return
    content = [*blocks_of(turns[place]["content"]), *blocks_of(turn["content"])]
    turns[place] = {"role": turn["role"], "content": content}

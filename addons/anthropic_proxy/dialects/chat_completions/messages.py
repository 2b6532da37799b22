"""OpenAI's ``messages`` → Anthropic's ``system`` and ``messages`` (rules B)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from ...models.catalog import Model
from ...wire.anthropic import ContentBlock, MessageParam
from ..report import Report
from . import instructions, roles
from .content import blocks_of, has_more_than_thinking, text_of
from .errors import RequestError
from .exchange import ThinkingMemory
from .identifiers import ToolNames
from .places import dotted
from .roles import INSTRUCTION_ROLES
from .thinking_replay import (
    recalled,
    replays_thinking,
    starts_turn_with_thinking,
    without_thinking,
)
from .turns import GO_ON, Said, Turns

__all__ = [
    "Conversation",
    "append_instruction",
    "append_to_system",
    "conversation",
    "without_thinking",
]


@dataclass(frozen=True, slots=True)
class Conversation:
    """The part of a Messages body that comes from ``messages``."""

    system: str | list[ContentBlock] | None
    messages: list[MessageParam]
    replays_thinking: bool
    """A thinking or redacted_thinking block is in ``messages``."""
    starts_turn_with_thinking: bool
    """Rules D.2: a trailing tool loop, if there is one, starts with thinking."""
    tool_names_seen: tuple[str, ...]
    """Upstream names of the tools called in the history, in order, each once."""


def conversation(
    messages: Sequence[Any],
    *,
    model: Model,
    names: ToolNames,
    report: Report,
    memory: ThinkingMemory | None,
    prefill_allowed: bool,
) -> Conversation:
    """Translate a whole conversation.

    The same messages always give the same turns, and a conversation that goes on keeps
    the turns it had: caches and replayed thinking depend on it.

    Raises:
        RequestError: something in ``messages`` is wrong or cannot be sent.
    """
    if not messages:
        raise RequestError("[] is too short - 'messages'", "messages", "empty_array")
    said = roles.read(messages, report)
    if memory is not None:
        said = recalled(said, memory, names, report)
    lead, rest = _split_lead(said)
    builder = Turns(names, report, in_message_system=model.in_message_system)
    for one in _not_empty(rest, report):
        _add(builder, one)
    turns = builder.finish()
    lead = _not_empty(lead, report)
    if not turns:
        *lead, last = lead or _refuse_nothing()
        turns = [_only_instruction(last, report)]
    elif turns[-1]["role"] == "assistant":
        turns = _ended(turns, prefill_allowed and model.prefill, report)
    for one in lead:
        report.mapped(dotted(one.param), "system", "B.2")
    return Conversation(
        system=instructions.joined([one.content for one in lead]) if lead else None,
        messages=turns,
        replays_thinking=replays_thinking(turns),
        starts_turn_with_thinking=starts_turn_with_thinking(turns),
        tool_names_seen=_tool_names(turns),
    )


def append_instruction(
    conversation: Conversation, text: str, *, model: Model
) -> Conversation:
    """One more instruction at the end of the conversation, of our own (rules C.3)."""
    messages = instructions.with_last(
        conversation.messages, text, in_message_system=model.in_message_system
    )
    return replace(conversation, messages=messages)


def append_to_system(conversation: Conversation, text: str) -> Conversation:
    """One more paragraph of the system prompt, of our own (rules C.5)."""
    return replace(
        conversation, system=instructions.appended(conversation.system, text)
    )


def _split_lead(said: list[Said]) -> tuple[list[Said], list[Said]]:
    """The leading run of instructions, and what follows."""
    others = (
        place for place, one in enumerate(said) if one.role not in INSTRUCTION_ROLES
    )
    end = next(others, len(said))
    return said[:end], said[end:]


def _not_empty(said: list[Said], report: Report) -> list[Said]:
    """Messages of which something can be sent."""
    kept = []
    for one in said:
        if one.role in INSTRUCTION_ROLES:
            has_content = bool(text_of(one.content).strip())
        else:
            has_content = has_more_than_thinking(one.content)
        if has_content:
            kept.append(one)
        elif one.role in INSTRUCTION_ROLES:
            report.mapped(dotted(one.param), "nothing", "B.2", "it is blank")
        else:
            reason = "the message has no content"
            report.ignored(dotted(one.param), "B.5", reason, "messages:empty_dropped")
    return kept


def _add(builder: Turns, said: Said) -> None:
    if said.role in INSTRUCTION_ROLES:
        builder.add_instruction(said)
    elif said.role == "assistant":
        builder.add_assistant(said)
    else:
        builder.add_user(said)


def _refuse_nothing() -> NoReturn:
    problem = "Invalid 'messages': no message has content that can be sent."
    raise RequestError(problem, "messages", "invalid_value")


def _only_instruction(said: Said, report: Report) -> MessageParam:
    """Rules B.9: with nothing else to send, the last instruction speaks as the user."""
    report.altered(
        dotted(said.param),
        "messages[0]",
        "B.9",
        "a request needs at least one user turn",
        "system:only_message_sent_as_user",
    )
    return {"role": "user", "content": instructions.joined([said.content])}


def _ended(
    turns: list[MessageParam], prefill: bool, report: Report
) -> list[MessageParam]:
    """Rules B.7: a final assistant turn is a prefill, or is followed by a user turn."""
    *earlier, last = turns
    said = last["content"]
    if isinstance(said, str):
        said = said.rstrip()
    elif said[-1]["type"] == "text":
        said = [*said[:-1], {**said[-1], "text": said[-1]["text"].rstrip()}]
    trimmed: MessageParam = {"role": "assistant", "content": said}
    if prefill:
        return [*earlier, trimmed]
    report.altered(
        "messages",
        f"messages[{len(turns)}]",
        "B.7",
        "the model does not continue an answer that was begun for it",
        "messages:assistant_prefill_converted",
    )
    return [*earlier, trimmed, {"role": "user", "content": GO_ON}]


def _tool_names(turns: Sequence[MessageParam]) -> tuple[str, ...]:
    names = (
        block["name"]
        for turn in turns
        for block in blocks_of(turn["content"])
        if block["type"] == "tool_use"
    )
    return tuple(dict.fromkeys(names))

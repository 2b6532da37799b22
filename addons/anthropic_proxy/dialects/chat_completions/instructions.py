"""System and developer messages: at the top, in place, or folded (rules B.2)."""

from __future__ import annotations

from collections.abc import Sequence

from ...wire.anthropic import ContentBlock, MessageParam
from .content import Content, blocks_of, text_of

SEPARATOR = "\n\n"
"""Between two instruction messages."""


def joined(contents: Sequence[Content]) -> Content:
    """Instruction messages, none of them blank, as one content.

    A string, unless a cache mark asks for blocks: then a block ends at each mark, and
    the blocks' texts put together are the same string.
    """
    parts = [
        {**block, "text": SEPARATOR + block["text"]} if index and not place else block
        for index, content in enumerate(contents)
        for place, block in enumerate(blocks_of(content))
    ]
    if not any("cache_control" in part for part in parts):
        return text_of(parts)
    return _split_at_marks(parts)


def reminder(content: Content) -> ContentBlock:
    """An instruction as a block of a user turn, for where no other place is allowed."""
    text = f"<system-reminder>\n{text_of(content)}\n</system-reminder>"
    block: ContentBlock = {"type": "text", "text": text}
    if not isinstance(content, str):
        marks = [part["cache_control"] for part in content if "cache_control" in part]
        block["cache_control"] = marks[-1]
    return block


def appended(system: Content | None, text: str) -> Content:
    """A system prompt with one more paragraph; existing blocks stay as they are."""
    if system is None:
        return text
    if isinstance(system, str):
        return f"{system}{SEPARATOR}{text}"
    return [*system, {"type": "text", "text": SEPARATOR + text}]


def with_last(
    messages: Sequence[MessageParam], text: str, *, in_message_system: bool
) -> list[MessageParam]:
    """``messages`` with one more instruction as near to the end as rules allow.

    Without in-message instructions, or when the conversation ends with a prefilled
    answer, it becomes a reminder in the last user turn.
    """
    *earlier, last = messages
    if last["role"] == "system":
        return [
            *earlier,
            {"role": "system", "content": appended(last["content"], text)},
        ]
    if last["role"] == "user" and in_message_system:
        return [*messages, {"role": "system", "content": text}]
    at = max(n for n, message in enumerate(messages) if message["role"] == "user")
    content = [*blocks_of(messages[at]["content"]), reminder(text)]
    folded: MessageParam = {"role": "user", "content": content}
    return [*messages[:at], folded, *messages[at + 1 :]]


def _split_at_marks(parts: Sequence[ContentBlock]) -> list[ContentBlock]:
    blocks: list[ContentBlock] = []
    pending = ""
    for part in parts:
        pending += part["text"]
        # Blank text right behind a mark needs no block, and no mark, of its own.
        if "cache_control" in part and pending.strip():
            blocks.append({**part, "text": pending})
            pending = ""
    if pending.strip():
        blocks.append({"type": "text", "text": pending})
    return blocks

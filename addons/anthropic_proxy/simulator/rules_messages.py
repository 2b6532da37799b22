"""Rules about ``messages``: roles, their order, text, and how a conversation ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from .api_error import ApiError, invalid
from .conversation import THINKING_TYPES, as_blocks, placed_blocks
from .profile import SAMPLING_VERSION
from .request import Request

_ROLES: Final = ("user", "assistant", "system")
_MAX_MESSAGES: Final = 100_000
_USER_ONLY: Final = frozenset({"tool_result", "image", "search_result"})
_ASSISTANT_ONLY: Final = frozenset({*THINKING_TYPES, "tool_use", "server_tool_use"})


def messages_present(request: Request) -> None:
    """Rule 9."""
    messages = request.body["messages"]
    if not messages:
        raise invalid("messages", "at least one message is required")
    if len(messages) > _MAX_MESSAGES:
        text = f"List should have at most {_MAX_MESSAGES} items"
        raise invalid("messages", text)
    for index, message in enumerate(messages):
        if message["role"] not in _ROLES:
            text = "Input should be 'user', 'assistant' or 'system'"
            raise invalid(f"messages.{index}.role", text)


def first_is_user(request: Request) -> None:
    """Rule 10, where the profile asks for it."""
    first = request.body["messages"][0]["role"]
    if request.profile.first_message_must_be_user and first != "user":
        raise invalid("messages", 'first message must use the "user" role')


def system_in_messages(request: Request) -> None:
    """Rule 11. Blocks other than text fall here too."""
    roles = [message["role"] for message in request.body["messages"]]
    for index, role in enumerate(roles):
        if role != "system":
            continue
        path = f"messages.{index}"
        if not request.model.in_message_system:
            raise invalid(path, "role 'system' is not supported on this model")
        if index == 0 or roles[index - 1] != "user":
            raise invalid(path, "a 'system' message must follow a 'user' message")
        if index + 1 < len(roles) and roles[index + 1] != "assistant":
            text = "a 'system' message must be last or precede an 'assistant' message"
            raise invalid(path, text)
        blocks = as_blocks(request.body["messages"][index]["content"])
        for number, block in enumerate(blocks):
            if block.get("type") != "text":
                text = "'system' messages may contain only text"
                raise invalid(f"{path}.content.{number}", text)


def _text_blocks(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for index, block in enumerate(as_blocks(body.get("system"))):
        if isinstance(body["system"], list):
            yield f"system.{index}", block["text"]
    for placed in placed_blocks(body):
        if placed.block.get("type") == "text":
            yield placed.path, placed.block["text"]
        elif placed.block.get("type") == "tool_result":
            content = placed.block.get("content")
            for index, inner in enumerate(content if isinstance(content, list) else []):
                if inner.get("type") == "text":
                    yield f"{placed.path}.content.{index}", inner["text"]


def no_empty_text(request: Request) -> None:
    """Rule 12. Only a final assistant message may be empty."""
    messages = request.body["messages"]
    last = len(messages) - 1
    for index, message in enumerate(messages):
        optional = index == last and message["role"] == "assistant"
        if message["content"] in ("", []) and not optional:
            text = "all messages must have non-empty content except for the optional"
            raise invalid(f"messages.{index}", f"{text} final assistant message")
    for path, text in _text_blocks(request.body):
        final = path.startswith(f"messages.{last}.") and messages[last]["content"] == ""
        if not text and not final:
            raise invalid(path, "text content blocks must be non-empty")
        if text and not text.strip():
            reason = "text content blocks must contain non-whitespace text"
            raise invalid(path, reason)


def _final_assistant(request: Request) -> list[dict[str, Any]] | None:
    """Blocks of a final assistant message, unless it is a turn that was paused."""
    final = request.body["messages"][-1]
    if final["role"] != "assistant":
        return None
    blocks = as_blocks(final["content"])
    paused = any(block.get("type") == "server_tool_use" for block in blocks)
    return None if paused else blocks


def no_trailing_whitespace(request: Request) -> None:
    """Rule 13."""
    blocks = _final_assistant(request)
    if not blocks or blocks[-1].get("type") != "text":
        return
    text = blocks[-1]["text"]
    if text != text.rstrip():
        reason = "final assistant content cannot end with trailing whitespace"
        raise invalid("messages", reason)


def no_prefill(request: Request) -> None:
    """Rule 14. A paused server tool turn is sent back as it is, which is no prefill."""
    if _final_assistant(request) is None or request.model.prefill:
        return
    text = "This model does not support assistant message prefill."
    raise ApiError(400, f"{text} The conversation must end with a user message.")


def documents_and_citations(request: Request) -> None:
    """Rule 34, for the newer version only."""
    if request.version == SAMPLING_VERSION:
        return
    for placed in placed_blocks(request.body):
        kind = placed.block.get("type")
        if placed.role == "assistant" and kind == "document":
            text = "`document` blocks are not permitted in assistant messages"
            raise invalid(placed.path, text)
        if placed.role == "user" and kind == "text" and placed.block.get("citations"):
            text = "`citations` are not permitted in user messages"
            raise invalid(f"{placed.path}.text.citations", text)


def blocks_in_their_role(request: Request) -> None:
    """Rule 107."""
    for placed in placed_blocks(request.body):
        kind = placed.block.get("type")
        wanted = "user" if kind in _USER_ONLY else None
        if kind in _ASSISTANT_ONLY:
            wanted = "assistant"
        if wanted is not None and placed.role != wanted:
            text = f"`{kind}` blocks can only be in `{wanted}` messages"
            raise invalid(placed.path, text)


def no_final_thinking(request: Request) -> None:
    """Rule 108."""
    for index, message in enumerate(request.body["messages"]):
        blocks = as_blocks(message["content"])
        if blocks and blocks[-1].get("type") in THINKING_TYPES:
            text = "The final block in an assistant message cannot be `thinking`."
            raise invalid(f"messages.{index}", text)

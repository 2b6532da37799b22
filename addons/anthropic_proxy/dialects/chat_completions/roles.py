"""Each message of the client, read by its role (rules B.1, B.5, B.6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ..report import Report
from . import cache_marks, checks, content, thinking_blocks
from .content import Content, blocks_of
from .errors import RequestError
from .places import dotted, ignore, ignore_unknown
from .tool_calls import FunctionCalls, tool_use_blocks
from .turns import Said, orphan

INSTRUCTION_ROLES: Final = ("system", "developer")

_EVERY_ROLE: Final = cache_marks.MARK_KEYS | {"role", "content"}
_KNOWN_KEYS: Final = {
    "system": _EVERY_ROLE,
    "developer": _EVERY_ROLE,
    "user": _EVERY_ROLE,
    "assistant": _EVERY_ROLE
    | {
        *("tool_calls", "function_call", "refusal", "audio", "anthropic_content"),
        *("thinking_blocks", "reasoning_details", "reasoning_content", "reasoning"),
    },
    # A result's name only repeats the name of its call.
    "tool": _EVERY_ROLE | {"tool_call_id", "is_error", "name"},
    "function": _EVERY_ROLE | {"is_error", "name"},
}


def read(messages: Sequence[Any], report: Report) -> list[Said]:
    """Check and translate every message by itself.

    Raises:
        RequestError: a value of the wrong type, or something that cannot be sent.
    """
    functions = FunctionCalls()
    said: list[Said] = []
    for index, message in enumerate(messages):
        param = f"messages[{index}]"
        message = checks.mapping(message, param)
        role = checks.required(message, "role", param, checks.string)
        if role not in _READERS:
            place = f"{dotted(param)}.role"
            raise checks.invalid_value(role, place, tuple(_READERS))
        ignore_unknown(message, _KNOWN_KEYS[role], param, report)
        words = _READERS[role](message, param, report, functions)
        mark = cache_marks.mark_of(message, param, report)
        said.append(Said(index, role, content.marked(words, mark)))
    return said


def _instruction(
    message: dict[str, Any], param: str, report: Report, _: FunctionCalls
) -> Content:
    place = f"{param}.content"
    return content.read(message.get("content"), place, content.INSTRUCTION, report)


def _user(
    message: dict[str, Any], param: str, report: Report, _: FunctionCalls
) -> Content:
    place = f"{param}.content"
    return content.read(message.get("content"), place, content.USER, report)


def _assistant(
    message: dict[str, Any], param: str, report: Report, functions: FunctionCalls
) -> Content:
    """Thinking, then text, then calls; or the raw array of an earlier answer."""
    place = f"{param}.anthropic_content"
    raw = checks.optional(message, "anthropic_content", param, checks.array)
    if raw and message.get("function_call") is None:
        report.mapped(dotted(place), "content", "D.5")
        return thinking_blocks.verbatim(raw, place, report)
    if raw:
        ignore(place, report, "a function_call has no id to pair it by", "D.5")
    place = f"{param}.content"
    said = content.read(message.get("content"), place, content.ASSISTANT, report)
    said = _or_refusal(said, message, param, report)
    replayed = thinking_blocks.replayed(message, param, report)
    calls = tool_use_blocks(message, param, report, functions)
    if replayed and content.has_thinking(said):
        replayed = []  # the same blocks, sent in two forms
    if replayed or calls:
        said = [*replayed, *blocks_of(said), *calls]
    _check_audio(said, message, param, report)
    return said


def _tool(
    message: dict[str, Any], param: str, report: Report, _: FunctionCalls
) -> Content:
    call_id = checks.required(message, "tool_call_id", param, checks.string)
    return [content.tool_result(message, call_id, param, report)]


def _function(
    message: dict[str, Any], param: str, report: Report, functions: FunctionCalls
) -> Content:
    call_id = functions.answer(checks.required(message, "name", param, checks.string))
    if call_id is None:
        raise orphan("function", param)
    return [content.tool_result(message, call_id, param, report)]


def _or_refusal(
    said: Content, message: dict[str, Any], param: str, report: Report
) -> Content:
    refusal: str | None = checks.optional(message, "refusal", param, checks.string)
    if refusal and not blocks_of(said):
        return refusal
    if refusal:
        ignore(f"{param}.refusal", report, "content is sent in its place", "B.4")
    return said


def _check_audio(
    said: Content, message: dict[str, Any], param: str, report: Report
) -> None:
    if checks.optional(message, "audio", param, checks.mapping) is None:
        return
    if not blocks_of(said):
        problem = (
            "Audio of an earlier answer is not available from the upstream provider."
        )
        raise RequestError(problem, f"{param}.audio", "unsupported_content_type")
    ignore(f"{param}.audio", report, "the message's text is sent in its place")


_Reader = Callable[[dict[str, Any], str, Report, FunctionCalls], Content]
_READERS: Final[dict[str, _Reader]] = {
    "system": _instruction,
    "developer": _instruction,
    "user": _user,
    "assistant": _assistant,
    "tool": _tool,
    "function": _function,
}

"""From commands to a draft: one small function a command, found in a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from .api_error import DEFAULT_MESSAGES, ERROR_TYPES, ApiError
from .commands import COMMANDS, Command
from .draft import Draft
from .request import Request

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_STOP_REASONS: Final = frozenset(
    {
        "end_turn",
        "max_tokens",
        "stop_sequence",
        "tool_use",
        "pause_turn",
        "refusal",
        "model_context_window_exceeded",
    }
)
_WORDS: Final = ("lorem", "ipsum", "dolor", "sit", "amet", "consectetur")
_REFUSAL: Final[Mapping[str, Any]] = {
    "type": "refusal",
    "category": "cyber",
    "explanation": "The simulator was asked to refuse.",
}


def draft_from(commands: list[Command], request: Request) -> Draft:
    """Carry out every command.

    Raises:
        ApiError: a command that cannot be read.
    """
    draft = Draft()
    for command in commands:
        _HANDLERS[command.name](draft, command, request)
    return draft


def text_block(text: str) -> dict[str, Any]:
    """A text block."""
    return {"type": "text", "text": text}


def search_blocks(query: str, number: int) -> list[dict[str, Any]]:
    """A search on the server's side and what it found."""
    id_ = f"srvtoolu_sim{number:020d}"
    results = [
        {
            "type": "web_search_result",
            "url": f"https://example.com/{page}",
            "title": f"{query} ({page})",
            "encrypted_content": f"simulated-{page}",
            "page_age": None,
        }
        for page in ("first", "second")
    ]
    return [
        {
            "type": "server_tool_use",
            "id": id_,
            "name": "web_search",
            "input": {"query": query},
        },
        {"type": "web_search_tool_result", "tool_use_id": id_, "content": results},
    ]


def cited_text(query: str) -> dict[str, Any]:
    """A text block that cites both results of ``search_blocks``."""
    citations = [
        {
            "type": "web_search_result_location",
            "url": f"https://example.com/{page}",
            "title": f"{query} ({page})",
            "encrypted_index": f"simulated-{page}",
            "cited_text": f"The {page} result.",
        }
        for page in ("first", "second")
    ]
    text = f"Two pages on {query} agree."
    return {"type": "text", "text": text, "citations": citations}


def _text(draft: Draft, command: Command, request: Request) -> None:
    draft.blocks.append(text_block(command.argument))


def _echo(draft: Draft, command: Command, request: Request) -> None:
    draft.blocks.append(text_block(request.raw.decode()))


def _json(draft: Draft, command: Command, request: Request) -> None:
    if command.value is None:
        raise command.misuse()
    draft.blocks.append(text_block(msgspec.json.encode(command.value).decode()))


def _long(draft: Draft, command: Command, request: Request) -> None:
    count = command.number(command.argument, 100)
    words = (_WORDS[index % len(_WORDS)] for index in range(count))
    draft.blocks.append(text_block(" ".join(words)))


def _tool(draft: Draft, command: Command, request: Request) -> None:
    value = {} if command.value is None else command.value
    if not isinstance(value, dict) or len(command.words) != 1:
        raise command.misuse()
    name = command.words[0]
    draft.blocks.append({"type": "tool_use", "name": name, "input": value})


def _thinking(draft: Draft, command: Command, request: Request) -> None:
    draft.thinking = command.argument


def _redacted(draft: Draft, command: Command, request: Request) -> None:
    draft.redacted = True


def _citations(draft: Draft, command: Command, request: Request) -> None:
    draft.blocks.append(cited_text(command.argument or "the subject"))


def _web_search(draft: Draft, command: Command, request: Request) -> None:
    query = command.argument or "the subject"
    number = 1 + sum(block["type"] == "server_tool_use" for block in draft.blocks)
    draft.blocks += [*search_blocks(query, number), cited_text(query)]


def _pause_turn(draft: Draft, command: Command, request: Request) -> None:
    draft.pauses = command.number(command.argument, 1)


def _refusal(draft: Draft, command: Command, request: Request) -> None:
    draft.stop_reason = "refusal"
    draft.stop_details = dict(_REFUSAL)
    if "partial" in command.words:
        draft.blocks.append(text_block("This starts well, but"))
    else:
        draft.silent_refusal = True


def _stop(draft: Draft, command: Command, request: Request) -> None:
    if command.argument not in _STOP_REASONS:
        raise command.misuse()
    draft.stop_reason = command.argument


def _usage(draft: Draft, command: Command, request: Request) -> None:
    for name, value in command.options.items():
        draft.usage[name] = command.number(value)


def _error(draft: Draft, command: Command, request: Request) -> None:
    words, options = command.words, command.options
    if "times" in options:
        draft.error_times = command.number(options["times"])
    if words[:1] == ["html"]:
        draft.html_status = command.number(" ".join(words[1:]), 502)
        return
    status = command.number(" ".join(words), 500)
    headers: dict[str, str] = {}
    for name in ("retry-after", "retry-after-ms", "x-should-retry"):
        if name in options:
            headers[name] = options[name]
    type_ = ERROR_TYPES.get(status, "api_error")
    text = f"{DEFAULT_MESSAGES[type_]} (simulated)"
    draft.error = ApiError(
        status, text, error_code=options.get("code"), headers=headers
    )


def _error_midstream(draft: Draft, command: Command, request: Request) -> None:
    type_ = " ".join(command.words) or "overloaded_error"
    if type_ not in DEFAULT_MESSAGES:
        raise command.misuse()
    if not request.body.get("stream"):
        status = next(code for code, name in ERROR_TYPES.items() if name == type_)
        draft.error = ApiError(status, f"{DEFAULT_MESSAGES[type_]} (simulated)")
    draft.delivery.error_type = type_
    after = command.options.get("after", "")
    draft.delivery.error_after = command.number(after, draft.delivery.error_after)


def _cut(draft: Draft, command: Command, request: Request) -> None:
    after = command.options.get("after", "0")
    if after.endswith("b"):
        draft.delivery.cut_after_bytes = command.number(after[:-1])
    else:
        draft.delivery.cut_after = command.number(after)


def _silent(draft: Draft, command: Command, request: Request) -> None:
    draft.delivery.silent_after = command.number(command.options.get("after", ""), 0)


def _slow(draft: Draft, command: Command, request: Request) -> None:
    found = _DURATION.fullmatch(command.argument or "50ms")
    if found is None:
        raise command.misuse()
    draft.delivery.delay_s = float(found[1]) / (1000 if found[2] == "ms" else 1)


def _ping(draft: Draft, command: Command, request: Request) -> None:
    draft.delivery.ping = True


def _unknown_event(draft: Draft, command: Command, request: Request) -> None:
    draft.delivery.unknown_events = True


def _chunks(draft: Draft, command: Command, request: Request) -> None:
    draft.delivery.chunk_bytes = max(1, command.number(command.argument, 1))


def _crlf(draft: Draft, command: Command, request: Request) -> None:
    draft.delivery.crlf = True


def _garbage(draft: Draft, command: Command, request: Request) -> None:
    draft.delivery.garbage = True


def _truncate(draft: Draft, command: Command, request: Request) -> None:
    draft.delivery.truncated = True


_HANDLERS: Final[Mapping[str, Callable[[Draft, Command, Request], None]]] = {
    "text": _text,
    "echo": _echo,
    "json": _json,
    "long": _long,
    "tool": _tool,
    "thinking": _thinking,
    "redacted": _redacted,
    "citations": _citations,
    "web_search": _web_search,
    "pause_turn": _pause_turn,
    "refusal": _refusal,
    "stop": _stop,
    "usage": _usage,
    "error": _error,
    "error-midstream": _error_midstream,
    "cut": _cut,
    "silent": _silent,
    "slow": _slow,
    "ping": _ping,
    "unknown-event": _unknown_event,
    "chunks": _chunks,
    "crlf": _crlf,
    "garbage": _garbage,
    "truncate-json": _truncate,
}
assert _HANDLERS.keys() == COMMANDS.keys()

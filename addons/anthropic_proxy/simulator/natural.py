"""What the stand-in says when no command tells it: readable, and proof of receipt."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from .conversation import as_blocks, last_user_turn, placed_blocks, text_of
from .request import Request
from .schema_values import schema_value
from .script import cited_text, search_blocks, text_block
from .tool_calls import calls, is_meant

_REMINDER: Final = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_MUST_CALL: Final = re.compile(r"\bmust\b.*\b(call|calling|use|using)\b", re.DOTALL)
_SHOWN: Final = 200


def natural_blocks(request: Request, plain: str) -> list[dict[str, Any]]:
    """Visible blocks of an answer, calls without ids.

    In order: a tool that is forced, a tool the text asks for, JSON that was asked for,
    results that came back, an echo.
    """
    text = _REMINDER.sub("", plain).strip()
    forced = _forced(request, plain)
    if forced is not None:
        return _parallel(request, [forced], text)
    found = _called(request, text)
    if found:
        return found
    results = _results(request)
    if request.schema is not None:
        value = schema_value(request.schema)
        return [text_block(msgspec.json.encode(value).decode())]
    return [text_block(results or _echo(request, text))]


def _choice(request: Request) -> dict[str, Any]:
    choice: dict[str, Any] = request.body.get("tool_choice") or {"type": "auto"}
    return choice


def _client_tools(request: Request) -> list[dict[str, Any]]:
    return [tool for _, tool in request.custom_tools]


def _forced(request: Request, plain: str) -> dict[str, Any] | None:
    """The tool that must be called, by ``tool_choice`` or by a last instruction."""
    choice, tools = _choice(request), _client_tools(request)
    if not tools or choice["type"] == "none":
        return None
    if choice["type"] == "tool":
        return next((tool for tool in tools if tool["name"] == choice["name"]), None)
    instruction = _last_instruction(request, plain)
    if choice["type"] != "any" and not _MUST_CALL.search(instruction):
        return None
    named = (tool for tool in tools if tool["name"] in instruction)
    meant = (tool for tool in tools if is_meant(tool, plain))
    return next(named, None) or next(meant, tools[0])


def _last_instruction(request: Request, plain: str) -> str:
    last = request.body["messages"][-1]
    if last["role"] == "system":
        return text_of(as_blocks(last["content"]))
    return "\n".join(_REMINDER.findall(plain))


def _called(request: Request, text: str) -> list[dict[str, Any]]:
    """Calls of every tool that the text asks for; a search runs on the server."""
    if _choice(request)["type"] == "none" or not text:
        return []
    for tool in request.body.get("tools") or []:
        searches = str(tool.get("type")).startswith("web_search")
        if searches and is_meant(tool, text):
            return [*search_blocks(text[:_SHOWN], 1), cited_text("this")]
    meant = [tool for tool in _client_tools(request) if is_meant(tool, text)]
    return _parallel(request, meant, text)


def _parallel(
    request: Request, tools: list[dict[str, Any]], text: str
) -> list[dict[str, Any]]:
    single = bool(_choice(request).get("disable_parallel_tool_use"))
    found = [call for tool in tools for call in calls(tool, text, parallel=not single)]
    return found[:1] if single else found


def _results(request: Request) -> str:
    """A text that quotes the results of the last user turn; empty without any."""
    names = {
        placed.block["id"]: placed.block["name"]
        for placed in placed_blocks(request.body)
        if placed.block.get("type") == "tool_use"
    }
    lines = []
    for block in last_user_turn(request.body):
        if block.get("type") != "tool_result":
            continue
        content = as_blocks(block.get("content"))
        shown = text_of(content) or f"{len(content)} blocks"
        verb = "failed with" if block.get("is_error") else "answered"
        name = names.get(block["tool_use_id"], "?")
        lines.append(f"{name} {verb}: {shown[:_SHOWN]}")
    return "\n".join(lines)


def _echo(request: Request, text: str) -> str:
    body = request.body
    counts = [
        _counted(len(body["messages"]), "message"),
        _counted(len(body.get("tools") or []), "tool"),
    ]
    for kind in ("image", "document"):
        blocks = last_user_turn(body)
        found = sum(block.get("type") == kind for block in blocks)
        counts.append(_counted(found, kind))
    system = text_of(as_blocks(body.get("system")))
    counts.append(_counted(len(system.split()), "word") + " of system prompt")
    told = ", ".join(count for count in counts if not count.startswith("0 "))
    said = f"You said: {text[:_SHOWN]}" if text else "You said nothing."
    return f"{said}\n\n(Simulated {request.model.name}: {told}.)"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")

"""Rules about tools: their definitions, the choice of one, calls and results."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from .api_error import ApiError, invalid
from .conversation import Placed, Turn, placed_blocks, turns
from .json_schemas import is_json_schema, tool_schema
from .request import Request

_ID: Final = re.compile(r"[a-zA-Z0-9_-]+")
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_MAX_PAST_NAME: Final = 200
_COMBINATORS: Final = ("oneOf", "allOf", "anyOf")


def _of_type(turn: Turn, kind: str) -> list[Placed]:
    return [placed for placed in turn.blocks if placed.block.get("type") == kind]


def _results(turn: Turn | None, *, leading: bool) -> set[str]:
    """Ids answered in a user turn; on request only those before any other block."""
    answered: set[str] = set()
    for placed in turn.blocks if turn is not None and turn.role == "user" else []:
        if placed.block.get("type") == "tool_result":
            answered.add(placed.block["tool_use_id"])
        elif leading:
            break
    return answered


def _unanswered(request: Request, *, leading: bool) -> None:
    found = turns(request.body)
    for turn, following in zip(found, [*found[1:], None], strict=True):
        calls = _of_type(turn, "tool_use") if turn.role == "assistant" else []
        answered = _results(following, leading=leading)
        missing = [p for p in calls if p.block["id"] not in answered]
        if missing:
            ids = ", ".join(placed.block["id"] for placed in missing)
            text = "`tool_use` ids were found without `tool_result` blocks immediately"
            raise invalid(
                f"messages.{missing[0].message}",
                f"{text} after: {ids}. Each `tool_use` block must have a corresponding"
                " `tool_result` block in the next message.",
            )


def calls_are_answered(request: Request) -> None:
    """Rule 15: in the user turn right after."""
    _unanswered(request, leading=False)


def results_come_first(request: Request) -> None:
    """Rule 17: before text and images of that turn."""
    _unanswered(request, leading=True)


def results_have_calls(request: Request) -> None:
    """Rule 16. One result for each call."""
    previous: Turn | None = None
    for turn in turns(request.body):
        calls = {
            placed.block["id"]
            for placed in (_of_type(previous, "tool_use") if previous else [])
        }
        for placed in _of_type(turn, "tool_result") if turn.role == "user" else []:
            wanted = placed.block["tool_use_id"]
            if wanted not in calls:
                text = "unexpected `tool_use_id` found in `tool_result` blocks:"
                raise invalid(
                    placed.path,
                    f"{text} {wanted}. Each `tool_result` block must have a"
                    " corresponding `tool_use` block in the previous message.",
                )
            calls.discard(wanted)
        previous = turn


def call_ids_unique(request: Request) -> None:
    """Rule 18."""
    seen: set[str] = set()
    for placed in placed_blocks(request.body):
        if placed.block.get("type") == "tool_use":
            if placed.block["id"] in seen:
                raise invalid("messages", "`tool_use` ids must be unique")
            seen.add(placed.block["id"])


def names_and_ids(request: Request) -> None:
    """Rule 19."""
    for path, tool in request.custom_tools:
        if not _NAME.fullmatch(tool["name"]):
            text = f"String should match pattern '^{_NAME.pattern}$'"
            raise invalid(f"{path}.name", text)
    names = Counter(tool.get("name") for tool in request.body.get("tools") or [])
    if any(count > 1 for name, count in names.items() if name is not None):
        raise invalid("tools", "Tool names must be unique.")
    for placed in placed_blocks(request.body):
        if placed.block.get("type") == "tool_use":
            _past_call(f"{placed.path}.tool_use", placed.block)
        if placed.block.get("type") == "tool_result":
            id_ = placed.block["tool_use_id"]
            _matches(f"{placed.path}.tool_result.tool_use_id", id_)


def _past_call(path: str, block: dict[str, Any]) -> None:
    _matches(f"{path}.id", block["id"])
    if not block["name"]:
        raise invalid(f"{path}.name", "String should have at least 1 character")
    if len(block["name"]) > _MAX_PAST_NAME:
        text = f"String should have at most {_MAX_PAST_NAME} characters"
        raise invalid(f"{path}.name", text)


def _matches(path: str, value: str) -> None:
    if not _ID.fullmatch(value):
        raise invalid(path, f"String should match pattern '^{_ID.pattern}$'")


def inputs_are_objects(request: Request) -> None:
    """Rule 20."""
    for placed in placed_blocks(request.body):
        if placed.block.get("type") != "tool_use":
            continue
        path = f"{placed.path}.tool_use.input"
        if "input" not in placed.block:
            raise invalid(path, "Field required")
        if not isinstance(placed.block["input"], dict):
            raise invalid(path, "Input should be a valid dictionary")


def input_schemas(request: Request) -> None:
    """Rule 21."""
    for tool_path, tool in request.custom_tools:
        path = f"{tool_path}.input_schema"
        if "input_schema" not in tool:
            raise invalid(path, "Field required")
        schema = tool["input_schema"]
        if not isinstance(schema, dict):
            raise invalid(path, "Input should be a valid dictionary")
        if "type" not in schema:
            raise invalid(f"{path}.type", "Field required")
        if schema["type"] != "object":
            raise invalid(f"{path}.type", "Input should be 'object'")
        for name in _COMBINATORS:
            if name in schema:
                text = "input_schema does not support oneOf, allOf, or anyOf"
                raise invalid(path, f"{text} at the top level")
        if not is_json_schema(tool_schema(schema)):
            text = "JSON schema is invalid. It must match JSON Schema draft 2020-12"
            raise invalid(path, text)


def choice_is_possible(request: Request) -> None:
    """Rule 22. ``disable_parallel_tool_use`` on ``none`` falls to rule 4."""
    choice = request.body.get("tool_choice")
    if choice is None:
        return
    names = [tool.get("name") for tool in request.body.get("tools") or []]
    if not names:
        raise invalid("tool_choice", "may only be specified while providing tools")
    if choice["type"] == "tool" and choice["name"] not in names:
        text = f"Tool '{choice['name']}' not found in provided tools"
        raise invalid("tool_choice.tool.name", text)


def forcing_is_possible(request: Request) -> None:
    """Rule 23."""
    choice = (request.body.get("tool_choice") or {}).get("type")
    if choice not in ("any", "tool"):
        return
    if not request.model.forced_tools:
        text = 'type "tool" and "any" are not supported for this model.'
        raise invalid("tool_choice", text)
    if request.thinking == "enabled":
        text = "Thinking may not be enabled when tool_choice forces tool use."
        raise ApiError(400, text)


def past_tools_defined(request: Request) -> None:
    """Rule 24."""
    if request.body.get("tools"):
        return
    for placed in placed_blocks(request.body):
        if placed.block.get("type") in ("tool_use", "tool_result"):
            text = "Requests which have `tool_use` or `tool_result` blocks in the"
            raise invalid("tools", f"{text} conversation history must define tools.")

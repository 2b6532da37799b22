"""What upstream refuses about parameters, written down a second time (rules J).

Small and separate from the product on purpose: where both agree, both may be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from anthropic_proxy.models.model import Model, Thinking
from request_support import CATALOG

KNOWN = {
    *("model", "max_tokens", "system", "messages", "tools", "tool_choice", "thinking"),
    *("output_config", "metadata", "stop_sequences", "stream", "service_tier"),
    *("temperature", "top_p", "top_k", "cache_control"),
}
SAMPLING = ("temperature", "top_p", "top_k")
TYPES = {
    Thinking.ALWAYS: {"adaptive"},
    Thinking.BETWEEN_TOOLS: {"adaptive", "between_tools"},
    Thinking.ON_BY_DEFAULT: {"adaptive", "disabled"},
    Thinking.OFF_BY_DEFAULT: {"adaptive", "disabled"},
    Thinking.MANUAL: {"enabled", "disabled"},
}
BETA = "thinking-binding-controls-2026-08-01"


def broken_rules(body: dict[str, Any], headers: dict[str, str]) -> list[str]:
    """The rules that a request breaks; none when upstream would take it."""
    model = CATALOG.get(body["model"])
    checks = (_envelope, _sampling, _tools, _thinking, _structure)
    return [broken for check in checks for broken in check(body, headers, model)]


def _envelope(body: dict[str, Any], headers: Any, model: Model) -> Iterator[str]:
    if not body.keys() <= KNOWN or headers.keys() - {
        "anthropic-version",
        "anthropic-beta",
    }:
        yield "4 unknown key"
    if not 1 <= body["max_tokens"] <= model.max_output:
        yield "8 max_tokens"
    if body["messages"][-1]["role"] == "assistant" and not model.prefill:
        yield "14 prefill"
    if any(not sequence.strip() for sequence in body.get("stop_sequences", ["x"])):
        yield "32 stop sequence"
    if body.get("service_tier", "auto") not in ("auto", "standard_only"):
        yield "36 service tier"
    user = body.get("metadata", {"user_id": "u"})
    if user.keys() != {"user_id"} or re.search(r"@|^\+\d", user["user_id"]):
        yield "41 user"


def _sampling(body: dict[str, Any], headers: Any, model: Model) -> Iterator[str]:
    sent = [field for field in SAMPLING if field in body]
    if sent and headers["anthropic-version"] != "2023-06-01":
        yield "5 sampling on the new version"
    if sent and not model.sampling:
        yield "6 sampling on a new model"
    if not 0 <= body.get("temperature", 0) <= 1 or {"temperature", "top_p"} <= set(
        sent
    ):
        yield "7 temperature"
    if body.get("thinking", {}).get("type") in ("enabled", "adaptive"):
        others = [field for field in sent if field != "top_p"]
        if others or body.get("top_p", 1) < 0.95:
            yield "D.2 sampling while thinking"


def _tools(body: dict[str, Any], headers: Any, model: Model) -> Iterator[str]:
    tools, choice = body.get("tools", []), body.get("tool_choice", {})
    names = [tool["name"] for tool in tools]
    if len(set(names)) < len(names) or not all(
        re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", name) for name in names
    ):
        yield "19 names"
    for tool in tools:
        if "type" not in tool and tool["input_schema"].get("type") != "object":
            yield "21 input schema"
    if choice and not tools:
        yield "22 choice without tools"
    if choice.get("name") is not None and choice["name"] not in names:
        yield "22 unknown tool"
    if choice.get("type") == "none" and len(choice) > 1:
        yield "22 none with more"
    if choice.get("type") in ("any", "tool") and (
        not model.forced_tools or body.get("thinking", {}).get("type") == "enabled"
    ):
        yield "23 forced"
    if "tool_use" in str(body["messages"]) and not tools:
        yield "24 history without tools"


def _thinking(body: dict[str, Any], headers: Any, model: Model) -> Iterator[str]:
    thinking = body.get("thinking", {})
    kind, effort = thinking.get("type"), body.get("output_config", {}).get("effort")
    legal = TYPES[model.thinking] | ({"enabled"} if model.manual_thinking else set())
    if kind is not None and kind not in legal:
        yield "25 type"
    if kind == "enabled" and not 1024 <= thinking["budget_tokens"] < body["max_tokens"]:
        yield "25 budget"
    if kind in ("between_tools", "disabled") and (
        len(thinking) > 1 or effort in ("xhigh", "max")
    ):
        yield "25 off"
    if kind in ("enabled", "adaptive") and body["messages"][-1]["role"] == "assistant":
        yield "25 prefill"
    if kind == "enabled" and _loop_starts_without_thinking(body["messages"]):
        yield "25 tool loop"
    if effort is not None and effort not in model.efforts:
        yield "26 effort"
    if ("block_binding" in thinking) != (BETA in headers.get("anthropic-beta", "")):
        yield "29 block binding"
    if "block_binding" in thinking and model.manual_thinking:
        yield "29 block binding on an old model"


def _loop_starts_without_thinking(messages: list[Any]) -> bool:
    *_, last = [m["content"] for m in messages if m["role"] == "assistant"] or [""]
    if not any(block["type"] == "tool_use" for block in last if last != str(last)):
        return False
    return last[0]["type"] != "thinking"


def _structure(body: dict[str, Any], headers: Any, model: Model) -> Iterator[str]:
    enforced = [
        tool["input_schema"] for tool in body.get("tools", []) if "strict" in tool
    ]
    if len(enforced) > 20:
        yield "42 strict tools"
    if "format" in body.get("output_config", {}):
        enforced.append(body["output_config"]["format"]["schema"])
        if body["messages"][-1]["role"] == "assistant":
            yield "35 prefill"
    objects = [part for schema in enforced for part in _objects(schema)]
    if any(part.get("additionalProperties") is not False for part in objects):
        yield "35 open object"
    if (
        sum(len(set(o["properties"]) - set(o.get("required", []))) for o in objects)
        > 24
    ):
        yield "42 optional parameters"


def _objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if schema.get("type") == "object":
        yield schema
    for part in schema.get("properties", {}).values():
        yield from _objects(part)

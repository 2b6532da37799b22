"""A request again, in another form: after a refusal, or after a pause.

Nothing is changed in place; each function returns a new `Translation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ...wire.anthropic import BETA_HEADER, THINKING_BINDING_BETA, ContentBlock
from ..report import Report
from .content import blocks_of
from .exchange import Translation
from .instructions import appended
from .messages import without_thinking
from .response_format import of_schema
from .thinking_replay import replays_thinking, starts_turn_with_thinking

STRUCTURED_OUTPUT: Final = "structured_output"
THINKING_BLOCKS: Final = "thinking_blocks"

RETRY_HINTS: Final = (
    ("bound to a different conversation", THINKING_BLOCKS),
    ("schemas contains too many", STRUCTURED_OUTPUT),
    ("schema is too complex", STRUCTURED_OUTPUT),
    ("compiled grammar is too large", STRUCTURED_OUTPUT),
)
"""Lower-case part of upstream's message for a 400 → the retry that may help."""


def retry_for(
    translation: Translation, status: int, error_message: str
) -> Translation | None:
    """The request without what upstream refused; None when nothing is known to help.

    Each kind of retry is made once for a request, and none when the user's settings
    ask for exactness: it would drop something after all.
    """
    if status != 400 or translation.exchange.settings.strict:
        return None
    message = error_message.lower()
    for hint, kind in RETRY_HINTS:
        if hint in message and kind not in translation.retried:
            again = _RETRIES[kind](translation)
            if again is not None:
                return replace(again, retried=translation.retried | {kind})
    return None


def without_structured_output(translation: Translation) -> Translation | None:
    """Schemas as hints and instructions instead of rules (rules C.4).

    None when the request enforces no schema.
    """
    body = dict(translation.body)
    report = Report(list(translation.report.entries))
    exchange = translation.exchange
    tools: Sequence[dict[str, Any]] = body.get("tools", ())
    if any(tool.get("strict") for tool in tools):
        body["tools"] = [_without(tool, "strict") for tool in tools]
        reason = "upstream could not enforce the schemas"
        token = "tools.strict:downgraded"
        report.altered("tools", "hints", "C.4", reason, token)
    config: dict[str, Any] = body.get("output_config", {})
    if "format" in config:
        body = _without(body, "output_config")
        if len(config) > 1:
            body["output_config"] = _without(config, "format")
        text = of_schema(config["format"]["schema"])
        body["system"] = appended(body.get("system"), text)
        exchange = replace(exchange, unfence_json=True)
        field = "response_format" if exchange.emulated_tool is None else "tool_choice"
        reason = "upstream could not enforce the schema"
        token = f"{field}:schema_not_enforced"
        report.altered(field, "an instruction in system", "C.4", reason, token)
    if len(report.entries) == len(translation.report.entries):
        return None
    return replace(translation, body=body, exchange=exchange, report=report)


def without_thinking_blocks(translation: Translation) -> Translation | None:
    """Without any thinking from earlier turns (rules D.4); None when there is none."""
    if not replays_thinking(translation.body["messages"]):
        return None
    body = without_thinking(translation.body)
    enabled = body.get("thinking", {}).get("type") == "enabled"
    if enabled and not starts_turn_with_thinking(body["messages"]):
        del body["thinking"]  # manual thinking cannot go on without its blocks
    report = Report(list(translation.report.entries))
    reason = "upstream took the thinking blocks for another conversation's"
    token = "thinking_blocks:dropped"
    report.altered("messages", "messages without thinking", "D.4", reason, token)
    headers = _without_beta(translation.headers, THINKING_BINDING_BETA)
    return replace(translation, body=body, headers=headers, report=report)


def continued(
    translation: Translation, assistant_content: list[ContentBlock]
) -> Translation:
    """The request with what the answer said before it paused (rules F.1)."""
    messages = list(translation.body["messages"])
    content = list(assistant_content)
    if messages[-1]["role"] == "assistant":
        content = [*blocks_of(messages.pop()["content"]), *content]
    messages.append({"role": "assistant", "content": content})
    return replace(translation, body={**translation.body, "messages": messages})


_RETRIES: Final[Mapping[str, Callable[[Translation], Translation | None]]] = {
    STRUCTURED_OUTPUT: without_structured_output,
    THINKING_BLOCKS: without_thinking_blocks,
}


def _without(owner: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in owner.items() if name != key}


def _without_beta(headers: Mapping[str, str], beta: str) -> dict[str, str]:
    left = [name for name in headers.get(BETA_HEADER, "").split(",") if name != beta]
    others = _without(headers, BETA_HEADER)
    return others | ({BETA_HEADER: ",".join(left)} if any(left) else {})

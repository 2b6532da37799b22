"""A chat completion request → a Messages request, ready for upstream."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...models.mapping import ModelMapping, RetiredModel
from ...models.model import Model
from ...wire.anthropic import (
    BETA_HEADER,
    CURRENT_VERSION,
    SAMPLING_VERSION,
    THINKING_BINDING_BETA,
    VERSION_HEADER,
)
from ..report import Disposition, Entry, Report
from . import caching, fields, parameters, thinking, tool_choice, tools
from .content import blocks_of
from .errors import RequestError
from .exchange import Exchange, Settings, ThinkingMemory, Translation
from .identifiers import ToolNames
from .messages import Conversation, append_instruction, append_to_system, conversation
from .parameters import Values
from .response_format import OutputFormat, read_format
from .retry import (
    RETRY_HINTS,
    continued,
    retry_for,
    without_structured_output,
    without_thinking_blocks,
)
from .sampling import sampling
from .schemas import Cost, cost
from .thinking import ThinkingPlan
from .tool_choice import ToolChoice
from .tool_definitions import Kind, Tool

__all__ = [
    "RETRY_HINTS",
    "continued",
    "messages_request",
    "retry_for",
    "without_structured_output",
    "without_thinking_blocks",
]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A request whose parts are read, and being fitted to each other."""

    values: Values
    model: Model
    report: Report
    max_tokens: int
    tools: list[Tool]
    names: ToolNames
    choice: ToolChoice
    format: OutputFormat
    thinking: ThinkingPlan
    conversation: Conversation
    emulated: Tool | None = None
    """The tool whose forced call is to be read from JSON output (rules C.3 b)."""


def messages_request(
    chat: Any,
    *,
    mapping: ModelMapping,
    settings: Settings,
    now: float,
    memory: ThinkingMemory | None = None,
    client_version: str | None = None,
    client_betas: Sequence[str] = (),
) -> Translation:
    """Translate one request. ``chat`` is not changed.

    Args:
        chat: the decoded JSON body.
        now: Unix seconds.
        client_version: ``anthropic-version``, if the client insists on one.
        client_betas: values of the client's ``anthropic-beta`` headers.

    Raises:
        RequestError: the request is wrong, or means what upstream cannot do; with
            ``settings.strict`` also if anything would be altered or ignored. Its
            ``report`` says what became of the fields that were read before.
    """
    report = Report()
    try:
        return _translation(
            chat, mapping, settings, now, memory, client_version, client_betas, report
        )
    except RequestError as refusal:
        report.rejected(refusal.param or "body", "H.1", refusal.message)
        refusal.report = report
        raise


def _translation(
    chat: Any,
    mapping: ModelMapping,
    settings: Settings,
    now: float,
    memory: ThinkingMemory | None,
    client_version: str | None,
    client_betas: Sequence[str],
    report: Report,
) -> Translation:
    if not isinstance(chat, dict):
        raise RequestError("The request body must be a JSON object.", None)
    values = parameters.read(chat, report)
    model = _model(values["model"], mapping, now, report)
    draft = _fitted(_read(values, model, settings, memory, report))
    sampled = sampling(
        values,
        model,
        thinks=draft.thinking.is_on,
        version=client_version,
        report=report,
    )
    exchange = _exchange(draft, settings, now)
    body = caching.with_legal_marks(_body(draft, settings, sampled), report)
    version = SAMPLING_VERSION if sampled else CURRENT_VERSION
    headers = {VERSION_HEADER: client_version or version}
    betas = _betas(draft, client_betas)
    if betas:
        headers[BETA_HEADER] = ",".join(betas)
    if settings.strict:
        _refuse_losses(report)
    return Translation(body, headers, exchange, report)


def _model(name: str, mapping: ModelMapping, now: float, report: Report) -> Model:
    today = datetime.datetime.fromtimestamp(now, datetime.UTC).date()
    try:
        resolution = mapping.resolve(name, today)
    except RetiredModel as refusal:
        code = "model_not_found"
        raise RequestError(str(refusal), "model", code, status=404) from None
    became = f"model: {resolution.model.id}"
    report.mapped("model", became, "E.3", resolution.rule)
    for token, reason in resolution.warnings:
        # A notice of retirement changes nothing about the request.
        altered = token == "model:retired"
        fate = Disposition.ALTERED if altered else Disposition.MAPPED
        report.extend([Entry("model", fate, became, reason, "E.1", token)])
    return resolution.model


def _read(
    values: Values,
    model: Model,
    settings: Settings,
    memory: ThinkingMemory | None,
    report: Report,
) -> _Draft:
    declared = tools.read_tools(values, report)
    names = tools.tool_names(declared)
    declared = tools.named(declared, names, report)
    choice, left = tool_choice.read_choice(values, declared, report)
    output_format = read_format(values, report)
    max_tokens = fields.max_tokens(values, model, settings, report)
    plan = thinking.plan(
        values,
        model,
        max_tokens,
        forced=choice.forces and model.forced_tools,
        report=report,
    )
    report.mapped("messages", "messages", "B")
    talk = conversation(
        values["messages"],
        model=model,
        names=names,
        report=report,
        memory=memory,
        prefill_allowed=not plan.is_on and output_format.schema is None,
    )
    plan = thinking.with_conversation(
        plan,
        model,
        replays_thinking=talk.replays_thinking,
        starts_turn_with_thinking=talk.starts_turn_with_thinking,
        report=report,
    )
    return _Draft(
        values=values,
        model=model,
        report=report,
        max_tokens=max_tokens,
        tools=left,
        names=names,
        choice=choice,
        format=output_format,
        thinking=plan,
        conversation=talk,
    )


def _fitted(draft: _Draft) -> _Draft:
    """The draft with what the model cannot be made to do asked for instead."""
    talk = draft.conversation
    if draft.format.instruction is not None:
        talk = append_to_system(talk, draft.format.instruction)
        draft = replace(draft, conversation=talk)
    if not draft.choice.forces or draft.model.forced_tools:
        return draft
    schema = None
    if _can_emulate(draft):
        schema = tool_choice.emulation_schema(draft.choice, draft.tools)
    if schema is not None and draft.choice.tool is not None:
        tool_choice.emulated(draft.choice, draft.report)
        # Legal because no call or result in the history needs the definitions.
        return replace(
            draft,
            tools=[],
            choice=ToolChoice(),
            format=OutputFormat(schema=schema),
            emulated=draft.choice.tool,
        )
    choice, text = tool_choice.unforced(draft.choice, draft.report)
    talk = append_instruction(talk, text, model=draft.model)
    return replace(draft, choice=choice, conversation=talk)


def _can_emulate(draft: _Draft) -> bool:
    talk = draft.conversation
    return (
        draft.format == OutputFormat()
        and not talk.replays_thinking
        and not any("tool" in block["type"] for block in _blocks(talk))
    )


def _blocks(talk: Conversation) -> list[dict[str, Any]]:
    return [
        block for message in talk.messages for block in blocks_of(message["content"])
    ]


def _body(
    draft: _Draft, settings: Settings, sampled: Mapping[str, Any]
) -> dict[str, Any]:
    values, report, talk = draft.values, draft.report, draft.conversation
    schema = draft.format.schema
    taken = cost(schema) if schema else Cost()
    enforced = tools.enforced(draft.tools, taken, report)
    definitions = [tool.body() for tool in enforced]
    choice = draft.choice.body()
    if not definitions and talk.tool_names_seen:
        definitions = tools.synthesised(talk.tool_names_seen, report)
        choice = {"type": "none"}  # a client that declares no tool can run none
    effort = draft.thinking.effort
    user_id = fields.user_id(values, report)
    if "stream" in values:
        report.mapped("stream", "stream", "A.1")
    body: dict[str, Any] = {
        "model": draft.model.id,
        "max_tokens": draft.max_tokens,
        "system": talk.system,
        "messages": talk.messages,
        "tools": definitions,
        "tool_choice": choice,
        "thinking": draft.thinking.thinking,
        "output_config": ({"effort": effort} if effort else {})
        | draft.format.output_config(),
        "metadata": {"user_id": user_id} if user_id else None,
        "stop_sequences": fields.stop_sequences(values, report),
        "stream": values.get("stream"),
        "service_tier": fields.service_tier(values, report),
        **sampled,
        "cache_control": caching.request_mark(values, settings, report),
    }
    return {key: part for key, part in body.items() if part not in (None, [], {})}


def _exchange(draft: _Draft, settings: Settings, now: float) -> Exchange:
    values = draft.values
    callable_ = [*draft.tools, *([draft.emulated] if draft.emulated else [])]
    custom = [tool.upstream for tool in callable_ if tool.kind is Kind.CUSTOM]
    return Exchange(
        created=int(now),
        model_asked=values["model"],
        model_used=draft.model.id,
        stream="stream" in values,
        include_usage=fields.include_usage(values, draft.report),
        legacy_functions="functions" in values,
        tool_names=dict(draft.names.renamed),
        custom_tools=frozenset(custom),
        emulated_tool=draft.emulated.name if draft.emulated else None,
        unfence_json=draft.format.instruction is not None,
        settings=settings,
    )


def _betas(draft: _Draft, client_betas: Sequence[str]) -> list[str]:
    """Names for the header, each once, the client's first."""
    listed = [name.strip() for value in client_betas for name in value.split(",")]
    own = draft.values.get("anthropic_beta", [])
    if own:
        draft.report.mapped("anthropic_beta", BETA_HEADER, "D.5")
    needed = []
    if "block_binding" in (draft.thinking.thinking or {}):
        needed.append(THINKING_BINDING_BETA)
    return [name for name in dict.fromkeys([*listed, *own, *needed]) if name]


def _refuse_losses(report: Report) -> None:
    losses = report.with_disposition(Disposition.ALTERED, Disposition.IGNORED)
    if losses:
        said = "; ".join(f"{loss.field}: {loss.reason}" for loss in losses)
        message = f"Strict mode is on, and not all of this can be honoured: {said}."
        raise RequestError(message, losses[0].field, "unsupported_parameter")

"""How much the model thinks: a wish settled into what the model accepts.

Rules D.1 (what each effort becomes, per class of model), D.2 (combinations upstream
refuses), D.3 (small limits) and D.4 (replayed blocks).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ...models.catalog import Model, Thinking
from ..report import Report
from .parameters import Values
from .thinking_wish import Wish, read_wish

SMALL_MAX_TOKENS: Final = 2048
"""Below this many tokens, a model that thinks unasked may never come to its text."""

MIN_BUDGET: Final = 1024
BUDGETS: Final[Mapping[str, int]] = {
    "minimal": MIN_BUDGET,
    "low": 2048,
    "medium": 8192,
    "high": 16_384,
    "xhigh": 24_576,
    "max": 32_000,
}
"""Tokens of thinking for each effort, on models that take a budget."""

_EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")
"""What ``output_config.effort`` can be, rising."""

_THINKS_UNASKED: Final = (
    Thinking.ALWAYS,
    Thinking.BETWEEN_TOOLS,
    Thinking.ON_BY_DEFAULT,
)
_OFF: Final[Mapping[Thinking, tuple[dict[str, Any] | None, str | None]]] = {
    # class → how to ask for no thinking: (thinking, effort)
    Thinking.ALWAYS: (None, "low"),
    Thinking.BETWEEN_TOOLS: ({"type": "between_tools"}, None),
    Thinking.ON_BY_DEFAULT: ({"type": "disabled"}, None),
    Thinking.OFF_BY_DEFAULT: (None, None),
    Thinking.MANUAL: (None, None),
}


@dataclass(frozen=True, slots=True)
class ThinkingPlan:
    """What to send."""

    field: str | None = None
    """The client's parameter it comes from; None when the client did not ask."""
    thinking: dict[str, Any] | None = None
    effort: str | None = None

    @property
    def type(self) -> str | None:
        """Type of the ``thinking`` object."""
        return self.thinking["type"] if self.thinking else None

    @property
    def is_on(self) -> bool:
        """Thinking is asked for (a model may think without being asked)."""
        return self.type in ("enabled", "adaptive")


def plan(
    values: Values, model: Model, max_tokens: int, *, forced: bool, report: Report
) -> ThinkingPlan:
    """Settle the client's wish for this model.

    Args:
        max_tokens: what will be sent; thinking counts against it.
        forced: a forced ``tool_choice`` will be sent, which rules out a budget.
    """
    wish = read_wish(values, report)
    if wish is None:
        return _unasked(values, model, max_tokens, report)
    if not wish.on:
        return _off(wish, model, report)
    if model.thinking is Thinking.MANUAL or (
        wish.budget is not None
        and model.thinking is Thinking.OFF_BY_DEFAULT
        and model.manual_thinking
    ):
        return _budgeted(wish, model, max_tokens, forced, report)
    return _adaptive(wish, model, report)


def with_conversation(
    decided: ThinkingPlan,
    model: Model,
    *,
    replays_thinking: bool,
    starts_turn_with_thinking: bool,
    report: Report,
) -> ThinkingPlan:
    """The plan once it is known which thinking blocks go back upstream.

    Args:
        replays_thinking: some do.
        starts_turn_with_thinking: False when the request answers tool calls of an
            assistant turn that does not start with such a block.
    """
    if decided.type == "enabled" and not starts_turn_with_thinking:
        reason = "inside a tool loop it needs the earlier thinking blocks back"
        return _dropped(decided, "dropped_without_blocks", reason, report)
    unasked = decided.thinking is None and model.thinking in _THINKS_UNASKED
    is_adaptive = decided.type == "adaptive" or unasked
    if not (replays_thinking and is_adaptive and binds_blocks(model)):
        return decided
    thinking: dict[str, Any] = dict(decided.thinking or {"type": "adaptive"})
    thinking.setdefault("block_binding", {"prefix_mismatch_behavior": "drop_block"})
    return replace(decided, thinking=thinking)


def binds_blocks(model: Model) -> bool:
    """Whether it knows ``thinking.block_binding``: models from 4.7 on."""
    return model.thinking is not Thinking.MANUAL and not model.manual_thinking


def _unasked(
    values: Values, model: Model, max_tokens: int, report: Report
) -> ThinkingPlan:
    if max_tokens >= SMALL_MAX_TOKENS or model.thinking not in _THINKS_UNASKED:
        return ThinkingPlan()
    thinking, effort = _OFF[model.thinking]
    field = "max_completion_tokens"
    report.altered(
        field if field in values else "max_tokens",
        f"max_tokens, and thinking {thinking['type'] if thinking else effort}",
        "D.3",
        f"thinking could use up a limit below {SMALL_MAX_TOKENS} tokens",
        "thinking:reduced_small_max_tokens",
    )
    return ThinkingPlan(None, thinking, effort)


def _off(wish: Wish, model: Model, report: Report) -> ThinkingPlan:
    thinking, lowest = _OFF[model.thinking]
    # Only low, medium and high go with an object that turns thinking off.
    at_most = "high" if thinking else "max"
    effort = _supported_effort(wish, model, report, at_most) or lowest
    became = f"thinking: {thinking['type']}" if thinking else "no thinking object"
    between_tools = model.thinking is Thinking.BETWEEN_TOOLS
    native = "between_tools" if between_tools else "disabled"
    if model.thinking is Thinking.ALWAYS:
        report.altered(
            wish.field,
            f"output_config.effort: {effort}",
            "D.1",
            f"{model.id} always thinks; it can only be asked to think less",
            f"{wish.field}:none_to_low",
        )
    elif wish.type not in (None, native):
        report.altered(
            wish.field,
            became,
            "D.2",
            f"{model.id} does not accept {wish.type}",
            f"{wish.field}:{wish.type}_replaced",
        )
    else:
        report.mapped(wish.field, became, "D.1")
    return ThinkingPlan(wish.field, thinking, effort)


def _adaptive(wish: Wish, model: Model, report: Report) -> ThinkingPlan:
    if wish.budget is None:
        report.mapped(wish.field, "thinking: adaptive", "D.1")
    else:
        # With a budget the thinking's text came unasked; here it has to be asked for.
        wish = replace(
            wish,
            effort=wish.effort or _effort_for(wish.budget),
            display=wish.display or "summarized",
        )
        report.altered(
            wish.field,
            f"thinking: adaptive, effort {wish.effort}",
            "D.2",
            f"{model.id} goes by effort, not by a budget",
            f"{wish.field}:budget_to_effort",
        )
    thinking: dict[str, Any] = {"type": "adaptive"}
    if wish.display:
        thinking["display"] = wish.display
    if wish.block_binding is not None and binds_blocks(model):
        thinking["block_binding"] = wish.block_binding
    elif wish.block_binding is not None:
        path, reason = "thinking.block_binding", f"{model.id} does not know it"
        report.ignored(path, "D.4", reason)
    effort = _supported_effort(wish, model, report, "max")
    return ThinkingPlan(wish.field, thinking, effort)


def _budgeted(
    wish: Wish, model: Model, max_tokens: int, forced: bool, report: Report
) -> ThinkingPlan:
    decided = ThinkingPlan(wish.field)
    if wish.budget is not None:
        effort = _supported_effort(wish, model, report, "max")
        decided = replace(decided, effort=effort)
    if not model.manual_thinking:
        return _dropped(decided, "ignored", f"{model.id} does not think", report)
    if forced:
        reason = "a thinking budget and a forced tool call exclude each other"
        return _dropped(decided, "dropped_for_forced_tool", reason, report)
    if max_tokens <= MIN_BUDGET:
        reason = f"a budget is {MIN_BUDGET} tokens at least, and below max_tokens"
        return _dropped(decided, "dropped_small_max_tokens", reason, report)
    asked = BUDGETS[wish.effort or "medium"] if wish.budget is None else wish.budget
    sent = min(max(asked, MIN_BUDGET), max_tokens - 1)
    _report_budget(wish, asked, sent, report)
    thinking: dict[str, Any] = {"type": "enabled", "budget_tokens": sent}
    if wish.display and (wish.type or wish.display == "omitted"):
        thinking["display"] = wish.display
    return replace(decided, thinking=thinking)


def _report_budget(wish: Wish, asked: int, sent: int, report: Report) -> None:
    became = f"thinking: enabled, {sent} tokens"
    alterations = {
        "budget_capped": (sent < asked, "a budget is below max_tokens"),
        "budget_raised": (sent > asked, f"a budget is {MIN_BUDGET} tokens at least"),
        "adaptive_to_budget": (
            wish.type == "adaptive",
            "the model goes by a budget, not by effort",
        ),
    }
    for what, (applies, reason) in alterations.items():
        if applies:
            report.altered(wish.field, became, "D.2", reason, f"{wish.field}:{what}")
    if not any(applies for applies, _ in alterations.values()):
        report.mapped(wish.field, became, "D.1")
    if wish.budget is None and wish.effort and wish.effort_field != wish.field:
        report.mapped(wish.effort_field, became, "D.1")


def _effort_for(budget: int) -> str:
    return next((level for level in _EFFORTS if budget <= BUDGETS[level]), "max")


def _supported_effort(
    wish: Wish, model: Model, report: Report, at_most: str
) -> str | None:
    """The asked effort, or the nearest below it that the model accepts."""
    if wish.effort is None:
        return None
    asked = "low" if wish.effort == "minimal" else wish.effort
    ceiling = min(_EFFORTS.index(asked), _EFFORTS.index(at_most))
    legal = [level for level in _EFFORTS[: ceiling + 1] if level in model.efforts]
    if not legal:
        report.ignored(wish.effort_field, "D.1", f"{model.id} takes no such effort")
        return None
    if legal[-1] != asked:
        report.altered(
            wish.effort_field,
            f"output_config.effort: {legal[-1]}",
            "D.1",
            f"{model.id} does not accept {asked} here",
            f"{wish.effort_field}:{asked}_to_{legal[-1]}",
        )
    else:
        report.mapped(wish.effort_field, f"output_config.effort: {asked}", "D.1")
    return legal[-1]


def _dropped(
    decided: ThinkingPlan, what: str, reason: str, report: Report
) -> ThinkingPlan:
    field = decided.field or "thinking"
    report.ignored(field, "D.2", reason, f"{field}:{what}")
    return replace(decided, thinking=None)

"""Rules about thinking and effort: combinations, replayed blocks, their binding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .api_error import ApiError, invalid
from .capabilities import Capabilities, Thinks
from .conversation import THINKING_TYPES, turns
from .profile import THINKING_BINDING_BETA, THINKING_UPDATES_BETA
from .replayed_thinking import is_enforced
from .request import Request

_MIN_BUDGET: Final = 1024
_OFF: Final = ("disabled", "between_tools")
_TOP_P_FLOOR: Final = 0.95

_ACCEPTS: Final[Mapping[Thinks, frozenset[str]]] = {
    Thinks.ALWAYS: frozenset({"adaptive"}),
    Thinks.BETWEEN_TOOLS: frozenset({"adaptive", "between_tools"}),
    Thinks.BY_DEFAULT: frozenset({"adaptive", "disabled"}),
    Thinks.ON_REQUEST: frozenset({"adaptive", "disabled"}),
    Thinks.MANUAL: frozenset({"disabled"}),
}


def thinking_types(model: Capabilities) -> frozenset[str]:
    """Values of ``thinking.type`` that the model accepts."""
    manual = frozenset({"enabled"} if model.manual_thinking else ())
    return _ACCEPTS[model.thinks] | manual


def thinking_fits(request: Request) -> None:
    """Rule 25: the model, the effort, the budget, and what else the request says."""
    kind = request.thinking
    if kind is None:
        return
    if kind not in thinking_types(request.model):
        text = f'"thinking.type.{kind}" is not supported for this model.'
        accepted = ", ".join(sorted(thinking_types(request.model)))
        raise ApiError(400, f"{text} Use one of: {accepted}.")
    if kind in _OFF:
        if request.effort in ("xhigh", "max"):
            text = f'"thinking.type.{kind}" is not supported with effort'
            raise ApiError(400, f"{text} '{request.effort}'.")
        return
    if kind == "enabled":
        _budget(request)
        _loop_starts_with_thinking(request)
    _sampling(request)
    if request.body["messages"][-1]["role"] == "assistant" and request.model.prefill:
        text = "Prefilling the assistant message is not possible with thinking."
        raise ApiError(400, text)


def _budget(request: Request) -> None:
    budget = request.body["thinking"]["budget_tokens"]
    path = "thinking.enabled.budget_tokens"
    if budget < _MIN_BUDGET:
        text = f"Input should be greater than or equal to {_MIN_BUDGET}"
        raise invalid(path, text)
    if request.endpoint == "messages" and budget >= request.body["max_tokens"]:
        raise ApiError(
            400, "`max_tokens` must be greater than `thinking.budget_tokens`"
        )


def _sampling(request: Request) -> None:
    body = request.body
    if body.get("temperature", 1) != 1:
        text = "`temperature` may only be set to 1 when thinking is enabled."
        raise ApiError(400, text)
    if "top_k" in body:
        raise ApiError(400, "`top_k` must be unset when thinking is enabled.")
    if body.get("top_p", 1) < _TOP_P_FLOOR:
        text = f"`top_p` must be at least {_TOP_P_FLOOR} when thinking is enabled."
        raise ApiError(400, text)


def _loop_starts_with_thinking(request: Request) -> None:
    """A tool loop is one turn of the assistant; manual thinking must open it."""
    opening = None
    for turn in turns(request.body):
        if turn.role == "assistant":
            opening = opening or turn
        elif any(p.block.get("type") != "tool_result" for p in turn.blocks):
            opening = None
    if opening is None or not opening.blocks:
        return
    first = opening.blocks[0]
    kind = first.block.get("type")
    if kind not in THINKING_TYPES:
        text = f"Expected `thinking` or `redacted_thinking`, but found `{kind}`."
        raise invalid(f"{first.path}.type", text)


def effort_supported(request: Request) -> None:
    """Rule 26."""
    effort = request.effort
    if effort is None or effort in request.model.efforts:
        return
    if not request.model.efforts:
        text = "This model does not support the effort parameter."
    else:
        known = ", ".join(request.model.efforts)
        text = f"'{effort}' is not supported by this model; use one of: {known}"
    raise invalid("output_config.effort", text)


def signatures_valid(request: Request) -> None:
    """Rule 27."""
    for placed in request.replay.unsigned:
        kind = placed.block["type"]
        name = "data" if kind == "redacted_thinking" else "signature"
        if name not in placed.block:
            raise invalid(f"{placed.path}.{kind}.{name}", "Field required")
        raise invalid(placed.path, f"Invalid `{name}` in `{kind}` block")


def blocks_still_bound(request: Request) -> None:
    """Rule 28."""
    if not is_enforced(request.model, request.profile):
        return
    binding = (request.body.get("thinking") or {}).get("block_binding") or {}
    if binding.get("prefix_mismatch_behavior") == "drop_block":
        return
    for placed in request.replay.unbound:
        text = "The block is bound to a different conversation: what comes before it"
        raise invalid(placed.path, f"{text} has changed since it was created.")


def beta_fields(request: Request) -> None:
    """Rule 29, and the display that another beta adds."""
    thinking = request.body.get("thinking") or {}
    path = f"thinking.{request.thinking}"
    if "block_binding" in thinking and THINKING_BINDING_BETA not in request.betas:
        text = "Extra inputs are not permitted"
        raise invalid(f"{path}.block_binding", text)
    if thinking.get("display") == "updates" and (
        THINKING_UPDATES_BETA not in request.betas
    ):
        text = "Input should be 'summarized' or 'omitted'"
        raise invalid(f"{path}.display", text)

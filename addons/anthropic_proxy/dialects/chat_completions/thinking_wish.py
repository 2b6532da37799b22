"""What a client asked for about thinking: four parameters become one wish.

``thinking`` decides before ``reasoning_effort``, then ``reasoning`` and
``enable_thinking`` (rules D.5). Beside ``thinking``, ``reasoning_effort`` still sets
the effort: upstream these are two settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ..report import Report
from .checks import (
    boolean,
    integer,
    mapping,
    missing,
    one_of,
    optional,
    required,
    within,
)
from .errors import RequestError
from .parameter import EFFORTS, ignore_parts
from .parameters import Values

_COUNT: Final = within(integer, 0)
_TYPES: Final = ("enabled", "adaptive", "disabled", "between_tools")
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    # type of a raw object → its members that upstream knows
    "enabled": ("type", "budget_tokens", "display"),
    "adaptive": ("type", "display", "block_binding"),
    "disabled": ("type",),
    "between_tools": ("type",),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the client asked for, whichever parameter said it."""

    field: str
    """The parameter that decides."""
    on: bool
    type: str | None = None
    """``thinking.type``, when a raw object decides."""
    effort: str | None = None
    """One of `EFFORTS` except ``none``; None leaves the depth to the model."""
    effort_field: str = "reasoning_effort"
    """The parameter that named the effort."""
    budget: int | None = None
    """Tokens; only when the client named a number."""
    display: str | None = "summarized"
    block_binding: dict[str, Any] | None = None


def read_wish(values: Values, report: Report) -> Wish | None:
    """The wish of the parameter that decides; the others are reported as ignored."""
    read = {
        field: reader(values[field], report)
        for field, reader in _READERS.items()
        if field in values
    }
    wishes = {field: wish for field, wish in read.items() if wish is not None}
    if not wishes:
        return None
    field, decisive = next(iter(wishes.items()))
    level = values.get("reasoning_effort", "none")
    if field == "thinking" and level != "none":
        decisive = replace(decisive, effort=level)
        del wishes["reasoning_effort"]
    for overridden in list(wishes)[1:]:
        report.ignored(overridden, "D.5", f"{field} decides")
    return decisive


def _thinking(value: dict[str, Any], report: Report) -> Wish:
    field = "thinking"
    kind = required(value, "type", field, one_of(*_TYPES))
    display = optional(value, "display", field, one_of("summarized", "omitted"))
    budget = optional(value, "budget_tokens", field, _COUNT)
    binding = optional(value, "block_binding", field, _block_binding)
    ignore_parts(value, _PARTS[kind], field, report)
    if kind in ("disabled", "between_tools"):
        return Wish(field, on=False, type=kind)
    if kind == "adaptive":
        return Wish(field, True, kind, display=display, block_binding=binding)
    if budget is None:
        raise missing(f"{field}.budget_tokens")
    return Wish(field, True, kind, budget=budget, display=display)


def _block_binding(value: Any, param: str) -> dict[str, Any]:
    binding = mapping(value, param)
    for key in binding:
        if key != "prefix_mismatch_behavior":
            raise RequestError(f"Unknown parameter: '{param}.{key}'.", param)
    behaviour = one_of("error", "drop_block")
    optional(binding, "prefix_mismatch_behavior", param, behaviour)
    return binding


def _reasoning_effort(value: str, report: Report) -> Wish:
    if value == "none":
        return Wish("reasoning_effort", on=False)
    return Wish("reasoning_effort", on=True, effort=value)


def _reasoning(value: dict[str, Any], report: Report) -> Wish | None:
    field = "reasoning"
    enabled = optional(value, "enabled", field, boolean)
    effort = optional(value, "effort", field, one_of(*EFFORTS))
    budget = optional(value, "max_tokens", field, _COUNT)
    exclude = optional(value, "exclude", field, boolean)
    known = ("enabled", "effort", "max_tokens", "exclude")
    ignore_parts(value, known, field, report)
    if enabled is False or effort == "none" or budget == 0:
        return Wish(field, on=False)
    if enabled is None and effort is None and budget is None:
        # `exclude` alone holds: text of thinking only comes when it is asked for.
        report.mapped(field, "nothing that needs sending", "D.5")
        return None
    display = "omitted" if exclude else "summarized"
    return Wish(
        field, True, None, effort, effort_field=field, budget=budget, display=display
    )


def _enable_thinking(value: bool, report: Report) -> Wish:
    return Wish("enable_thinking", on=value)


_READERS: Final[Mapping[str, Callable[[Any, Report], Wish | None]]] = {
    "thinking": _thinking,
    "reasoning_effort": _reasoning_effort,
    "reasoning": _reasoning,
    "enable_thinking": _enable_thinking,
}
"""In order of precedence."""

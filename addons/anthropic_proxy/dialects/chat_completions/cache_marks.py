"""Cache marks: OpenAI's breakpoints and Anthropic's own ``cache_control``.

How many of them a request may hold is decided where the whole body is known.
"""

from __future__ import annotations

from typing import Any, Final

from ...wire.anthropic import ContentBlock
from ..report import Report
from . import checks
from .places import dotted, ignore_unknown

MARK_KEYS: Final = frozenset(("cache_control", "prompt_cache_breakpoint"))

_CONTROL_KEYS: Final = frozenset(("type", "ttl"))
_BREAKPOINT_KEYS: Final = frozenset(("mode", "ttl"))
_EPHEMERAL: Final = checks.one_of("ephemeral")
_CONTROL_TTL: Final = checks.one_of("5m", "1h")
_EXPLICIT: Final = checks.one_of("explicit")
_BREAKPOINT_TTL: Final = checks.one_of("30m", "12h")


def mark_of(owner: dict[str, Any], param: str, report: Report) -> ContentBlock | None:
    """The ``cache_control`` that a part or message asks for (rules A.1, D.5).

    Anthropic's own key wins over OpenAI's.
    """
    control = checks.optional(owner, "cache_control", param, checks.mapping)
    if control is not None:
        return _control(control, f"{param}.cache_control", report)
    point = checks.optional(owner, "prompt_cache_breakpoint", param, checks.mapping)
    if point is not None:
        return _breakpoint(point, f"{param}.prompt_cache_breakpoint", report)
    return None


def _control(control: dict[str, Any], param: str, report: Report) -> ContentBlock:
    ignore_unknown(control, _CONTROL_KEYS, param, report)
    mark = {"type": checks.required(control, "type", param, _EPHEMERAL)}
    ttl = checks.optional(control, "ttl", param, _CONTROL_TTL)
    report.mapped(dotted(param), "cache_control", "D.5")
    return mark if ttl is None else {**mark, "ttl": ttl}


def _breakpoint(point: dict[str, Any], param: str, report: Report) -> ContentBlock:
    ignore_unknown(point, _BREAKPOINT_KEYS, param, report)
    checks.optional(point, "mode", param, _EXPLICIT)
    report.mapped(dotted(param), "cache_control", "A.1")
    if checks.optional(point, "ttl", param, _BREAKPOINT_TTL) != "12h":
        return {"type": "ephemeral"}
    report.altered(
        dotted(f"{param}.ttl"),
        "cache_control.ttl",
        "A.1",
        "the longest lifetime Anthropic has is one hour",
        "prompt_cache_breakpoint.ttl:12h_to_1h",
    )
    return {"type": "ephemeral", "ttl": "1h"}

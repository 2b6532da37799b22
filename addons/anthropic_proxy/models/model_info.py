"""What upstream's model list says of a model, laid over what is known of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from .model import Model, Thinking

_CALLABLE: Final = ("active", "deprecated")
_LEVELS: Final = ("low", "medium", "high", "xhigh", "max")


def updated(row: Model, item: Mapping[str, Any], today: datetime.date | None) -> Model:
    """``row`` as upstream describes the model; what it does not tell stays.

    Args:
        item: one ``ModelInfo`` of ``GET /v1/models``. Fields that are missing, unknown
            or of another type are passed over.
        today: see ``Catalog.refreshed``.
    """
    efforts = _efforts(row, item)
    status = _status(row, item)
    retires = _retires(row, item)
    is_overdue = retires is not None and today is not None and retires <= today
    if is_overdue and item.get("lifecycle") in _CALLABLE:
        retires = None
    return replace(
        row,
        context_window=_positive(item.get("max_input_tokens"), row.context_window),
        max_output=_positive(item.get("max_tokens"), row.max_output),
        thinking=_thinking(row, item),
        manual_thinking=_thinking_type(item, "enabled", row.manual_thinking),
        efforts=efforts,
        default_effort=_default_effort(row, efforts),
        status=status,
        retires=retires,
    )


def _positive(value: Any, otherwise: int) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if is_count else otherwise


def _supported(item: Mapping[str, Any], *path: str, otherwise: bool) -> bool:
    node: Any = item.get("capabilities")
    for step in (*path, "supported"):
        if not isinstance(node, Mapping):
            return otherwise
        node = node.get(step)
    return node if isinstance(node, bool) else otherwise


def _thinking_type(item: Mapping[str, Any], name: str, otherwise: bool) -> bool:
    return _supported(item, "thinking", "types", name, otherwise=otherwise)


def _thinking(row: Model, item: Mapping[str, Any]) -> Thinking:
    """The class that the accepted types mean; the row settles what they leave open."""
    now = row.thinking
    if not _thinking_type(item, "adaptive", now is not Thinking.MANUAL):
        return Thinking.MANUAL
    if _thinking_type(item, "between_tools", now is Thinking.BETWEEN_TOOLS):
        return Thinking.BETWEEN_TOOLS
    can_disable = now in (Thinking.ON_BY_DEFAULT, Thinking.OFF_BY_DEFAULT)
    if not _thinking_type(item, "disabled", can_disable):
        return Thinking.ALWAYS
    # Whether it thinks unasked is in no list; newer models do.
    return now if can_disable else Thinking.ON_BY_DEFAULT


def _efforts(row: Model, item: Mapping[str, Any]) -> tuple[str, ...]:
    if not _supported(item, "effort", otherwise=bool(row.efforts)):
        return ()
    return tuple(
        level
        for level in _LEVELS
        if _supported(item, "effort", level, otherwise=level in row.efforts)
    )


def _default_effort(row: Model, efforts: tuple[str, ...]) -> str | None:
    if row.default_effort in efforts:
        return row.default_effort
    return "high" if "high" in efforts else None


def _status(row: Model, item: Mapping[str, Any]) -> str:
    lifecycle = item.get("lifecycle")
    if lifecycle == "active" and row.status == "legacy":
        return row.status  # upstream has no word for it
    if lifecycle in (*_CALLABLE, "retired"):
        return str(lifecycle)
    return row.status


def _retires(row: Model, item: Mapping[str, Any]) -> datetime.date | None:
    """Its UTC date. A ``null`` takes a date back, as schedules can be revised."""
    moment = item.get("retires_at", row.retires)
    if not isinstance(moment, str):
        return row.retires if moment is not None else None
    try:
        parsed = datetime.datetime.fromisoformat(moment)
        if parsed.tzinfo is not None:
            parsed = parsed.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return row.retires
    return parsed.date()

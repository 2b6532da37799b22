"""``temperature``, ``top_p``, ``top_k``: what may still be sent, and to which models.

They exist on one API version and on models up to 4.6 only, and thinking rules most of
their values out (rules A.1, A.2, D.2).
"""

from __future__ import annotations

from typing import Any, Final

from ...models.catalog import Model
from ...wire.anthropic import SAMPLING_VERSION
from ..report import Report
from .parameters import Values

FIELDS: Final = ("temperature", "top_p", "top_k")
_LOWEST_THINKING_TOP_P: Final = 0.95


def sampling(
    values: Values,
    model: Model,
    *,
    thinks: bool,
    version: str | None,
    report: Report,
) -> dict[str, Any]:
    """The sampling fields of the body. Any of them needs `SAMPLING_VERSION`.

    Args:
        thinks: thinking was asked for.
        version: the API version that the client insists on.
    """
    sent: dict[str, Any] = {}
    for field in FIELDS:
        if field not in values:
            continue
        value = values[field]
        obstacle = _obstacle(field, value, sent, model, thinks, version)
        if obstacle:
            report.ignored(field, "A.1", obstacle)
        elif field == "temperature" and value > 1:
            sent[field] = 1.0
            reason = "Claude's temperatures end at 1"
            token = "temperature:clamped_to_1"
            report.altered(field, "temperature: 1.0", "A.1", reason, token)
        else:
            sent[field] = value
            report.mapped(field, field, "A.1")
    return sent


def _obstacle(
    field: str,
    value: float,
    sent: dict[str, Any],
    model: Model,
    thinks: bool,
    version: str | None,
) -> str | None:
    """Why ``field`` cannot be sent; None when it can."""
    if not model.sampling:
        return f"{model.id} has no sampling parameters"
    if version not in (None, SAMPLING_VERSION):
        return f"API version {version} has no sampling parameters"
    if thinks and not (field == "top_p" and value >= _LOWEST_THINKING_TOP_P):
        return "thinking and this value exclude each other"
    if field == "top_p" and "temperature" in sent:
        return "upstream takes temperature or top_p, and temperature is set"
    return None

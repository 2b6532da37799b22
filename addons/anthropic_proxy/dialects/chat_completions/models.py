"""The models endpoint: Anthropic's model objects as OpenAI's (rules I)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any


def model_list(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of ``GET /v1/models``.

    Args:
        items: The ``data`` of all of upstream's pages, in order.
    """
    return {"object": "list", "data": [model_object(item) for item in items]}


def model_object(item: Mapping[str, Any]) -> dict[str, Any]:
    """One model. ``created`` is 0 when its release date is unknown."""
    created = _moment(item.get("created_at"))
    model = {
        "id": item.get("id"),
        "object": "model",
        "created": int(created.timestamp()) if created else 0,
        "owned_by": "anthropic",
    }
    retires = _moment(item.get("retires_at"))
    if retires is not None:
        model["shutdown_date"] = retires.date().isoformat()
    return model


def _moment(instant: Any) -> datetime | None:
    """An RFC 3339 instant in UTC; None when there is none that can be read."""
    try:
        moment = datetime.fromisoformat(instant)
        # Without an offset it is read as UTC, never as this machine's local time.
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None

"""Model objects and lists as Anthropic's API has them, for those made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ...models.model import Model

UNKNOWN_DATE: Final = "1970-01-01T00:00:00Z"
"""What Anthropic's reference has for a release date that is not known."""


def model_info(model: Model) -> dict[str, Any]:
    """A row of the catalogue as an item of upstream's list."""
    is_active = model.status in ("active", "legacy")
    retires = model.retires.isoformat() if model.retires is not None else None
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": UNKNOWN_DATE,
        "lifecycle": "active" if is_active else model.status,
        "deprecated_at": None,
        "retires_at": f"{retires}T00:00:00Z" if retires is not None else None,
        "line": None,
        "max_input_tokens": model.context_window,
        "max_tokens": model.max_output,
        "capabilities": None,
    }


def model_page(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The whole list as one page."""
    return {
        "data": list(items),
        "has_more": False,
        "first_id": items[0].get("id") if items else None,
        "last_id": items[-1].get("id") if items else None,
    }


def with_aliases(
    items: Sequence[Mapping[str, Any]],
    aliases: Iterable[tuple[str, Mapping[str, Any]]],
) -> list[Mapping[str, Any]]:
    """The list and, at its end, models under other names.

    Args:
        items: what is there; an alias that is an id of it is left out.
        aliases: name, and the item of the model that answers for it when the list
            itself does not have it.
    """
    by_id = {item.get("id"): item for item in items}
    more = [
        {**by_id.get(item.get("id"), item), "id": name}
        for name, item in aliases
        if name not in by_id
    ]
    return [*items, *more]

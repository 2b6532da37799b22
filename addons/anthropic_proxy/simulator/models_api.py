"""``GET /v1/models`` and ``/v1/models/{id}``, as the SDK's ``ModelInfo`` has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .api_error import ApiError, invalid
from .capabilities import BY_NAME, FIVE_EFFORTS, MODELS, RETIRED, Capabilities
from .rules_thinking import thinking_types

_DEFAULT_LIMIT: Final = 20
_MAX_LIMIT: Final = 1000
_LIFECYCLES: Final = frozenset({"active", "deprecated", "retired"})
_STAGES: Final = ("active", "deprecated")
_THINKING_TYPES: Final = ("adaptive", "between_tools", "disabled", "enabled")
_EPOCH: Final = "1970-01-01T00:00:00Z"


def model_info(model: Capabilities) -> dict[str, Any]:
    """One model that answers."""
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name,
        "created_at": f"{model.created}T00:00:00Z",
        "lifecycle": model.lifecycle,
        "deprecated_at": _EPOCH if model.lifecycle == "deprecated" else None,
        "retires_at": f"{model.retires}T00:00:00Z" if model.retires else None,
        "line": model.line,
        "max_input_tokens": model.context_window,
        "max_tokens": model.max_output,
        "capabilities": _capabilities(model),
    }


def _capabilities(model: Capabilities) -> dict[str, Any]:
    accepted = thinking_types(model)
    efforts = {name: _supported(name in model.efforts) for name in FIVE_EFFORTS}
    types = {name: _supported(name in accepted) for name in _THINKING_TYPES}
    return {
        "batch": _supported(True),
        "citations": _supported(True),
        "code_execution": _supported(True),
        "context_management": _supported(False),
        "effort": {**_supported(bool(model.efforts)), **efforts},
        "image_input": _supported(True),
        "pdf_input": _supported(True),
        "server_tools": {
            **_supported(True),
            "code_execution": _supported(True),
            "web_search": _supported(True),
        },
        "structured_outputs": _supported(True),
        "thinking": {**_supported(True), "types": types},
    }


def _supported(value: bool) -> dict[str, Any]:
    return {"supported": value}


def _retired_info(id_: str) -> dict[str, Any]:
    name, retired_on = RETIRED[id_]
    return {
        "type": "model",
        "id": id_,
        "display_name": name,
        "created_at": _EPOCH,
        "lifecycle": "retired",
        "deprecated_at": _EPOCH,
        "retires_at": f"{retired_on}T00:00:00Z",
        "line": None,
        "max_input_tokens": None,
        "max_tokens": None,
        "capabilities": None,
    }


def retrieve(name: str) -> dict[str, Any]:
    """A model by id or alias, retired ones too.

    Raises:
        ApiError: 404.
    """
    if name in RETIRED:
        return _retired_info(name)
    if name not in BY_NAME:
        raise ApiError(404, name, path="model")
    return model_info(BY_NAME[name])


def page(
    *,
    limit: str | None = None,
    after_id: str | None = None,
    before_id: str | None = None,
    lifecycle: Sequence[str] = (),
) -> dict[str, Any]:
    """A page of the list; arguments as they stand in the query.

    Raises:
        ApiError: a limit out of range, a cursor that is no model, both cursors.
    """
    stages = _stages(lifecycle)
    known = [model_info(model) for model in MODELS] + [*map(_retired_info, RETIRED)]
    items = [item for item in known if item["lifecycle"] in stages]
    ids = [item["id"] for item in items]
    for cursor in (after_id, before_id):
        if cursor is not None and cursor not in ids:
            raise ApiError(400, f"unknown cursor: {cursor}")
    if after_id is not None and before_id is not None:
        raise ApiError(400, "only one of after_id and before_id may be given")
    size = _limit(limit)
    if before_id is not None:
        end = ids.index(before_id)
        data, more = items[max(0, end - size) : end], end > size
    else:
        start = ids.index(after_id) + 1 if after_id is not None else 0
        data, more = items[start : start + size], start + size < len(items)
    return {
        "data": data,
        "has_more": more,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }


def _limit(text: str | None) -> int:
    if text is None:
        return _DEFAULT_LIMIT
    if not text.isdigit() or not 1 <= int(text) <= _MAX_LIMIT:
        raise invalid("limit", f"Input should be between 1 and {_MAX_LIMIT}")
    return int(text)


def _stages(lifecycle: Sequence[str]) -> Sequence[str]:
    for stage in lifecycle:
        if stage not in _LIFECYCLES:
            raise invalid("lifecycle", "Input should be a lifecycle stage")
    return lifecycle or _STAGES

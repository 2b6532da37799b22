"""Endpoints that are answered here: health, the model list, everything unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import __version__
from ..dialects.chat_completions.models import model_list
from ..models.catalog import Model
from .answers import json_answer
from .endpoints import hint
from .forwarding import upstream_of
from .handler import Handler, answer, refuse

if TYPE_CHECKING:
    from .call import Call

SERVICE = "anthropic-max-proxy"


class Health(Handler):
    """``GET /health``: this process is up; upstream is not asked."""

    needs_credential = False

    def request(self, call: Call) -> None:
        """Facts without a secret."""
        runtime = self.runtime
        source = runtime.source.name if runtime.source is not None else None
        facts = {
            "status": "ok",
            "service": SERVICE,
            "version": __version__,
            "upstream": str(upstream_of(call, runtime.upstream)),
            "credential": source,
            "uptime": round(runtime.now() - runtime.started),
        }
        answer(call, json_answer(200, facts, call.id))


class Models(Handler):
    """``GET /v1/models``: the catalogue."""

    needs_credential = False

    def request(self, call: Call) -> None:
        """OpenAI's list shape."""
        listed = model_list([_as_upstream(model) for model in self.runtime.catalog])
        headers = {"x-models-source": "catalogue"}
        answer(call, json_answer(200, listed, call.id, headers))


class Unknown(Handler):
    """Anything else: 404 in the dialect of the path."""

    needs_credential = False

    def request(self, call: Call) -> None:
        """OpenAI words it so; a guess at what was meant is added."""
        request = call.flow.request
        path = request.path.partition("?")[0]
        message = f"Unknown request URL: {request.method} {path}. {hint(request)}"
        refuse(call, 404, message.rstrip())


def _as_upstream(model: Model) -> dict[str, object]:
    """A catalogue row as upstream's list would have it."""
    item: dict[str, object] = {"type": "model", "id": model.id}
    if model.retires is not None:
        item["retires_at"] = f"{model.retires.isoformat()}T00:00:00Z"
    return item

"""A simulator that finds schemas too complex, or serves another list of models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anthropic_proxy.simulator import handlers
from anthropic_proxy.simulator.api_error import ApiError
from anthropic_proxy.simulator.request import Endpoint, Request
from anthropic_proxy.simulator.rules_schemas import enforced_schemas
from anthropic_proxy.simulator.server import SimulatorThread

TOO_COMPLEX = "too-complex"
"""A request with this word in it has schemas that cannot be enforced."""

ListModels = Callable[[], dict[str, Any]]


class _FussyMessages(handlers.Messages):
    def check(self, endpoint: Endpoint) -> Request:
        request = super().check(endpoint)
        if TOO_COMPLEX.encode() in request.raw and enforced_schemas(request):
            raise ApiError(400, "Schema is too complex. Simplify your schemas.")
        return request


class _OtherModels(handlers.BaseHandler):
    def initialize(self, simulator: Any, list_models: ListModels) -> None:
        super().initialize(simulator)
        self.list_models = list_models

    def get(self) -> None:
        self.check("models")
        self.reply(self.list_models())


def fussy_simulator(list_models: ListModels | None = None) -> SimulatorThread:
    """As the usual one otherwise. ``list_models`` may raise an `ApiError`."""
    this: dict[str, Any] = {}
    routes: list[Any] = [(r"/v1/messages", _FussyMessages, this)]
    models: dict[str, Any] = {"list_models": list_models}
    if list_models is not None:
        routes.append((r"/v1/models", _OtherModels, models))
    thread = SimulatorThread(routes=routes)
    this["simulator"] = models["simulator"] = thread.simulator
    return thread

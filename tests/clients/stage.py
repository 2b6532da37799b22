"""The proxy as a user starts it, before a simulator that sees clients leave."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Final

from anthropic_proxy.simulator import handlers
from anthropic_proxy.simulator.server import SimulatorThread
from support.running_proxy import ROOT, RunningProxy

PROXY_PYTHON: Final = os.environ.get("PROXY_PYTHON", str(ROOT / ".venv/bin/python"))
"""The proxy needs packages that exclude some of the clients'."""

LEAVING_SECONDS: Final = 1.0
"""How soon upstream must learn that a client has left."""


class ClientsProxy(RunningProxy):
    """``anthropic-max-proxy serve`` in the proxy's own environment."""

    def __init__(self, home: Path, *, upstream: str) -> None:
        key = {"ANTHROPIC_API_KEY": "sk-ant-api03-key-of-the-proxy"}
        super().__init__(
            home,
            upstream=upstream,
            command="launcher",
            environment=key,
            forked=False,  # from here: mitmproxy is in another environment
        )

    def command_line(self) -> list[str]:
        return [PROXY_PYTHON, *super().command_line()[1:]]


class _Watched(handlers.Messages):
    """Notes who has left before the answer was finished."""

    def initialize(self, simulator: Any, left: list[str]) -> None:
        super().initialize(simulator)
        self._left = left

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self._left.append(self.recorded.request_id)


class _Left(handlers.ControlHandler):
    """``GET /simulator/left``, for clients in other processes."""

    def initialize(self, simulator: Any, left: list[str]) -> None:
        super().initialize(simulator)
        self._left = left

    def get(self) -> None:
        self.reply(self._left)


class Upstream:
    """The strict simulator in a thread, and what it saw."""

    def __init__(self) -> None:
        self._left: list[str] = []
        this: dict[str, Any] = {"left": self._left}
        routes = [(r"/v1/messages", _Watched, this), (r"/simulator/left", _Left, this)]
        self.thread = SimulatorThread(routes=routes)
        this["simulator"] = self.thread.simulator

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """Every request that was answered, oldest first."""
        requests = self.thread.requests
        return [json.loads(one.body) for one in requests if one.path == "/v1/messages"]

    @property
    def sent(self) -> dict[str, Any]:
        """The last request."""
        return self.bodies[-1]

    @property
    def results(self) -> list[dict[str, Any]]:
        """The tool results in the user's last turn of the last request."""
        turns = [turn for turn in self.sent["messages"] if turn["role"] == "user"]
        return [
            block for block in turns[-1]["content"] if block["type"] == "tool_result"
        ]

    def expect_to_be_left(self) -> None:
        """The last request is given up by the proxy within a second from now."""
        last = self.thread.requests[-1]
        assert last.status == 200
        deadline = time.monotonic() + LEAVING_SECONDS
        while last.request_id not in self._left:
            assert time.monotonic() < deadline, "upstream still answers"
            time.sleep(0.01)

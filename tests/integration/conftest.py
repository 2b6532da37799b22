"""Real processes on 127.0.0.1: a strict simulator and a mitmproxy with the addon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from anthropic_proxy.simulator.server import SimulatorThread
from support.chat_user import ChatUser
from support.running_proxy import RunningProxy

PROXY_KEY = "sk-ant-api03-test-key-of-the-proxy"


@pytest.fixture(scope="session")
def simulator() -> Iterator[SimulatorThread]:
    with SimulatorThread() as running:
        yield running


@pytest.fixture(scope="session")
def proxy(
    simulator: SimulatorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    """``mitmdump -s`` in the form people know, with a key in the environment."""
    home = tmp_path_factory.mktemp("home")
    environment = {"ANTHROPIC_API_KEY": PROXY_KEY}
    with RunningProxy(
        home, upstream=simulator.url, environment=environment, forked=False
    ) as running:
        yield running


@pytest.fixture(scope="session")
def chat(proxy: RunningProxy, simulator: SimulatorThread) -> Iterator[ChatUser]:
    """The official OpenAI SDK on that proxy, with a look at what goes upstream."""
    with ChatUser(proxy, simulator) as user:
        yield user


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path

"""One proxy and one simulator for all clients of a run: ``make test-clients``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stage import Upstream

HERE = Path(__file__).parent

# litellm asks for lists on the internet, three times, unless it is told not to.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "True")


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """The proxy's own environments do not have the clients."""
    return None if config.inipath == HERE / "pytest.ini" else True


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    from stage import Upstream

    upstream = Upstream()
    with upstream.thread:
        yield upstream


@pytest.fixture(scope="session")
def proxy(
    upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The base URL of Anthropic's dialect; OpenAI's is ``/v1`` below."""
    from stage import ClientsProxy

    home = tmp_path_factory.mktemp("home")
    with ClientsProxy(home, upstream=upstream.thread.url) as running:
        yield running.url

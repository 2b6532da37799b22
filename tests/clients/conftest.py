"""One proxy and one simulator for all clients of a run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from stage import ClientsProxy, Upstream

# litellm asks for lists on the internet, three times, unless it is told not to.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "True")


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    with upstream.thread:
        yield upstream


@pytest.fixture(scope="session")
def proxy(
    upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The base URL of Anthropic's dialect; OpenAI's is ``/v1`` below."""
    home = tmp_path_factory.mktemp("home")
    with ClientsProxy(home, upstream=upstream.thread.url) as running:
        yield running.url

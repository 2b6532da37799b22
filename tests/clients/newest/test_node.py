"""The clients for Node, each test a line of ``node --test``."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from stage import Upstream

NODE = Path(__file__).parents[1] / "node"
needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="node is not installed"
)


@needs_node
@pytest.mark.parametrize("client", ["openai", "anthropic", "ai"])
def test_node(client: str, proxy: str, upstream: Upstream) -> None:
    assert (NODE / "node_modules").is_dir(), "run: npm install in tests/clients/node"
    urls = {"PROXY_URL": proxy, "SIMULATOR_URL": upstream.thread.url}
    ran = subprocess.run(
        ["node", "--test", "--test-reporter=spec", f"{client}.test.mjs"],
        cwd=NODE,
        env={**os.environ, **urls},
        capture_output=True,
        text=True,
        timeout=120,
    )
    print(ran.stdout, ran.stderr)
    assert ran.returncode == 0
    assert "\nℹ pass 0\n" not in ran.stdout

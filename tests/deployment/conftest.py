"""Tests of what is deployed. `make test-deployment` runs them, plain `make test` not:

they need programs that few machines have, and each says which one when it is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anthropic_proxy.simulator.server import SimulatorThread
from support.running_proxy import ROOT

Find = Callable[..., str]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Only for those who name this folder, or a file in it."""
    named = (Path(argument.split("::")[0]).parts for argument in config.args)
    return None if any("deployment" in parts for parts in named) else True


@pytest.fixture(scope="session")
def program() -> Find:
    """The path of a program; skips where it is not, and says how it gets here."""
    environment = Path(sys.executable).parent
    path = os.pathsep.join([str(environment), os.environ["PATH"], "/usr/sbin"])

    def find(name: str, how: str) -> str:
        found = shutil.which(name, path=path)
        if found is None:
            pytest.skip(f"{name} is not installed: {how}")
        return found

    return find


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorThread]:
    with SimulatorThread() as running:
        yield running


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory, program: Find) -> Path:
    """A folder with the wheel and the sdist, both built from this tree."""
    build = program("pyproject-build", "pip install build")
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [build, "--outdir", str(folder), "--sdist", "--wheel", str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    (found,) = distributions.glob("*.whl")
    return found

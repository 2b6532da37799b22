"""compose.yaml: what it promises, and that a Compose program reads it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deployment.conftest import Find
from support.running_proxy import ROOT

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: pip install pyyaml")

FILES = (ROOT / "compose.yaml", ROOT / "deploy" / "docker" / "secret-file.yaml")
NAME = "anthropic_max_proxy"


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    return yaml.safe_load(FILES[0].read_text("utf-8"))["services"][NAME]


def seconds(text: str) -> int:
    assert text.endswith("s")
    return int(text.removesuffix("s"))


def test_it_is_published_on_this_machine_alone(service: dict[str, Any]) -> None:
    assert service["ports"] == ["127.0.0.1:8100:8100"]


def test_other_containers_may_use_its_name(service: dict[str, Any]) -> None:
    assert service["environment"]["ANTHROPIC_PROXY_ALLOWED_HOSTS"] == NAME


def test_no_secret_and_no_empty_value_stands_in_it(service: dict[str, Any]) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_PROXY_LOCAL_KEY"):
        assert service["environment"][name] is None


def test_the_login_outlives_the_container(service: dict[str, Any]) -> None:
    volume = next(
        line.split()[1]
        for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines()
        if line.startswith("VOLUME")
    )
    assert service["volumes"] == [f"tokens:{volume}"]


def test_it_is_locked_down(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_answers_may_end_before_it_is_killed(service: dict[str, Any]) -> None:
    drain = int(service["environment"]["ANTHROPIC_PROXY_DRAIN"])
    assert seconds(service["stop_grace_period"]) > drain


@pytest.mark.parametrize("files", [FILES[:1], FILES], ids=["plain", "secret-file"])
def test_a_compose_program_reads_it(program: Find, files: tuple[Path, ...]) -> None:
    compose = _compose(program)
    named = [part for file in files for part in ("-f", str(file))]
    done = subprocess.run(
        [*compose, *named, "config"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("ANTHROPIC")},
    )
    assert done.returncode == 0, done.stderr
    read = yaml.safe_load(done.stdout)["services"][NAME]
    assert read["read_only"] is True
    assert bool(read.get("secrets")) == (len(files) > 1)


def _compose(program: Find) -> list[str]:
    """The plugin of the docker client, or the program of its own."""
    if docker := shutil.which("docker"):
        plugin = [docker, "compose"]
        there = subprocess.run([*plugin, "version"], capture_output=True, check=False)
        if there.returncode == 0:
            return plugin
    return [program("docker-compose", "apt-get install docker-compose")]

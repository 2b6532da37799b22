"""The units: systemd's own checks, and that the proxy can live in the sandbox."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from anthropic_proxy.simulator.server import SimulatorThread
from deployment.conftest import Find
from support.running_proxy import ROOT, RunningProxy

FOLDER = ROOT / "deploy" / "systemd"
SYSTEM = FOLDER / "anthropic-max-proxy@.service"
USER = FOLDER / "user" / "anthropic-max-proxy.service"
MOST_EXPOSED = 1.5
"""Of 10, as `systemd-analyze security` counts; what is left is the network."""

PR_SET_MDWE = 65
PR_MDWE_REFUSE_EXEC_GAIN = 1


def settings(unit: Path, name: str) -> list[str]:
    prefix = f"{name}="
    lines = unit.read_text("utf-8").splitlines()
    return [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]


def setting(unit: Path, name: str) -> str:
    (found,) = settings(unit, name)
    return found


def installed(unit: Path, folder: Path) -> Path:
    """A copy that systemd may look at: its program is here, its instance a port."""
    program = setting(unit, "ExecStart").split()[0]
    copy = folder / unit.name.replace("@.", "@8100.")
    copy.write_text(unit.read_text("utf-8").replace(program, "/bin/true"), "utf-8")
    return copy


@pytest.fixture
def analyze(program: Find, tmp_path: Path):
    systemd_analyze = program("systemd-analyze", "apt-get install systemd")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [systemd_analyze, "--no-pager", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)},
        )

    return run


@pytest.mark.parametrize(
    ("unit", "scope"), [(SYSTEM, "--system"), (USER, "--user")], ids=["system", "user"]
)
def test_systemd_understands_every_line(analyze, tmp_path, unit, scope) -> None:
    done = analyze("verify", "--man=no", scope, str(installed(unit, tmp_path)))
    ours = [line for line in done.stderr.splitlines() if "anthropic" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


def test_the_machines_service_is_hardly_exposed(analyze, tmp_path) -> None:
    done = analyze(
        "security",
        "--offline=true",
        f"--threshold={MOST_EXPOSED * 10:g}",
        str(installed(SYSTEM, tmp_path)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Overall exposure level" in done.stdout


@pytest.mark.parametrize("unit", [SYSTEM, USER], ids=["system", "user"])
def test_answers_may_end_before_it_is_killed(unit: Path) -> None:
    variables = dict(item.split("=", 1) for item in settings(unit, "Environment"))
    stop = float(setting(unit, "TimeoutStopSec"))
    assert stop > float(variables["ANTHROPIC_PROXY_DRAIN"])


@pytest.mark.parametrize("unit", [SYSTEM, USER], ids=["system", "user"])
def test_a_wrong_setting_is_not_tried_for_ever(unit: Path) -> None:
    assert setting(unit, "RestartPreventExitStatus") == "2"
    assert setting(unit, "Restart") == "on-failure"


def test_the_key_is_a_credential_and_no_variable() -> None:
    name, path = setting(SYSTEM, "LoadCredential").split(":")
    assert path.startswith("/etc/")
    variables = settings(SYSTEM, "Environment")
    assert f"ANTHROPIC_API_KEY_FILE=%d/{name}" in variables
    assert not [item for item in variables if item.startswith("ANTHROPIC_API_KEY=")]


class Denied(RunningProxy):
    """A proxy that may not have memory that is writable and executable at once."""

    def command_line(self) -> list[str]:
        guard = (
            "import ctypes, os, sys; "
            f"assert not ctypes.CDLL(None).prctl({PR_SET_MDWE}, "
            f"{PR_MDWE_REFUSE_EXEC_GAIN}, 0, 0, 0); "
            "os.execv(sys.argv[1], sys.argv[1:])"
        )
        return [sys.executable, "-c", guard, *super().command_line()]


def test_memory_deny_write_execute_takes_nothing_from_it(
    tmp_path: Path, simulator: SimulatorThread
) -> None:
    """Neither Python, nor cffi's callbacks, nor mitmproxy's Rust needs such memory."""
    assert setting(SYSTEM, "MemoryDenyWriteExecute") == "yes"
    code = f"import ctypes; print(ctypes.CDLL(None).prctl({PR_SET_MDWE}, 1, 0, 0, 0))"
    can = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    if can.stdout.strip() != b"0":
        pytest.skip("this kernel cannot deny it (Linux 6.3 and newer can)")
    key = {"ANTHROPIC_API_KEY": "sk-ant-api03-test-key-of-the-proxy"}
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "[[long 9]]"}]}
    with Denied(
        tmp_path,
        upstream=simulator.url,
        command="launcher",
        environment=key,
        forked=False,
    ) as proxy:
        url = f"{proxy.url}/v1/chat/completions"
        whole = httpx.post(url, json=body, trust_env=False)
        stream = httpx.post(url, json=body | {"stream": True}, trust_env=False)
        assert whole.status_code == 200
        assert stream.text.rstrip().endswith("[DONE]")
        assert proxy.stop() == 0

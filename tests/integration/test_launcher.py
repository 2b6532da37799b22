"""The commands that a person types, as real processes."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pexpect
import pytest

from anthropic_proxy.simulator.server import SimulatorThread
from support.running_proxy import RunningProxy, clean_environment, free_port

CLI = [sys.executable, "-m", "anthropic_proxy.cli"]


def run(home: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments],
        env=clean_environment(home, **extra),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_demo_without_a_terminal_ends_by_itself(home: Path) -> None:
    done = run(home, "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    for title in ("1. A conversation", "2. A stream", "3. A tool loop"):
        assert title in done.stdout
    assert "get_weather" in done.stdout
    assert done.stdout.count("client got") == 5
    assert "\x1b[" not in done.stdout


def test_demo_on_a_terminal_stays_until_ctrl_c(home: Path) -> None:
    child = pexpect.spawn(
        CLI[0],
        [*CLI[1:], "demo"],
        env=clean_environment(home, TERM="xterm"),
        cwd=str(home),
        encoding="utf-8",
        timeout=60,
        dimensions=(50, 120),
    )
    child.expect_exact("Press Ctrl-C to stop")
    address = re.search(r"curl (http://127.0.0.1:\d+)/v1", child.before)
    assert address is not None
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
    answer = httpx.post(f"{address[1]}/v1/chat/completions", json=body, trust_env=False)
    assert answer.status_code == 200
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert "Traceback" not in child.before


def test_serve_talks_to_upstream_and_stops_cleanly(
    home: Path, simulator: SimulatorThread
) -> None:
    environment = {"ANTHROPIC_API_KEY": "sk-ant-api03-test-key"}
    with RunningProxy(
        home,
        upstream=simulator.url,
        command="launcher",
        environment=environment,
        forked=False,
    ) as proxy:
        health = httpx.get(f"{proxy.url}/health", trust_env=False).json()
        assert health["status"] == "ok"
        assert health["upstream"] == simulator.url
        assert health["credential"] == "api_key"
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
        answer = httpx.post(
            f"{proxy.url}/v1/chat/completions", json=body, trust_env=False
        )
        assert answer.json()["choices"][0]["finish_reason"] == "stop"
        assert proxy.stop() == 0
        assert simulator.url in proxy.log
        assert "Traceback" not in proxy.log


def test_the_port_comes_from_the_environment(home: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [*CLI, "serve"],
        env=clean_environment(home, ROUTER_PORT=str(port)),
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        answer = httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).json()
        assert answer["upstream"] == "https://api.anthropic.com"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nothing listens on {port}")


def test_a_taken_port_is_one_clear_line(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(home, "serve", "--port", port)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--port", "99999"),
        ("serve", "--nonsense"),
        ("nonsense",),
        ("serve", "--upstream", "not a url"),
    ],
)
def test_wrong_usage_is_told_without_a_traceback(
    home: Path, arguments: tuple[str, ...]
) -> None:
    done = run(home, *arguments)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_the_addon_path_is_what_mitmdump_loads(home: Path) -> None:
    path = Path(run(home, "--addon-path").stdout.strip())
    assert path.name == "anthropic_proxy_addon.py"
    assert path.is_file()


def test_mitmweb_runs_the_addon(home: Path, simulator: SimulatorThread) -> None:
    environment = {"ANTHROPIC_API_KEY": "sk-ant-api03-test-key"}
    with RunningProxy(
        home,
        upstream=simulator.url,
        command="mitmweb",
        environment=environment,
        forked=False,
    ) as proxy:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
        answer = httpx.post(
            f"{proxy.url}/v1/chat/completions", json=body, trust_env=False
        )
        assert answer.status_code == 200
        assert answer.json()["object"] == "chat.completion"

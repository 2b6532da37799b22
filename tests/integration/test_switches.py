"""The launcher's switches and variables, as a person types them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from anthropic_proxy.simulator.server import SimulatorThread
from support.running_proxy import RunningProxy, clean_environment, free_port

CLI = [sys.executable, "-m", "anthropic_proxy.cli"]
KEY = {"ANTHROPIC_API_KEY": "sk-ant-api03-test-key"}
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
NATIVE = CHAT | {"model": "claude-sonnet-5-5", "max_tokens": 99}
VERSION = {"anthropic-version": "2026-10-21"}


class Launched(RunningProxy):
    """The launcher with flags, and without naming its default command."""

    flags: tuple[str, ...] = ()

    def command_line(self) -> list[str]:
        line = [*CLI, *self.flags, "--upstream", self._upstream]
        return (
            line
            if "ROUTER_PORT" in self._environment
            else [*line, "-p", str(self.port)]
        )


@contextmanager
def launched(
    home: Path, simulator: SimulatorThread, *flags: str, **environment: str
) -> Iterator[Launched]:
    proxy = Launched(home, upstream=simulator.url, environment=KEY | environment)
    proxy.flags = flags
    if "ROUTER_PORT" in environment:
        proxy._environment["ROUTER_PORT"] = str(proxy.port)
    with proxy:
        yield proxy


def post(
    proxy: RunningProxy, path: str, body: object, **headers: str
) -> httpx.Response:
    return httpx.post(
        f"{proxy.url}{path}", json=body, headers=headers, trust_env=False, timeout=20
    )


@pytest.mark.parametrize(
    ("flags", "openai", "anthropic"),
    [
        ((), 200, 200),
        (("--enable-all-endpoints",), 200, 200),
        (("--enable-openai", "--enable-anthropic"), 200, 200),
        (("--disable-openai",), 404, 200),
        (("--disable-anthropic",), 200, 404),
        (("--disable-openai", "--enable-openai"), 200, 200),
    ],
)
def test_endpoints_can_be_disabled(
    flags: tuple[str, ...],
    openai: int,
    anthropic: int,
    home: Path,
    simulator: SimulatorThread,
) -> None:
    with launched(home, simulator, *flags) as proxy:
        chat = post(proxy, "/v1/chat/completions", CHAT)
        native = post(proxy, "/v1/messages", NATIVE, **VERSION)
        batch = post(proxy, "/v1/messages/batches", {}, **VERSION)
        models = httpx.get(f"{proxy.url}/v1/models", trust_env=False)
    assert (chat.status_code, native.status_code) == (openai, anthropic)
    assert models.status_code == 200
    if openai == 404:
        error = chat.json()["error"]
        assert error["type"] == "invalid_request_error"
        assert "disabled" in error["message"]
        assert "--enable-openai" in error["message"]
        assert "disabled (--disable-openai)" in proxy.log
    if anthropic == 404:
        for answer in (native, batch):
            assert answer.json()["type"] == "error"
            assert "disabled" in answer.json()["error"]["message"]


def test_the_switches_work_with_plain_mitmdump(
    home: Path, simulator: SimulatorThread
) -> None:
    arguments = ("--set", "anthropic_enable_openai=false")
    with RunningProxy(
        home, upstream=simulator.url, environment=KEY, arguments=arguments
    ) as proxy:
        assert post(proxy, "/v1/chat/completions", CHAT).status_code == 404


@pytest.mark.parametrize(
    ("flags", "used"), [((), "client"), (("--disable-bearer-passthrough",), "test")]
)
def test_clients_credentials_are_passed_on_unless_that_is_off(
    flags: tuple[str, ...], used: str, home: Path, simulator: SimulatorThread
) -> None:
    key = "sk-ant-api03-client-key"
    with launched(home, simulator, *flags) as proxy:
        answer = post(
            proxy, "/v1/messages", NATIVE, authorization=f"Bearer {key}", **VERSION
        )
        assert answer.status_code == 200
        sent = dict(simulator.requests[-1].headers)
        assert sent["x-api-key"] == f"sk-ant-api03-{used}-key"
    if flags:
        assert "client_passthrough=false (--disable-bearer-passthrough)" in proxy.log


def test_the_start_says_what_is_in_force_and_from_where(
    home: Path, simulator: SimulatorThread
) -> None:
    environment = {
        "ROUTER_PORT": "1",
        "ANTHROPIC_PROXY_LOG_LEVEL": "verbose",
        "ANTHROPIC_DEFAULT_MODEL": "claude-haiku-5-5",
    }
    with launched(home, simulator, "-m", **environment) as proxy:
        chat = post(proxy, "/v1/chat/completions", CHAT).json()
        assert chat["model"].startswith("claude-haiku")
    log = proxy.log
    assert f"Listening on {proxy.url} (host: default, port: ROUTER_PORT)" in log
    assert f"Requests go to {simulator.url} (--upstream)" in log
    assert "log_level=minimal (--minimal)" in log
    assert "default_model=claude-haiku-5-5 (ANTHROPIC_DEFAULT_MODEL)" in log
    assert "sk-ant-api03" not in log


def test_a_flag_wins_over_the_variables(home: Path, simulator: SimulatorThread) -> None:
    environment = {"ANTHROPIC_PROXY_PORT": "1", "ANTHROPIC_PROXY_HOST": "192.0.2.1"}
    with launched(home, simulator, "--host", "127.0.0.1", **environment) as proxy:
        assert httpx.get(f"{proxy.url}/health", trust_env=False).status_code == 200
    assert "(host: --host, port: --port)" in proxy.log


def test_the_usual_words_for_log_levels_are_understood(
    home: Path, simulator: SimulatorThread
) -> None:
    with launched(home, simulator, ANTHROPIC_PROXY_LOG_LEVEL="INFO") as proxy:
        post(proxy, "/v1/chat/completions", CHAT)
    assert "Incoming request" in proxy.log


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (("--nonsense",), {}, "--nonsense"),
        (("-p", "99999"), {}, "99999"),
        (("-p", "many"), {}, "many"),
        (("serve", "extra"), {}, "extra"),
        (("--upstream", "nonsense"), {}, "--upstream"),
        (("--disable-openai", "--disable-anthropic"), {}, "at least one"),
        (("--enable-all-endpoints", "--disable-openai"), {}, "--enable-all-endpoints"),
        (("--log-format", "xml"), {}, "--log-format"),
        (("-q", "--", "--set", "anthropic_log_level=quiet"), {}, "--quiet"),
        (("--", "--set", "anthropic_strict=perhaps"), {}, "anthropic_strict"),
        (("--", "--set", "anthropic_sctrict=true"), {}, "anthropic_strict"),
        ((), {"ROUTER_PORT": "many"}, "ROUTER_PORT"),
        ((), {"ANTHROPIC_PROXY_PORT": "0"}, "ANTHROPIC_PROXY_PORT"),
        ((), {"ANTHROPIC_PROXY_LOG_LEVEL": "loud"}, "ANTHROPIC_PROXY_LOG_LEVEL"),
        ((), {"ANTHROPIC_DEFAULT_MODEL": "gpt-4"}, "gpt-4"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_2(
    arguments: tuple[str, ...], environment: dict[str, str], named: str, home: Path
) -> None:
    done = subprocess.run(
        [*CLI, *arguments],
        env=clean_environment(home, **environment),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert named in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [("-h",), ("--help",), ("serve", "-h")])
def test_help_shows_every_switch(arguments: tuple[str, ...], home: Path) -> None:
    done = subprocess.run(
        [*CLI, *arguments],
        env=clean_environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    for switch in (
        "-p, --port", "-v, --version", "--enable-anthropic / --disable-anthropic",
        "--enable-openai / --disable-openai", "--enable-all-endpoints",
        "--disable-bearer-passthrough", "-q, --quiet", "-m, --minimal",
        "-V, --verbose", "--log-format", "--host",
    ):  # fmt: skip
        assert switch in done.stdout


@pytest.mark.parametrize("arguments", [("-v",), ("--version",), ("serve", "-v")])
def test_version(arguments: tuple[str, ...], home: Path) -> None:
    done = subprocess.run(
        [*CLI, *arguments],
        env=clean_environment(home),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.startswith("anthropic-max-proxy, version ")


def test_mitmweb_shows_how_to_open_its_page(
    home: Path, simulator: SimulatorThread
) -> None:
    web_port = str(free_port())
    with launched(home, simulator, "--web", "--web-port", web_port) as proxy:
        answer = httpx.get(
            proxy.url, headers={"accept": "text/html"}, trust_env=False, timeout=20
        )
        assert f'<a href="http://127.0.0.1:{web_port}/">' in answer.text
        status = httpx.get(proxy.url, trust_env=False).json()
        assert status["mitmweb"] == f"http://127.0.0.1:{web_port}/"
    assert f"Web server listening at http://127.0.0.1:{web_port}" in proxy.log

"""Traffic saved by one process, looked at with another, and without any."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mitmproxy.io import FlowReader

from anthropic_proxy.simulator.server import SimulatorThread
from support.chat_user import WEATHER_TOOL, ChatUser
from support.running_proxy import RunningProxy, clean_environment, free_port

KEY = "sk-ant-api03-key-of-the-proxy-0123"
PRIVATE = ("john.doe@example.com", "customer-4711", "6f1c0c2e-1111-4222-8333")


@pytest.fixture(scope="module")
def traffic(
    simulator: SimulatorThread, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A file that ``-w`` wrote: an answer, a stream, a tool call, a refusal."""
    home = tmp_path_factory.mktemp("traffic")
    file = home / "traffic.flows"
    environment = {"ANTHROPIC_API_KEY": KEY}
    with (
        RunningProxy(
            home,
            upstream=simulator.url,
            command="launcher",
            arguments=("-w", str(file)),
            environment=environment,
        ) as proxy,
        ChatUser(proxy, simulator, user="customer-4711") as user,
    ):
        user.ask(f"I am {PRIVATE[0]}, account {PRIVATE[2]}-123456789abc", seed=3)
        user.ask(f"Write to {PRIVATE[0]} please", stream=True)
        user.ask("What is the weather in Paris?", stream=True, tools=[WEATHER_TOOL])
        refused = httpx.post(
            f"{proxy.url}/v1/chat/completions",
            json={"model": "gpt-4o", "messages": [], "n": 2},
            trust_env=False,
        )
        assert refused.status_code == 400
        assert proxy.stop() == 0
    return file


class Web:
    """mitmweb's REST interface."""

    def __init__(self, port: int) -> None:
        # Whoever sets the cookie itself is no web page: mitmweb asks for no more.
        headers = {"authorization": "Bearer pw", "x-xsrftoken": "aa"}
        cookies = {"_xsrf": "aa", "_mitmproxy_xsrf": "aa"}
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers=headers,
            cookies=cookies,
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    def get(self, path: str) -> Any:
        return self._client.get(path).raise_for_status().json()

    def run(self, name: str, *arguments: str) -> Any:
        answer = self._client.post(
            f"/commands/{name}", json={"arguments": list(arguments)}
        )
        return answer.raise_for_status().json()

    def wait_for_flows(self, count: int) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if len(self.get("/flows")) == count:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        pytest.fail("mitmweb does not show the flows")


@pytest.fixture(scope="module")
def web(traffic: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A mitmweb that has loaded the file; there is no upstream behind it."""
    home, port = tmp_path_factory.mktemp("web"), free_port()
    arguments = ("--rfile", str(traffic), "--web-port", str(port))
    if sys.version_info >= (3, 12):  # mitmproxy 12 wants a password
        arguments += ("--set", "web_password=pw")
    with RunningProxy(
        home, upstream="http://127.0.0.1:1", command="mitmweb", arguments=arguments
    ):
        found = Web(port)
        found.wait_for_flows(4)
        yield found
        found.close()


def test_mitmweb_lists_the_commands(web: Web) -> None:
    commands = web.get("/commands")
    ours = {name: command for name, command in commands.items() if "anthropic" in name}
    assert sorted(name.removeprefix("anthropic.") for name in ours) == [
        *("curl", "export", "report", "retranslate", "stats"),
    ]
    assert all(command["return_type"] == "str" for command in ours.values())
    assert all(
        command["parameters"][0]["type"] == "flow[]" for command in ours.values()
    )


def test_commands_work_on_a_loaded_file(web: Web) -> None:
    report = web.run("anthropic.report", "@all")["value"]
    assert report.count("=====") == 4
    assert "seed:ignored" in report
    again = web.run("anthropic.retranslate", "@all")["value"]
    assert again.count("No difference") == 4
    stats = web.run("anthropic.stats", "@all")["value"]
    assert stats.startswith("4 requests\n")
    assert "  3  gpt-4o → claude-sonnet-5-5" in stats
    refused = web.run("anthropic.report", "~c 400")["value"]
    assert "rejected" in refused
    assert "error" in web.run("anthropic.report", "~c 599")


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_curl_asks_for_the_same_again(
    web: Web, simulator: SimulatorThread, tmp_path: Path
) -> None:
    shown = web.run("anthropic.curl", "@all", "upstream")["value"]
    first = shown.split("\n\n")[0]
    assert first.startswith(f"curl {simulator.url}/v1/messages")
    assert KEY not in shown
    done = subprocess.run(
        ["sh", "-c", f"{first} --silent --noproxy '*'"],
        env=clean_environment(tmp_path, ANTHROPIC_API_KEY="sk-ant-api03-replayed"),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["type"] == "message"
    headers = {name.lower(): value for name, value in simulator.requests[-1].headers}
    assert headers["x-api-key"] == "sk-ant-api03-replayed"


@pytest.mark.parametrize("texts", ["keep", "blank"])
def test_a_bug_report_can_be_handed_on(web: Web, tmp_path: Path, texts: str) -> None:
    target = tmp_path / "bug.zip"
    said = web.run("anthropic.export", "@all", str(target), texts)
    assert said["value"].startswith(f"{target}: 4 request(s)")
    with zipfile.ZipFile(target) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for secret in (*PRIVATE, KEY, str(Path.home())):
        assert all(secret.encode() not in content for content in files.values())
    joined = "".join(_fragments(files))
    assert ("Write to *" in joined) == (texts == "keep")
    assert "john" not in joined
    flows = list(FlowReader(io.BytesIO(files["flows.mitm"])).stream())
    assert len(flows) == 4
    assert "exists already" in web.run("anthropic.export", "@all", str(target))["error"]


def _fragments(files: dict[str, bytes]) -> Iterator[str]:
    """What the stream said, put together."""
    (name,) = [n for n in files if n.startswith("02-") and "3-upstream" in n]
    for line in files[name].decode().splitlines():
        if line.startswith("data: "):
            yield (
                json.loads(line.removeprefix("data: ")).get("delta", {}).get("text", "")
            )


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "anthropic_proxy.cli", *arguments],
        env=clean_environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_command_line_needs_no_mitmweb(traffic: Path, home: Path) -> None:
    done = run(home, "flows", str(traffic))
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5


def test_explain_says_what_the_proxy_did(traffic: Path, home: Path) -> None:
    kept = json.loads(run(home, "flows", str(traffic), "--flow", "1", "--json").stdout)
    request = home / "request.json"
    request.write_text(kept["messages"]["client_request"]["body"])
    done = run(home, "explain", "--json", str(request))
    assert done.returncode == 0, done.stderr
    explained = json.loads(done.stdout)
    sent = json.loads(kept["messages"]["upstream_request"]["body"])
    assert explained["request"] == sent
    assert explained["report"] == kept["facts"]["report"]

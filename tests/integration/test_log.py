"""What the log shows by verbosity, and what it never shows."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import httpx
import pexpect
import pytest

from anthropic_proxy.simulator.server import SimulatorThread
from support.raw_upstream import RawUpstream, json_answer
from support.running_proxy import RunningProxy, clean_environment, free_port

from .test_switches import CLI, KEY

PROXY_KEY = KEY["ANTHROPIC_API_KEY"]
CLIENT_KEY = "sk-ant-api03-canary-of-the-client"
LOCAL_KEY = "canary-local-key-of-this-machine"
MCP_TOKEN = "canary-token-of-an-mcp-server"
CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "seed": 1,
    "messages": [{"role": "user", "content": "Hello"}],
}
NATIVE = {"model": "claude-sonnet-5-5", "max_tokens": 99, "messages": CHAT["messages"]}
VERSION = {"anthropic-version": "2026-10-21"}


def running(
    home: Path, upstream: str, level: str, log_format: str = "text", **more: str
) -> RunningProxy:
    environment = KEY | {
        "ANTHROPIC_PROXY_LOG_LEVEL": level,
        "ANTHROPIC_PROXY_LOG_FORMAT": log_format,
    }
    arguments = ("--set", "flow_detail=0", "--set", "termlog_verbosity=alert")
    return RunningProxy(
        home, upstream=upstream, environment=environment | more, arguments=arguments
    )


def post(proxy: RunningProxy, path: str, body: Any, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{proxy.url}{path}", json=body, headers=headers, trust_env=False, timeout=20
    )


def ask_all(proxy: RunningProxy) -> list[httpx.Response]:
    return [
        post(proxy, "/v1/chat/completions", CHAT),
        post(proxy, "/v1/chat/completions", CHAT | {"stream": True}),
        post(proxy, "/v1/messages", NATIVE, **VERSION),
        post(proxy, "/v1/messages", NATIVE | {"stream": True}, **VERSION),
        post(proxy, "/v1/chat/completions", {"model": "gpt-4o"}),
        httpx.get(f"{proxy.url}/health", trust_env=False),
    ]


def after_start(log: str) -> str:
    return log.partition("Anthropic's API:")[2].partition("\n[")[2]


def test_quiet_is_the_start_and_what_fails(
    home: Path, simulator: SimulatorThread
) -> None:
    with running(home, simulator.url, "quiet") as proxy:
        ask_all(proxy)
    assert "Listening on" in proxy.log
    assert after_start(proxy.log) == ""


def test_quiet_tells_what_broke(home: Path) -> None:
    with running(home, "http://127.0.0.1:9", "quiet") as proxy:
        assert post(proxy, "/v1/messages", NATIVE).status_code == 502
    assert re.search(r"\[req_\w+\] \[Anthropic\] ✗ .*127.0.0.1", proxy.log)


def test_minimal_is_one_line_a_request(home: Path, simulator: SimulatorThread) -> None:
    with running(home, simulator.url, "minimal") as proxy:
        ask_all(proxy)
    lines = after_start(proxy.log).splitlines()
    tokens = r"\(in:\d+ out:\d+\) \d+\.\d\ds"
    time = r"\[?\d\d:\d\d:\d\d\]"
    for line, expected in zip(
        lines,
        [
            rf"{time} \[OpenAI\] ✓ 200 gpt-4o → claude-sonnet-5-5 {tokens}",
            rf"{time} \[OpenAI\] ✓ 200 gpt-4o → claude-sonnet-5-5 {tokens}",
            rf"{time} \[Anthropic\] ✓ 200 claude-sonnet-5-5 {tokens}",
            rf"{time} \[Anthropic\] ✓ 200 claude-sonnet-5-5 {tokens}",
            rf"{time} \[OpenAI\] ✗ 400 POST /v1/chat/completions \d+\.\d\ds",
        ],
        strict=True,
    ):
        assert re.fullmatch(expected, line), line


def test_medium_tells_what_was_done(home: Path, simulator: SimulatorThread) -> None:
    with running(home, simulator.url, "medium") as proxy:
        answer = ask_all(proxy)[0]
    log = after_start(proxy.log)
    first = re.search(
        r"^\[?\d{4}-\d\d-\d\dT[\d:.]+Z\] \[(req_\w+)\] Incoming request \[OpenAI\] "
        r"POST /v1/chat/completions\n"
        r"  Model: gpt-4o → claude-sonnet-5-5\n"
        r"  Max tokens: 32000\n"
        r"  ✓ Credential: api_key\n"
        rf"  → Forwarding to {simulator.url}\n",
        log,
    )
    assert first, log
    upstream_id = answer.headers["x-request-id"]
    assert re.search(
        rf"\[{first[1]}\] ✓ Success \(200\) in \d\.\d\ds\n"
        r"  Model: claude-sonnet-5-5\n"
        r"  Tokens: input=\d+, output=\d+\n"
        r"  Finish: stop\n"
        r"  Warnings: seed:ignored\n"
        rf"  Upstream's id: {upstream_id}\n",
        log,
    )
    assert "\x1b" not in proxy.log


def test_an_answer_of_ours_has_our_id_in_header_and_log(
    home: Path, simulator: SimulatorThread
) -> None:
    with running(home, simulator.url, "medium", "json") as proxy:
        answer = post(proxy, "/v1/chat/completions", {"model": "gpt-4o"})
    records = [json.loads(line) for line in json_lines(proxy.log)]
    told = [r for r in records if r["event"] == "response"]
    assert told[0]["request_id"] == answer.headers["x-request-id"]
    assert told[0]["error"] == answer.json()["error"]["message"]


def json_lines(log: str) -> list[str]:
    """mitmproxy says that it loads the script before the script can take over."""
    return [line for line in log.splitlines() if "Loading script" not in line]


def test_json_is_json_on_every_line(home: Path, simulator: SimulatorThread) -> None:
    with running(home, simulator.url, "verbose", "json") as proxy:
        answers = ask_all(proxy)
    records = [json.loads(line) for line in json_lines(proxy.log)]
    assert records[0]["event"] == "start"
    assert records[0]["upstream"] == simulator.url
    first = next(r for r in records if r["event"] == "response")
    assert first["upstream_request_id"] == answers[0].headers["x-request-id"]
    assert first["status"] == 200
    assert first["model_asked"] == "gpt-4o"
    assert first["model"] == "claude-sonnet-5-5"
    assert first["output_tokens"] > 0
    assert first["warnings"] == ["seed:ignored"]
    assert {"request", "response", "body"} <= {r["event"] for r in records}


@pytest.mark.parametrize("stream", [False, True])
def test_verbose_shows_all_four_bodies(
    stream: bool, home: Path, simulator: SimulatorThread
) -> None:
    image = base64.b64encode(bytes(range(256)) * 40).decode()
    content = [
        {"type": "text", "text": "Look [[image_ok]]"},
        {"type": "file", "file": {"file_data": f"data:text/plain;base64,{image}"}},
    ]
    body = CHAT | {"stream": stream}
    with running(home, simulator.url, "verbose") as proxy:
        post(proxy, "/v1/chat/completions", body)
        post(
            proxy,
            "/v1/chat/completions",
            CHAT | {"messages": [{"role": "user", "content": content}]},
        )
    log = proxy.log
    for which in (
        "client → proxy", "proxy → upstream", "upstream → proxy", "proxy → client",
    ):  # fmt: skip
        assert which in log
    assert '"seed": 1' in log
    assert '"max_tokens": 32000' in log
    assert ("message_start" in log) is stream
    assert ("chat.completion.chunk" in log) is stream
    assert image[:20] in log
    assert image[:300] not in log
    assert f"({len(image)} characters)" in log


def echo(connection: socket.socket, request: bytes) -> None:
    """An upstream that says everything it knows, credentials included."""
    head, _, body = request.partition(b"\r\n\r\n")
    said = {
        "type": "error",
        "error": {"type": "x", "message": f"{head.decode()} {body.decode()}"},
        "access_token": "canary-access-token",
    }
    connection.sendall(json_answer(400, json.dumps(said).encode()))


@pytest.mark.parametrize(
    ("level", "log_format"),
    [
        ("quiet", "text"),
        ("minimal", "json"),
        ("medium", "text"),
        ("verbose", "mitmproxy"),
        ("verbose", "text"),
        ("verbose", "json"),
    ],
)
def test_no_secret_is_in_the_log(level: str, log_format: str, home: Path) -> None:
    more = {"ANTHROPIC_PROXY_LOCAL_KEY": LOCAL_KEY}
    mcp = [{"type": "url", "url": "https://x", "authorization_token": MCP_TOKEN}]
    with (
        RawUpstream(echo) as upstream,
        running(home, upstream.url, level, log_format, **more) as proxy,
    ):
        for path, body in (
            ("/v1/chat/completions", CHAT | {"user": f"x {LOCAL_KEY} {PROXY_KEY}"}),
            ("/v1/messages?key=canary-in-the-query", NATIVE | {"mcp_servers": mcp}),
            ("/v1/vaults/x/credentials", {"anything": "canary-of-a-vault"}),
            ("/auth/callback", {"code": "canary-code#canary-state"}),
            ("/v1/messages", NATIVE | {"model": CLIENT_KEY}),
        ):
            post(proxy, path, body, authorization=f"Bearer {LOCAL_KEY}")
            headers = {"x-api-key": CLIENT_KEY, "authorization": f"Bearer {LOCAL_KEY}"}
            post(proxy, path, body, **headers)
    assert "canary" not in proxy.log
    assert "sk-ant-api03-" not in proxy.log


def test_clients_cannot_forge_lines_or_steer_the_terminal(
    home: Path, simulator: SimulatorThread
) -> None:
    nasty = "x\n[00:00:00] [OpenAI] ✓ forged\x1b[2J\r\u2028\u202e"
    with running(home, simulator.url, "verbose") as proxy:
        post(proxy, "/v1/chat/completions", CHAT | {"model": nasty})
        post(proxy, "/v1/messages", NATIVE | {"model": nasty}, **VERSION)
    assert "forged" in proxy.log
    assert not re.search(r"^\[00:00:00\]", proxy.log, re.MULTILINE)
    for character in ("\x1b", "\r", "\u2028", "\u202e"):
        assert character not in proxy.log


@pytest.mark.parametrize("no_color", [False, True])
def test_colours_are_for_terminals(
    no_color: bool, home: Path, simulator: SimulatorThread
) -> None:
    port = free_port()
    environment = clean_environment(home, TERM="xterm", **KEY)
    if not no_color:
        del environment["NO_COLOR"]
    child = pexpect.spawn(
        CLI[0],
        [*CLI[1:], "-m", "-p", str(port), "--upstream", simulator.url],
        env=environment,
        cwd=str(home),
        encoding="utf-8",
        timeout=30,
        dimensions=(50, 200),
    )
    child.expect_exact("Anthropic's API:")
    answer = httpx.post(
        f"http://127.0.0.1:{port}/v1/chat/completions", json=CHAT, trust_env=False
    )
    assert answer.status_code == 200
    child.expect(r"\[OpenAI\] ✓ 200 [^\n]*\n")
    shown = child.before + child.after
    assert ("\x1b[32m" in shown) is not no_color
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_a_log_that_nobody_reads_stops_no_request(
    home: Path, simulator: SimulatorThread
) -> None:
    port = str(free_port())
    read, write = os.pipe()
    child = os.posix_spawn(
        CLI[0],
        [*CLI, "-p", port, "--upstream", simulator.url],
        clean_environment(home, **KEY),
        file_actions=[(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_CLOSE, read)],
    )
    os.close(write)
    try:
        said = b""
        while b"Anthropic's API:" not in said:
            said += os.read(read, 65536)
        os.close(read)
        for _ in range(3):
            answer = httpx.post(
                f"http://127.0.0.1:{port}/v1/chat/completions",
                json=CHAT,
                trust_env=False,
            )
            assert answer.status_code == 200
    finally:
        os.kill(child, 15)
        os.waitpid(child, 0)


def test_verbose_says_what_became_of_each_field(
    tmp_path: Path, simulator: SimulatorThread
) -> None:
    environment = {
        "ANTHROPIC_API_KEY": PROXY_KEY,
        "ANTHROPIC_PROXY_LOG_LEVEL": "verbose",
    }
    with RunningProxy(
        tmp_path, upstream=simulator.url, command="launcher", environment=environment
    ) as proxy:
        body = {
            "model": "gpt-4o",
            "messages": [{"role": "user", "content": "Hi"}],
            "seed": 7,
        }
        answer = httpx.post(
            f"{proxy.url}/v1/chat/completions", json=body, trust_env=False
        )
        assert answer.status_code == 200
        assert "  model: mapped → model: claude-sonnet-5-5" in proxy.log
        assert "  seed: ignored (" in proxy.log

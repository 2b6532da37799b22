"""``serve --workers N``: one port, several processes, one clean stop."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from anthropic_proxy.credentials import terms
from support.oauth_server import RunningOAuthServer
from support.raw_upstream import RawUpstream, json_answer
from support.running_proxy import RunningProxy, clean_environment, free_port

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": "Late, but here."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningOAuthServer]:
    with RunningOAuthServer(label="canary") as running:
        yield running


@pytest.fixture(scope="module")
def proxy(
    server: RunningOAuthServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    """Two workers, with a subscription for a credential."""
    home = tmp_path_factory.mktemp("home")
    environment = server.environment | {
        "ANTHROPIC_PROXY_TOKEN_FILE": str(home / "tokens.json"),
        "ANTHROPIC_PROXY_LOG_FORMAT": "json",
        "ANTHROPIC_PROXY_WORKERS": "2",
    }
    with RunningProxy(
        home, upstream=server.url, command="launcher", environment=environment
    ) as running:
        eventually(lambda: "2 workers serve" in running.log)
        yield running


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def first_pids(proxy: RunningProxy) -> list[int]:
    """Process ids of worker 1 and 2."""
    found = re.search(r"2 workers serve, as processes (\d+), (\d+)", proxy.log)
    assert found is not None
    return [int(pid) for pid in found.groups()]


def is_alive(pid: int) -> bool:
    """Zombies are not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def ask(proxy: RunningProxy, *_: object) -> httpx.Response:
    """On a connection of its own."""
    return httpx.post(
        f"{proxy.url}/v1/chat/completions", json=CHAT, trust_env=False, timeout=30
    )


def worker_of(proxy: RunningProxy, answer: httpx.Response) -> int:
    """The number of the worker that gave an answer."""
    asked = answer.headers["x-request-id"]
    for line in proxy.log.splitlines():
        if asked in line:
            record: dict[str, Any] = json.loads(line)
            return int(record["worker"])
    raise AssertionError(f"{asked} is not in the log")


def test_a_login_may_end_at_another_worker_than_it_began_at(
    proxy: RunningProxy, server: RunningOAuthServer
) -> None:
    def call_back() -> httpx.Response:
        return httpx.post(
            f"{proxy.url}/auth/callback",
            json={"code": code, "acknowledgement": terms.PHRASE},
            trust_env=False,
            timeout=30,
        )

    start = httpx.get(f"{proxy.url}/auth/start", trust_env=False, timeout=30)
    kept = proxy.home / "logins.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    code = server.page(start.json()["url"])
    os.kill(first_pids(proxy)[worker_of(proxy, start) - 1], signal.SIGKILL)
    assert call_back().json()["authenticated"] is True
    assert not kept.exists()
    assert call_back().status_code == 400


def test_both_serve_and_one_of_them_introduces_them(proxy: RunningProxy) -> None:
    end = time.monotonic() + 20
    while {ask(proxy).status_code for _ in range(10)} != {200}:
        assert time.monotonic() < end  # each worker looks for a login once a second
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(proxy), range(40)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({worker_of(proxy, answer) for answer in answers}) == 2
    assert proxy.log.count('"event": "start"') == 1


def test_a_worker_that_is_killed_is_replaced_and_nobody_is_refused(
    proxy: RunningProxy,
) -> None:
    answers = [ask(proxy) for _ in range(5)]
    victim = next(pid for pid in first_pids(proxy) if is_alive(pid))
    os.kill(victim, signal.SIGKILL)
    answers += [ask(proxy) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    eventually(lambda: len({worker_of(proxy, ask(proxy)) for _ in range(8)}) == 2)
    assert f"(process {victim}) was ended by SIGKILL" in proxy.log
    assert not is_alive(victim)


def test_one_signal_ends_them_all(proxy: RunningProxy) -> None:
    pids = [int(pid) for pid in children_of(proxy.pid)]
    assert len(pids) == 2
    assert proxy.stop() == 0
    assert not any(is_alive(pid) for pid in pids)
    assert "Traceback" not in proxy.log
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", proxy.port))
        probe.listen()


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_workers_end_with_their_parent_and_finish_what_they_began(home: Path) -> None:
    parent_is_gone = threading.Event()

    def answer_late(connection: socket.socket, request: bytes) -> None:
        parent_is_gone.wait(30)
        connection.sendall(json_answer(200, json.dumps(MESSAGE).encode()))

    with (
        RawUpstream(answer_late) as upstream,
        RunningProxy(
            home,
            upstream=upstream.url,
            command="launcher",
            # An option by which they start all of mitmdump.
            arguments=("--set", "anticache=true"),
            environment={"ANTHROPIC_API_KEY": "key", "ANTHROPIC_PROXY_WORKERS": "2"},
            forked=False,
        ) as proxy,
        ThreadPoolExecutor(1) as pool,
    ):
        eventually(lambda: "2 workers serve" in proxy.log)
        under_way = pool.submit(ask, proxy)
        eventually(lambda: bool(upstream.requests))
        pids = first_pids(proxy)
        os.kill(proxy.pid, signal.SIGKILL)
        eventually(lambda: "Waiting up to" in proxy.log)
        parent_is_gone.set()
        assert under_way.result().status_code == 200
        eventually(lambda: not any(is_alive(pid) for pid in pids))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--workers", "2", "--web"), 2, "--workers and --web"),
        (("--workers", "0"), 2, "--workers"),
        (("--workers", "2", "--", "-w", "flows"), 1, "cannot write one file (-w)"),
    ],
)
def test_what_only_one_process_can_do_is_refused_once(
    arguments: tuple[str, ...], code: int, words: str, home: Path
) -> None:
    serve = [sys.executable, "-m", "anthropic_proxy.cli", "serve"]
    done = subprocess.run(
        [*serve, "--port", str(free_port()), *arguments],
        env=clean_environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code
    assert done.stderr.count(words) == 1
    assert "Traceback" not in done.stdout + done.stderr

"""Three real proxies behind a real HAProxy, with the configuration that is shipped."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from anthropic_proxy.simulator.server import SimulatorThread
from deployment.load_balancer import CONFIGURATION, LoadBalancer
from support.running_proxy import RunningProxy

NAMES = ("proxy1", "proxy2", "proxy3")
ENVIRONMENT = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-test-key-of-the-proxy",
    "ANTHROPIC_PROXY_DRAIN": "10",
}


@pytest.fixture(scope="module")
def haproxy(program: Callable[..., str]) -> str:
    return program("haproxy", "apt-get install haproxy")


@pytest.fixture(scope="module")
def proxies(
    simulator: SimulatorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, RunningProxy]]:
    """By the name that HAProxy has for each."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                RunningProxy(
                    tmp_path_factory.mktemp(name),
                    upstream=simulator.url,
                    command="launcher",
                    environment=ENVIRONMENT,
                )
            )
            for name in NAMES
        }


@pytest.fixture
def balancer(
    haproxy: str, proxies: dict[str, RunningProxy], tmp_path: Path
) -> Iterator[LoadBalancer]:
    ports = [proxy.port for proxy in proxies.values()]
    with LoadBalancer(haproxy, tmp_path, ports) as running:
        yield running


@pytest.fixture
def client(balancer: LoadBalancer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=balancer.url, trust_env=False, timeout=30) as http:
        yield http


def chat(text: str, **more: object) -> dict[str, object]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]} | more


def ask(client: httpx.Client, text: str = "Hello!") -> httpx.Response:
    return client.post("/v1/chat/completions", json=chat(text))


@dataclass
class Load:
    """Clients that ask without a pause, each on a connection of its own."""

    url: str
    clients: int = 6
    before: list[int] = field(default_factory=list)
    """Statuses of requests that began before ``mark``."""
    after: list[int] = field(default_factory=list)
    """Statuses of requests that began after it; 0 where there was none."""
    _marked: threading.Event = field(default_factory=threading.Event)
    _enough: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        for _ in range(self.clients):
            thread = threading.Thread(target=self._work)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join(60)

    def mark(self) -> None:
        self._marked.set()

    def _work(self) -> None:
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30) as client:
            while not self._enough.is_set():
                statuses = self.after if self._marked.is_set() else self.before
                try:
                    statuses.append(ask(client).status_code)
                except httpx.HTTPError:
                    statuses.append(0)

    def wait_for(self, statuses: list[int], count: int) -> None:
        for _ in range(6000):
            if len(statuses) >= count:
                return
            self._enough.wait(0.01)
        pytest.fail(f"{len(statuses)} of {count} requests were answered")


def test_haproxy_has_nothing_to_complain_of(haproxy: str) -> None:
    done = subprocess.run(
        [haproxy, "-c", "-q", "-f", str(CONFIGURATION)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if "[NOTICE]" not in line]


def test_requests_are_shared_among_the_proxies(balancer: LoadBalancer) -> None:
    with Load(balancer.url) as load:
        load.wait_for(load.before, 60)
    assert set(load.before) == {200}
    assert all(int(row["stot"]) > 0 for row in balancer.figures().values())


def test_a_stream_is_not_held_back(
    balancer: LoadBalancer, client: httpx.Client
) -> None:
    """Upstream falls silent after a few events and never ends: they must be here."""
    body = chat("[[long 50]] [[silent after=20]]", stream=True)
    with client.stream("POST", "/v1/chat/completions", json=body) as answer:
        assert answer.status_code == 200
        seen = ""
        for text in answer.iter_text():
            seen += text
            if seen.count('"content"') >= 2:
                assert len(balancer.busy()) == 1
                break
        assert "[DONE]" not in seen
    # We left: so does HAProxy, and with it the proxy's request to Anthropic.
    for _ in range(500):
        if not balancer.busy():
            return
        time.sleep(0.01)
    pytest.fail("the proxy still works for a client that has gone")


def test_a_stream_of_anthropics_own_api_comes_whole(client: httpx.Client) -> None:
    body = {**chat("[[long 200]]", stream=True), "model": "claude-sonnet-5-5"}
    body["max_tokens"] = 1000
    version = {"anthropic-version": "2023-06-01"}
    with client.stream("POST", "/v1/messages", json=body, headers=version) as answer:
        text = answer.read().decode()
    assert text.count("event: content_block_delta") >= 200
    assert text.rstrip().endswith('{"type":"message_stop"}')


def test_a_client_stays_with_its_proxy(
    balancer: LoadBalancer, client: httpx.Client
) -> None:
    for _ in range(6):
        assert ask(client).status_code == 200
    answered = [name for name, row in balancer.figures().items() if int(row["stot"])]
    assert len(answered) == 1


def test_an_error_of_upstream_is_passed_on_and_not_tried_elsewhere(
    balancer: LoadBalancer, client: httpx.Client, simulator: SimulatorThread
) -> None:
    before = len(simulator.requests)
    answer = ask(client, "[[error 529]]")
    assert answer.json()["error"]["type"]
    assert answer.status_code >= 500
    assert len(simulator.requests) == before + 1


@pytest.mark.parametrize("path", ["/auth/status", "/metrics"])
def test_what_belongs_to_one_process_is_not_served(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found_error"


def test_figures_are_for_people_and_for_prometheus(balancer: LoadBalancer) -> None:
    url = f"http://127.0.0.1:{balancer.figures_port}"
    with httpx.Client(base_url=url, trust_env=False) as client:
        assert "HAProxy" in client.get("/").text
        assert "haproxy_server_status" in client.get("/metrics").text


def test_without_any_proxy_the_answer_is_json_and_may_be_retried(
    haproxy: str, tmp_path: Path
) -> None:
    with LoadBalancer(haproxy, tmp_path, (1, 2, 3)) as balancer:
        balancer.wait_until("proxy1", "DOWN")
        balancer.wait_until("proxy2", "DOWN")
        balancer.wait_until("proxy3", "DOWN")
        with httpx.Client(base_url=balancer.url, trust_env=False) as client:
            answer = ask(client)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["error"]["type"] == "overloaded_error"


def test_a_drained_proxy_ends_its_stream_and_gets_nothing_new(
    balancer: LoadBalancer, client: httpx.Client
) -> None:
    body = chat("[[long 60]] [[slow 30ms]]", stream=True)
    with (
        httpx.Client(base_url=balancer.url, trust_env=False, timeout=30) as other,
        other.stream("POST", "/v1/chat/completions", json=body) as answer,
    ):
        pieces = answer.iter_text()
        text = next(pieces)
        (drained,) = balancer.busy()
        balancer.set_state(drained, "drain")
        had = balancer.figures()[drained]["stot"]
        assert [ask(client).status_code for _ in range(10)] == [200] * 10
        text += "".join(pieces)
        # The connection that the stream used is not tied to the drained proxy either.
        assert ask(other).status_code == 200
    assert text.rstrip().endswith("[DONE]")
    assert balancer.figures()[drained]["stot"] == had
    balancer.set_state(drained, "ready")


# The last two end proxies, so they come last.


def test_sigterm_lets_the_streams_end_while_others_take_over(
    balancer: LoadBalancer, client: httpx.Client, proxies: dict[str, RunningProxy]
) -> None:
    body = chat("[[long 80]] [[slow 30ms]]", stream=True)
    with (
        httpx.Client(base_url=balancer.url, trust_env=False, timeout=30) as other,
        other.stream("POST", "/v1/chat/completions", json=body) as answer,
    ):
        pieces = answer.iter_text()
        text = next(pieces)
        (stopped,) = balancer.busy()
        os.kill(proxies[stopped].pid, signal.SIGTERM)
        assert [ask(client).status_code for _ in range(20)] == [200] * 20
        text += "".join(pieces)
    assert text.rstrip().endswith("[DONE]")
    assert proxies[stopped].stop() == 0
    balancer.wait_until(stopped, "DOWN")


def test_one_killed_under_load_fails_no_new_request(
    balancer: LoadBalancer, proxies: dict[str, RunningProxy]
) -> None:
    with Load(balancer.url) as load:
        load.wait_for(load.before, 30)
        answering = [n for n, row in balancer.figures().items() if int(row["stot"])]
        killed = proxies[answering[0]]
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.stop() == -signal.SIGKILL  # it is gone
        load.mark()
        load.wait_for(load.after, 120)
    # What the dying process had accepted is lost, one request for each client at most.
    assert sum(status != 200 for status in load.before) <= load.clients
    # Each client's request that was under way at the mark counts as "before".
    assert set(load.after) == {200}

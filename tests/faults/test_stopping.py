"""The proxy is stopped, started twice, or cannot write: nobody is left hanging."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from support.message_stream import ANSWER, BLOCK, END, LAST_CHUNK, START, TEXT
from support.raw_upstream import RawUpstream, chunk, json_answer, stream_head
from support.running_proxy import RunningProxy, clean_environment

KEY = {"ANTHROPIC_API_KEY": "sk-ant-api03-test-key"}
BEGUN = stream_head() + chunk(START + BLOCK + TEXT)
STREAMS = 50


class Upstream:
    """Begins each stream, and finishes it when ``go_on`` is set."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        connection.sendall(BEGUN)
        self.go_on.wait(60)
        connection.sendall(chunk(END) + LAST_CHUNK)


class Streams:
    """Clients that read a stream each, in threads; ``begun`` counts first events."""

    def __init__(self, proxy: RunningProxy, count: int) -> None:
        self.texts: list[str] = []
        self.begun = threading.Semaphore(0)
        paths = ["/v1/chat/completions", "/v1/messages"]
        self._threads = [
            threading.Thread(target=self._read, args=(proxy.url + paths[n % 2],))
            for n in range(count)
        ]
        for thread in self._threads:
            thread.start()
        for _ in range(count):
            assert self.begun.acquire(timeout=30)

    def _read(self, url: str) -> None:
        body = {
            "model": "claude-sonnet-5-5",
            "max_tokens": 9,
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": True,
        }
        text = ""
        with httpx.stream(
            "POST", url, json=body, trust_env=False, timeout=60
        ) as answer:
            for piece in answer.iter_text():
                if not text:
                    self.begun.release()
                text += piece
        self.texts.append(text)

    def join(self) -> list[str]:
        for thread in self._threads:
            thread.join(30)
        return self.texts


def stop(proxy: RunningProxy) -> subprocess.Popen[bytes]:
    proxy.process.send_signal(signal.SIGTERM)
    return proxy.process


def refuses(proxy: RunningProxy) -> bool:
    try:
        socket.create_connection(("127.0.0.1", proxy.port), 1).close()
    except OSError:
        return True
    return False


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("command", ["mitmdump", "launcher"])
def test_live_streams_are_finished_when_there_is_time(
    command: str, tmp_path: Path
) -> None:
    upstream = Upstream()
    environment = KEY | {"ANTHROPIC_PROXY_DRAIN": "30"}
    with (
        RawUpstream(upstream) as raw,
        RunningProxy(
            tmp_path, upstream=raw.url, command=command, environment=environment
        ) as proxy,
    ):
        streams = Streams(proxy, 6)
        process = stop(proxy)
        wait_until(lambda: refuses(proxy))  # a balancer sends new ones elsewhere
        upstream.go_on.set()
        texts = streams.join()
        assert process.wait(10) == 0
        assert len(texts) == 6
        assert all("DONE" in text or "message_stop" in text for text in texts)
        assert not any("error" in text for text in texts)
        assert "Traceback" not in proxy.log


@pytest.mark.parametrize("command", ["mitmdump", "launcher"])
def test_streams_that_take_too_long_end_with_an_error_event(
    command: str, tmp_path: Path
) -> None:
    upstream = Upstream()
    environment = KEY | {"ANTHROPIC_PROXY_DRAIN": "0.2"}
    with (
        RawUpstream(upstream) as raw,
        RunningProxy(
            tmp_path, upstream=raw.url, command=command, environment=environment
        ) as proxy,
    ):
        streams = Streams(proxy, STREAMS)
        process = stop(proxy)
        texts = streams.join()
        assert process.wait(10) == 0
        assert len(texts) == STREAMS
        assert all("The proxy was stopped" in text for text in texts)
        assert not any("DONE" in text or "message_stop" in text for text in texts)
        assert f"{STREAMS} requests" in proxy.log
        assert "Traceback" not in proxy.log
        upstream.go_on.set()


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    upstream = Upstream()
    environment = KEY | {"ANTHROPIC_PROXY_DRAIN": "50"}
    with (
        RawUpstream(upstream) as raw,
        RunningProxy(tmp_path, upstream=raw.url, environment=environment) as proxy,
    ):
        reader = socket.create_connection(("127.0.0.1", proxy.port))
        body = b'{"model":"claude-sonnet-5-5","messages":[{"role":"user",'
        body += b'"content":"Hi"}],"stream":true}'
        head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
        head += b"content-type: application/json\r\ncontent-length: %d\r\n\r\n"
        reader.sendall(head % len(body) + body)
        assert b"200 OK" in reader.recv(4096)
        process = stop(proxy)
        wait_until(lambda: "stop again" in proxy.log)
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        upstream.go_on.set()
        reader.close()


def test_a_second_start_on_the_same_port_says_so(tmp_path: Path) -> None:
    with RunningProxy(
        tmp_path, upstream="http://127.0.0.1:1", environment=KEY
    ) as proxy:
        for command in ("mitmdump", "launcher"):
            second = RunningProxy(
                tmp_path,
                upstream="http://127.0.0.1:1",
                command=command,
                environment=KEY,
            )
            second.port = proxy.port
            done = subprocess.run(
                second.command_line(),
                env=clean_environment(tmp_path, **KEY),
                capture_output=True,
                text=True,
                timeout=30,
            )
            assert done.returncode != 0
            assert str(proxy.port) in done.stdout + done.stderr
            assert "Traceback" not in done.stdout + done.stderr
        assert httpx.get(f"{proxy.url}/health", trust_env=False).status_code == 200


def chat(proxy_url: str) -> httpx.Response:
    body = {
        "model": "claude-sonnet-5-5",
        "messages": [{"role": "user", "content": "Hi"}],
    }
    url = f"{proxy_url}/v1/chat/completions"
    return httpx.post(url, json=body, trust_env=False, timeout=20)


def answer_whole(connection: socket.socket, request: bytes) -> None:
    connection.sendall(json_answer(200, ANSWER))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_saved_flows_costs_no_answer(tmp_path: Path) -> None:
    with (
        RawUpstream(answer_whole) as raw,
        RunningProxy(
            tmp_path, upstream=raw.url, arguments=("-w", "/dev/full"), environment=KEY
        ) as proxy,
    ):
        for _ in range(3):
            assert chat(proxy.url).status_code == 200
        assert "Flows are no longer saved" in proxy.log


def test_a_closed_pipe_under_the_log_costs_no_answer(tmp_path: Path) -> None:
    """In the launcher: mitmdump by itself exits when it cannot print."""
    with RawUpstream(answer_whole) as raw:
        proxy = RunningProxy(
            tmp_path, upstream=raw.url, command="launcher", environment=KEY
        )
        process = subprocess.Popen(
            proxy.command_line(),
            env=clean_environment(tmp_path, **KEY),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until(lambda: not refuses(proxy))
            assert process.stdout is not None
            process.stdout.close()
            for _ in range(3):
                assert chat(proxy.url).status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)

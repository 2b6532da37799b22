"""No connection to upstream can be had, in every way that a connection can fail.

One process serves all of them: each fault is an upstream on a port of its own.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from support.certificates import self_signed
from support.running_proxy import RunningProxy, free_port

CONNECT = 1.0
ENVIRONMENT = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-test-key",
    "ANTHROPIC_PROXY_CONNECT_TIMEOUT": str(CONNECT),
}
Serve = Callable[[socket.socket], None]


class Listener:
    """Accepts connections and hands each to ``serve`` in a thread."""

    def __init__(self, serve: Serve, *, backlog: int | None = None) -> None:
        self._serve = serve
        self._server = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(
                target=self._serve, args=(connection,), daemon=True
            ).start()

    def close(self) -> None:
        self._server.close()


def silent(connection: socket.socket) -> None:
    """Reads, and says nothing."""
    with connection:
        while connection.recv(65536):
            pass


def garbage(connection: socket.socket) -> None:
    with connection:
        connection.recv(65536)
        connection.sendall(b"\x00this is not TLS\r\n\r\n")


def hangs_up(connection: socket.socket) -> None:
    connection.close()


def tls(certificates: tuple[Path, Path]) -> Serve:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificates)

    def serve(connection: socket.socket) -> None:
        try:
            silent(context.wrap_socket(connection, server_side=True))
        except (OSError, ssl.SSLError):
            connection.close()

    return serve


def full_backlog() -> tuple[socket.socket, list[socket.socket]]:
    """A port that takes no further connection: its queue is full, and never read."""
    server = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _ in range(4):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(server.getsockname())
        waiting.append(client)
    return server, waiting


# Fault → status. A connection that fails is 502, one that takes too long is 504.
FAULTS = {
    "refused": 502,
    "no such name": 502,
    "the queue of connections is full": 504,
    "TLS that stays silent": 504,
    "TLS that is garbage": 502,
    "TLS that hangs up": 502,
    "a certificate that nobody signed": 502,
    "a certificate that has expired": 502,
}


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """Port of the proxy by fault."""
    folder = tmp_path_factory.mktemp("connecting")
    listeners = {
        "TLS that stays silent": Listener(silent),
        "TLS that is garbage": Listener(garbage),
        "TLS that hangs up": Listener(hangs_up),
        "a certificate that nobody signed": Listener(tls(self_signed(folder, days=9))),
        "a certificate that has expired": Listener(tls(self_signed(folder, days=-9))),
    }
    server, waiting = full_backlog()
    upstreams = {
        "refused": f"http://127.0.0.1:{free_port()}",
        "no such name": "http://there-is-no-such-host.invalid",
        "the queue of connections is full": f"http://127.0.0.1:{server.getsockname()[1]}",
        **{name: f"https://localhost:{one.port}" for name, one in listeners.items()},
    }
    found = {name: free_port() for name in upstreams}
    arguments = [
        argument
        for name, url in upstreams.items()
        for argument in ("--mode", f"reverse:{url}@127.0.0.1:{found[name]}")
    ]
    with RunningProxy(
        folder,
        upstream="http://127.0.0.1:1",
        arguments=tuple(arguments),
        environment=ENVIRONMENT,
    ) as proxy:
        yield found
        assert "crashed" not in proxy.log
        assert "Traceback" not in proxy.log
    for listener in listeners.values():
        listener.close()
    for one in (server, *waiting):
        one.close()


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", FAULTS)
def test_it_is_an_error_in_the_callers_dialect(
    ports: dict[str, int], name: str, path: str, stream: bool
) -> None:
    body = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": stream,
    }
    url = f"http://127.0.0.1:{ports[name]}{path}"
    with httpx.Client(trust_env=False, timeout=20) as client:
        began = time.monotonic()
        answer = client.post(url, json=body)
        assert answer.status_code == FAULTS[name]
        assert time.monotonic() - began < CONNECT + 5
        error = answer.json()["error"]
        assert error["message"]
        if path == "/v1/messages":
            kinds = {502: "api_error", 504: "timeout_error"}
            assert error["type"] == kinds[FAULTS[name]]
        else:
            codes = {502: "upstream_unreachable", 504: "timeout"}
            assert error["code"] == codes[FAULTS[name]]
        assert client.get(f"http://127.0.0.1:{ports[name]}/health").status_code == 200

"""A process that ``fork_server`` starts, with what the tests use of ``Popen``."""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from . import fork_server

CAN_FORK = sys.platform == "linux"


class Forked:
    """Runs at once; ``returncode`` is None until its end was seen."""

    def __init__(
        self, line: list[str], *, log: int, folder: Path, environment: dict[str, str]
    ) -> None:
        order = {"line": line, "folder": str(folder), "environment": environment}
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(_server())
        text = json.dumps(order).encode() + b"\n"
        sent = socket.send_fds(connection, [text], [log])
        connection.sendall(text[sent:])
        told = connection.makefile("rb")
        connection.close()
        self.pid = int(told.readline())
        self.returncode: int | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._wait, args=(told,), daemon=True).start()

    def _wait(self, told: socket.SocketIO) -> None:
        with told:
            self.returncode = int(told.readline() or -signal.SIGKILL)
        self._ended.set()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired("a forked proxy", timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@functools.cache
def _server() -> str:
    """Where the server of this test process listens."""
    path = str(Path(tempfile.mkdtemp(prefix="proxies-")) / "socket")
    server = subprocess.Popen(
        [sys.executable, fork_server.__file__, path],
        stdin=subprocess.PIPE,  # closed with this process, which ends the server
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert server.stdout is not None
    if server.stdout.readline() != fork_server.READY:
        raise RuntimeError("the server of the forked proxies did not start")
    server.stdout.close()
    _SERVERS.append(server)
    return path


_SERVERS: list[subprocess.Popen[bytes]] = []

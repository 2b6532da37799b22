"""deploy/haproxy/haproxy.cfg as it is, but for addresses, user and log."""

from __future__ import annotations

import csv
import io
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from support.running_proxy import ROOT, free_port

CONFIGURATION = ROOT / "deploy" / "haproxy" / "haproxy.cfg"
BACKEND = "claude"
START_SECONDS = 10


class LoadBalancer:
    """A real HAProxy in front of ``ports``; ``ask`` talks to its admin socket."""

    def __init__(self, program: str, folder: Path, ports: Sequence[int]) -> None:
        self.port = free_port()
        self.figures_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._program = program
        self._socket = folder / "admin.sock"
        self._file = folder / "haproxy.cfg"
        self._file.write_text(self._adapted(ports), "utf-8")
        self._log = (folder / "haproxy.log").open("w+b")
        self._process: subprocess.Popen[bytes] | None = None

    def _adapted(self, ports: Sequence[int]) -> str:
        text = CONFIGURATION.read_text("utf-8")
        changes = {
            "    user haproxy\n    group haproxy\n": "",
            "log /dev/log local0": "log stderr format raw local0",
            "/run/haproxy/admin.sock": str(self._socket),
            "bind 127.0.0.1:8100": f"bind 127.0.0.1:{self.port}",
            "bind 127.0.0.1:8404": f"bind 127.0.0.1:{self.figures_port}",
        }
        changes |= {
            f"127.0.0.1:{8101 + number}": f"127.0.0.1:{port}"
            for number, port in enumerate(ports)
        }
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text

    def __enter__(self) -> LoadBalancer:
        line = [self._program, "-db", "-f", str(self._file)]
        self._process = subprocess.Popen(line, stderr=self._log, stdout=self._log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        self.__exit__(None, None, None)
        raise RuntimeError(f"HAProxy is not ready:\n{self.log}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._log.close()

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text("utf-8", "replace")

    def ask(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._socket))
            connection.sendall(command.encode() + b"\n")
            with connection.makefile() as answer:
                return answer.read()

    def set_state(self, server: str, state: str) -> None:
        said = self.ask(f"set server {BACKEND}/{server} state {state}")
        assert not said.strip(), said

    def figures(self) -> dict[str, dict[str, str]]:
        """Server → its row of ``show stat``."""
        text = self.ask("show stat").removeprefix("# ")
        rows = csv.DictReader(io.StringIO(text))
        return {
            row["svname"]: row
            for row in rows
            if row["pxname"] == BACKEND and row["svname"].startswith("proxy")
        }

    def busy(self) -> list[str]:
        """The servers that work on a request now."""
        return [name for name, row in self.figures().items() if int(row["scur"])]

    def wait_until(self, server: str, state: str) -> None:
        """Until HAProxy's checks have found out: ``UP`` or ``DOWN``."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.figures()[server]["status"] == state:
                return
            time.sleep(0.05)
        raise AssertionError(f"{server} is not {state}: {self.figures()[server]}")

"""A real mitmproxy process with the addon, on a free port of 127.0.0.1."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from anthropic_proxy.cli.ports import free_port

from .forked import CAN_FORK, Forked

ROOT = Path(__file__).resolve().parents[2]
ADDON = ROOT / "addons" / "anthropic_proxy_addon.py"
START_SECONDS = 30
# Without mitmdump's list of flows nobody is told of a request, as in the launcher, and
# ``direct_layer`` handles it. The suite is run both ways (Makefile).
UNSEEN = ("--set", "flow_detail=0") if os.environ.get("PROXY_UNSEEN") else ()


def clean_environment(home: Path, **extra: str) -> dict[str, str]:
    """An environment with nothing of the user's in it that changes what we do."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANTHROPIC", "ROUTER_", "OPENAI", "XDG_"))
    }
    fixed = {
        "HOME": str(home),
        "PYTHONPATH": str(ROOT / "addons"),
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        # Upstreams of the tests count requests; one test turns it on again.
        "ANTHROPIC_PROXY_MODEL_REFRESH": "false",
        # Less than what a test waits for the end of its proxy.
        "ANTHROPIC_PROXY_DRAIN": "0.5",
    }
    return kept | fixed | extra


def tool(name: str) -> str:
    """A console script of the environment that runs the tests."""
    return str(Path(sys.executable).with_name(name))


__all__ = ["RunningProxy", "clean_environment", "free_port", "tool"]


class RunningProxy:
    """Starts on enter, stops on exit; ``log`` holds all that was printed."""

    def __init__(
        self,
        home: Path,
        *,
        upstream: str,
        command: str = "mitmdump",
        arguments: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        addon: Path = ADDON,
        settle_seconds: float = 0,
        listen_host: str = "127.0.0.1",
        forked: bool = True,
    ) -> None:
        """``settle_seconds``: mitmproxy exits when anything is logged as an error
        while it starts, after it listens; tests whose first request provokes an error
        have to wait for that to be over. ``forked``: from a process that has imported
        all of it (``fork_server``), which is the same but for the start."""
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._upstream = upstream
        self._command = command
        self._arguments = arguments
        self._environment = environment or {}
        self._addon = addon
        self._settle_seconds = settle_seconds
        self._listen_host = listen_host
        # What an interpreter reads at its start is not read in a fork.
        own_start = {"PYTHONPATH", "SSLKEYLOGFILE"} & self._environment.keys()
        self._forked = forked and CAN_FORK and not own_start
        self._log_path = home / f"proxy-{self.port}.log"
        self._process: subprocess.Popen[bytes] | Forked | None = None

    def command_line(self) -> list[str]:
        if self._command == "launcher":
            serve = [sys.executable, "-m", "anthropic_proxy.cli", "serve"]
            serve += ["--port", str(self.port), "--upstream", self._upstream]
            return serve + (["--", *self._arguments] if self._arguments else [])
        listen = f"{self._listen_host}:{self.port}"
        line = [tool(self._command), "-s", str(self._addon)]
        line += ["--mode", f"reverse:{self._upstream}@{listen}"]
        if self._command == "mitmdump" and "flow_detail" not in str(self._arguments):
            line += UNSEEN
        if self._command == "mitmweb":
            line += ["--no-web-open-browser", "--web-port", str(free_port())]
        return [*line, *self._arguments]

    def __enter__(self) -> RunningProxy:
        with self._log_path.open("wb") as log:
            self._process = self._start(log.fileno())
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self, log: int) -> subprocess.Popen[bytes] | Forked:
        line = self.command_line()
        environment = clean_environment(self.home, **self._environment)
        if self._forked:
            return Forked(line, log=log, folder=self.home, environment=environment)
        return subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.home,
            env=environment,
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the proxy ended at once:\n{self.log}")
            with socket.socket() as probe:
                listening = probe.connect_ex(("127.0.0.1", self.port)) == 0
            if listening:
                self._wait_for_start_lines()
                time.sleep(self._settle_seconds)
                if self._process.poll() is None:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"the proxy is not ready:\n{self.log}")

    def _wait_for_start_lines(self) -> None:
        """It listens before its addons run; without our addon it says nothing."""
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline and not any(
            line in self.log for line in ("Anthropic's API", '"start"')
        ):
            time.sleep(0.01)

    def stop(self) -> int:
        """Stop as a service manager would; returns the exit code."""
        process = self._process
        assert process is not None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return process.returncode

    @property
    def process(self) -> subprocess.Popen[bytes] | Forked:
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return self._log_path.read_text("utf-8", "replace")

"""What is compared, and how each is started."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .instruments import MeasuringError
from .processes import spawn, stop
from .prompts import API_KEY, CHAT, MESSAGES, Route

ROOT: Final = Path(__file__).resolve().parents[1]
_ADDON: Final = ROOT / "addons" / "anthropic_proxy_addon.py"
_START_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.002

_ASK_VERSIONS: Final = (
    "import json, platform\n"
    "from importlib.metadata import version\n"
    "print(json.dumps([platform.python_version(), version('mitmproxy')]))"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One supported line of mitmproxy: an interpreter that has it."""

    python: Path
    python_version: str
    mitmproxy_version: str

    @property
    def name(self) -> str:
        """How results call it."""
        return f"mitmproxy {self.mitmproxy_version}, Python {self.python_version}"


def line_of(python: Path) -> Line:
    """Ask an interpreter for its versions.

    Raises:
        MeasuringError: it cannot be started or has no mitmproxy.
    """
    python = python.absolute()  # not resolved: the link is what leads to its packages
    try:
        done = subprocess.run(
            [python, "-c", _ASK_VERSIONS], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as wrong:
        raise MeasuringError(f"{python} cannot run mitmproxy: {wrong}") from None
    return Line(python, *json.loads(done.stdout))


@dataclass(frozen=True, slots=True)
class Place:
    """Where one process is to run."""

    line: Line
    port: int
    upstream: str
    home: Path


def _mitmdump(place: Place) -> list[str]:
    mode = f"reverse:{place.upstream}@127.0.0.1:{place.port}"
    return [str(place.line.python.with_name("mitmdump")), "--mode", mode]


def _launcher(place: Place) -> list[str]:
    serve = [str(place.line.python), "-m", "anthropic_proxy.cli", "serve"]
    return [*serve, "--port", str(place.port), "--upstream", place.upstream]


COMMANDS: Final[Mapping[str, Callable[[Place], list[str]]]] = {
    "bare": _mitmdump,
    "bare-streaming": lambda place: [
        *_mitmdump(place),
        "--set",
        "stream_large_bodies=1",
    ],
    "plain": lambda place: [*_mitmdump(place), "-s", str(_ADDON)],
    "launcher": _launcher,
    "workers": lambda place: [*_launcher(place), "--workers", "2"],
    "saving": lambda place: [*_launcher(place), "--", "-w", str(place.home / "flows")],
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One column of the results."""

    name: str
    meaning: str
    route: Route
    process: str | None
    """Key of COMMANDS; None: the upstream itself. Subjects may share a process."""
    by_default: bool = True
    streaming: str | None = None
    """Key of COMMANDS for streamed answers, if it is another."""
    scenarios: frozenset[str] = frozenset()
    """The only ones it is for; empty: all."""

    def process_for(self, *, stream: bool) -> str | None:
        """Key of COMMANDS."""
        return self.streaming if stream and self.streaming else self.process


DIRECT: Final = Subject("direct", "no proxy at all", MESSAGES, None)
BARE: Final = Subject(
    "bare",
    "`mitmdump --mode reverse:…`, no addon of ours; for streams with "
    "`stream_large_bodies`, without which it holds an answer back to its end",
    MESSAGES,
    "bare",
    streaming="bare-streaming",
)
SUBJECTS: Final = (
    DIRECT,
    BARE,
    Subject("plain", "`mitmdump -s …`, OpenAI's API", CHAT, "plain"),
    Subject("launcher", "`anthropic-max-proxy serve`, OpenAI's API", CHAT, "launcher"),
    Subject("native", "the same process, Anthropic's API", MESSAGES, "launcher"),
    Subject(
        "workers",
        "`serve --workers 2`, OpenAI's API; on two cores its processes have to share "
        "them with load generator and upstream, and RSS counts shared pages twice",
        CHAT,
        "workers",
        scenarios=frozenset(
            ("start", "memory", "json-8", "json-64", "streams-16", "streams-64")
        ),
    ),
    Subject("saving", "`serve -- -w FILE`, OpenAI's API", CHAT, "saving", False),
)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _environment(home: Path) -> dict[str, str]:
    """Nothing of the user's in it that changes what is measured."""
    mine = ("ANTHROPIC", "ROUTER_", "OPENAI", "XDG_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if name[:1] != "_"}
    kept = {name: value for name, value in kept.items() if not name.startswith(mine)}
    return kept | {
        "HOME": str(home),
        "PYTHONPATH": str(ROOT / "addons"),
        "ANTHROPIC_API_KEY": API_KEY,
        "ANTHROPIC_PROXY_MODEL_REFRESH": "false",  # the upstream has no list of models
    }


class Running:
    """A proxy process; ``home`` is kept between starts, as a user's is."""

    def __init__(self, line: Line, process: str, upstream_port: int, home: Path):
        self.home = home
        self.is_first = not home.exists()  # nobody has run there
        upstream = f"http://127.0.0.1:{upstream_port}"
        place = Place(line, free_port(), upstream, home)
        self.port = place.port
        self._command = COMMANDS[process](place)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that was started."""
        assert self._process is not None
        return self._process.pid

    def start(self, request: bytes) -> float:
        """Start and ask; returns the seconds to the end of the first answer.

        Raises:
            MeasuringError: it ended, or did not answer in time.
        """
        self.home.mkdir(exist_ok=True)
        log_path = self.home / "log"
        began = time.monotonic()
        with log_path.open("wb") as log:
            self._process = spawn(
                self._command,
                output=log.fileno(),
                errors=subprocess.STDOUT,
                cwd=self.home,
                env=_environment(self.home),
            )
        while time.monotonic() < began + _START_SECONDS:
            if self._process.poll() is not None:
                break
            if _answered(self.port, request):
                return time.monotonic() - began
            time.sleep(_POLL_SECONDS)
        said = log_path.read_text("utf-8", "replace")[-2_000:]
        raise MeasuringError(f"no answer from {' '.join(self._command)}\n{said}")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            stop(self._process)


def _answered(port: int, request: bytes) -> bool:
    """Whether a request gets its 200; False while nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), _START_SECONDS) as client:
            client.sendall(request)
            response = http.client.HTTPResponse(client)
            response.begin()
            response.read()
    except (OSError, http.client.HTTPException):
        return False
    if response.status != 200:
        raise MeasuringError(f"the first request got a {response.status}")
    return True

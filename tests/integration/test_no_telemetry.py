"""The proxy, mitmproxy included, talks to upstream and the token endpoint only."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from support.oauth_server import RunningOAuthServer
from support.running_proxy import ROOT, RunningProxy

from .test_subscription import CHAT, NATIVE, log_in, token_file

WITNESS = ROOT / "tests" / "support" / "witness"
ADDRESSED = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOKED_UP = ("socket.getaddrinfo", "socket.gethostbyname")
STARTED = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system")
NOTHING = r"0+"  # the remote end of a socket that listens
LOOPBACK = r"(?:0{24}|0{16}FFFF0000)?0100007F|0{24}01000000"


def said(log: Path, events: tuple[str, ...]) -> set[str]:
    """Whom these events were about."""
    lines = (line.partition("\t") for line in log.read_text("utf-8").splitlines())
    return {whom for event, _, whom in lines if event in events}


def peers(pid: int) -> Iterator[tuple[str, str]]:
    """Protocol and remote address of all sockets of a process, as Linux lists them.

    Knows those of native code too, but only while they are open.
    """
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            inodes |= set(re.findall(r"socket:\[(\d+)\]", str(entry.readlink())))
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                yield table, fields[2].partition(":")[0]


@pytest.mark.parametrize("command", ["mitmdump", "launcher"])
def test_nobody_else_is_told_anything(command: str, home: Path) -> None:
    log = home / "network.log"
    log.touch()
    with (
        RunningOAuthServer(label="canary") as tokens,
        RunningOAuthServer() as upstream,
    ):
        upstream.api.oauth = tokens.oauth  # whose tokens are good here too
        log_in(home, tokens, expires_in=-60)  # so that a refresh is due
        environment = tokens.environment | {
            "ANTHROPIC_PROXY_TOKEN_FILE": str(token_file(home)),
            "ANTHROPIC_PROXY_UPSTREAM": upstream.url,
            "ANTHROPIC_PROXY_MODEL_REFRESH": "true",
            "PYTHONPATH": f"{WITNESS}:{ROOT / 'addons'}",
            "NETWORK_WITNESS": str(log),
        }
        with RunningProxy(
            home, upstream=upstream.url, command=command, environment=environment
        ) as proxy:
            use(proxy)
            wait_for_the_models(upstream)
            if Path("/proc/self/net/tcp").exists():
                for protocol, address in peers(proxy.pid):
                    assert protocol.startswith("tcp")
                    assert re.fullmatch(f"{NOTHING}|{LOOPBACK}", address)
        expected = {urlsplit(url).netloc for url in (tokens.url, upstream.url)}
    assert said(log, ADDRESSED) == expected
    assert said(log, LOOKED_UP) <= {"127.0.0.1", "None"}
    assert said(log, STARTED) == set()


def use(proxy: RunningProxy) -> None:
    """Have it do all that it does when it is asked."""
    with httpx.Client(base_url=proxy.url, trust_env=False, timeout=20) as client:
        for stream in (False, True):
            fields = {"stream": stream}
            chat = client.post("/v1/chat/completions", json=CHAT | fields)
            native = client.post("/v1/messages", json=NATIVE | fields)
            assert (chat.status_code, native.status_code) == (200, 200)
        for path in ("/", "/health", "/metrics", "/auth/status", "/v1/models"):
            assert client.get(path).status_code == 200


def wait_for_the_models(upstream: RunningOAuthServer) -> None:
    """The list of models is what it asks for by itself."""
    deadline = time.monotonic() + 30
    while all(body is not None for _, body in upstream.api.requests):
        assert time.monotonic() < deadline
        time.sleep(0.05)

"""Several processes, one login: real files, real locks, a real server, real kills."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.oauth_server import RunningOAuthServer
from support.running_proxy import ROOT, clean_environment

CANARY = "leak-canary"


@pytest.fixture
def server() -> Iterator[RunningOAuthServer]:
    with RunningOAuthServer(label=CANARY) as running:
        yield running


def login(server: RunningOAuthServer, path: Path, expires_at: float) -> dict[str, Any]:
    """A token file as the CLI writes it."""
    issued = server.oauth.issue()
    document = {
        "version": 1,
        "type": "subscription",
        "access_token": issued["access_token"],
        "refresh_token": issued["refresh_token"],
        "expires_at": int(expires_at),
        "scope": issued["scope"],
        "acknowledged_terms": "2026-11-22",
        "acknowledged_terms_version": "2026-09-26",
    }
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(json.dumps(document))
    path.chmod(0o600)
    return document


USER = """
import asyncio, sys, threading, time
from pathlib import Path
from anthropic_proxy.credentials.endpoints import OAuthEndpoints
from anthropic_proxy.credentials.sources import Config, Subscription, send_with_httpx
from anthropic_proxy.credentials import token_client, private_file
import filelock

path, url, threads = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
endpoints = OAuthEndpoints(token_url=url + "/v1/oauth/token")
shared = Subscription(path, endpoints, send_with_httpx)
tokens = []

def use(number):
    source = shared if number % 2 else Subscription(path, endpoints, send_with_httpx)
    tokens.append(asyncio.run(source.fetch(time.time())).secret[-6:])

workers = [threading.Thread(target=use, args=(n,)) for n in range(threads)]
print("ready", flush=True)
sys.stdin.readline()
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
print(" ".join(tokens), flush=True)
"""


def start_user(path: Path, url: str, threads: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(path), url, str(threads)],
        env=clean_environment(path.parent),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_with_fifty_threads_each_cause_one_refresh(
    server: RunningOAuthServer, tmp_path: Path
) -> None:
    path = tmp_path / "folder" / "tokens.json"
    login(server, path, time.time() - 1)
    server.oauth.delay_s = 0.2  # so that all of them meet the expired token
    users = [start_user(path, server.url, 50) for _ in range(2)]
    outputs: list[str] = []

    def run(user: subprocess.Popen[str]) -> None:
        outputs.append(user.communicate("go\n", timeout=30)[0])

    runners = [threading.Thread(target=run, args=(user,)) for user in users]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    stored = json.loads(path.read_text())
    assert [output.split() for output in outputs] == [
        [stored["access_token"][-6:]] * 50
    ] * 2
    assert server.oauth.refreshes == 1
    assert stored["refresh_token"] in server.oauth.refresh_tokens
    assert server.oauth.user_agents[0].startswith("anthropic-max-proxy/")


def test_a_process_killed_in_the_middle_of_a_refresh_does_not_block_the_next(
    server: RunningOAuthServer, tmp_path: Path
) -> None:
    path = tmp_path / "folder" / "tokens.json"
    before = login(server, path, time.time() - 1)
    server.oauth.delay_s = 30.0
    victim = start_user(path, server.url, 1)
    assert victim.stdin is not None
    victim.stdin.write("go\n")
    victim.stdin.flush()
    deadline = time.monotonic() + 10
    while not server.oauth.user_agents and time.monotonic() < deadline:
        time.sleep(0.01)
    victim.kill()
    victim.communicate()
    assert json.loads(path.read_text()) == before
    server.oauth.delay_s = 0.0
    survivor = start_user(path, server.url, 1)
    output, _ = survivor.communicate("go\n", timeout=10)
    after = json.loads(path.read_text())
    assert output.split() == [after["access_token"][-6:]]
    assert not list(path.parent.glob(".*.tmp"))


# A process that is killed before its n-th call into the system while it writes.
WRITER = """
import os, signal, sys, tempfile
from pathlib import Path
from anthropic_proxy.credentials.oauth import TokenSet
from anthropic_proxy.credentials.token_store import SUBSCRIPTION, TokenStore

store = TokenStore(Path(sys.argv[1]), SUBSCRIPTION)
NAMES = [(os, name) for name in (
    "open", "write", "lseek", "ftruncate", "fsync", "close", "replace", "unlink")]
NAMES.append((tempfile, "mkstemp"))

def write_and_die(at):
    calls = 0
    def killing(real):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)
        return call
    with store.locked() as writer:
        for module, name in NAMES:
            setattr(module, name, killing(getattr(module, name)))
        writer.write(TokenSet("new-" + str(at), "refresh", 1.0))
    os._exit(0)

for at in range(1, 100):
    child = os.fork()
    if not child:
        write_and_die(at)
    _, status = os.waitpid(child, 0)
    tokens = store.read()
    print(at, os.WIFSIGNALED(status), tokens and tokens.access_token, flush=True)
    if not os.WIFSIGNALED(status):
        break
"""


def test_a_kill_at_every_step_of_a_write_leaves_the_old_or_the_new_file(
    server: RunningOAuthServer, tmp_path: Path
) -> None:
    path = tmp_path / "folder" / "tokens.json"
    old = login(server, path, 1.0)["access_token"]
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(path)],
        env=clean_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stderr == ""
    steps = [line.split() for line in done.stdout.splitlines()]
    assert len(steps) > 8
    for at, killed, token in steps:
        assert token == f"new-{at}" or token == old, (at, token)
        if token != old:
            old = token
        if killed == "False":
            assert token == f"new-{at}"
    assert steps[-1][1] == "False"
    assert not list(path.parent.glob(".*.tmp"))


# -- trouble with the file, seen by a user --------------------------------------------


def cli(
    server: RunningOAuthServer, path: Path, *arguments: str, **how: Any
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "auth_cli.py"), *arguments],
        env=clean_environment(
            path.parent, ANTHROPIC_PROXY_TOKEN_FILE=str(path), **server.environment
        ),
        capture_output=True,
        text=True,
        timeout=30,
        **how,
    )


def test_a_full_disk_spends_nothing_and_says_so(
    server: RunningOAuthServer, tmp_path: Path
) -> None:
    path = tmp_path / "folder" / "tokens.json"
    before = login(server, path, time.time() - 1)

    def no_room() -> None:  # every write to a file fails, as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    done = cli(server, path, "refresh", preexec_fn=no_room)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert server.oauth.refreshes == 0
    assert json.loads(path.read_text()) == before
    assert cli(server, path, "refresh").returncode == 0


def without_root_powers() -> None:
    """Let root, too, be stopped by the mode of a folder (CAP_DAC_OVERRIDE)."""
    drop_from_bounding_set, dac_override = 24, 1
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(drop_from_bounding_set, dac_override) == 0


def test_a_read_only_folder_spends_nothing_and_says_so(
    server: RunningOAuthServer, tmp_path: Path
) -> None:
    path = tmp_path / "folder" / "tokens.json"
    before = login(server, path, time.time() - 1)
    path.parent.chmod(0o500)
    try:
        done = cli(server, path, "refresh", preexec_fn=without_root_powers)
        status = cli(server, path, "status", preexec_fn=without_root_powers)
    finally:
        path.parent.chmod(0o700)
    assert done.returncode == 1
    assert "Make its folder writable for you" in done.stderr
    assert server.oauth.refreshes == 0
    assert json.loads(path.read_text()) == before
    assert "expired" in status.stdout


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.chmod(0o644), "chmod 600"),
        (lambda path: path.write_text("{ damaged " + CANARY), "is not JSON"),
    ],
    ids=["world-readable", "corrupt"],
)
def test_a_file_that_cannot_be_trusted_is_explained_and_left(
    server: RunningOAuthServer, tmp_path: Path, spoil: Any, words: str
) -> None:
    path = tmp_path / "folder" / "tokens.json"
    login(server, path, time.time() + 3600)
    spoil(path)
    before = path.read_bytes()
    for command in (("refresh",), ("status",), ("doctor", "--offline")):
        done = cli(server, path, *command)
        assert done.returncode == 1, command
        assert words in done.stdout + done.stderr, command
        assert CANARY not in done.stdout + done.stderr, command
    assert path.read_bytes() == before
    assert server.oauth.refreshes == 0


@pytest.mark.parametrize(("offset", "words"), [(3630, "behind"), (-3630, "ahead of")])
def test_a_clock_an_hour_off_is_named_and_loses_nothing(
    server: RunningOAuthServer, tmp_path: Path, offset: float, words: str
) -> None:
    path = tmp_path / "folder" / "tokens.json"
    before = login(server, path, time.time() + 7200)
    server.oauth.clock_offset_s = offset
    done = cli(server, path, "doctor")
    assert done.returncode == 1
    assert f"clock is 1 hour {words} the server's" in done.stdout
    assert json.loads(path.read_text()) == before
    assert cli(server, path, "refresh").returncode == 0

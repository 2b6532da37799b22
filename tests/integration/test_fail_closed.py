"""Whatever breaks on our side: the client gets an error, upstream gets nothing."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from support.raw_upstream import RawUpstream, json_answer
from support.running_proxy import (
    ADDON,
    ROOT,
    RunningProxy,
    clean_environment,
    tool,
)

CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
CLIENT_KEY = "sk-ant-api03-test-key-of-the-client"

BROKEN_STAGE = """
from anthropic_proxy.proxy import pipeline
from anthropic_proxy.proxy.addon import AnthropicProxy

def broken(*args, **kwargs):
    raise RuntimeError("a bug of ours")

pipeline.Pipeline.{stage} = broken
addons = [AnthropicProxy()]
"""

NO_ADDON = "addons = []\n"


def answering_upstream() -> RawUpstream:
    return RawUpstream(
        lambda connection, _: connection.sendall(json_answer(200, b'{"leak": true}'))
    )


def patched_addon(folder: Path, text: str) -> Path:
    """A script beside a copy of nothing: the package comes from PYTHONPATH."""
    script = folder / "addon_under_test.py"
    script.write_text(text)
    return script


def ask(proxy: RunningProxy, **extra: object) -> httpx.Response:
    return httpx.post(
        f"{proxy.url}/v1/chat/completions",
        json=CHAT | extra,
        headers={"authorization": f"Bearer {CLIENT_KEY}"},
        trust_env=False,
        timeout=20,
    )


@pytest.mark.parametrize("stage", ["begin", "must_wait", "request"])
def test_a_bug_before_upstream_is_a_500_and_sends_nothing(
    stage: str, home: Path
) -> None:
    script = patched_addon(home, BROKEN_STAGE.format(stage=stage))
    with (
        answering_upstream() as upstream,
        RunningProxy(
            home, upstream=upstream.url, addon=script, settle_seconds=1.5
        ) as proxy,
    ):
        answer = ask(proxy)
        assert answer.status_code == 500
        assert answer.json()["error"]["type"] == "server_error"
        assert upstream.requests == []
        assert upstream.connections == 0
        assert "a bug of ours" in proxy.log
        assert CLIENT_KEY not in proxy.log


@pytest.mark.parametrize("stage", ["response_headers", "response"])
def test_a_bug_after_upstream_is_a_500_and_shows_nothing_of_the_answer(
    stage: str, home: Path
) -> None:
    script = patched_addon(home, BROKEN_STAGE.format(stage=stage))
    with (
        answering_upstream() as upstream,
        RunningProxy(
            home, upstream=upstream.url, addon=script, settle_seconds=1.5
        ) as proxy,
    ):
        answer = ask(proxy)
        assert answer.status_code == 500
        assert "leak" not in answer.text
        assert answer.json()["error"]["type"] == "server_error"


BROKEN_LAYER = """
from anthropic_proxy.proxy.addon import AnthropicProxy
from anthropic_proxy.proxy.direct_exchange import DirectExchange

def broken(*args, **kwargs):
    raise RuntimeError("a bug of ours")

DirectExchange.received = broken
addons = [AnthropicProxy()]
"""


def test_a_bug_below_the_stages_closes_the_connection(home: Path) -> None:
    script = patched_addon(home, BROKEN_LAYER)
    with (
        answering_upstream() as upstream,
        RunningProxy(
            home,
            upstream=upstream.url,
            addon=script,
            settle_seconds=1.5,
            arguments=("--set", "flow_detail=0"),  # nobody is told: the direct layer
        ) as proxy,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            ask(proxy)
        assert "a bug of ours" in proxy.log


def test_without_the_addon_the_launchers_target_is_dead(home: Path) -> None:
    """A hot reload that fails leaves mitmproxy running without us."""
    script = patched_addon(home, NO_ADDON)
    arguments = ("--set", "connection_strategy=lazy")
    with RunningProxy(
        home, upstream="http://127.0.0.1:1", addon=script, arguments=arguments
    ) as proxy:
        assert ask(proxy).status_code == 502


def test_a_reload_of_a_broken_script_leaves_the_old_addon_or_a_dead_target(
    home: Path,
) -> None:
    script = home / "anthropic_proxy_addon.py"
    shutil.copy(ADDON, script)
    with (
        answering_upstream() as upstream,
        RunningProxy(
            home,
            upstream="http://127.0.0.1:1",
            addon=script,
            arguments=("--set", "connection_strategy=lazy"),
            environment={"ANTHROPIC_PROXY_UPSTREAM": upstream.url},
        ) as proxy,
    ):
        script.write_text("this is not Python")
        for _ in range(40):
            answer = ask(proxy)
            if "error in script" in proxy.log:
                break
        else:
            pytest.fail("mitmproxy never reloaded the script")
        before = len(upstream.requests)
        answer = ask(proxy)
        assert answer.status_code >= 400
        assert len(upstream.requests) in (before, before + 1)
        assert all(b'"max_tokens"' in request for request in upstream.requests)


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("anthropic_upstream=not a url", "anthropic_upstream"),
        ("anthropic_strict=perhaps", "anthropic_strict"),
        ("anthropic_default_max_tokens=-5", "anthropic_default_max_tokens"),
        ("anthropic_credential=magic", "anthropic_credential"),
        ("anthropic_body_limit=many", "anthropic_body_limit"),
        ("anthropic_sctrict=true", "anthropic_strict"),
    ],
)
def test_a_wrong_option_stops_the_start_and_is_named(
    setting: str, named: str, home: Path
) -> None:
    done = run_mitmdump(home, "--set", setting)
    assert done.returncode != 0
    assert named in done.stdout + done.stderr


def test_a_wrong_environment_variable_stops_the_start_and_is_named(home: Path) -> None:
    done = run_mitmdump(home, ANTHROPIC_PROXY_STRICT="perhaps")
    assert done.returncode != 0
    assert "ANTHROPIC_PROXY_STRICT" in done.stdout + done.stderr


def test_another_mode_is_refused(home: Path) -> None:
    done = run_mitmdump(home, mode="regular@0")
    assert done.returncode != 0
    assert "--mode reverse:https://api.anthropic.com" in done.stdout + done.stderr


def run_mitmdump(
    home: Path,
    *arguments: str,
    mode: str = "reverse:http://127.0.0.1:1@127.0.0.1:0",
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool("mitmdump"), "-s", str(ADDON), "--mode", mode, *arguments],
        env=clean_environment(home, **environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_bytes_that_are_not_http_are_not_forwarded(home: Path) -> None:
    """mitmproxy would fall back to a raw TCP tunnel."""
    with (
        answering_upstream() as upstream,
        RunningProxy(home, upstream=upstream.url) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port)) as client,
    ):
        client.sendall(b"\x00\x01 not http at all\r\n\r\n")
        client.settimeout(5)
        reply = client.recv(65536)
        assert reply.startswith(b"HTTP/1.1 400") or reply == b""
        assert upstream.requests == []
        assert upstream.connections == 0

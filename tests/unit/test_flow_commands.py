"""The commands, called as mitmproxy calls them."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from mitmproxy import exceptions
from mitmproxy.io import FlowReader
from mitmproxy.test import taddons, tflow

from anthropic_proxy.credentials.sources import choose
from anthropic_proxy.dialects.chat_completions.memory import RecentThinking
from anthropic_proxy.inspection.retranslation import NO_DIFFERENCE
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.proxy import options
from anthropic_proxy.proxy.flow_commands import FlowCommands
from anthropic_proxy.proxy.runtime import (
    Runtime,
    credentials_config,
    model_mapping,
    settings,
)
from support.recorded_flows import CHAT, NOW, foreign_flow, recorded_flow

KEY = "sk-ant-api03-key-of-the-proxy"


def runtime(env: Mapping[str, str]) -> Runtime:
    chosen, catalog = options.read({}, env), Catalog.load()
    credentials = credentials_config(chosen, env)
    return Runtime(
        options=chosen,
        catalog=catalog,
        mapping=model_mapping(chosen, catalog),
        settings=settings(chosen),
        credentials=credentials,
        chosen=choose(credentials),
        memory=RecentThinking(0),
        now=lambda: NOW,
    )


def commands(addresses: tuple[str, ...] = (), **env: str) -> FlowCommands:
    held = runtime({"HOME": "/nowhere", "ANTHROPIC_API_KEY": KEY, **env})
    return FlowCommands(lambda: held, lambda: list(addresses))


def test_mitmproxy_takes_every_command() -> None:
    with taddons.context(commands()) as context:
        found = context.master.commands.commands
        shown = {
            name: found[name].signature_help()
            for name in found
            if name.startswith("anthropic.")
        }
        assert shown == {
            "anthropic.report": "anthropic.report flows -> str",
            "anthropic.retranslate": "anthropic.retranslate flows -> str",
            "anthropic.curl": "anthropic.curl flows to body_file -> str",
            "anthropic.stats": "anthropic.stats flows -> str",
            "anthropic.export": "anthropic.export flows path texts -> str",
        }
        assert all("  " not in (found[name].help or "  ") for name in shown)


def test_a_report_of_one_stands_alone_and_of_several_is_headed() -> None:
    one = commands().report([recorded_flow()])
    assert "seed:ignored" in one
    assert "=====" not in one
    both = commands().report([recorded_flow("req_a"), tflow.ttcpflow(),
                              foreign_flow(), recorded_flow("req_b")])  # fmt: skip
    assert [line for line in both.splitlines() if "=====" in line] == [
        "===== req_a",
        "===== req_b",
    ]


def test_retranslating_follows_the_options() -> None:
    assert commands().retranslate([recorded_flow()]) == NO_DIFFERENCE
    capped = commands(ANTHROPIC_PROXY_DEFAULT_MAX_TOKENS="99")
    assert '+  "max_tokens": 99,' in capped.retranslate([recorded_flow()])


def test_curl_goes_to_the_proxy_or_upstream() -> None:
    flow = recorded_flow()
    flow.request.host, flow.request.port = "127.0.0.1", 1  # as loading a file does
    to_proxy = commands(("http://127.0.0.1:9",)).curl([flow])
    assert "http://127.0.0.1:9/v1/chat/completions?key=k" in to_proxy
    assert "${ANTHROPIC_PROXY_LOCAL_KEY" in to_proxy
    assert "http://127.0.0.1:8100/v1" in commands().curl([flow], "proxy")
    upstream = commands().curl([flow], "upstream")
    assert "https://api.anthropic.com/v1/messages" in upstream
    assert "$ANTHROPIC_API_KEY" in upstream
    with pytest.raises(exceptions.CommandError, match="proxy"):
        commands().curl([flow], "elsewhere")


def test_curl_writes_a_large_body_to_a_new_file(tmp_path: Path) -> None:
    chat = CHAT | {"messages": [{"role": "user", "content": "x" * 200_000}]}
    flow, file = recorded_flow(chat=chat), tmp_path / "body.json"
    assert "@req_one.json" in commands().curl([flow])
    shown = commands().curl([flow], "proxy", str(file))
    assert f"@{file}" in shown
    assert json.loads(file.read_bytes()) == chat
    assert os.stat(file).st_mode & 0o777 == 0o600
    with pytest.raises(exceptions.CommandError, match="exists already"):
        commands().curl([flow], "proxy", str(file))


def test_stats_count_what_is_ours() -> None:
    shown = commands().stats([recorded_flow(), recorded_flow("b"), foreign_flow()])
    assert shown.startswith("2 requests (1 flows of others are not counted)")


def exported(tmp_path: Path, *more: str, **env: str) -> dict[str, bytes]:
    flow = recorded_flow()
    flow.comment += f" {KEY} local-secret"
    target = tmp_path / "bug.zip"
    said = commands(**env).export([flow, foreign_flow()], str(target), *more)
    assert said.startswith(f"{target}: 1 request(s)")
    assert os.stat(target).st_mode & 0o777 == 0o600
    with zipfile.ZipFile(target) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bug_report_holds_everything_but_secrets(tmp_path: Path) -> None:
    files = exported(tmp_path, ANTHROPIC_PROXY_LOCAL_KEY="local-secret")
    whole = b"".join(files.values())
    for secret in (b"alice", b"bob", b"6f1c0c2e", KEY.encode(), b"local-secret"):
        assert secret not in whole
    assert b"Hello *" in files["01-req_one/4-client-response.txt"]
    assert b"seed:ignored" in files["01-req_one/report.txt"]
    environment = json.loads(files["environment.json"])
    assert environment["credential"] == "api_key"
    assert environment["options"]["anthropic_local_key"] == "***"
    assert environment["options"]["anthropic_strict"] is False
    flows = list(FlowReader(io.BytesIO(files["flows.mitm"])).stream())
    assert commands().report(flows).encode().strip() == (
        files["01-req_one/report.txt"].strip()
    )


def test_a_bug_report_can_go_without_the_conversation(tmp_path: Path) -> None:
    files = exported(tmp_path, "blank")
    assert all(b"Hello" not in content for content in files.values())
    assert b'"content": "xxxxx' in files["01-req_one/1-client-request.txt"]


def test_a_bug_report_overwrites_nothing(tmp_path: Path) -> None:
    exported(tmp_path)
    with pytest.raises(exceptions.CommandError, match="exists already"):
        exported(tmp_path)
    with pytest.raises(exceptions.CommandError, match="No such file"):
        commands().export([recorded_flow()], str(tmp_path / "not" / "there"))
    with pytest.raises(exceptions.CommandError, match="keep"):
        commands().export([recorded_flow()], str(tmp_path / "x"), "some")


def test_a_directory_gets_a_file_by_date(tmp_path: Path) -> None:
    commands().export([recorded_flow()], str(tmp_path))
    (file,) = tmp_path.iterdir()
    assert file.name.startswith("anthropic-bug-report-2026")
    assert file.suffix == ".zip"


def test_flows_that_are_none_of_ours_are_refused_in_a_sentence() -> None:
    ours = commands()
    for command in (ours.report, ours.retranslate, ours.curl):
        with pytest.raises(exceptions.CommandError, match="None of these flows"):
            command([foreign_flow()])
        with pytest.raises(exceptions.CommandError, match="no HTTP request"):
            command([tflow.ttcpflow()])

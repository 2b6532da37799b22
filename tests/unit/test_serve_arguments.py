"""What mitmproxy is started with, and when its lean form will do."""

from __future__ import annotations

import pytest

from anthropic_proxy.cli.serve_arguments import (
    is_lean,
    lean_arguments,
    mitmdump_arguments,
    mitmweb_arguments,
    mode,
)
from anthropic_proxy.cli.serve_settings import Flags, Settings


@pytest.mark.parametrize(
    "options",
    [
        "",
        "--set anthropic_strict=true",
        "--set=anthropic_strict=true --set ssl_insecure",
        "-w flows",
        "-w +flows --save-stream-file=flows",
        "--certs example.org=cert.pem -k",
        "--ssl-insecure -q --quiet",
    ],
)
def test_flags_that_mean_the_same_to_the_lean_master(options: str) -> None:
    assert is_lean(options.split())


@pytest.mark.parametrize(
    "options",
    [
        "-s other.py",  # a script may ask for any addon
        "-v",
        "--flow-detail 2",
        "--anticache",
        "--help",
        "--options",
        "--version",
        "--ssl-insec",  # mitmdump takes abbreviations, and says which are ambiguous
        "--set",
        "-w",
        "--set -k",
        "-k=yes",
        "--ssl-insecure=yes",
        "-wflows",
        "~u messages",
        "-w flows ~u messages",
        "--set anthropic_strict=true -r flows",
    ],
)
def test_everything_else_is_left_to_mitmdump(options: str) -> None:
    assert not is_lean(options.split())


def settings(**flags: object) -> Settings:
    return Settings.chosen(Flags(**flags), [], {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "listen"), [("127.0.0.1", "127.0.0.1:8100"), ("::1", "[::1]:8100")]
)
def test_without_the_addon_requests_would_go_nowhere(host: str, listen: str) -> None:
    assert mode(settings(host=host)) == f"reverse:http://127.0.0.1:1@{listen}"


def test_only_the_whole_mitmproxy_loads_the_addon_as_a_script() -> None:
    chosen = settings(log_level="quiet")
    lean = lean_arguments(chosen, None)
    assert "-s" not in lean
    assert "anthropic_log_level=quiet" in lean
    assert mitmdump_arguments(chosen, None)[: len(lean)] == lean
    assert "-s" in mitmdump_arguments(chosen, None)
    web = mitmweb_arguments(chosen, 8081)
    assert "-s" in web
    assert "web_columns=comment" in web


def test_a_worker_knows_its_number() -> None:
    assert "anthropic_worker=3" in lean_arguments(settings(), 3)
    assert "anthropic_worker=3" in mitmdump_arguments(settings(), 3)
    assert not any("worker" in text for text in lean_arguments(settings(), None))

"""Labels come out of fixed sets, whatever a client or upstream writes."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.dialects.chat_completions.parameters import PARAMETERS
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.proxy.metric_labels import (
    UPSTREAM_FAILURES,
    WARNINGS,
    WHAT_HAPPENED,
    model_label,
    status_label,
    upstream_failure,
    warning_label,
)
from anthropic_proxy.proxy.stages import End

PACKAGE = Path(__file__).resolve().parents[2] / "addons" / "anthropic_proxy"
CATALOG = Catalog.load()

# --- warnings ---

TOKEN = re.compile(r'"([a-z_.]+:[a-z0-9_]+)"')
SECOND_HALF = re.compile(
    r'f"[^"\n]*\}:([a-z0-9_]+)"|\btoken\([^)\n]*, "([a-z0-9_]+)"\)'
)


def code() -> str:
    rooms = (PACKAGE / "dialects", PACKAGE / "models")
    files = [path for room in rooms for path in sorted(room.rglob("*.py"))]
    return "\n".join(path.read_text("utf-8") for path in files)


def test_every_token_in_the_code_is_in_the_table() -> None:
    tokens = set(TOKEN.findall(code()))
    assert "stop:whitespace_dropped" in tokens
    assert tokens - WARNINGS == set()
    assert WARNINGS - tokens == set()


def test_every_second_half_in_the_code_is_in_the_table() -> None:
    halves = {one or other for one, other in SECOND_HALF.findall(code())}
    assert {"ignored", "schema_not_enforced"} <= halves
    assert halves - WHAT_HAPPENED == set()


@pytest.mark.parametrize(
    ("token", "label"),
    [
        ("seed:ignored", "seed:ignored"),
        ("stop:whitespace_dropped", "stop:whitespace_dropped"),
        ("response_format:schema_not_enforced", "response_format:schema_not_enforced"),
        ("messages.name:ignored", "messages:ignored"),
        ("tools.made_up_by_a_client:ignored", "tools:ignored"),
        ("made_up_by_a_client:ignored", "other:ignored"),
        ("made_up_by_a_client:made_up", "other"),
        ("seed:made_up", "other"),
        ("seed", "other"),
        ("", "other"),
    ],
)
def test_a_token_becomes_a_label(token: str, label: str) -> None:
    assert warning_label(token) == label


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=30),
    st.sampled_from(sorted(WHAT_HAPPENED)) | st.text(max_size=30),
)
def test_no_client_can_make_a_new_label_for_a_warning(field: str, what: str) -> None:
    possible = {f"{name}:{what}" for name in (*PARAMETERS, "other")}
    assert warning_label(f"{field}:{what}") in possible | WARNINGS | {"other"}


# --- models and statuses ---


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("claude-sonnet-5-5", "claude-sonnet-5-5"),
        ("Claude-Sonnet-5.5", "claude-sonnet-5-5"),
        ("gpt-4o", "other"),
        ("claude-sonnet-99", "other"),
        ("claude-sonnet-5-5" + " " * 200, "other"),
        ("", "none"),
        (None, "none"),
        (["claude-sonnet-5-5"], "none"),
    ],
)
def test_only_models_of_the_catalogue_are_named(name: Any, label: str) -> None:
    assert model_label(CATALOG, name) == label


@pytest.mark.parametrize(
    ("status", "label"),
    [(200, "200"), (599, "599"), (None, "none"), (99, "other"), (12345, "other")],
)
def test_statuses_have_three_digits(status: int | None, label: str) -> None:
    assert status_label(status) == label


# --- what upstream did wrong ---

GONE = SimpleNamespace(msg="server closed connection")
KILLED = SimpleNamespace(msg="Connection killed.")


def a_call(**facts: Any) -> Any:
    """An admitted call; ``error``: how its flow ended; ``connected``: to upstream."""
    error, connected = facts.pop("error", None), facts.pop("connected", True)
    server = SimpleNamespace(timestamp_tcp_setup=1.0 if connected else None)
    flow = SimpleNamespace(error=error, server_conn=server)
    usual = {"admitted": True, "local": False, "upstream_status": None, "finish": None}
    return SimpleNamespace(flow=flow, **usual | facts)


@pytest.mark.parametrize(
    ("call", "end", "kind"),
    [
        (a_call(upstream_status=200), End(200), None),
        (a_call(admitted=False), End(500), None),
        (a_call(local=True), End(400), None),
        (a_call(error=GONE, connected=False), End(502), "unreachable"),
        (a_call(error=GONE, connected=False), End(504, 504), "timeout"),
        (a_call(error=GONE), End(504, 504), "timeout"),
        (a_call(error=GONE), End(200, 504), "timeout"),  # the head was sent early
        (a_call(error=GONE), End(502), "no_answer"),
        (a_call(error=GONE), End(502, 502), "no_answer"),
        (a_call(error=GONE), End(400, 400), None),
        (a_call(error=GONE), End(503, 503), None),
        (a_call(error=GONE), End(None, None, True), None),
        (a_call(error=KILLED), End(None), None),
        (a_call(upstream_status=200, error=KILLED), End(200), None),
        (a_call(upstream_status=200, error=GONE), End(200), "cut"),
        (a_call(upstream_status=200, error=GONE), End(200, 504), "timeout"),
        (a_call(upstream_status=200, error=GONE), End(200, 503), None),
        (a_call(upstream_status=200, error=GONE), End(200, None, True), None),
        (a_call(upstream_status=200, finish="error"), End(200), "stream_error"),
        (a_call(upstream_status=200), End(502), "unusable"),
        (a_call(upstream_status=302), End(502), "unusable"),
        (a_call(upstream_status=429), End(429), "rate_limited"),
        (a_call(upstream_status=529), End(503), "overloaded"),
        (a_call(upstream_status=400), End(400), "refused"),
        (a_call(upstream_status=500), End(500), "server_error"),
    ],
)
def test_a_failure_has_a_kind(call: Any, end: End, kind: str | None) -> None:
    assert upstream_failure(call, end) == kind
    assert kind is None or kind in UPSTREAM_FAILURES

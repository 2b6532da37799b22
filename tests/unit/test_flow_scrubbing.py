"""A copy of a flow that can be handed on."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
from mitmproxy.io import FlowReader

from anthropic_proxy.inspection.scrubbing import Scrubber
from anthropic_proxy.proxy.call import FLOW_KEY
from anthropic_proxy.proxy.flow_scrubbing import scrubbed
from anthropic_proxy.proxy.recording import recorded
from support.recorded_flows import foreign_flow, recorded_flow, saved

PRIVATE = ("alice", "bob", "carol", "6f1c0c2e", "192.168.", "key=k")


def traces(flow: Any) -> list[str]:
    written = saved([flow]).decode("latin-1")
    return [word for word in PRIVATE if word in written]


def test_nothing_private_is_left_and_the_original_is_untouched() -> None:
    flow = recorded_flow()
    flow.client_conn.peername = ("192.168.7.7", 4711)
    before = flow.get_state()
    assert traces(flow)
    clean = scrubbed(flow, Scrubber())
    assert traces(clean) == []
    assert flow.get_state() == before


def test_what_is_left_can_be_loaded_and_shown() -> None:
    flow = recorded_flow()
    clean = scrubbed(flow, Scrubber())
    (loaded,) = FlowReader(io.BytesIO(saved([clean]))).stream()
    assert loaded.id == flow.id
    was, now = recorded(flow), recorded(loaded)
    assert now.facts["report"] == was.facts["report"]
    assert now.facts["outcome"] == was.facts["outcome"]
    for name in ("client_request", "upstream_request", "client_response"):
        then, later = getattr(was, name), getattr(now, name)
        assert len(later.body) == len(then.body)
        assert json.loads(later.body).keys() == json.loads(then.body).keys()
    assert now.upstream_response is not None
    assert now.client_response is not None
    assert now.client_response.header("anthropic-organization-id") == "***"
    assert now.client_response.header("request-id") == "req_upstream"


@pytest.mark.parametrize("answered", [True, False])
def test_requests_that_were_asked_before_are_scrubbed_too(answered: bool) -> None:
    flow = recorded_flow()
    facts = flow.metadata[FLOW_KEY]
    response = facts["upstream_response"] | {"headers": [["org", "6f1c0c2e"]]}
    exchange = {"request": facts["client_request"]}
    exchange["response"] = response if answered else None
    facts["earlier"] = [exchange]
    facts["of another version"] = {"first": [b"to bob@example.com"]}
    assert traces(flow)
    clean = scrubbed(flow, Scrubber())
    assert traces(clean) == []
    (kept,) = clean.metadata[FLOW_KEY]["earlier"]
    assert len(kept["request"]["body"]) == len(exchange["request"]["body"])
    assert (kept["response"] is not None) == answered


def test_what_somebody_edited_does_not_keep_its_original() -> None:
    flow = recorded_flow()
    flow.backup()
    flow.request.content = b'{"messages": []}'
    assert "bob" in saved([flow]).decode("latin-1")
    assert traces(scrubbed(flow, Scrubber())) == []


def test_metadata_of_other_addons_goes() -> None:
    flow = recorded_flow()
    flow.metadata["theirs"] = "bob"
    assert list(scrubbed(flow, Scrubber()).metadata) == [FLOW_KEY]


def test_compressed_bodies_are_scrubbed_too() -> None:
    flow = recorded_flow()
    assert flow.response is not None
    flow.response.headers["content-encoding"] = "gzip"
    flow.response.raw_content = gzip.compress(flow.response.raw_content or b"")
    clean = scrubbed(flow, Scrubber())
    assert clean.response is not None
    assert "content-encoding" not in clean.response.headers
    said = clean.response.json()["choices"][0]["message"]["content"]
    assert said.startswith("Hello ***")
    length = clean.response.headers["content-length"]
    assert int(length) == len(clean.response.raw_content or b"")


def test_a_body_that_cannot_be_read_goes_whole() -> None:
    flow = recorded_flow()
    flow.request.headers["content-encoding"] = "gzip"
    size = len(flow.request.raw_content or b"")
    clean = scrubbed(flow, Scrubber())
    assert clean.request.raw_content == b"*" * size


@pytest.mark.parametrize("endpoint", ["files", "vaults", "auth", "unknown", None])
def test_bodies_of_endpoints_that_carry_secrets_go_whole(endpoint: str | None) -> None:
    flow = recorded_flow()
    flow.metadata[FLOW_KEY]["endpoint"] = endpoint
    clean = recorded(scrubbed(flow, Scrubber()))
    for message in (
        clean.client_request,
        clean.upstream_request,
        clean.client_response,
    ):
        assert message is not None
        assert set(message.body) == {ord("*")}


def test_flows_of_others_lose_their_bodies() -> None:
    clean = scrubbed(foreign_flow(), Scrubber())
    assert traces(clean) == []
    assert set(clean.request.raw_content or b"") == {ord("*")}


def test_odd_facts_do_no_harm() -> None:
    flow = recorded_flow()
    flow.metadata[FLOW_KEY] = {
        "endpoint": 5,
        "kept": "x",
        "client_request": {"body": b"bob@example.com"},
        "report": [{"email": "bob@example.com"}],
    }
    assert traces(scrubbed(flow, Scrubber())) == []

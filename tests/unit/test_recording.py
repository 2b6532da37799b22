"""Flows as they are read back: ours, others', and those of odd files."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from mitmproxy.test import tflow

from anthropic_proxy.proxy.call import FLOW_KEY
from anthropic_proxy.proxy.recording import recorded

MESSAGE = {
    "line": "POST / HTTP/1.1",
    "headers": [["a", "b"]],
    "body": b"ab",
    "size": 5,
}
ANSWERED = {"upstream": "https://api", "outcome": {"upstream_status": 200}}


def flow_of(facts: Any, **more: Any) -> Any:
    flow = tflow.tflow(resp=True)
    flow.metadata[FLOW_KEY] = facts
    return flow


@pytest.mark.parametrize("facts", [None, {}, "x", 3, [1]])
def test_a_flow_that_is_not_ours_has_nothing(facts: Any) -> None:
    found = recorded(flow_of(facts))
    assert found.facts == {}
    assert found.client_request is found.client_response is None
    assert recorded(tflow.ttcpflow()).facts == {}
    assert recorded(tflow.tflow()).facts == {}


def test_messages_come_from_the_facts_and_from_the_flow() -> None:
    flow = flow_of({"client_request": MESSAGE, "upstream_response": MESSAGE} | ANSWERED)
    found = recorded(flow)
    assert found.client_request is not None
    assert found.client_request.header("A") == "b"
    assert found.client_request.cut
    assert found.upstream_response == found.client_request
    assert found.upstream_request is not None
    assert found.upstream_request.line == "GET /path HTTP/1.1"
    assert found.upstream_request.body == b"content"
    assert found.client_response is not None
    assert found.client_response.line == "HTTP/1.1 200 OK"
    assert not found.client_response.cut


def test_an_answer_that_was_passed_on_is_on_both_sides() -> None:
    found = recorded(flow_of(ANSWERED))
    assert found.upstream_response is found.client_response is not None


def test_an_answer_made_here_is_not_upstreams() -> None:
    found = recorded(flow_of({"endpoint": "health", "outcome": {"status": 200}}))
    assert found.upstream_request is None
    assert found.upstream_response is None
    assert found.client_response is not None


def test_what_the_client_got_instead_counts() -> None:
    found = recorded(flow_of({"client_response": MESSAGE}))
    assert found.client_response is not None
    assert found.client_response.body == b"ab"


def test_what_has_not_come_is_none() -> None:
    flow = flow_of({"upstream": "https://api"})
    flow.response = None
    assert recorded(flow).client_response is None
    flow = flow_of({"upstream": "https://api"})
    flow.response.data.content = None
    assert recorded(flow).client_response is None


def test_what_was_cut_in_the_flow_has_its_whole_size() -> None:
    found = recorded(flow_of(ANSWERED | {"kept": {"request": 900, "response": 3}}))
    assert found.upstream_request is not None
    assert (found.upstream_request.size, found.upstream_request.cut) == (900, True)
    assert found.client_response is not None
    assert (found.client_response.size, found.client_response.cut) == (7, False)


def test_bodies_are_decoded() -> None:
    flow = flow_of(ANSWERED)
    flow.response.headers["content-encoding"] = "gzip"
    flow.response.data.content = gzip.compress(b"plain")
    found = recorded(flow).client_response
    assert found is not None
    assert found.body == b"plain"
    flow.response.data.content = b"no gzip"
    found = recorded(flow).client_response
    assert found is not None
    assert found.body == b"no gzip"


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "x",
        {},
        MESSAGE | {"line": 3},
        MESSAGE | {"body": "text"},
        MESSAGE | {"size": None},
        MESSAGE | {"headers": "ab"},
    ],
)
def test_a_message_in_another_form_is_none(odd: Any) -> None:
    assert recorded(flow_of({"client_request": odd})).client_request is None


def test_odd_facts_do_no_harm() -> None:
    odd = {"upstream": 3, "outcome": [1], "kept": "x", "client_request": MESSAGE}
    found = recorded(flow_of(odd | {"client_response": {"line": "x"}}))
    assert found.client_request is not None
    assert found.client_response is not None
    headers = MESSAGE | {"headers": [["a", "b"], ["c"], "de", [1, "x"]], "size": 0}
    found = recorded(flow_of({"client_request": headers}))
    assert found.client_request is not None
    assert found.client_request.headers == [("a", "b")]
    assert found.client_request.size == 2

"""Comments and marks of the list of flows, and its length."""

from __future__ import annotations

from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import tflow
from mitmproxy.utils import emoji

from anthropic_proxy.proxy.flow_list import ERROR, WARNING, FlowList, comment, mark

USAGE = {"input_tokens": 2, "cache_read_input_tokens": 10, "output_tokens": 34}


@pytest.mark.parametrize(
    ("facts", "text", "sign"),
    [
        ({}, "", ""),
        ({"endpoint": "health", "outcome": {"status": 200}}, "health", ""),
        (
            {
                "model_asked": "gpt-4o",
                "model_used": "claude-sonnet-5-5",
                "outcome": {
                    "status": 200,
                    "usage": USAGE,
                    "finish": "stop",
                    "warnings": ["seed:ignored", "user:ignored"],
                },
            },
            "gpt-4o → claude-sonnet-5-5 · in 12 (cached 10) · out 34 · stop · "
            "⚠ seed:ignored, user:ignored",
            WARNING,
        ),
        (
            {
                "model_used": "claude-opus-5",
                "outcome": {"status": 529, "error": "Busy"},
            },
            "claude-opus-5 · 529 Busy",
            ERROR,
        ),
        (
            {
                "endpoint": "messages",
                "outcome": {"status": None, "error": "gone", "warnings": ["x:y"]},
            },
            "messages · gone · ⚠ x:y",
            ERROR,
        ),
        (
            {
                "endpoint": "messages",
                "outcome": {"status": 200, "finish": "error"},
                "kept": {"request": 5 * 1024 * 1024, "response": 3000},
            },
            "messages · error · request cut (5.0m), response cut (2.9k)",
            ERROR,
        ),
        (
            {"model_asked": "a\nb", "outcome": {"usage": {"output_tokens": "x"}}},
            "a\\nb · in 0 · out 0",
            "",
        ),
    ],
)
def test_a_comment_says_what_happened(
    facts: dict[str, Any], text: str, sign: str
) -> None:
    assert comment(facts) == text
    assert mark(facts) == sign


def test_comments_have_an_end() -> None:
    warnings = [f"field_{number}:ignored" for number in range(1000)]
    assert len(comment({"outcome": {"warnings": warnings}})) == 1_001


def test_mitmproxy_knows_the_marks() -> None:
    assert emoji.emoji[WARNING]
    assert emoji.emoji[ERROR]


class FakeView:
    """Stands for mitmproxy's; notes what is done to it."""

    def __init__(self) -> None:
        self.removed: list[str] = []
        self.updated: list[str] = []

    def remove(self, flows: list[http.HTTPFlow]) -> None:
        self.removed += [flow.id for flow in flows]

    def update(self, flows: list[http.HTTPFlow]) -> None:
        self.updated += [flow.id for flow in flows]


def ended(*, live: bool = False) -> http.HTTPFlow:
    flow = tflow.tflow(resp=True)
    flow.live = live
    return flow


def test_the_oldest_flow_goes_when_there_are_too_many() -> None:
    view = FakeView()
    listed = FlowList(lambda: view)
    flows = [ended() for _ in range(5)]
    for flow in flows:
        listed.ended(flow, 3)
    assert view.removed == [flow.id for flow in flows[:2]]


def test_a_smaller_number_takes_away_all_that_is_too_much() -> None:
    view = FakeView()
    listed = FlowList(lambda: view)
    flows = [ended() for _ in range(5)]
    for flow in flows[:4]:
        listed.ended(flow, 10)
    listed.ended(flows[4], 2)
    assert view.removed == [flow.id for flow in flows[:3]]


def test_flows_under_way_again_stay() -> None:
    view = FakeView()
    listed = FlowList(lambda: view)
    replayed, held, other = ended(live=True), ended(), ended()
    held.intercepted = True
    for flow in (replayed, held, other):
        listed.ended(flow, 1)
    assert view.removed == []
    replayed.live = held.intercepted = False
    listed.ended(ended(), 1)
    assert set(view.removed) == {replayed.id, held.id, other.id}


def test_without_a_list_nothing_is_held() -> None:
    listed = FlowList(lambda: None)
    listed.ended(ended(), 1)
    listed.changed(ended())
    assert not listed._ours


def test_a_change_is_shown() -> None:
    view = FakeView()
    flow = ended()
    FlowList(lambda: view).changed(flow)
    assert view.updated == [flow.id]

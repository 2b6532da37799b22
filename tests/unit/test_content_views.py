"""The views as content views of whichever mitmproxy is installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mitmproxy import contentviews
from mitmproxy.test import taddons, tflow

from anthropic_proxy.inspection.views import VIEWS
from anthropic_proxy.proxy import content_views
from anthropic_proxy.proxy.call import FLOW_KEY

API: Any = contentviews
OLD = hasattr(API, "views")  # mitmproxy 11


@pytest.fixture(autouse=True)
def _views() -> Iterator[None]:
    content_views.add()
    yield
    content_views.remove()


def flow_of(facts: Any, body: bytes = b'{"a": 1}', **parts: Any) -> Any:
    flow = tflow.tflow(resp=True)
    flow.response.headers["content-type"] = "application/json"
    flow.response.content = body
    flow.request.content = body
    if facts is not None:
        flow.metadata[FLOW_KEY] = facts
    return flow


def ours(**facts: Any) -> Any:
    outcome = {"status": 200, "upstream_status": 200}
    return {
        "endpoint": "chat completions",
        "dialect": "openai",
        "upstream": "http://127.0.0.1",
        "outcome": outcome,
        **facts,
    }


def shown(flow: Any, name: str = "auto", which: str = "response") -> tuple[str, str]:
    """Name of the view that was chosen, and its text."""
    message = getattr(flow, which)
    if not OLD:
        with taddons.context():
            pretty = API.prettify_message(message, flow, name.lower())
        return pretty.view_name, pretty.text
    title, lines, error = API.get_message_content_view(name, message, flow)
    assert error is None
    return title, "\n".join("".join(text for _, text in line) for line in lines)


def test_a_flow_of_ours_shows_its_translation() -> None:
    name, text = shown(flow_of(ours()))
    assert name == "Translation"
    assert text.startswith("chat completions")
    assert text.index("── The answer") < text.index("── The request")


def test_beside_the_request_the_request_comes_first() -> None:
    _, text = shown(flow_of(ours()), which="request")
    assert text.index("── The request") < text.index("── The answer")


def test_an_empty_body_is_no_empty_pane() -> None:
    name, text = shown(flow_of(ours(), body=b""))
    assert name == "Translation"
    assert text.startswith("chat completions")


@pytest.mark.parametrize("facts", [None, {}, 7, ours(endpoint="health")])
def test_other_flows_are_left_to_mitmproxy(facts: Any) -> None:
    assert shown(flow_of(facts))[0] == "JSON"


@pytest.mark.parametrize("name", VIEWS)
def test_each_view_can_be_chosen(name: str) -> None:
    title, text = shown(flow_of(ours()), name)
    assert title == name
    assert text.strip()


def test_the_json_view_can_still_be_chosen() -> None:
    title, text = shown(flow_of(ours()), "JSON")
    assert title == "JSON"
    assert '"a": 1' in text


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("facts", [None, {}, 7])
def test_a_flow_of_someone_elses_shows_its_bytes(name: str, facts: Any) -> None:
    _, text = shown(flow_of(facts, b"\x1b[31m hello"), name)
    assert text == f"⚠ {content_views.NOT_OURS}\n \n\\x1b[31m hello"


def test_a_view_that_fails_shows_the_bytes_and_says_why() -> None:
    def broken(recorded: Any, side: Any = "request") -> str:
        raise LookupError("what is this?")

    view = content_views.RecordedView("Broken", broken)
    reason, blank, raw = view.text(b"bytes", flow_of(ours()), None).split("\n")
    assert reason == "⚠ Broken cannot show this: LookupError('what is this?')"
    assert (blank, raw) == ("", "bytes")


def test_adding_the_views_again_is_no_error() -> None:
    content_views.add()
    content_views.add()
    names = [view.name for view in API.views] if OLD else list(API.registry)
    assert sum(name.lower() == "timeline" for name in names) == 1


@pytest.mark.skipif(not OLD, reason="mitmproxy 12 keeps a view until it is replaced")
def test_the_views_can_be_taken_back() -> None:
    content_views.remove()
    assert not [view for view in API.views if view.name in VIEWS]


def test_no_view_of_mitmproxys_own_is_replaced() -> None:
    content_views.remove()
    theirs = [view.name for view in API.views] if OLD else list(API.registry)
    left_behind = () if OLD else tuple(map(str.lower, VIEWS))
    taken = {name.lower() for name in theirs} - set(left_behind)
    assert not taken & set(map(str.lower, VIEWS))
    content_views.add()


def test_lines_have_styles_that_mitmproxy_knows() -> None:
    view = content_views.RecordedView("Translation", VIEWS["Translation"])
    facts = ours(report={"warnings": ["seed:ignored"], "entries": []})
    _, lines = view(b"", flow=flow_of(facts))
    styles = {text: style for ((style, text),) in lines}
    assert styles["⚠ seed:ignored"] == "alert"
    assert next(s for t, s in styles.items() if t.startswith("── ")) == "header"
    assert styles["chat completions"] == "text"

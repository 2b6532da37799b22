"""The views where people see them: mitmweb, mitmdump's details, a saved file."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from mitmproxy.io import FlowReader

from anthropic_proxy.inspection.text import WIDTH, columns
from anthropic_proxy.inspection.views import VIEWS
from anthropic_proxy.proxy.recording import recorded
from anthropic_proxy.simulator.server import SimulatorThread
from support.chat_user import WEATHER_TOOL
from support.mitmweb import MitmwebClient
from support.running_proxy import RunningProxy

from .conftest import PROXY_KEY

CHAT = "/v1/chat/completions"
NATIVE = "/v1/messages"
CLIENT_KEY = "canary-key-of-the-client"


class Viewer(MitmwebClient):
    """Looks at flows as mitmweb's code pane does."""

    def view(self, flow: dict[str, Any], name: str, message: str = "response") -> str:
        """The text of a view; ``auto`` is what is shown when none was chosen."""
        path = f"/flows/{flow['id']}/{message}/content/{name}.json"
        found = self._client.get(path).raise_for_status().json()
        if "text" in found:  # mitmproxy 12
            return str(found["text"])
        return "\n".join("".join(text for _, text in line) for line in found["lines"])


def asked(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}], **more}


@pytest.fixture(scope="module")
def web(
    simulator: SimulatorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningProxy, Viewer]]:
    viewer = Viewer()
    with RunningProxy(
        tmp_path_factory.mktemp("home"),
        upstream=simulator.url,
        command="mitmweb",
        environment={"ANTHROPIC_API_KEY": PROXY_KEY},
        arguments=viewer.arguments,
    ) as running:
        viewer.wait_until_ready()
        yield running, viewer
        viewer.close()


def post(proxy: RunningProxy, path: str, body: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {CLIENT_KEY}"}
    if path == NATIVE:
        headers["anthropic-version"] = "2026-10-21"
    url = f"{proxy.url}{path}"
    return httpx.post(url, json=body, headers=headers, timeout=20, trust_env=False)


@pytest.fixture
def flow_of(web: tuple[RunningProxy, Viewer]) -> Any:
    """Sends a request, and gives mitmweb's flow of it once that is over."""
    proxy, viewer = web

    def send(path: str, body: Any) -> dict[str, Any]:
        before = len(viewer.flows())
        post(proxy, path, body)
        return viewer.wait_for(
            lambda flows: len(flows) > before and flows[-1].get("comment")
        )[-1]

    return send


def test_a_chat(web: tuple[RunningProxy, Viewer], flow_of: Any) -> None:
    flow, viewer = flow_of(CHAT, asked("[[text Hello.]]", seed=3)), web[1]
    text = viewer.view(flow, "auto")
    assert text.startswith("chat completions  ·  gpt-4o → claude-sonnet-5-5")
    assert "⚠ seed:ignored" in text
    assert "end_turn → finish_reason stop" in text
    assert '"content": "Hello."' in viewer.view(flow, "client")
    assert '"text": "Hello."' in viewer.view(flow, "upstream")
    assert "the answer was whole" in viewer.view(flow, "timeline")
    assert "messages (1)" in viewer.view(flow, "context", "request")
    assert viewer.view(flow, "json").lstrip().startswith("{")


def test_a_stream_with_a_call(web: tuple[RunningProxy, Viewer], flow_of: Any) -> None:
    said = '[[tool get_weather {"city": "Paris"}]]'
    flow = flow_of(CHAT, asked(said, stream=True, tools=[WEATHER_TOOL]))
    viewer = web[1]
    assert "tool_use → finish_reason tool_calls" in viewer.view(flow, "auto")
    assert 'call get_weather  {"city":"Paris"}' in viewer.view(flow, "client")
    assert 'tool_use get_weather  {"city":"Paris"}' in viewer.view(flow, "upstream")
    timeline = viewer.view(flow, "timeline")
    (start,) = (
        line for line in timeline.split("\n") if "content_block_start [1]" in line
    )
    assert start.endswith("tool_calls[0] get_weather")
    assert "[0] get_weather" in viewer.view(flow, "context")


def test_an_error(web: tuple[RunningProxy, Viewer], flow_of: Any) -> None:
    text = web[1].view(flow_of(CHAT, asked("[[error 529]]")), "auto")
    assert "529 → 503" in text
    assert "overloaded_error → server_error" in text


def test_a_request_that_was_refused_here(
    web: tuple[RunningProxy, Viewer], flow_of: Any
) -> None:
    flow, viewer = flow_of(CHAT, asked("Hi", n=3)), web[1]
    assert "✗  rejected  n " in viewer.view(flow, "auto", "request")
    assert "the proxy answered by itself" in viewer.view(flow, "upstream")


def test_a_native_request(web: tuple[RunningProxy, Viewer], flow_of: Any) -> None:
    body = {**asked("Hi", stream=True), "model": "claude-sonnet-5-5", "max_tokens": 99}
    flow, viewer = flow_of(NATIVE, body), web[1]
    assert "nothing translated. Changed:" in viewer.view(flow, "auto", "request")
    assert "handed on as it came" in viewer.view(flow, "timeline")


def test_the_list_of_models_is_json(web: tuple[RunningProxy, Viewer]) -> None:
    proxy, viewer = web
    before = len(viewer.flows())
    httpx.get(f"{proxy.url}/v1/models", trust_env=False).raise_for_status()
    flow = viewer.wait_for(lambda flows: len(flows) > before)[-1]
    assert json.loads(viewer.view(flow, "auto"))["object"] == "list"
    assert viewer.view(flow, "context", "request").strip()


def test_no_view_of_anything_is_empty_or_shows_a_secret(
    web: tuple[RunningProxy, Viewer], flow_of: Any
) -> None:
    flow_of(CHAT, asked("\x1b[31m \u202e [[html]] \x07"))
    viewer = web[1]
    for flow in viewer.flows():
        for name in VIEWS:
            for message in ("request", "response"):
                text = viewer.view(flow, name.lower(), message)
                assert text.strip()
                assert not {"\x1b", "\u202e", "\x07"} & set(text)
                assert CLIENT_KEY not in text
                assert PROXY_KEY not in text
                assert max(map(columns, text.split("\n"))) <= WIDTH


def test_a_saved_flow_shows_the_same_without_the_proxy(
    web: tuple[RunningProxy, Viewer], flow_of: Any
) -> None:
    shown, viewer = flow_of(CHAT, asked("[[long 40]]", stream=True)), web[1]
    saved = FlowReader(io.BytesIO(viewer.dump())).stream()
    (flow,) = (flow for flow in saved if flow.id == shown["id"])
    for name, render in VIEWS.items():
        text = viewer.view(shown, name.lower())
        lines = [line.rstrip() for line in text.split("\n")]  # mitmweb's have a space
        made = render(recorded(flow), "response").split("\n")
        assert lines == [line.rstrip() for line in made]


def test_a_request_under_way_has_views_too(web: tuple[RunningProxy, Viewer]) -> None:
    proxy, viewer = web
    before = len(viewer.flows())
    body = json.dumps(asked("[[silent]]", stream=True)).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.sendall(head.encode() + body)
        flow = viewer.wait_for(lambda flows: len(flows) > before)[-1]
        assert "under way" in viewer.view(flow, "auto", "request")
        assert "Nothing yet" in viewer.view(flow, "upstream", "request")
        assert "under way" in viewer.view(flow, "timeline", "request")
        assert "messages (1)" in viewer.view(flow, "context", "request")


def test_mitmdump_shows_the_view_in_its_details(
    simulator: SimulatorThread, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with RunningProxy(
        tmp_path_factory.mktemp("home"),
        upstream=simulator.url,
        environment={"ANTHROPIC_API_KEY": PROXY_KEY},
        arguments=("--flow-detail", "3"),
    ) as proxy:
        body = asked("[[long 40]] \x1b[2J", stream=True, seed=3)
        assert post(proxy, CHAT, body).status_code == 200
        proxy.stop()
        log = proxy.log
    assert "── The answer ──" in log
    assert "⚠  ignored  seed" in log
    assert "\x1b" not in log

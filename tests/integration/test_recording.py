"""What is kept of a request: in the flow, in saved files, in mitmweb's list."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from mitmproxy import http
from mitmproxy.io import FlowReader

from anthropic_proxy.inspection.recorded import Recorded
from anthropic_proxy.proxy.recording import recorded
from support.message_stream import (
    ANSWER,
    BLOCK,
    END,
    LAST_CHUNK,
    MESSAGE,
    START,
    TEXT,
    text_delta,
)
from support.mitmweb import MitmwebClient
from support.raw_upstream import (
    Hangup,
    RawUpstream,
    chunk,
    json_answer,
    pause,
    stream_head,
)
from support.running_proxy import RunningProxy

from .conftest import PROXY_KEY

CHAT = "/v1/chat/completions"
NATIVE = "/v1/messages"
CLIENT_KEY = "sk-ant-api03-test-canary-of-the-client"
LOCAL_KEY = "local-canary-of-this-proxy"
PASTED = "pasted-canary-code#state"
LARGE = 5 * 1024 * 1024
KEPT = 2 * 1024 * 1024
PING_SECONDS = 1
STREAM = START + BLOCK + TEXT + END
PAUSED = json.dumps(MESSAGE | {"stop_reason": "pause_turn"}).encode()
OVERLOADED = b'{"type":"error","error":{"type":"overloaded_error","message":"Busy"}}'
REFUSED = (
    b'{"type":"error","error":{"type":"invalid_request_error",'
    b'"message":"output_config.format.schema: the schema is too complex"}}'
)
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "a", "schema": {"type": "object", "properties": {}}},
}


def large_message() -> bytes:
    text = {"type": "text", "text": "x" * LARGE}
    return json.dumps(MESSAGE | {"content": [text]}).encode()


def streams(*pieces: bytes, whole: bool = True) -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        connection.sendall(stream_head())
        for piece in pieces:
            connection.sendall(chunk(piece))
            pause()
        if not whole:
            raise Hangup
        connection.sendall(LAST_CHUNK)

    return script


def after_a_ping(
    script: Callable[[socket.socket], None],
) -> Callable[[socket.socket], None]:
    """Keeps the client waiting until it was given a head and a ping."""

    def late(connection: socket.socket) -> None:
        pause(1.5 * PING_SECONDS)
        script(connection)

    return late


def hangs_up(connection: socket.socket) -> None:
    raise Hangup


def answers(status: int, body: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(json_answer(status, body))


# What the user says decides how upstream answers.
SCRIPTS: dict[str, Callable[[socket.socket], None]] = {
    "stream": streams(START, BLOCK + TEXT, END),
    "cut": streams(START, BLOCK + TEXT, whole=False),
    "large stream": streams(START + BLOCK, *[text_delta("x" * LARGE)], END),
    "nothing": hangs_up,
    "busy": answers(529, OVERLOADED),
    "large": answers(200, large_message()),
    "late": after_a_ping(streams(STREAM)),
    "late refusal": after_a_ping(answers(529, OVERLOADED)),
}


def upstream_script(connection: socket.socket, request: bytes) -> None:
    body = json.loads(request.partition(b"\r\n\r\n")[2])
    content = body["messages"][0]["content"]
    said = content if isinstance(content, str) else content[0]["text"]
    if said == "pause":
        first = len(body["messages"]) == 1
        connection.sendall(json_answer(200, PAUSED if first else ANSWER))
    elif said == "complex" and "output_config" in body:
        connection.sendall(json_answer(400, REFUSED))
    else:
        SCRIPTS.get(said, answers(200, ANSWER))(connection)


def body_of(said: str, **more: Any) -> dict[str, Any]:
    message = {"role": "user", "content": said}
    return {"model": "claude-sonnet-5-5", "messages": [message], **more}


def ask(
    proxy: RunningProxy, path: str, said: str, query: str = "", **more: Any
) -> httpx.Response:
    """Ask; an answer that breaks off is returned as far as it came."""
    headers = {
        "authorization": f"Bearer {LOCAL_KEY}",
        "x-api-key": CLIENT_KEY,
        "x-goog-api-key": "goog-canary",
        "x-note": f"my key is {LOCAL_KEY}",
        "cookie": "cookie-canary",
    }
    more = {"max_tokens": 10} | more if path == NATIVE else more
    return httpx.post(
        f"{proxy.url}{path}{query}",
        json=body_of(said, **more),
        headers=headers,
        trust_env=False,
        timeout=30,
    )


# -- mitmdump: saved flows -------------------------------------------------------


@dataclass(frozen=True)
class Saved:
    """What a proxy has left behind that was asked each question once."""

    answers: dict[str, httpx.Response]
    flows: dict[str, http.HTTPFlow]
    har: dict[str, dict[str, Any]]
    home: Path

    def recorded(self, name: str) -> Recorded:
        return recorded(self.flows[name])


QUESTIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "chat": (CHAT, "Hi", {"seed": 1, "metadata": {"note": LOCAL_KEY}}),
    "chat stream": (CHAT, "stream", {"stream": True}),
    "native": (NATIVE, "Hi", {}),
    "native stream": (NATIVE, "stream", {"stream": True}),
    "chat cut": (CHAT, "cut", {"stream": True}),
    "native cut": (NATIVE, "cut", {"stream": True}),
    "chat refused": (CHAT, "Hi", {"n": 3}),
    "chat busy": (CHAT, "busy", {}),
    "native nothing": (NATIVE, "nothing", {}),
    "chat nothing": (CHAT, "nothing", {"stream": True}),
    "chat late": (CHAT, "late", {"stream": True}),
    "chat late refusal": (CHAT, "late refusal", {"stream": True}),
    "chat pause": (CHAT, "pause", {}),
    "chat complex": (CHAT, "complex", {"response_format": SCHEMA}),
    "chat large stream": (CHAT, "large stream", {"stream": True}),
    "chat large request": (CHAT, "y" * LARGE, {}),
    "native large": (NATIVE, "large", {}),
    "chat large": (CHAT, "large", {}),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    home = tmp_path_factory.mktemp("saved")
    arguments = ["-w", str(home / "flows"), "--set", f"hardump={home / 'flows.har'}"]
    arguments += ["--set", f"anthropic_ping_interval={PING_SECONDS}"]
    environment = {
        "ANTHROPIC_API_KEY": PROXY_KEY,
        "ANTHROPIC_PROXY_LOCAL_KEY": LOCAL_KEY,
    }
    given = {}
    with (
        RawUpstream(upstream_script) as upstream,
        RunningProxy(
            home,
            upstream=upstream.url,
            arguments=tuple(arguments),
            environment=environment,
        ) as proxy,
    ):
        for name, (path, said, more) in QUESTIONS.items():
            query = f"?api_key={LOCAL_KEY}&name={name.replace(' ', '+')}"
            given[name] = ask(proxy, path, said, query, **more)
        httpx.post(
            f"{proxy.url}/auth/callback?name=login&code={PASTED}",
            json={"code": PASTED},
            headers={"authorization": f"Bearer {LOCAL_KEY}"},
            trust_env=False,
        )
        proxy.stop()
    with (home / "flows").open("rb") as file:
        found = list(FlowReader(file).stream())
    names = [*QUESTIONS, "login"]
    entries = json.loads((home / "flows.har").read_bytes())["log"]["entries"]
    assert len(found) == len(entries) == len(names)
    return Saved(
        given,
        dict(zip(names, found, strict=True)),
        dict(zip(names, entries, strict=True)),
        home,
    )


@pytest.mark.parametrize("name", ["chat", "chat stream"])
def test_a_translated_request_has_four_messages(name: str, saved: Saved) -> None:
    found, (path, said, more) = saved.recorded(name), QUESTIONS[name]
    client, upstream = found.client_request, found.upstream_request
    assert client is not None
    assert upstream is not None
    assert client.line.startswith(f"POST {path}?api_key=***&name=")
    assert client.header("host").startswith("127.0.0.1:")
    assert client.header("authorization") == "***"
    sent = body_of(said, **more)
    text = json.dumps(sent).replace(LOCAL_KEY, "***")
    assert json.loads(client.body) == json.loads(text)
    assert upstream.line == "POST /v1/messages HTTP/1.1"
    assert json.loads(upstream.body)["max_tokens"] == 32_000
    assert found.upstream_response is not None
    assert found.upstream_response.line.startswith("HTTP/1.1 200 ")
    assert found.upstream_response.body == (STREAM if "stream" in name else ANSWER)
    assert found.client_response is not None
    assert found.client_response.body == saved.answers[name].content
    assert found.client_response.line.startswith("HTTP/1.1 200")
    assert not any(
        message.cut
        for message in (
            client,
            upstream,
            found.upstream_response,
            found.client_response,
        )
    )


@pytest.mark.parametrize("name", ["native", "native stream"])
def test_a_native_answer_is_kept_once(name: str, saved: Saved) -> None:
    found = saved.recorded(name)
    assert "upstream_response" not in found.facts
    assert found.client_request is not None
    assert found.upstream_request is not None
    assert found.client_request.body == found.upstream_request.body
    assert found.upstream_response is found.client_response
    assert found.client_response is not None
    assert found.client_response.body == saved.answers[name].content


def test_the_marks_of_a_stream_count_both_sides(saved: Saved) -> None:
    found = saved.recorded("chat stream")
    marks = found.facts["marks"]
    assert found.client_response is not None
    sizes = [mark[1:] for mark in marks]
    assert sizes[-1] == [len(STREAM), found.client_response.size]
    assert sizes == sorted(sizes)
    assert [mark[0] for mark in marks] == sorted(mark[0] for mark in marks)
    assert len(marks) >= 2  # of three pieces two may come in one read


def test_the_facts_say_what_became_of_a_request(saved: Saved) -> None:
    facts = saved.recorded("chat").facts
    assert facts["dialect"] == "openai"
    assert facts["endpoint"] == "chat completions"
    assert facts["credential"] == "client"
    assert facts["report"]["warnings"] == ["seed:ignored", "metadata:ignored"]
    outcome = facts["outcome"]
    assert outcome["usage"] == MESSAGE["usage"]
    assert outcome["status"] == outcome["upstream_status"] == 200
    assert (outcome["finish"], outcome["stop_reason"]) == ("stop", "end_turn")
    assert 0 < outcome["first_byte"] <= outcome["duration"]
    assert outcome["error"] is None
    streamed = saved.recorded("chat stream").facts["outcome"]
    assert (streamed["finish"], streamed["stop_reason"]) == ("stop", "end_turn")
    assert streamed["usage"] == MESSAGE["usage"]


def test_what_ended_badly_is_kept_as_far_as_it_came(saved: Saved) -> None:
    part = START + BLOCK + TEXT
    for name in ("chat cut", "native cut"):
        found = saved.recorded(name)
        assert found.facts["outcome"]["finish"] == "error"
        assert found.upstream_response is not None
        assert found.upstream_response.body == part
        assert found.client_response is not None
        assert found.client_response.body == saved.answers[name].content
        assert found.facts["marks"][-1][2] == found.client_response.size


def test_a_request_that_we_refused_never_met_upstream(saved: Saved) -> None:
    found = saved.recorded("chat refused")
    assert found.upstream_request is None
    assert found.upstream_response is None
    assert found.client_response is not None
    assert found.client_response.body == saved.answers["chat refused"].content
    assert found.facts["report"]["entries"][0]["disposition"] == "rejected"
    assert found.facts["outcome"]["status"] == 400


def test_an_error_of_upstream_is_kept_as_it_came(saved: Saved) -> None:
    found = saved.recorded("chat busy")
    assert found.upstream_response is not None
    assert found.upstream_response.body == OVERLOADED
    assert found.client_response is not None
    assert found.client_response.body == saved.answers["chat busy"].content
    assert found.facts["outcome"]["upstream_status"] == 529


def test_what_the_client_got_before_upstreams_answer_is_kept(saved: Saved) -> None:
    answer, found = saved.answers["chat late"], saved.recorded("chat late")
    assert answer.content.startswith(b": ping")
    assert found.client_response is not None
    assert found.client_response.body == answer.content
    assert found.upstream_response is not None
    assert found.upstream_response.body == STREAM
    assert found.facts["marks"][0][1] == 0  # the ping
    answer, found = (
        saved.answers["chat late refusal"],
        saved.recorded("chat late refusal"),
    )
    assert answer.content.startswith(b": ping")
    assert b"Busy" in answer.content
    assert found.client_response is not None
    assert found.client_response.line == "HTTP/1.1 200 OK"
    assert found.client_response.body == answer.content
    assert found.upstream_response is not None
    assert found.upstream_response.body == OVERLOADED
    outcome = found.facts["outcome"]
    assert (outcome["status"], outcome["upstream_status"]) == (200, 529)
    assert outcome["error"] == "Busy"


def test_without_an_answer_the_reason_is_kept(saved: Saved) -> None:
    for name in ("native nothing", "chat nothing"):
        found = saved.recorded(name)
        assert found.upstream_request is not None
        assert found.upstream_response is None
        assert found.facts["outcome"]["error"] == "server closed connection"
        assert found.facts["outcome"]["status"] == 502
        assert found.client_response is not None
        assert found.client_response.body == saved.answers[name].content


def test_earlier_requests_of_one_answer_are_kept(saved: Saved) -> None:
    first, *rest = saved.recorded("chat pause").facts["earlier"]
    assert not rest
    assert len(json.loads(first["request"]["body"])["messages"]) == 1
    assert first["response"]["body"] == PAUSED
    upstream = saved.recorded("chat pause").upstream_request
    assert upstream is not None
    assert len(json.loads(upstream.body)["messages"]) == 2
    refused = saved.recorded("chat complex").facts["earlier"][0]
    assert b"output_config" in refused["request"]["body"]
    assert refused["response"]["line"] == "HTTP/1.1 400"
    assert refused["response"]["body"] == REFUSED


def test_large_bodies_are_cut_and_arrive_whole(saved: Saved) -> None:
    stream = saved.recorded("chat large stream")
    arrived = len(saved.answers["chat large stream"].content)
    assert arrived > LARGE
    for message, size in (
        (stream.upstream_response, len(START + BLOCK + text_delta("x" * LARGE) + END)),
        (stream.client_response, arrived),
    ):
        assert message is not None
        assert (len(message.body), message.size, message.cut) == (KEPT, size, True)
    assert stream.facts["kept"] == {"response": arrived}
    request = saved.recorded("chat large request")
    assert saved.answers["chat large request"].status_code == 200
    for message in (request.client_request, request.upstream_request):
        assert message is not None
        assert len(message.body) == KEPT
        assert message.size > LARGE
    comment = saved.flows["chat large request"].comment
    assert comment.endswith(" · request cut (5.0m)")


def test_a_large_answer_arrives_whole(saved: Saved) -> None:
    """mitmproxy saves it before it is sent, so the file has all of the client's."""
    assert saved.answers["native large"].content == large_message()
    answer = saved.answers["chat large"].json()
    assert answer["choices"][0]["message"]["content"] == "x" * LARGE
    found = saved.recorded("chat large")
    assert found.upstream_response is not None
    assert len(found.upstream_response.body) == KEPT
    assert found.upstream_response.size == len(large_message())
    assert found.client_response is not None
    assert found.client_response.body == saved.answers["chat large"].content


def test_the_list_tells_what_happened(saved: Saved) -> None:
    told = {name: (flow.comment, flow.marked) for name, flow in saved.flows.items()}
    used = "claude-sonnet-5-5"
    warnings = "⚠ seed:ignored, metadata:ignored"
    assert told["chat"] == (f"{used} · in 1 · out 1 · stop · {warnings}", ":warning:")
    assert told["native"] == (f"{used} · in 1 · out 1 · end_turn", "")
    assert told["chat busy"] == (f"{used} · 503 Busy", ":red_circle:")
    assert told["chat cut"][1] == ":red_circle:"
    assert told["chat refused"][0].startswith("chat completions · 400 n > 1 is not")
    assert told["native nothing"][0] == f"{used} · 502 server closed connection"


def test_the_prefix_is_compared_with_the_request_before(saved: Saved) -> None:
    prefix = saved.recorded("native").facts["prefix"]
    previous = saved.recorded("chat").facts["request_id"]
    assert prefix == {"previous": previous, "same": 2, "of": 2, "differs": None}
    assert "prefix" not in saved.recorded("chat").facts


def test_a_har_file_holds_the_record_too(saved: Saved) -> None:
    entry = saved.har["chat"]
    ours = entry["_anthropic_proxy"]
    assert entry["comment"] == saved.flows["chat"].comment
    assert json.loads(entry["request"]["postData"]["text"])["max_tokens"] == 32_000
    assert entry["response"]["content"]["text"] == saved.answers["chat"].text
    assert json.loads(ours["client_request"]["text"])["seed"] == 1
    assert ours["upstream_response"]["text"].encode() == ANSWER
    assert ours["report"] == saved.recorded("chat").facts["report"]


def test_no_file_holds_a_secret(saved: Saved) -> None:
    canaries = [CLIENT_KEY, PROXY_KEY, LOCAL_KEY, "pasted-canary"]
    canaries += ["goog-canary", "cookie-canary"]
    files = [path for path in saved.home.rglob("*") if path.is_file()]
    assert {"flows", "flows.har"} <= {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        assert [name for name in canaries if name.encode() in content] == [], path
    login = saved.recorded("login")
    assert login.client_request is not None
    assert login.client_request.body == b'{"code": "***"}'
    assert login.client_request.line == "POST /auth/callback?*** HTTP/1.1"


# -- mitmweb: the list of flows --------------------------------------------------

KEPT_FLOWS = 20


@pytest.fixture(scope="module")
def web(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningProxy, MitmwebClient, RawUpstream]]:
    home = tmp_path_factory.mktemp("web")
    page = MitmwebClient()
    with (
        RawUpstream(upstream_script) as upstream,
        RunningProxy(
            home,
            upstream=upstream.url,
            command="mitmweb",
            arguments=(
                *page.arguments,
                "--set",
                f"anthropic_keep_flows={KEPT_FLOWS}",
            ),
            environment={"ANTHROPIC_API_KEY": PROXY_KEY},
        ) as proxy,
    ):
        page.wait_until_ready()
        yield proxy, page, upstream
        page.close()


Web = tuple[RunningProxy, MitmwebClient, RawUpstream]


def saved_in(page: MitmwebClient, folder: Path) -> list[http.HTTPFlow]:
    path = folder / "dump"
    path.write_bytes(page.dump())
    with path.open("rb") as file:
        return list(FlowReader(file).stream())  # type: ignore[arg-type]


def test_mitmweb_shows_what_a_streaming_client_got(web: Web, home: Path) -> None:
    proxy, page, _ = web
    answer = ask(proxy, CHAT, "stream", stream=True)
    flow = page.wait_for(lambda flows: flows and flows[-1]["comment"])[-1]
    assert page.content(flow, "response") == answer.content
    assert flow["comment"] == "claude-sonnet-5-5 · in 1 · out 1 · stop"


def test_an_answer_that_is_too_large_is_cut_after_it_was_sent(
    web: Web, home: Path
) -> None:
    proxy, page, _ = web
    answer = ask(proxy, NATIVE, "large")
    assert answer.content == large_message()
    flow = page.wait_for(lambda flows: "cut" in flows[-1]["comment"])[-1]
    assert flow["comment"].endswith(" · response cut (5.0m)")
    assert page.content(flow, "response") == large_message()[:KEPT]
    found = recorded(saved_in(page, home)[-1]).client_response
    assert found is not None
    assert (found.cut, found.size) == (True, len(large_message()))


def test_what_upstream_did_not_answer_shows_what_the_client_got(
    web: Web, home: Path
) -> None:
    proxy, page, _ = web
    answer = ask(proxy, CHAT, "nothing")
    assert answer.status_code == 502
    page.wait_for(lambda flows: "502" in flows[-1]["comment"])
    found = recorded(saved_in(page, home)[-1])
    assert found.facts["outcome"]["status"] == 502
    assert found.client_response is not None
    assert found.client_response.body == answer.content
    assert found.upstream_response is None


def test_a_request_that_was_edited_is_what_goes_upstream(web: Web, home: Path) -> None:
    proxy, page, upstream = web
    page.set_options(intercept=f"~q & ~u {NATIVE}")
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(ask(proxy, CHAT, "before")))
    thread.start()
    try:
        flow = page.wait_for(lambda flows: flows and flows[-1]["intercepted"])[-1]
        assert not any(b"before" in request for request in upstream.requests)
        body = page.content(flow, "request").replace(b"before", b"edited")
        page.edit(flow, request={"content": body.decode()}, comment="mine")
        page.resume(flow)
        thread.join(20)
    finally:
        page.set_options(intercept="")
    assert answers[0].status_code == 200
    received = json.loads(upstream.requests[-1].partition(b"\r\n\r\n")[2])
    assert received["messages"][0]["content"] == "edited"
    saved_flow = saved_in(page, home)[-1]
    found = recorded(saved_flow)
    assert found.upstream_request is not None
    assert b"edited" in found.upstream_request.body
    assert found.client_request is not None
    assert b"before" in found.client_request.body
    assert saved_flow.comment == "mine"


def test_the_list_stays_at_its_length(web: Web) -> None:
    """Of those that are under way none goes, however old they are."""
    proxy, page, _ = web
    page.set_options(intercept="~q & ~bq held")
    thread = threading.Thread(target=lambda: ask(proxy, NATIVE, "held"))
    thread.start()
    try:
        held = page.wait_for(lambda flows: flows[-1]["intercepted"])[-1]
        page.set_options(intercept="")
        with httpx.Client(trust_env=False) as client:
            for index in range(KEPT_FLOWS + 5):
                content = body_of(f"number {index}", max_tokens=1)
                client.post(f"{proxy.url}{NATIVE}", json=content)
        flows = page.flows()
        ids = [flow["id"] for flow in flows]
        assert held["id"] in ids
        assert len(ids) == KEPT_FLOWS + 1
    finally:
        page.set_options(intercept="")
        page.resume(held)
        thread.join(20)
    page.wait_for(lambda flows: len(flows) == KEPT_FLOWS)

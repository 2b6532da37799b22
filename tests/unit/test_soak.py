"""What the soak run makes of an answer, and of what it measured; nothing runs here."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from benchmarks.prompts import CHAT, MESSAGES
from benchmarks.soak import Result, Sample
from benchmarks.soak_clients import Answer, Ask, judged, plan
from benchmarks.soak_upstream import JSON_FAULTS, STREAM_FAULTS, mark
from benchmarks.subjects import Line

EVENTS = {"content-type": "text/event-stream"}
CHUNK = b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'
ERROR = b'data: {"error":{"message":"m"}}\n\n'
DONE = b"data: [DONE]\n\n"
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
NATIVE_ERROR = b'event: error\ndata: {"type":"error","error":{"type":"x"}}\n\n'


def answer(status: int, body: Any, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers, content)


def stream(*parts: bytes) -> Answer:
    return Answer(200, EVENTS, b"".join(parts))


@pytest.mark.parametrize(
    ("ask", "given", "outcome"),
    [
        (
            Ask(CHAT, False, "none"),
            answer(200, {"choices": [{"finish_reason": "stop"}]}),
            "answered",
        ),
        (Ask(CHAT, False, "none"), answer(502, {"error": {}}), "wrong"),
        (Ask(CHAT, False, "hang-up"), answer(502, {"error": {}}), "failed"),
        (Ask(CHAT, False, "html"), answer(502, b"<html>"), "wrong"),
        (Ask(MESSAGES, False, "html"), answer(502, b"<html>"), "failed"),
        (Ask(MESSAGES, False, "not-json"), answer(200, b'{"id":'), "failed"),
        (
            Ask(CHAT, False, "short-body"),
            answer(200, {"choices": [{"finish_reason": "stop"}]}),
            "wrong",
        ),
        (Ask(CHAT, True, "none"), stream(CHUNK, DONE), "answered"),
        (Ask(CHAT, True, "none"), stream(CHUNK), "wrong"),
        (Ask(CHAT, True, "cut"), stream(CHUNK), "wrong"),
        (Ask(CHAT, True, "cut"), stream(CHUNK, DONE), "wrong"),
        (Ask(CHAT, True, "cut"), stream(CHUNK, ERROR, DONE), "wrong"),
        (Ask(CHAT, True, "cut"), stream(CHUNK, ERROR), "failed"),
        (Ask(CHAT, True, "cut"), stream(ERROR, CHUNK), "wrong"),
        (Ask(MESSAGES, True, "slow"), stream(STOP), "answered"),
        (Ask(MESSAGES, True, "bad-event"), stream(b"data: {\n\n", STOP), "answered"),
        (Ask(CHAT, True, "bad-event"), stream(CHUNK, ERROR), "failed"),
        (Ask(MESSAGES, True, "unfinished"), stream(NATIVE_ERROR), "failed"),
        (Ask(MESSAGES, True, "unfinished"), stream(STOP), "wrong"),
    ],
)
def test_what_a_client_makes_of_an_answer(
    ask: Ask, given: Answer, outcome: str
) -> None:
    assert judged(ask, given) == outcome


def test_a_plan_holds_what_was_ordered_and_every_fault() -> None:
    asks = list(plan(3_000, 2_000, seed=1))
    assert Counter(ask.stream for ask in asks) == {False: 3_000, True: 2_000}
    assert {ask.fault for ask in asks if ask.stream} == set(STREAM_FAULTS)
    assert {ask.fault for ask in asks if not ask.stream} == set(JSON_FAULTS)
    assert asks == list(plan(3_000, 2_000, seed=1))


def test_a_request_names_its_fault() -> None:
    raw = Ask(MESSAGES, True, "cut", closes=True).raw
    head, _, body = raw.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert b"connection: close" in head
    assert mark("cut") in json.loads(body)["messages"][0]["content"]


def sample(requests: int, **changed: Any) -> Sample:
    fields: dict[str, Any] = {
        "rss_mb": 80.0, "files": 7, "tasks": 3, "threads": 1, "objects": 70_000,
        "live": {"Call": 0}, "types": {},
    }  # fmt: skip
    return Sample(requests, 1.0, **(fields | changed))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"rss_mb": 90.0}, ["memory grew by 10.0 MB after the warm-up"]),
        ({"files": 8}, ["files: 7 at the start, 8 at the end"]),
        ({"tasks": 5}, ["tasks: 3 at the start, 5 at the end"]),
        ({"live": {"Call": 2}}, ["2 × Call are still alive"]),
    ],
)
def test_what_breaks_the_promise_is_said(
    changed: dict[str, Any], said: list[str]
) -> None:
    result = Result(Line(Path("python"), "3.13.0", "12.2.3"))
    result.samples = [sample(0, rss_mb=60.0), sample(50), sample(100, **changed)]
    assert result.failures() == said
    result.wrong, result.logged = ["w"], ["l"]
    assert result.failures() == ["a client was misled: w", "logged: l", *said]

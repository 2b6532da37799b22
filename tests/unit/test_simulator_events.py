"""An answer as events, and as bytes with their faults."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anthropic_proxy.simulator.delivery import (
    Cut,
    Send,
    Silence,
    Step,
    Wait,
    body_steps,
    faulty_body,
    stream_steps,
)
from anthropic_proxy.simulator.draft import Delivery
from anthropic_proxy.simulator.events import frame, message_events
from simulator_cases.case import (
    Body,
    answered,
    tool,
    user,
)

EVENTFUL = [
    "[[text Hello you two.]]",
    "[[text ]][[refusal partial]]",
    "[[refusal]]",
    '[[text Wait.]][[tool a {"x": 1, "y": "Grüße"}]][[tool b]]',
    "[[web_search x]]",
    "[[redacted]][[text Yes.]]",
]


def rebuilt(events: list[Body]) -> Body:
    """What a client makes of a stream (rules G.1)."""
    message: Body = {}
    inputs_json = ""
    for event in events:
        kind = event["type"]
        if kind == "message_start":
            message = json.loads(json.dumps(event["message"]))
        elif kind == "content_block_start":
            assert event["index"] == len(message["content"])
            message["content"].append(dict(event["content_block"]))
            inputs_json = ""
        elif kind == "content_block_delta":
            block = message["content"][event["index"]]
            delta = dict(event["delta"])
            match delta.pop("type"):
                case "text_delta":
                    block["text"] += delta["text"]
                case "thinking_delta":
                    block["thinking"] += delta["thinking"]
                case "signature_delta":
                    block["signature"] = delta["signature"]
                case "citations_delta":
                    block["citations"].append(delta["citation"])
                case "input_json_delta":
                    inputs_json += delta["partial_json"]
                    if delta["partial_json"].endswith("}"):
                        block["input"] = json.loads(inputs_json)
        elif kind == "message_delta":
            message |= event["delta"]
            message["usage"] |= event["usage"]
    assert events[-1] == {"type": "message_stop"}
    return message


@pytest.mark.parametrize("content", EVENTFUL)
@pytest.mark.parametrize("model", ["claude-opus-4-8", "claude-opus-5-5"])
def test_events_build_the_message(content: str, model: str) -> None:
    made = answered(
        {
            "model": model,
            "max_tokens": 4000,
            "messages": [user(content)],
            "tools": [tool("a"), tool("b")],
        }
    )
    assert rebuilt(message_events(made.message, made.partial_inputs)) == made.message


def test_the_first_piece_of_json_is_empty_and_an_empty_input_has_none() -> None:
    made = answered(
        {
            "messages": [user('[[tool a {"x": 1}]][[tool b]]')],
            "tools": [tool("a"), tool("b")],
        }
    )
    events = message_events(made.message, {})
    pieces = [
        (event["index"], event["delta"]["partial_json"])
        for event in events
        if event["type"] == "content_block_delta"
    ]
    assert pieces == [(0, ""), (0, '{"x":1}')]


def test_a_cut_call_is_streamed_as_far_as_it_got() -> None:
    call_ = {"type": "tool_use", "id": "t", "name": "a", "input": {}}
    message = {**answered({}).message, "content": [call_]}
    events = message_events(message, {0: '{"x'})
    deltas = [e["delta"] for e in events if e["type"] == "content_block_delta"]
    assert [delta["partial_json"] for delta in deltas] == ["", '{"x']


def test_a_frame_names_its_event() -> None:
    assert frame({"type": "ping"}) == b'event: ping\ndata: {"type":"ping"}\n\n'


EVENTS: list[Body] = message_events(
    answered({"messages": [user("[[text a b c]]")]}).message, {}
)


def sent(steps: list[Step]) -> bytes:
    return b"".join(step.data for step in steps if isinstance(step, Send))


def test_plain_delivery_is_one_send_an_event() -> None:
    steps = stream_steps(EVENTS, Delivery(), "req_1")
    assert steps == [Send(frame(event)) for event in EVENTS]


@pytest.mark.parametrize(
    ("delivery", "last", "frames"),
    [
        (Delivery(cut_after=3), Cut(), 3),
        (Delivery(silent_after=2), Silence(), 2),
    ],
)
def test_a_stream_may_end_early(delivery: Delivery, last: Step, frames: int) -> None:
    steps = stream_steps(EVENTS, delivery, "req_1")
    assert steps[-1] == last
    assert sent(steps) == b"".join(frame(event) for event in EVENTS[:frames])


def test_a_stream_may_be_cut_inside_an_event() -> None:
    steps = stream_steps(EVENTS, Delivery(cut_after_bytes=10), "req_1")
    assert steps == [Send(b"event: mes"), Cut()]


def test_bytes_come_in_pieces_without_being_changed() -> None:
    plain = sent(stream_steps(EVENTS, Delivery(), "req_1"))
    steps = stream_steps(EVENTS, Delivery(chunk_bytes=7), "req_1")
    assert sent(steps) == plain
    assert {len(step.data) for step in steps[:-1] if isinstance(step, Send)} == {7}


def test_an_error_event_ends_the_stream() -> None:
    delivery = Delivery(error_type="overloaded_error", error_after=3)
    steps = stream_steps(EVENTS, delivery, "req_1")
    assert len(steps) == 4
    data = sent(steps[-1:]).split(b"data: ")[1]
    assert json.loads(data)["error"]["type"] == "overloaded_error"


def test_faults_of_a_stream_are_where_they_were_asked_for() -> None:
    def text_of(**faults: Any) -> bytes:
        return sent(stream_steps(EVENTS, Delivery(**faults), "req_1"))

    assert b"{this is not JSON" in text_of(garbage=True)
    assert not text_of(truncated=True).endswith(b"\n\n")
    assert text_of(ping=True).count(b"event: ping") == 4
    assert b"simulated_delta" in text_of(unknown_events=True)
    assert b"\n" not in text_of(crlf=True).replace(b"\r\n", b"")
    steps = stream_steps(EVENTS, Delivery(delay_s=0.5), "req_1")
    assert steps[1::2] == [Wait(0.5)] * (len(EVENTS) - 1)


def test_faults_of_a_body() -> None:
    assert body_steps(b"12345678", Delivery(delay_s=1)) == [Wait(1), Send(b"12345678")]
    assert body_steps(b"12345678", Delivery(cut_after=1)) == [Send(b"1234"), Cut()]
    assert body_steps(b"12345678", Delivery(cut_after_bytes=3)) == [Send(b"123"), Cut()]
    silent = body_steps(b"12345678", Delivery(silent_after=1))
    assert silent == [Send(b"1234"), Silence()]
    assert faulty_body(b'{"a":1}', Delivery(truncated=True)) == b'{"a'
    assert faulty_body(b"{}", Delivery(garbage=True)) == b"this is not JSON"

"""The view *Timeline*: each event beside the chunks that it became."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.inspection.recorded import Recorded
from anthropic_proxy.inspection.stream_rows import Frames, marks_of
from anthropic_proxy.inspection.stream_words import LIMIT, chunk_words, event_words
from anthropic_proxy.inspection.text import WIDTH, columns
from anthropic_proxy.inspection.timeline import render
from inspection_support import (
    DONE,
    END,
    EVENTS,
    FACTS,
    FINISH,
    OUTCOME,
    PING,
    ROLE,
    START,
    TEXT_START,
    Stream,
    answer,
    chat,
    chunk,
    delta,
    event,
    lines,
    native,
    text_delta,
    with_facts,
    words,
)


def shown(recorded: Recorded) -> list[str]:
    return lines(render(recorded))


def body(recorded: Recorded) -> list[str]:
    """What comes below the columns' titles."""
    found = shown(recorded)
    start = next(n for n, line in enumerate(found) if line.startswith("seconds"))
    return found[start + 1 :]


def called(**call: Any) -> bytes:
    return chunk({"tool_calls": [{"index": 0, **call}]})


def test_a_stream_event_by_event() -> None:
    block = {"type": "tool_use", "name": "get_weather", "id": "toolu_1", "input": {}}
    stream = (
        Stream()
        .read(0.31, START + event("ping"), ROLE + PING)
        .read(0.5, TEXT_START + text_delta("Sun"), chunk({"content": "Sun"}))
        .read(0.6, text_delta("ny.")[:20], b"")
        .read(0.7, text_delta("ny.")[20:], chunk({"content": "ny."}))
        .read(
            0.8,
            event("content_block_start", index=1, content_block=block)
            + delta("input_json_delta", 1, partial_json="")
            + delta("input_json_delta", 1, partial_json='{"city":'),
            called(function={"name": "get_weather", "arguments": ""})
            + called(function={"arguments": '{"city":'}),
        )
        .read(0.9, END, FINISH + DONE)
    )
    assert body(stream.recorded()) == [
        "0.310 message_start msg_01abc role assistant",
        "ping : ping",
        "0.500 content_block_start [0] text",
        'text_delta [0] "Sun" content "Sun"',
        '0.700 text_delta [0] "ny." content "ny."',
        "0.800 content_block_start [1] tool_use get_weather tool_calls[0] get_weather",
        'input_json_delta [1] ""',
        'input_json_delta [1] "{"city":" tool_calls[0] "{"city":"',
        "0.900 content_block_stop [0]",
        "message_delta end_turn, 56 output tokens",
        "message_stop finish_reason stop",
        "[DONE]",
    ]


def test_the_summary() -> None:
    found = shown(words(50).recorded(outcome={"duration": 1.2}))
    assert found[2:6] == [
        "headers after 300 ms",
        "first token after 400 ms",
        "ended after 1.20 s",
        "stream 55 events → 53 chunks, 50 deltas at 100.0 a second",
    ]


def test_a_run_of_deltas_is_folded_in_the_open() -> None:
    found = body(words(500).recorded())
    assert found[2:6] == [
        '0.400 text_delta [0] "word0 " content "word0 "',
        '0.410 text_delta [0] "word1 " content "word1 "',
        "⋮ 497 more text deltas, 0.420 to 5.380 s",
        '5.390 text_delta [0] "word499 " content "word499 "',
    ]


def test_few_deltas_are_all_shown() -> None:
    assert sum("text_delta" in line for line in body(words(7).recorded())) == 7


def test_pings_between_deltas_are_folded_with_them() -> None:
    stream = Stream().read(0.1, START + TEXT_START, ROLE)
    for number in range(20):
        piece = text_delta("a") + event("ping")
        stream.read(0.2 + number / 100, piece, chunk({"content": "a"}) + PING)
    found = body(stream.recorded())
    assert "⋮ 18 more text deltas and 18 pings, 0.210 to 0.380 s" in found


def test_a_gap_is_pointed_out_and_splits_a_run() -> None:
    stream = Stream().read(0.1, START + TEXT_START, ROLE)
    for number in range(40):
        at = 0.2 + number / 100 + (3 if number >= 20 else 0)
        stream.read(round(at, 3), text_delta("a"), chunk({"content": "a"}))
    found = body(stream.recorded())
    assert found.count("┄┄ nothing for 3.01 s ┄┄") == 1
    assert sum(line.startswith("⋮ 17 more text deltas") for line in found) == 2


def test_pings_of_the_proxys_own_are_marked() -> None:
    stream = (
        Stream()
        .read(0.1, START, ROLE)
        .read(15.1, b"", PING)
        .read(15.2, TEXT_START + END, FINISH + DONE)
    )
    found = body(stream.recorded())
    assert found[1:3] == [
        "┄┄ nothing for 15.00 s ┄┄",
        "15.100 (none: a ping of the proxy's own) : ping",
    ]


def test_an_error_of_the_proxys_own_stands_alone() -> None:
    told = b'data: {"error": {"type": "server_error", "message": "ended"}}\n\n'
    stream = Stream().read(0.1, START, ROLE).read(0.2, b"", told)
    found = shown(stream.recorded(outcome={"error": "peer closed"}))
    assert found[-1] == "0.200 error server_error ended"
    assert "⚠ peer closed" in found


def test_an_error_made_of_the_last_events_stands_behind_them() -> None:
    told = b'data: {"error": {"type": "server_error", "message": "ended"}}\n\n'
    stream = Stream().read(0.1, START + TEXT_START, ROLE + told)
    assert body(stream.recorded())[-2:] == [
        "content_block_start [0] text",
        "error server_error ended",
    ]


def test_an_emulated_call_stands_beside_the_text_it_was_made_of() -> None:
    piece = called(function={"arguments": "{}"})
    stream = Stream().read(0.1, START, ROLE).read(0.2, text_delta("{}"), piece)
    assert body(stream.recorded())[-1] == '0.200 text_delta [0] "{}" tool_calls[0] "{}"'


def test_a_native_stream_has_one_column() -> None:
    stream = words(3)
    same = answer(stream.upstream, headers=EVENTS)
    recorded = native(upstream_response=same, client_response=same)
    found = shown(with_facts(recorded, marks=stream.marks))
    assert "seconds from Anthropic, handed on as it came" in found
    assert '0.400 text_delta [0] "word0 "' in found


def test_a_native_stream_that_was_ended_by_us_has_two() -> None:
    error = event("error", error={"type": "api_error", "message": "ended"})
    recorded = native(
        upstream_response=answer(START, headers=EVENTS),
        client_response=answer(START + error, headers=EVENTS),
    )
    marks = [[0.1, len(START), len(START)], [0.2, len(START), len(START + error)]]
    assert body(with_facts(recorded, marks=marks)) == [
        "0.100 message_start msg_01abc message_start msg_01abc",
        "0.200 error api_error ended",
    ]


def test_a_stream_whose_answer_was_a_late_refusal() -> None:
    sent = (
        PING + b'data: {"error": {"type": "server_error", "message": "Overloaded"}}\n\n'
    )
    late = with_facts(
        chat(
            upstream_response=answer({"error": {}}, "529 Overloaded"),
            client_response=answer(sent, headers=EVENTS),
        ),
        marks=[[15.0, 0, len(PING)]],
    )
    found = shown(late)
    assert "⚠ Anthropic's answer was no stream: see the view Upstream" in found
    assert found[-2:] == [
        "15.000 (none: a ping of the proxy's own) : ping",
        "error server_error Overloaded",
    ]


def test_without_times_the_order_is_left() -> None:
    found = shown(with_facts(words(3).recorded(), marks=None))
    assert "⚠ when the events came was not noted" in found
    assert found[-1] == "[DONE]"
    assert 'text_delta [0] "word2 " content "word2 "' in found


def test_a_stream_that_was_cut_says_what_is_missing() -> None:
    stream = words(100)
    kept = 2_000
    recorded = with_facts(
        chat(
            upstream_response=answer(
                stream.upstream[:kept], headers=EVENTS, size=len(stream.upstream)
            ),
            client_response=answer(
                stream.client[:kept], headers=EVENTS, size=len(stream.client)
            ),
        ),
        marks=stream.marks,
    )
    found = shown(recorded)
    assert any(line.startswith("⚠ first 2,000 bytes of 1") for line in found)
    assert any(line.endswith("more came until 1.500 s") for line in found)
    assert any(line.startswith("⚠ of what the client got, first 2,0") for line in found)


def test_an_answer_in_one_piece_has_its_instants() -> None:
    assert shown(chat())[2:] == [
        "0.000 the request's head was read",
        "0.300 Anthropic's answer began + 300 ms",
        "2.500 the answer was whole + 2.20 s",
    ]


def test_a_request_under_way_has_no_end() -> None:
    facts = {key: value for key, value in FACTS.items() if key != "outcome"}
    waiting = chat(facts=facts, upstream_response=None, client_response=None)
    assert shown(waiting)[-1] == "… under way, or not noted"


def test_a_request_that_failed_says_why() -> None:
    outcome = {**dict.fromkeys(OUTCOME), "duration": 0.2, "error": "refused"}
    failed = chat(upstream_response=None, client_response=None)
    found = shown(with_facts(failed, outcome=outcome))
    assert "0.200 it ended + 200 ms" in found
    assert found[-1] == "⚠ refused"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, len(words(3).upstream)), max_size=6))
def test_frames_are_found_at_any_boundary(cuts: list[int]) -> None:
    whole = words(3).upstream + b": a comment\r\n\r\ndata: 1\r\r"
    frames, found = Frames(), []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(whole)], strict=True):
        found += frames.feed(whole[start:end])
    assert found == Frames().feed(whole)
    assert [frame.comment for frame in found][-2:] == [True, False]


@pytest.mark.parametrize("odd", [None, 7, [1], [[1, 2]], [["a", 1, 2]], [[True, 1, 2]]])
def test_marks_that_cannot_be_read_are_left_out(odd: Any) -> None:
    assert marks_of(odd) == []


def frame(data: Any) -> Any:
    text = data if isinstance(data, str) else json.dumps(data)
    return Frames().feed(f"data: {text}\n\n".encode())[0]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"type": "new_event"}, "new_event (unknown)"),
        ({"type": "error", "error": {"type": "a", "message": "b"}}, "error a b"),
        ({"type": "content_block_delta", "delta": {"type": "new"}}, "new [–]"),
        ("nonsense", 'not JSON: "nonsense"'),
        ([1], 'not JSON: "[1]"'),
    ],
)
def test_events_in_words(data: Any, told: str) -> None:
    assert event_words(frame(data)).text == told


@pytest.mark.parametrize(
    ("delta_", "told"),
    [
        ({"reasoning_content": "Hm."}, 'reasoning_content "Hm."'),
        ({"function_call": {"name": "f", "arguments": ""}}, "function_call f"),
        ({"tool_calls": [{"index": 1, "custom": {"input": "x"}}]}, 'tool_calls[1] "x"'),
        ({"annotations": [{}]}, "annotations [{}]"),
        ({"content": None}, 'content ""'),
        ({"refusal": "No."}, 'refusal "No."'),
        ({"role": "assistant", "content": "Hi"}, 'role assistant content "Hi"'),
        ({}, "an empty delta"),
        ({"new": 1}, '{"new":1}'),
        ({"content": "x" * 99}, 'content "' + "x" * 36 + '…"'),
    ],
)
def test_chunks_in_words(delta_: dict[str, Any], told: str) -> None:
    found = chunk_words(frame({"choices": [{"delta": delta_}]})).text
    assert found == told
    assert columns(found) <= LIMIT


def test_a_chunk_that_is_no_json() -> None:
    assert chunk_words(frame("{")).text == 'not JSON: "{"'


def test_a_comment_of_upstreams_is_a_ping() -> None:
    (comment,) = Frames().feed(b": still here\n\n")
    assert event_words(comment) == ("ping", ": still here", False)


def test_the_end_without_counts() -> None:
    told = event_words(frame({"type": "message_delta", "delta": {}}))
    assert told.text == "message_delta –"


def test_the_chunk_with_the_usage() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 6}
    found = chunk_words(frame({"choices": [], "usage": usage}))
    assert found.text == "usage 5 in, 6 out"


def test_no_line_is_too_long() -> None:
    long = "长" * 200
    stream = Stream().read(0.1, START, ROLE)
    stream.read(0.2, text_delta(long), chunk({"content": long}))
    assert all(columns(line) <= WIDTH for line in render(stream.recorded()).split("\n"))

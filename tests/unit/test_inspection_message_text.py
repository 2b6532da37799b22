"""One message written down, and the two views made of such messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anthropic_proxy.inspection import client, upstream
from anthropic_proxy.inspection.message_text import message_lines, raw_lines
from anthropic_proxy.inspection.recorded import Recorded
from inspection_support import (
    BODY,
    CHAT,
    DONE,
    END,
    EVENTS,
    FACTS,
    FINISH,
    JSON,
    MESSAGE,
    ROLE,
    START,
    TEXT_START,
    answer,
    chat,
    chunk,
    message,
    native,
    text_delta,
    with_facts,
)


def shown(body: Any, headers: Any = None, **more: Any) -> list[str]:
    return message_lines("Title", answer(body, headers=headers, **more), "none")


def test_a_message_is_its_line_its_headers_and_its_body() -> None:
    assert shown({"a": 1})[3:] == [
        "HTTP/1.1 200 OK",
        "content-type: application/json",
        "",
        '{ "a": 1 }',
    ]


def test_a_missing_message_says_why() -> None:
    assert message_lines("Title", None, "Nothing yet.")[-1] == "Nothing yet."


def test_an_empty_body_says_so() -> None:
    assert shown(b"")[-1] == "(no body)"


def test_a_long_header_is_broken_and_a_huge_one_cut() -> None:
    lines = shown(b"", [("x-long", "word " * 40), ("x-huge", "y" * 9000)])
    assert lines[5].startswith("        word")
    assert any("(9,000 bytes)" in line for line in lines)


def test_a_stream_is_put_together_and_then_listed() -> None:
    stream = START + TEXT_START + text_delta("Sun") + text_delta("ny.\nYes.") + END
    lines = shown(stream, EVENTS)
    at = lines.index("Put together from 7 events")
    assert lines[at + 1 : at + 4] == [
        "  text        Sunny.",
        "              Yes.",
        "  ended with  end_turn",
    ]
    assert any(line.startswith("  7  message_stop") for line in lines)


def test_what_all_chunks_begin_with_is_said_once() -> None:
    stream = ROLE + chunk({"content": "a"}) + FINISH + DONE
    text = "\n".join(shown(stream, EVENTS))
    assert text.count("chat.completion.chunk") == 1
    assert '  2  … "delta": {"content": "a"}, "finish_reason": null}]}' in text
    assert "  4  [DONE]" in text


def test_a_stream_without_an_end_is_marked() -> None:
    lines = shown(START + TEXT_START + text_delta("a"), EVENTS)
    assert "Put together from 3 events, ⚠ the stream did not come to its end" in lines


def test_an_error_in_a_stream_is_part_of_what_it_says() -> None:
    frame = f"data: {json.dumps({'error': {'message': 'no'}})}\n\n".encode()
    assert '  error  {"message":"no"}' in shown(ROLE + frame, EVENTS)


def test_a_body_that_was_cut_says_how_much_is_there() -> None:
    lines = shown(b'{"a": [1, 2', size=3_000_000)
    assert "⚠ first 11 bytes of 3.0 MB kept, shown up to the last whole value" in lines
    assert lines[-1] == '{ "a": [1] }' or lines[-3:] == ["{", '  "a": [1]', "}"]


@pytest.mark.parametrize(
    ("body", "last"),
    [
        (b"not json \xff\x1b[2J", "not json \\xff\\x1b[2J"),
        (b'{"a": 1} and more', '{"a": 1} and more'),
        (b"<html>\r\n<body>", "<body>"),
    ],
)
def test_whatever_it_is_it_is_shown(body: bytes, last: str) -> None:
    assert shown(body, JSON)[-1] == last


def test_a_stream_of_very_many_events_is_not_listed_to_its_end() -> None:
    lines = shown(b"data: 1\n\n" * 20_002, EVENTS)
    assert lines[-2:] == ["  20000  1", "  ⋮ 2 more events"]


def test_raw_bytes_are_broken_into_lines() -> None:
    assert raw_lines(b"a" * 250) == ["a" * 110, "a" * 110, "a" * 30]


# -- the views ---------------------------------------------------------------------


def order(text: str, *wanted: str) -> bool:
    places = [text.index(word) for word in wanted]
    return places == sorted(places)


def test_client_shows_its_two_messages_the_one_asked_for_first() -> None:
    text = client.render(chat())
    assert order(
        text, "── The client sent", '"gpt-4o"', "── The client got", "chatcmpl-"
    )
    assert order(
        client.render(chat(), "response"), "── The client got", "── The client s"
    )


def test_upstream_shows_its_two_messages() -> None:
    text = upstream.render(chat())
    assert order(
        text, "── Anthropic received", "32000", "── Anthropic answered", "msg_"
    )
    turned = upstream.render(chat(), "response")
    assert order(turned, "── Anthropic answered", "── Anthropic received")


def test_upstream_shows_what_was_asked_before() -> None:
    def kept(line: str, body: Any) -> dict[str, Any]:
        content = json.dumps(body).encode()
        fields = [["x-kept", "yes"], ["x-odd", 7], "odd"]
        return {"line": line, "headers": fields, "body": content, "size": 0}

    first = kept("POST /v1/messages HTTP/1.1", {**BODY, "stream": True})
    refused = kept("HTTP/1.1 400", {"error": {"message": "no such thing"}})
    earlier = [{"request": first, "response": refused}, {"request": first}]
    text = upstream.render(with_facts(chat(), earlier=earlier))
    assert order(
        text,
        "── Anthropic answered ─",
        "── Anthropic received (1 of 2 earlier)",
        "x-kept: yes",
        "no such thing",
        "── Anthropic received (2 of 2 earlier)",
        "The answer is the beginning of the stream.",
    )


def test_a_local_answer_was_not_asked_upstream() -> None:
    local = chat(upstream_request=None, upstream_response=None)
    assert "Nothing: the proxy answered by itself." in upstream.render(local)


def test_a_request_under_way_says_so() -> None:
    facts = {key: value for key, value in FACTS.items() if key != "outcome"}
    waiting = chat(facts=facts, upstream_response=None, client_response=None)
    assert "Nothing yet: the request is under way." in upstream.render(waiting)
    assert "Nothing yet: the request is under way." in client.render(waiting)
    before = Recorded(facts, message("POST / HTTP/1.1", CHAT))
    assert upstream.render(before).count("Nothing yet.") == 2


def test_a_request_that_failed_says_why() -> None:
    failed = with_facts(
        chat(upstream_response=None, client_response=None),
        outcome={"error": "upstream hung up"},
    )
    assert "Nothing: upstream hung up" in client.render(failed)
    assert "Nothing: upstream hung up" in upstream.render(failed)


def test_what_was_not_kept_is_said() -> None:
    old = chat(client_request=None, client_response=None)
    assert "It was not kept: older versions" in client.render(old)
    assert "Nothing that was kept." in client.render(old)


def test_a_native_request_shows_both_sides() -> None:
    assert "authorization: ***" in client.render(native())
    assert "x-api-key: ***" in upstream.render(native())
    assert MESSAGE["id"] in upstream.render(native())  # type: ignore[operator]

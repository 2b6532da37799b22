"""What a body is, whatever its headers say and however much of it was kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.inspection.bodies import cut_note, data_of, read
from anthropic_proxy.inspection.recorded import Message
from anthropic_proxy.wire import sse
from inspection_support import BODY, EVENTS, JSON, message


def body(content: bytes, headers: Any = JSON, *, size: int = 0) -> Message:
    return message("HTTP/1.1 200 OK", content, headers, size=size)


def test_a_missing_message_is_empty() -> None:
    assert read(None).kind == "empty"
    assert read(body(b" \n")).kind == "empty"
    assert read(body(b"")).note == ""


def test_a_body_that_was_not_kept_says_so() -> None:
    assert read(body(b"", size=9)).note == "the whole body was left out"


@pytest.mark.parametrize("headers", [JSON, [], [("content-type", "text/plain")]])
def test_json_is_known_by_what_it_is(headers: Any) -> None:
    found = read(body(b'{"a": 1}', headers))
    assert (found.kind, found.value, found.note) == ("json", {"a": 1}, "")


@pytest.mark.parametrize("headers", [EVENTS, []])
def test_events_are_known_by_header_or_look(headers: Any) -> None:
    found = read(body(b'event: ping\ndata: {"type": "ping"}\n\ndata: 2', headers))
    assert found.kind == "events"
    assert [event.name for event in found.events] == ["ping"]
    assert found.note == "the last event is not finished"


def test_broken_json_says_what_is_wrong() -> None:
    found = read(body(b'{"a": }'))
    assert found.kind == "other"
    assert found.note.startswith("not JSON, although it says so: JSON is malformed")


def test_text_is_not_accused_of_being_no_json() -> None:
    assert read(body(b"<html>", [("content-type", "text/html")])).note == ""


def test_a_cut_document_ends_with_its_last_whole_value() -> None:
    content = b'{"model": "m", "messages": [{"role": "user", "content": [1, 2, "ab'
    found = read(body(content, size=10_000_000))
    assert found.value == {
        "model": "m",
        "messages": [{"role": "user", "content": [1, 2]}],
    }
    assert found.note == (
        f"first {len(content)} bytes of 10.0 MB kept, shown up to the last whole value"
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(1, len(json.dumps(BODY)) - 1))
def test_a_document_can_be_cut_anywhere(length: int) -> None:
    content = json.dumps(BODY).encode()
    found = read(body(content[:length], size=len(content)))
    assert found.kind == "json"
    assert all(
        BODY[key] == value for key, value in found.value.items() if key == "model"
    )


def test_a_cut_document_that_is_too_deep_is_shown_as_it_is() -> None:
    assert read(body(b"[" * 1000, size=2000)).kind == "other"


@settings(max_examples=50, deadline=None)
@given(st.text('{}[]",:\\ a1\n', max_size=60))
def test_nonsense_that_was_cut_is_shown_as_it_is(text: str) -> None:
    content = text.encode()
    assert read(body(content, size=len(content) + 1)).kind in (
        "empty",
        "json",
        "events",
        "other",
    )


def test_a_whole_message_has_no_note() -> None:
    assert cut_note(body(b"abc")) == ""


def test_the_data_of_an_event_that_is_no_json_is_none() -> None:
    assert data_of(sse.Event("message", "[DONE]")) is None
    assert data_of(sse.Event("ping", '{"type": "ping"}')) == {"type": "ping"}

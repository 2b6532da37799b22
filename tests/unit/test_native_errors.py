import json

import pytest

from answer_support import message_end, message_start, sse_bytes, text_block
from anthropic_proxy.dialects.messages.errors import (
    NativeStreamWatch,
    error_event,
    error_for,
)
from anthropic_proxy.wire import sse

STREAM = sse_bytes([message_start(), *text_block(0, "Hi"), *message_end()])


def watched(*pieces):
    watch = NativeStreamWatch()
    for piece in pieces:
        watch.feed(piece)
    return watch


@pytest.mark.parametrize(
    ("status", "type_"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (408, "timeout_error"),
        (409, "conflict_error"),
        (413, "request_too_large"),
        (422, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
        (599, "api_error"),
    ],
)
def test_the_type_goes_by_the_status(status, type_):
    assert error_for(status, "Oops") == {
        "type": "error",
        "error": {"type": type_, "message": "Oops"},
    }


def test_an_error_event():
    (event,) = sse.Decoder().feed(error_event("api_error", "Oops"))
    assert event.name == "error"
    assert json.loads(event.data) == error_for(500, "Oops")


def test_what_comes_after_the_end_is_not_looked_at():
    late = sse_bytes([*message_end("refusal", usage={"output_tokens": 9})])
    assert watched(STREAM + late).stop_reason == "end_turn"
    assert watched(STREAM, late).stop_reason == "end_turn"


def test_what_a_complete_stream_tells():
    watch = watched(STREAM)
    assert watch.finished
    assert not watch.failed
    assert not watch.truncated
    assert watch.message_id == "msg_01X"
    assert watch.model == "claude-sonnet-5-5"
    assert watch.stop_reason == "end_turn"
    assert watch.usage == {"input_tokens": 10, "output_tokens": 5}
    assert watch.end() == b""
    assert watch.fail("api_error", "Oops") == b""


def test_the_pieces_do_not_matter():
    for size in range(1, 50):
        pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
        watch = watched(*pieces)
        assert watch.finished
        assert watch.usage == {"input_tokens": 10, "output_tokens": 5}


def test_names_are_not_needed():
    unnamed = b"".join(
        line for line in STREAM.splitlines(True) if not line.startswith(b"event")
    )
    assert watched(unnamed).finished


def test_wherever_it_is_cut_clients_see_an_error_and_no_half_event():
    for cut in range(len(STREAM)):
        watch = watched(STREAM[:cut])
        assert watch.truncated
        events = sse.Decoder().feed(STREAM[:cut] + watch.end())
        whole = sse.Decoder().feed(STREAM[:cut])
        assert events[:-1] == whole
        assert events[-1].name == "error"
        assert events[-1].data.endswith('complete."}}')
        assert watch.failed
        assert not watch.truncated


def test_an_error_of_upstreams_is_an_end():
    watch = watched(error_event("overloaded_error", "Overloaded"))
    assert watch.finished
    assert watch.failed
    assert watch.end() == b""


def test_a_second_message_after_the_end_changes_nothing():
    watch = watched(STREAM, sse_bytes([message_start(id="msg_02Y")]))
    assert watch.message_id == "msg_01X"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"data: {\n\n",
        b"data: [1]\n\n",
        b'data: {"type": ["x"]}\n\n',
        b'data: {"type": "to_come"}\n\n',
        b'data: {"type": "message_start"}\n\n',
        b'data: {"type": "message_start", "message": {"usage": 5}}\n\n',
        b'data: {"type": "message_delta", "delta": null, "usage": null}\n\n',
    ],
)
def test_odd_events_are_passed_over(data):
    watch = watched(data)
    assert watch.truncated
    assert watch.usage is None
    assert watch.model is None
    watch.feed(STREAM)
    assert watch.finished


def test_a_stream_that_cannot_be_followed_is_not_called_cut():
    watch = watched(*[b"x" * 1024 * 1024] * 33, b"y")
    assert not watch.finished
    assert not watch.truncated
    assert watch.end() == b""
    assert watch.fail("api_error", "Oops").startswith(b"\nevent: error")

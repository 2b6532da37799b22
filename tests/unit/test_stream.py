import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answer_support import (
    block_delta,
    block_start,
    block_stop,
    checked,
    deltas,
    events_of,
    exchange,
    exchange_of,
    finish,
    frames,
    message_end,
    message_start,
    replayed,
    run,
    sse_bytes,
    text_block,
    tool_block,
    transcoded,
    vectors,
)
from anthropic_proxy.dialects.chat_completions.errors import truncated
from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.dialects.chat_completions.response import chat_completion
from anthropic_proxy.dialects.chat_completions.stream import ChunkStream, Transcoder
from anthropic_proxy.wire import jsontext

STREAMS = vectors("stream")
HELLO = [message_start(), *text_block(0, "Hel", "lo"), *message_end()]


def one_error(chunks):
    *before, last = chunks
    assert all("error" not in chunk for chunk in before)
    return last["error"]


class TestVectors:
    @pytest.mark.parametrize(("given_", "expected"), STREAMS)
    def test_whole(self, given_, expected):
        data = transcoded([given_["sse"].encode()], exchange_of(given_))
        chunks, done = frames(data)
        assert chunks == expected["chunks"]
        assert done == expected["done"]

    @pytest.mark.parametrize(("given_", "expected"), STREAMS)
    def test_in_pieces_of_every_size(self, given_, expected):
        sse = given_["sse"].encode()
        whole = transcoded([sse], exchange_of(given_))
        for size in range(1, len(sse)):
            pieces = [sse[at : at + size] for at in range(0, len(sse), size)]
            assert transcoded(pieces, exchange_of(given_)) == whole

    @pytest.mark.parametrize(("given_", "expected"), STREAMS)
    def test_cut_at_every_byte(self, given_, expected):
        sse = given_["sse"].encode()
        ended = _end_of(sse)
        for cut in range(len(sse)):
            chunks, done = frames(transcoded([sse[:cut]], exchange_of(given_)))
            if cut >= ended:
                assert chunks == expected["chunks"]
                assert done == expected["done"]
                continue
            assert chunks[-1] == truncated()
            assert not done
            assert finish(chunks) == []
            assert chunks[:-1] == expected["chunks"][: len(chunks) - 1]

    @pytest.mark.parametrize(("given_", "expected"), STREAMS)
    def test_openais_client_reads_them(self, given_, expected):
        if "error" not in expected["chunks"][-1]:
            message = replayed(expected["chunks"])["choices"][0]["message"]
            assert message["role"] == "assistant"


def _end_of(sse):
    """How many bytes it takes until the last event is complete."""
    # A carriage return is an end of line, whether or not a line feed follows.
    return len(sse) - 1 if sse.endswith(b"\r\n") else len(sse)


class TestText:
    def test_role_once_then_text_then_one_finish(self):
        chunks = run(HELLO)
        assert deltas(chunks) == [
            {"role": "assistant", "content": "", "refusal": None},
            {"content": "Hel"},
            {"content": "lo"},
            {},
        ]
        assert finish(chunks) == ["stop"]
        assert all("usage" not in chunk for chunk in chunks)
        assert len({chunk["id"] for chunk in chunks}) == 1

    def test_the_first_chunk_comes_with_message_start(self):
        assert len(ChunkStream(exchange()).receive(message_start())) == 1

    def test_content_in_message_start_is_not_lost(self):
        start = message_start(content=[{"type": "text", "text": "Hi"}])
        assert {"content": "Hi"} in deltas(run([start, *message_end()]))

    def test_annotations_come_before_the_end(self):
        page = {"type": "web_search_result_location", "url": "https://a", "title": None}
        citation = block_delta(0, "citations_delta", citation=page)
        start, words, stop = text_block(0, "cited")
        chunks = run([message_start(), start, citation, words, stop, *message_end()])
        message = replayed(chunks)["choices"][0]["message"]
        assert message["annotations"][0]["url_citation"] == {
            "start_index": 0,
            "end_index": 5,
            "title": "https://a",
            "url": "https://a",
        }


class TestUsage:
    def test_every_chunk_has_the_key_and_the_last_one_the_counts(self):
        start = message_start(usage={"input_tokens": 10, "cache_read_input_tokens": 4})
        chunks = run([start, *text_block(0, "x"), *message_end()], include_usage=True)
        *others, last = chunks
        assert all(chunk["usage"] is None for chunk in others)
        assert last["choices"] == []
        assert last["usage"]["prompt_tokens"] == 14
        assert last["usage"]["completion_tokens"] == 5
        assert replayed(chunks)["usage"]["total_tokens"] == 19

    def test_counts_of_later_events_replace_earlier_ones(self):
        updates = [
            {"type": "message_delta", "delta": {}, "usage": {"output_tokens": tokens}}
            for tokens in (3, 7, None)
        ]
        stream = ChunkStream(exchange(include_usage=True))
        run([message_start(), *updates, {"type": "message_stop"}], stream)
        assert stream.usage == {"input_tokens": 10, "output_tokens": 7}

    @pytest.mark.parametrize("usage", [None, [], {"output_tokens": None}])
    def test_odd_counts_are_zero(self, usage):
        chunks = run(
            [message_start(usage=usage), {"type": "message_stop"}], include_usage=True
        )
        assert chunks[-1]["usage"]["total_tokens"] == 0

    def test_there_is_none_after_an_error(self):
        chunks = run([message_start(), *text_block(0, "x")], include_usage=True)
        assert chunks[-1] == truncated()
        assert all(chunk.get("usage") is None for chunk in chunks)

    def test_there_is_none_before_the_first_message(self):
        assert ChunkStream(exchange()).usage is None


class TestCalls:
    def test_names_are_restored(self):
        chunks = run(
            [message_start(), *tool_block(0, name="fs_read"), *message_end("tool_use")],
            tool_names={"fs_read": "fs.read"},
        )
        (call,) = replayed(chunks)["choices"][0]["message"]["tool_calls"]
        assert call["function"]["name"] == "fs.read"

    def test_a_call_that_was_cut_short_keeps_what_came(self):
        events = [
            message_start(),
            *tool_block(0, '{"a": "b'),
            *message_end("max_tokens"),
        ]
        chunks = run(events)
        (call,) = replayed(chunks)["choices"][0]["message"]["tool_calls"]
        assert call["function"]["arguments"] == '{"a": "b'
        assert finish(chunks) == ["length"]

    def test_custom_calls_come_whole(self):
        events = [
            message_start(),
            *tool_block(0, '{"input": "*** ', 'Begin"}', name="patch"),
            *tool_block(1, "{}", id_="toolu_2"),
            *message_end("tool_use"),
        ]
        chunks = run(events, custom_tools=frozenset({"patch"}))
        told = [delta["tool_calls"][0] for delta in deltas(chunks)[1:-1]]
        assert told[0] == {
            "index": 0,
            "id": "toolu_1",
            "type": "custom",
            "custom": {"name": "patch", "input": "*** Begin"},
        }
        assert [call["index"] for call in told] == [0, 1, 1]

    def test_legacy_clients_get_function_call_deltas(self):
        events = [
            message_start(),
            *tool_block(0, '{"a"', ": 1}"),
            *tool_block(1, id_="toolu_2"),
            *message_end("tool_use"),
        ]
        stream = ChunkStream(exchange(legacy_functions=True))
        chunks = run(events, stream)
        message = replayed(chunks)["choices"][0]["message"]
        assert message["function_call"] == {"name": "f", "arguments": '{"a": 1}'}
        assert not message.get("tool_calls")
        assert finish(chunks) == ["function_call"]
        assert stream.warnings == ["function_call:extra_calls_dropped"]

    def test_a_refusal_after_a_call_was_told_is_still_a_refusal(self):
        events = [
            message_start(),
            *tool_block(0, '{"a":'),
            *message_end("refusal", stop_details={"explanation": "No."}),
        ]
        chunks = run(events)
        assert deltas(chunks)[-2:] == [{"refusal": "No."}, {}]
        assert finish(chunks) == ["content_filter"]


class TestEmulatedCall:
    def events(self, stop_reason="end_turn"):
        return [
            message_start(),
            *text_block(0, '{"a":', "1}"),
            *message_end(stop_reason),
        ]

    def test_text_becomes_arguments_as_it_comes(self):
        stream = ChunkStream(exchange(emulated_tool="pick"))
        chunks = run(self.events(), stream)
        arguments = [
            delta["tool_calls"][0]["function"]["arguments"]
            for delta in deltas(chunks)[1:-1]
        ]
        assert arguments == ["", '{"a":', "1}"]
        (call,) = replayed(chunks)["choices"][0]["message"]["tool_calls"]
        assert call["function"]["name"] == "pick"
        assert finish(chunks) == ["tool_calls"]
        assert stream.warnings == []

    @pytest.mark.parametrize(
        ("stop_reason", "reason"),
        [("max_tokens", "length"), ("refusal", "content_filter")],
    )
    def test_other_ends(self, stop_reason, reason):
        chunks = run(self.events(stop_reason), emulated_tool="pick")
        assert finish(chunks) == [reason]
        assert "tool_calls" in deltas(chunks)[1]

    def test_text_that_is_no_json_is_warned_of(self):
        stream = ChunkStream(exchange(emulated_tool="pick"))
        events = [message_start(), *text_block(0, "Sorry"), *message_end()]
        assert finish(run(events, stream)) == ["tool_calls"]
        assert stream.warnings == ["tool_choice:emulated_output_not_json"]

    def test_no_text_is_no_call(self):
        stream = ChunkStream(exchange(emulated_tool="pick"))
        assert finish(run([message_start(), *message_end()], stream)) == ["stop"]
        assert stream.warnings == ["tool_choice:emulated_output_not_json"]

    def test_a_custom_tool_gets_its_input_unwrapped(self):
        events = [message_start(), *text_block(0, '{"input":', '"x"}'), *message_end()]
        chunks = run(events, emulated_tool="patch", custom_tools=frozenset({"patch"}))
        (call,) = [delta["tool_calls"][0] for delta in deltas(chunks)[1:-1]]
        assert call["custom"] == {"name": "patch", "input": "x"}


PAUSED = [
    message_start(),
    block_start(0, type="thinking", thinking="", signature=""),
    block_delta(0, "thinking_delta", thinking="hm"),
    block_delta(0, "signature_delta", signature="s"),
    *text_block(1, "one "),
    *text_block(2, " "),
    *message_end("pause_turn"),
]
CONTINUED = [message_start(id="msg_02Y"), *text_block(0, "two"), *message_end()]


class TestPausedTurn:
    def test_it_goes_on_in_the_same_answer(self):
        stream = ChunkStream(exchange(include_usage=True), pauses_left=1)
        chunks = [chunk for event in PAUSED for chunk in stream.receive(event)]
        assert stream.paused == [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "one "},
        ]
        assert not stream.finished
        assert finish(chunks) == []
        assert stream.close() == []
        assert stream.receive(CONTINUED[0]) == []

        stream.resume()
        assert stream.paused is None
        chunks += run(CONTINUED, stream)
        message = replayed(chunks)["choices"][0]["message"]
        assert message["content"] == "one  two"
        assert message["role"] == "assistant"
        assert message["thinking_blocks"] == stream.raw_content[:1]
        assert finish(chunks) == ["stop"]
        assert chunks[-1]["usage"]["total_tokens"] == 30
        assert len({chunk["id"] for chunk in chunks}) == 1
        assert stream.message_id == "msg_01X"
        assert stream.warnings == []

    def test_it_ends_when_no_pauses_are_left(self):
        stream = ChunkStream(exchange(), pauses_left=0)
        assert finish(run(PAUSED, stream)) == ["length"]
        assert stream.warnings == ["pause_turn:not_continued"]

    def test_it_is_not_continued_without_content(self):
        stream = ChunkStream(exchange(), pauses_left=3)
        events = [message_start(), *text_block(0, " "), *message_end("pause_turn")]
        assert finish(run(events, stream)) == ["length"]

    def test_each_pause_uses_one_up(self):
        stream = ChunkStream(exchange(), pauses_left=1)
        run(PAUSED, stream)
        stream.resume()
        assert finish(run(PAUSED, stream)) == ["length"]
        assert stream.stop_reason == "pause_turn"

    def test_a_cut_after_the_pause_is_a_cut(self):
        stream = ChunkStream(exchange(), pauses_left=1)
        run(PAUSED, stream)
        stream.resume()
        assert stream.close() == [truncated()]

    def test_it_can_fail_while_paused(self):
        stream = ChunkStream(exchange(), pauses_left=1)
        transcoder = Transcoder(stream)
        assert b"[DONE]" not in transcoder.feed(sse_bytes(PAUSED))
        chunks, done = frames(transcoder.fail("too late", "timeout"))
        assert one_error(chunks)["code"] == "timeout"
        assert not done
        assert stream.paused is None

    def test_bytes_after_the_pause_are_of_no_interest(self):
        stream = ChunkStream(exchange(), pauses_left=1)
        transcoder = Transcoder(stream)
        first = sse_bytes(PAUSED)
        told = transcoder.feed(first + b"data: junk\n\ndata: unfini")
        assert transcoder.feed(b"shed") == b""
        assert transcoder.end() == b""
        stream.resume()
        told += transcoder.feed(b"\xef\xbb\xbf" + sse_bytes(CONTINUED))
        chunks, done = frames(told)
        assert done
        assert replayed(chunks)["choices"][0]["message"]["content"] == "one  two"


class TestErrors:
    @pytest.mark.parametrize(
        "event",
        [*text_block(0, "x"), *message_end()],
        ids=lambda event: event["type"],
    )
    def test_nothing_may_come_before_message_start(self, event):
        error = one_error(run([event, *HELLO]))
        assert error == {
            "message": "Upstream's stream is broken: "
            f"{event['type']} came before message_start.",
            "type": "server_error",
            "param": None,
            "code": "bad_gateway",
        }

    @pytest.mark.parametrize(
        ("events", "what"),
        [
            ([message_start(), message_start()], "a second message"),
            ([{"type": "message_start"}], "holds no message"),
            ([message_start(), block_start(None, type="text")], "lacks its index"),
        ],
    )
    def test_broken_streams_end_with_an_error(self, events, what):
        error = one_error(run([*events, *HELLO]))
        assert what in error["message"]
        assert error["code"] == "bad_gateway"

    def test_upstreams_error_is_the_end(self):
        event = {"type": "error", "error": {"type": "api_error", "message": "Oops"}}
        stream = ChunkStream(exchange())
        chunks = run([message_start(), event, *HELLO], stream)
        assert one_error(chunks)["message"] == "Oops"
        assert stream.finished
        assert stream.failed

    def test_it_may_be_the_first_event(self):
        event = {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}
        (chunk,) = run([event])
        assert chunk["error"]["code"] == "overloaded"

    def test_a_stream_that_is_cut_has_no_finish_reason(self):
        chunks = run(HELLO[:-1])
        assert one_error(chunks)["code"] == "stream_truncated"
        assert finish(chunks) == []

    def test_failing_twice_says_it_once(self):
        stream = ChunkStream(exchange())
        transcoder = Transcoder(stream)
        assert transcoder.fail("a", "timeout") != b""
        assert transcoder.fail("b", "timeout") == b""
        assert transcoder.feed(sse_bytes(HELLO)) == b""
        assert transcoder.end() == b""

    @pytest.mark.parametrize("data", ["{", "[1]", "null", '"text"', "NaN"])
    def test_data_that_is_no_json_object_is_an_error(self, data):
        start = sse_bytes([message_start()])
        chunks, done = frames(
            transcoded([start, f"data: {data}\n\n".encode()], exchange())
        )
        assert one_error(chunks)["code"] == "bad_gateway"
        assert not done

    def test_an_event_without_end_is_an_error(self):
        transcoder = Transcoder(ChunkStream(exchange()))
        piece = b"x" * 1024 * 1024
        told = b"".join([transcoder.feed(piece) for _ in range(40)])
        chunks, _ = frames(told)
        assert one_error(chunks)["code"] == "bad_gateway"
        assert transcoder.end() == b""


class TestOddities:
    def test_a_missing_stop_reason_is_a_stop(self):
        stream = ChunkStream(exchange())
        events = [message_start(), *text_block(0, "x"), {"type": "message_stop"}]
        assert finish(run(events, stream)) == ["stop"]
        assert stream.warnings == ["stop_reason:unknown"]
        assert stream.stop_reason is None

    def test_the_last_stop_reason_counts(self):
        first, stop = message_end("end_turn")
        second, _ = message_end("max_tokens")
        empty = {"type": "message_delta", "delta": None, "usage": None}
        events = [message_start(), first, second, empty, stop]
        assert finish(run(events)) == ["length"]

    def test_null_stop_details_are_a_refusal_without_words(self):
        events = [message_start(), *message_end("refusal", stop_details=None)]
        assert {"refusal": "The model declined to answer."} in deltas(run(events))

    def test_a_changed_conversation_is_warned_of(self):
        change = {"type": "thinking_dropped", "reason": "prefix_binding_mismatch"}
        stream = ChunkStream(exchange())
        run([message_start(input_transformations=[change]), *message_end()], stream)
        assert stream.warnings == ["thinking_blocks:prefix_binding_mismatch"]

    def test_events_of_no_known_type_are_passed_over(self):
        odd = [{}, {"type": None}, {"type": ["x"]}, {"type": "to_come"}]
        assert run([*odd, HELLO[0], *odd, *HELLO[1:], *odd]) == run(HELLO)

    def test_pings_become_comments(self):
        ping = sse_bytes([{"type": "ping"}])
        told = transcoded([ping, sse_bytes(HELLO), ping], exchange())
        assert told.startswith(b": ping\n\n")
        assert told.count(b": ping\n\n") == 1
        assert frames(told)[1]

    def test_the_model_can_be_told_as_it_was_asked_for(self):
        stream = ChunkStream(exchange(settings=Settings(echo_model=True)))
        chunks = run(HELLO, stream)
        assert {chunk["model"] for chunk in chunks} == {"gpt-5"}
        assert stream.model == "gpt-5"

    def test_an_answer_without_id_gets_one(self):
        chunks = run([message_start(id=None), *message_end()])
        assert {chunk["id"] for chunk in chunks} == {"chatcmpl-1700000000"}


# -- properties ------------------------------------------------------------------

WORDS = st.text(max_size=12)
KEYS = st.sampled_from(["a", "b", "ü"])
INPUTS = st.dictionaries(KEYS, st.none() | st.integers() | WORDS, max_size=2)
PAGES = st.fixed_dictionaries(
    {
        "type": st.just("web_search_result_location"),
        "url": st.sampled_from(["https://a", "https://b"]),
        "title": st.none() | WORDS,
    }
)
CONTENT = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("text"), "text": WORDS},
            optional={"citations": st.lists(PAGES, min_size=1, max_size=2)},
        ),
        st.fixed_dictionaries(
            {"type": st.just("thinking"), "thinking": WORDS, "signature": WORDS}
        ),
        st.just({"type": "redacted_thinking", "data": "x"}),
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(["tool_use", "server_tool_use"]),
                "id": st.sampled_from(["t1", "t2"]),
                "name": st.sampled_from(["f", "g"]),
                "input": INPUTS,
            }
        ),
    ),
    max_size=5,
)
MODES = st.fixed_dictionaries(
    {
        "legacy_functions": st.booleans(),
        "include_usage": st.booleans(),
        "emulated_tool": st.sampled_from([None, "pick"]),
        "settings": st.builds(
            Settings, reasoning_content=st.booleans(), anthropic_content=st.booleans()
        ),
    }
)


@settings(deadline=None, max_examples=40)
@given(
    content=CONTENT,
    stop_reason=st.sampled_from(["end_turn", "tool_use", "max_tokens", "pause_turn"]),
    modes=MODES,
)
def test_streamed_or_not_the_answer_is_the_same(content, stop_reason, modes):
    message = {
        "id": "msg_01X",
        "model": "claude-sonnet-5-5",
        "content": content,
        "stop_reason": stop_reason,
        "usage": {"input_tokens": 3, "output_tokens": 4},
    }
    completion, warnings = chat_completion(message, exchange(**modes))
    expected = checked(completion)
    stream = ChunkStream(exchange(**modes))
    chunks = run(events_of(message), stream)
    choice = replayed(chunks)["choices"][0]

    assert stream.raw_content == content
    assert sorted(stream.warnings) == sorted(warnings)
    assert choice["finish_reason"] == expected["finish_reason"]
    told = {key: value for key, value in choice["message"].items() if value is not None}
    wanted = {k: v for k, v in expected["message"].items() if v is not None}
    wanted.setdefault("content", "")
    told.pop("parsed", None)
    for call in told.get("tool_calls", []):
        call.pop("index")
        call["function"].pop("parsed_arguments", None)
    assert told == wanted
    if modes["include_usage"]:
        assert chunks[-1]["usage"] == completion["usage"]


INDEX = st.sampled_from([0, 1, 2, None, "0"])
ODD = st.none() | st.integers(0, 2) | st.just("x") | st.just([]) | st.just({})
BLOCK_TYPES = ["text", "thinking", "tool_use", "server_tool_use", "to_come", None]
DELTAS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
    "signature_delta": "signature",
    "citations_delta": "citation",
    "to_come_delta": "x",
}
DELTA = st.one_of(
    ODD,
    st.sampled_from(sorted(DELTAS)).flatmap(
        lambda type_: st.fixed_dictionaries(
            {"type": st.just(type_)}, optional={DELTAS[type_]: ODD | st.just('{"a":1}')}
        )
    ),
)
BLOCK = ODD | st.fixed_dictionaries(
    {"type": st.sampled_from(BLOCK_TYPES)},
    optional={"text": ODD, "id": ODD, "name": ODD, "input": ODD, "citations": ODD},
)
STOP_REASONS = ["end_turn", "tool_use", "refusal", "pause_turn", None]
EVENT = st.one_of(
    st.just(message_start()),
    st.builds(lambda m: {"type": "message_start", "message": m}, ODD),
    st.builds(
        lambda i, b: {"type": "content_block_start", "index": i, "content_block": b},
        INDEX,
        BLOCK,
    ),
    st.builds(
        lambda i, d: {"type": "content_block_delta", "index": i, "delta": d},
        INDEX,
        DELTA,
    ),
    st.builds(block_stop, INDEX),
    st.builds(lambda reason: message_end(reason)[0], st.sampled_from(STOP_REASONS)),
    st.builds(lambda d, u: {"type": "message_delta", "delta": d, "usage": u}, ODD, ODD),
    st.just({"type": "message_stop"}),
    st.builds(lambda e: {"type": "error", "error": e}, ODD),
    st.builds(lambda type_: {"type": type_}, ODD),
)


@settings(deadline=None, max_examples=150)
@given(
    started=st.booleans(),
    events=st.lists(EVENT, max_size=12),
    modes=MODES,
    pauses_left=st.integers(0, 1),
)
def test_whatever_comes_the_stream_ends_once_and_properly(
    started, events, modes, pauses_left
):
    events = [message_start(), *events] if started else events
    stream = ChunkStream(exchange(**modes), pauses_left=pauses_left)
    transcoder = Transcoder(stream)
    told = b""
    for event in events:
        told += transcoder.feed(b"data: " + jsontext.encode(event) + b"\n\n")
        if stream.paused is not None:
            stream.resume()
    told += transcoder.end()
    chunks, done = frames(told)

    assert stream.finished
    errors = [chunk for chunk in chunks if "error" in chunk]
    if done:
        assert not stream.failed
        assert errors == []
        assert len(finish(chunks)) == 1
        if not modes["legacy_functions"]:
            replayed(chunks)
    else:
        assert stream.failed
        assert errors == chunks[-1:]
        assert finish(chunks) == []
    json.dumps(stream.raw_content)


@settings(deadline=None, max_examples=100)
@given(data=st.binary(max_size=60), at=st.integers(0, 400))
def test_junk_among_the_bytes_never_raises(data, at):
    sse = sse_bytes(HELLO)
    at %= len(sse)
    chunks, done = frames(transcoded([sse[:at], data, sse[at:]], exchange()))
    assert done != ("error" in chunks[-1])

import pytest

from answer_support import block_delta, block_start, exchange, text_block, tool_block
from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.dialects.chat_completions.streamed_content import (
    BrokenStream,
    StreamedContent,
)


def content_of(*events, **fields):
    content = StreamedContent(exchange(**fields))
    told = [delta for event in events for delta in content.receive(event)]
    return content, told + content.stop_message()


def test_blocks_that_are_not_for_the_client_are_kept():
    result = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}
    content, told = content_of(
        block_start(0, type="server_tool_use", id="s1", name="web_search", input={}),
        block_delta(0, "input_json_delta", partial_json='{"query"'),
        block_delta(0, "input_json_delta", partial_json=': "x"}'),
        block_start(1, **result),
        block_start(2, type="compaction", content=None),
        block_delta(2, "compaction_delta", content="sum", encrypted_content="e"),
        block_start(3, type="to_come", text=""),
        block_delta(3, "text_delta", text="not for the client"),
        block_delta(3, "thinking_delta", thinking="nor this"),
        block_delta(3, "delta_to_come", x=1),
        block_delta(3, "text_delta", text=None),
    )
    assert told == []
    assert content.calls == 0
    assert content.value() == [
        {"type": "server_tool_use", "id": "s1", "name": "web_search"}
        | {"input": {"query": "x"}},
        result,
        {"type": "compaction", "content": "sum", "encrypted_content": "e"},
        {"type": "to_come", "text": "not for the client", "thinking": "nor this"},
    ]


def test_what_is_there_at_the_start_of_a_block_is_told():
    _, told = content_of(
        block_start(0, type="thinking", thinking="hm", signature="s"),
        block_start(1, type="text", text="Hi"),
        block_start(2, type="tool_use", id="t", name="f", input={"a": 1}),
    )
    assert told[:2] == [{"reasoning_content": "hm"}, {"content": "Hi"}]
    assert told[-1] == {
        "tool_calls": [{"index": 0, "function": {"arguments": '{"a":1}'}}]
    }


def test_a_block_that_was_not_stopped_ends_when_the_next_one_starts():
    first, second = tool_block(0), tool_block(1, "{}", id_="toolu_2")
    _, told = content_of(first[0], second[0], second[1])
    ends = [delta["tool_calls"][0] for delta in told]
    assert [call["index"] for call in ends] == [0, 0, 1, 1]
    assert [call["function"]["arguments"] for call in ends] == ["", "{}", "", "{}"]


def test_a_stop_of_another_block_does_not_end_this_one():
    start, piece, _ = tool_block(1, "{}")
    stops = [
        {"type": "content_block_stop", "index": index} for index in (0, None, [], 7)
    ]
    _, told = content_of(*text_block(0, "x"), start, *stops, piece)
    assert told[-1]["tool_calls"][0]["function"] == {"arguments": "{}"}


def test_a_stop_with_no_block_open_is_passed_over():
    assert content_of({"type": "content_block_stop", "index": 0})[1] == []


def test_text_and_thinking_imply_their_block():
    content, told = content_of(
        block_delta(0, "thinking_delta", thinking="hm"),
        block_delta(1, "text_delta", text="Hi"),
    )
    assert told == [{"reasoning_content": "hm"}, {"content": "Hi"}]
    assert content.value() == [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "Hi"},
    ]


def test_text_that_comes_late_is_not_lost():
    start, _, stop = text_block(0, "a")
    late = block_delta(0, "text_delta", text="b")
    content, told = content_of(start, stop, *tool_block(1), late)
    assert told[-1] == {"content": "b"}
    assert content.value()[0]["text"] == "b"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"type": "content_block_start"}, "lacks its index or its block"),
        (block_start("0", type="text"), "lacks its index or its block"),
        (
            {"type": "content_block_start", "index": 0, "content_block": None},
            "lacks its index or its block",
        ),
        (
            block_delta(5, "input_json_delta", partial_json="{"),
            "input_json_delta belongs to no content block",
        ),
        (
            block_delta(5, "signature_delta", signature="s"),
            "signature_delta belongs to no content block",
        ),
        (
            block_delta(None, "text_delta", text="x"),
            "text_delta belongs to no content block",
        ),
        (
            block_delta(0, "input_json_delta", partial_json="{"),
            "input_json_delta came after its content block",
        ),
    ],
)
def test_what_would_be_told_wrong_breaks_the_stream(event, message):
    content, _ = content_of(*tool_block(0, "{}"))
    with pytest.raises(BrokenStream, match=message):
        content.receive(event)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "content_block_delta", "index": 0},
        {"type": "content_block_delta", "index": 0, "delta": "odd"},
        block_delta(0, ["odd"]),
        block_delta(9, "delta_to_come"),
        block_delta(0, "input_json_delta", partial_json=""),
        block_delta(0, "citations_delta", citation=None),
    ],
)
def test_deltas_that_say_nothing_known_are_passed_over(event):
    content, _ = content_of(*tool_block(0, "{}"))
    assert content.receive(event) == []


def test_thinking_is_hidden_when_the_settings_say_so():
    content, told = content_of(
        block_start(0, type="thinking", thinking="", signature=""),
        block_delta(0, "thinking_delta", thinking="hm"),
        settings=Settings(reasoning_content=False),
    )
    assert told == []
    assert content.lists() == []


def test_annotations_hold_their_place_among_other_text():
    page = {"type": "web_search_result_location", "url": "https://a", "title": "A"}
    cited = text_block(1, "ci", "ted")
    cited.insert(2, block_delta(1, "citations_delta", citation=page))
    content, _ = content_of(*text_block(0, "🦀 "), *cited, *text_block(2, "."))
    (delta,) = content.lists()
    (annotation,) = delta["annotations"]
    assert annotation["url_citation"]["start_index"] == 2
    assert annotation["url_citation"]["end_index"] == 7


def test_each_list_is_told_once_and_alone():
    page = {"type": "web_search_result_location", "url": "https://a"}
    content, _ = content_of(
        block_start(0, type="redacted_thinking", data="x"),
        block_start(1, type="text", text="a", citations=[page]),
        settings=Settings(anthropic_content=True),
    )
    names = [list(delta) for delta in content.lists()]
    assert names == [["annotations"], ["thinking_blocks"], ["anthropic_content"]]

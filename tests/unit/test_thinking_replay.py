import pytest

from anthropic_proxy.dialects.chat_completions.errors import RequestError
from anthropic_proxy.dialects.chat_completions.messages import without_thinking
from anthropic_proxy.wire import jsontext
from conversation_support import OPUS_4_7, SONNET, Memory, translate, violations

THINKING = {"type": "thinking", "thinking": "hm", "signature": "sig=="}
REDACTED = {"type": "redacted_thinking", "data": "opaque"}


def user(words):
    return {"role": "user", "content": words}


def text(words):
    return {"type": "text", "text": words}


def tool(call_id):
    return {"role": "tool", "tool_call_id": call_id, "content": "ok"}


def answer(call_id, arguments='{"a":1}', **more):
    function = {"name": "f", "arguments": arguments}
    calls = [{"id": call_id, "type": "function", "function": function}]
    return {"role": "assistant", "content": None, "tool_calls": calls, **more}


def tool_use(call_id, **more):
    return {"type": "tool_use", "id": call_id, "name": "f", "input": {"a": 1}, **more}


def result(call_id):
    return {"type": "tool_result", "tool_use_id": call_id, "content": "ok"}


# --- what a client hands back ------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "blocks", "warnings"),
    [
        ({"thinking_blocks": [THINKING, REDACTED]}, [THINKING, REDACTED], set()),
        (
            {"thinking_blocks": [THINKING], "reasoning_content": "hm"},
            [THINKING],
            set(),
        ),
        (
            {"thinking_blocks": [{**THINKING, "thinking": None}]},
            [{**THINKING, "thinking": ""}],
            set(),
        ),
        (
            {"thinking_blocks": [{**THINKING, "cache_control": {"type": "ephemeral"}}]},
            [THINKING],
            {"messages.thinking_blocks.cache_control:ignored"},
        ),
        (
            {"thinking_blocks": [{"type": "thinking", "thinking": "hm"}, REDACTED]},
            [REDACTED],
            {"thinking_blocks:unsigned_dropped"},
        ),
        (
            {"thinking_blocks": [{"type": "redacted_thinking", "data": ""}]},
            [],
            {"thinking_blocks:unsigned_dropped"},
        ),
        (
            {
                "thinking_blocks": [],
                "reasoning_details": [
                    {
                        "type": "reasoning.text",
                        "text": "hm",
                        "signature": "sig==",
                        "format": "anthropic-claude-v1",
                        "index": 0,
                    },
                    {"type": "reasoning.encrypted", "data": "opaque"},
                ],
            },
            [THINKING, REDACTED],
            set(),
        ),
        (
            {
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "hm", "signature": None},
                    {"type": "reasoning.summary", "summary": "hm"},
                    {
                        "type": "reasoning.encrypted",
                        "data": "x",
                        "format": "openai-responses-v1",
                    },
                ]
            },
            [],
            {"messages.reasoning_details:ignored"},
        ),
        (
            {"reasoning_content": "hm", "reasoning": "hm"},
            [],
            {"messages.reasoning_content:ignored", "messages.reasoning:ignored"},
        ),
        ({"reasoning_content": "", "reasoning_details": None}, [], set()),
    ],
)
def test_signed_blocks_go_first_and_unsigned_ones_nowhere(keys, blocks, warnings):
    translated = translate([user("W?"), answer("toolu_1", **keys), tool("toolu_1")])
    assert translated.messages[1]["content"] == [*blocks, tool_use("toolu_1")]
    assert translated.warnings == warnings
    assert translated.conversation.replays_thinking is bool(blocks)
    assert translated.conversation.starts_turn_with_thinking is bool(blocks)


def test_what_the_client_replays_is_sent_even_with_a_gap():
    messages = [
        user("a"),
        answer("1", thinking_blocks=[THINKING]),
        tool("1"),
        answer("2"),
        tool("2"),
        answer("3", thinking_blocks=[REDACTED]),
        tool("3"),
    ]
    turns = translate(
        messages, memory=Memory({"2": [THINKING, tool_use("2")]})
    ).messages
    firsts = [turn["content"][0]["type"] for turn in turns[1::2]]
    assert firsts == ["thinking", "tool_use", "redacted_thinking"]


def test_the_same_blocks_in_two_forms_are_sent_once():
    message = {
        "role": "assistant",
        "content": [THINKING, text("x"), tool_use("1")],
        "thinking_blocks": [THINKING],
    }
    turns = translate([user("a"), message, tool("1")]).messages
    assert turns[1]["content"] == message["content"]


@pytest.mark.parametrize("model", [SONNET, OPUS_4_7])
def test_a_raw_answer_is_sent_as_it_was(model):
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    raw = [
        THINKING,
        text(" \n"),
        {**text("a"), "citations": None},
        search,
        REDACTED,
        tool_use("toolu_1", caller={"type": "direct"}),
    ]
    message = answer("toolu_1", anthropic_content=raw, content="a", thinking_blocks=[1])
    turns = translate([user("W?"), message, tool("toolu_1")], model).messages
    assert turns[1]["content"] == [raw[0], *raw[2:]]
    assert turns[2] == user([result("toolu_1")])


def test_a_raw_answer_keeps_its_cache_mark_only_where_it_may_stand():
    mark = {"type": "ephemeral"}
    raw = [{**THINKING, "cache_control": mark}, {**text("a"), "cache_control": mark}]
    message = {"role": "assistant", "anthropic_content": raw}
    turns = translate([user("a"), message, user("b")]).messages
    assert turns[1]["content"] == [THINKING, raw[1]]


def test_a_raw_answer_is_not_used_for_a_deprecated_call():
    message = {
        "role": "assistant",
        "function_call": {"name": "f", "arguments": '{"a":1}'},
        "anthropic_content": [tool_use("toolu_1")],
    }
    translated = translate(
        [user("a"), message, {"role": "function", "name": "f", "content": "ok"}]
    )
    assert translated.messages[1]["content"] == [tool_use("call_fn_0")]
    assert translated.warnings == {"messages.anthropic_content:ignored"}


def test_an_answer_of_thinking_alone_is_dropped():
    message = {"role": "assistant", "content": "", "thinking_blocks": [THINKING]}
    translated = translate([user("a"), message, user("b")])
    assert translated.messages == [user([text("a"), text("b")])]
    assert translated.warnings == {"messages:empty_dropped"}


def test_a_message_mark_never_lands_on_thinking():
    message = {
        "role": "assistant",
        "anthropic_content": [text("a"), THINKING],
        "cache_control": {"type": "ephemeral"},
    }
    translated = translate([user("a"), message, user("b")])
    assert translated.messages[1]["content"] == [text("a"), THINKING]


@pytest.mark.parametrize(
    ("keys", "param"),
    [
        ({"thinking_blocks": "x"}, "thinking_blocks"),
        ({"thinking_blocks": [1]}, "thinking_blocks[0]"),
        ({"thinking_blocks": [text("x")]}, "thinking_blocks[0].type"),
        (
            {"thinking_blocks": [{**THINKING, "signature": 1}]},
            "thinking_blocks[0].signature",
        ),
        ({"reasoning_details": [{}]}, "reasoning_details[0].type"),
        (
            {"reasoning_details": [{"type": "reasoning.text", "signature": 1}]},
            "reasoning_details[0].signature",
        ),
        (
            {"reasoning_details": [{"type": "reasoning.encrypted", "data": [1]}]},
            "reasoning_details[0].data",
        ),
        ({"anthropic_content": {}}, "anthropic_content"),
        ({"anthropic_content": [None]}, "anthropic_content[0]"),
        ({"anthropic_content": [{"type": "text"}]}, "anthropic_content[0].text"),
        ({"anthropic_content": [{"type": "document"}]}, "anthropic_content[0].type"),
        ({"anthropic_content": [{"type": "tool_use"}]}, "anthropic_content[0].id"),
    ],
)
def test_malformed_thinking_is_named(keys, param):
    with pytest.raises(RequestError) as refusal:
        translate([user("a"), {"role": "assistant", "content": "x", **keys}])
    assert refusal.value.param == f"messages[1].{param}"


# --- what we remember for the client -----------------------------------------------

LOOP = [
    user("a"),
    answer("old"),
    tool("old"),
    user("b"),
    answer("1"),
    tool("1"),
    {"role": "system", "content": "S"},
    answer("2"),
    tool("2"),
]


def remembered(*ids):
    return Memory({one: [THINKING, text("hi"), tool_use(one)] for one in ids})


def recalled_ids(messages, memory):
    translated = translate(messages, memory=memory)
    assert violations(translated, SONNET, True) == []
    return {
        block["id"]
        for turn in translated.messages
        if isinstance(turn["content"], list) and THINKING in turn["content"]
        for block in turn["content"]
        if block["type"] == "tool_use"
    }


@pytest.mark.parametrize(
    ("kept", "recalled"),
    [
        (("old", "1", "2"), {"1", "2"}),
        (("2",), {"2"}),
        (("1",), set()),
        ((), set()),
    ],
)
def test_the_longest_end_of_the_tool_loop_is_recalled(kept, recalled):
    assert recalled_ids(LOOP, remembered(*kept)) == recalled


def test_a_recalled_answer_is_whole():
    turns = translate(LOOP, memory=remembered("2")).messages
    assert [THINKING, text("hi"), tool_use("2")] in [turn["content"] for turn in turns]


def test_nothing_is_recalled_once_the_user_has_spoken():
    assert recalled_ids([*LOOP, user("c")], remembered("1", "2")) == set()
    assert recalled_ids([*LOOP, user(" ")], remembered("1", "2")) == {"1", "2"}


def test_nothing_is_recalled_for_a_client_that_replays_thinking():
    messages = [user("a"), answer("old", thinking_blocks=[REDACTED]), *LOOP[2:]]
    assert recalled_ids(messages, remembered("1", "2")) == set()


def test_results_in_anthropics_shape_do_not_end_the_loop():
    messages = [user("b"), answer("1"), user([result("1")]), answer("2"), tool("2")]
    assert recalled_ids(messages, remembered("1", "2")) == {"1", "2"}


def test_a_loop_may_be_the_whole_conversation():
    messages = [answer("1"), tool("1"), answer("2"), tool("2")]
    assert recalled_ids(messages, remembered("1", "2")) == {"1", "2"}


def test_an_answer_without_calls_ends_the_search():
    messages = [*LOOP, {"role": "assistant", "content": "x"}]
    assert recalled_ids(messages, remembered("1", "2")) == set()


@pytest.mark.parametrize(
    "content",
    [
        [THINKING, tool_use("1")],
        [THINKING, tool_use("2", name="g")],
        [THINKING, tool_use("2", input={"a": 2})],
        [THINKING, tool_use("2"), tool_use("3")],
        [THINKING],
    ],
)
def test_an_answer_that_the_client_changed_is_not_recalled(content):
    assert recalled_ids(LOOP, Memory({"2": content})) == set()


def test_inputs_agree_by_value():
    for arguments in ('{ "a" : 1.0 }', '{"a": 0, "a": 1}'):
        messages = [user("b"), answer("1", arguments), tool("1")]
        assert recalled_ids(messages, remembered("1")) == {"1"}
    messages = [user("b"), answer("1", " "), tool("1")]
    memory = Memory({"1": [THINKING, tool_use("1", input={})]})
    assert recalled_ids(messages, memory) == {"1"}


# --- what the history holds ---------------------------------------------------------


@pytest.mark.parametrize(
    ("messages", "starts"),
    [
        ([user("a")], True),
        ([user("a"), {"role": "assistant", "content": "b"}, user("c")], True),
        ([user("a"), answer("1"), tool("1")], False),
        ([user("a"), answer("1"), tool("1"), user("b")], False),
        (
            [
                user("a"),
                answer("1"),
                tool("1"),
                {"role": "assistant", "content": "b"},
                user("c"),
            ],
            True,
        ),
        (
            [
                user("a"),
                answer("1"),
                tool("1"),
                answer("2", thinking_blocks=[REDACTED]),
                tool("2"),
            ],
            True,
        ),
        (
            [
                user("a"),
                answer("1", content="x", thinking_blocks=[THINKING]),
                tool("1"),
                answer("2", content="x"),
                tool("2"),
            ],
            False,
        ),
    ],
)
def test_whether_the_tool_loop_starts_with_thinking(messages, starts):
    assert translate(messages).conversation.starts_turn_with_thinking is starts


@pytest.mark.parametrize(
    ("turns", "left"),
    [
        ([user("a")], [user("a")]),
        (
            [user("a"), {"role": "assistant", "content": [THINKING, text("b")]}],
            [user("a"), {"role": "assistant", "content": [text("b")]}],
        ),
        (
            [
                user("a"),
                {"role": "assistant", "content": [REDACTED]},
                user([text("b")]),
            ],
            [user([text("a"), text("b")])],
        ),
        (
            [
                user("a"),
                {"role": "system", "content": "S"},
                {"role": "assistant", "content": [THINKING]},
                user("b"),
                {"role": "assistant", "content": "c"},
                user("d"),
            ],
            [
                user([text("a"), text("b")]),
                {"role": "system", "content": "S"},
                {"role": "assistant", "content": "c"},
                user("d"),
            ],
        ),
    ],
)
def test_a_body_without_thinking(turns, left):
    body = {"model": "m", "messages": turns}
    before = jsontext.encode(body)
    assert without_thinking(body) == {"model": "m", "messages": left}
    assert jsontext.encode(body) == before


@pytest.mark.parametrize(
    ("thinking", "left"),
    [
        ({"type": "adaptive", "block_binding": {}}, {"thinking": {"type": "adaptive"}}),
        ({"block_binding": {}}, {}),
        ({"type": "adaptive"}, {"thinking": {"type": "adaptive"}}),
        (None, {}),
    ],
)
def test_a_body_without_thinking_binds_nothing(thinking, left):
    body = {"messages": [user("a")], "thinking": thinking, "stream": True}
    assert without_thinking(body) == {"messages": [user("a")], "stream": True, **left}

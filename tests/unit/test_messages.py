import pytest

from anthropic_proxy.dialects.chat_completions.errors import RequestError
from anthropic_proxy.dialects.chat_completions.messages import (
    append_instruction,
    append_to_system,
)
from anthropic_proxy.dialects.report import Disposition
from anthropic_proxy.wire import jsontext
from conversation_support import HAIKU_4_5, OPUS_4_7, SONNET, translate, violations

MARK = {"type": "ephemeral"}
NO_RESULT = "No result was provided for this tool call."
IMAGE_URL = {"type": "image_url", "image_url": {"url": "https://x.test/a.jpg"}}
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://x.test/a.jpg"}}


def system(words):
    return {"role": "system", "content": words}


def user(words):
    return {"role": "user", "content": words}


def assistant(words, *calls, **more):
    message = {"role": "assistant", "content": words, **more}
    return {**message, "tool_calls": list(calls)} if calls else message


def call(call_id, arguments="{}", name="now"):
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


def tool(call_id, words="ok", **more):
    return {"role": "tool", "tool_call_id": call_id, "content": words, **more}


def text(words):
    return {"type": "text", "text": words}


def tool_use(call_id, arguments=None, name="now"):
    return {
        "type": "tool_use",
        "id": call_id,
        "name": name,
        "input": {} if arguments is None else arguments,
    }


def result(call_id, words="ok", **more):
    block = {"type": "tool_result", "tool_use_id": call_id}
    return {**block, **({"content": words} if words else {}), **more}


def no_result(call_id):
    return result(call_id, NO_RESULT, is_error=True)


def reminder(words):
    return text(f"<system-reminder>\n{words}\n</system-reminder>")


# --- turns ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("messages", "turns", "warnings"),
    [
        ([user("Hi")], [user("Hi")], set()),
        ([user("A"), user("B")], [user([text("A"), text("B")])], set()),
        (
            [user("A"), user([text("B"), IMAGE_URL])],
            [user([text("A"), text("B"), IMAGE])],
            set(),
        ),
        (
            [user("a"), assistant("b"), assistant([text("c")]), user("d")],
            [user("a"), assistant([text("b"), text("c")]), user("d")],
            set(),
        ),
        (
            [assistant("b"), user("c")],
            [user("Continue."), assistant("b"), user("c")],
            {"messages:first_user_inserted"},
        ),
        (
            [user("a"), user(" "), assistant(""), user("b"), user(None)],
            [user([text("a"), text("b")])],
            {"messages:empty_dropped"},
        ),
        ([user("a"), {"role": "user"}], [user("a")], {"messages:empty_dropped"}),
        ([user("a"), user([text(" ")])], [user("a")], {"messages:empty_dropped"}),
        (
            [user("a"), assistant(None, refusal="No."), user("b")],
            [user("a"), assistant("No."), user("b")],
            set(),
        ),
        (
            [user("a"), assistant("Yes.", refusal="No."), user("b")],
            [user("a"), assistant("Yes."), user("b")],
            {"messages.refusal:ignored"},
        ),
        (
            [user("a"), assistant("x", audio={"id": "1"}, name="bob"), user("b")],
            [user("a"), assistant("x"), user("b")],
            {"messages.audio:ignored", "messages.name:ignored"},
        ),
        (
            [
                user("a"),
                assistant(
                    "x",
                    audio=None,
                    refusal=None,
                    function_call=None,
                    tool_calls=None,
                    annotations=[],
                ),
                user("b"),
            ],
            [user("a"), assistant("x"), user("b")],
            set(),
        ),
        (
            [user("a"), assistant("x ", reasoning_content="hm"), user("b")],
            [user("a"), assistant("x "), user("b")],
            {"messages.reasoning_content:ignored"},
        ),
    ],
)
def test_turns_alternate(messages, turns, warnings):
    translated = translate(messages)
    assert translated.messages == turns
    assert translated.system is None
    assert translated.warnings == warnings


# --- instructions -----------------------------------------------------------------

MID = [user("Hi"), assistant("Hello")]


@pytest.mark.parametrize(
    ("messages", "top", "turns"),
    [
        ([system("Be terse."), user("Hi")], "Be terse.", [user("Hi")]),
        (
            [system("A"), {"role": "developer", "content": "B"}, user("Hi")],
            "A\n\nB",
            [user("Hi")],
        ),
        (
            [system([text("A"), text(" "), text("B")]), system(" "), user("Hi")],
            "A B",
            [user("Hi")],
        ),
        ([system(" \n"), user("Hi")], None, [user("Hi")]),
        ([system(None), user("Hi")], None, [user("Hi")]),
        ([system([text(" ")]), user("Hi")], None, [user("Hi")]),
        (
            [*MID, user("Go on"), system("Use French.")],
            None,
            [*MID, user("Go on"), system("Use French.")],
        ),
        (
            [*MID, {"role": "developer", "content": "Use French."}, user("Go on")],
            None,
            [*MID, user("Go on"), system("Use French.")],
        ),
        (
            [*MID, system("A"), user("B"), system([text("C"), text("D")]), user("E")],
            None,
            [*MID, user([text("B"), text("E")]), system("A\n\nCD")],
        ),
        (
            [user("a"), system("S"), assistant("b"), user("c")],
            None,
            [user("a"), system("S"), assistant("b"), user("c")],
        ),
        (
            [user("a"), assistant(None, call("1")), system("S"), tool("1")],
            None,
            [
                user("a"),
                assistant([tool_use("1")]),
                user([result("1")]),
                system("S"),
            ],
        ),
        ([*MID, system(" "), user("a")], None, [*MID, user("a")]),
    ],
)
def test_instructions_stay_where_they_were_said(messages, top, turns):
    translated = translate(messages)
    assert translated.system == top
    assert translated.messages == turns
    assert translated.warnings == set()


@pytest.mark.parametrize(
    ("messages", "turns"),
    [
        (
            [*MID, user("Go on"), system("S")],
            [*MID, user([text("Go on"), reminder("S")])],
        ),
        (
            [*MID, system("S"), system("T"), user("Go on")],
            [*MID, user([text("Go on"), reminder("S\n\nT")])],
        ),
        (
            [user("a"), assistant(None, call("1")), tool("1"), system("S"), user("b")],
            [
                user("a"),
                assistant([tool_use("1")]),
                user([result("1"), text("b"), reminder("S")]),
            ],
        ),
    ],
)
def test_instructions_are_folded_where_a_model_takes_none_in_place(messages, turns):
    translated = translate(messages, OPUS_4_7)
    assert translated.messages == turns
    assert translated.warnings == {"system:folded_into_user"}


@pytest.mark.parametrize(
    ("messages", "turns"),
    [
        ([*MID, system("S")], [*MID, user([reminder("S")])]),
        (
            [*MID, system("S"), user(" "), assistant("x"), user("b")],
            [*MID, user([reminder("S")]), assistant("x"), user("b")],
        ),
    ],
)
def test_an_instruction_between_answers_becomes_a_turn_of_its_own(messages, turns):
    translated = translate(messages)
    assert translated.messages == turns
    assert "system:folded_into_user" in translated.warnings


@pytest.mark.parametrize(
    ("messages", "top", "spoken"),
    [
        ([system("Say hi")], None, "Say hi"),
        ([system("A"), system("B"), system(" ")], "A", "B"),
        ([system("A"), user(" ")], None, "A"),
        ([system([text("A"), text("B")])], None, "AB"),
        ([system("A"), assistant(None)], None, "A"),
    ],
)
def test_nothing_but_instructions(messages, top, spoken):
    translated = translate(messages)
    assert translated.system == top
    assert translated.messages == [user(spoken)]
    assert "system:only_message_sent_as_user" in translated.warnings


def test_marks_make_blocks_of_the_same_text():
    messages = [
        system([text("A"), {**text("B"), "cache_control": MARK}, text("C")]),
        system("D"),
        system([{**text("E"), "prompt_cache_breakpoint": {"mode": "explicit"}}]),
        user("x"),
    ]
    translated = translate(messages)
    assert translated.system == [
        {**text("AB"), "cache_control": MARK},
        {**text("C\n\nD\n\nE"), "cache_control": MARK},
    ]


def test_text_behind_the_last_mark_is_a_block_without():
    marked = {**text("A"), "cache_control": MARK}
    translated = translate([system([marked, text("B")]), user("x")])
    assert translated.system == [marked, text("B")]
    assert translate([system([marked, text(" ")]), user("x")]).system == [marked]


def test_a_mark_never_makes_a_block_of_blank_text():
    marked = {**text("A"), "cache_control": MARK}
    twice = {**system([marked, text(" ")]), "cache_control": MARK}
    assert translate([twice, user("x")]).system == [marked]
    assert translate([twice, system("B"), user("x")]).system == [
        marked,
        text(" \n\nB"),
    ]


def test_a_mark_survives_in_place_and_folded():
    marked = {**text("S"), "cache_control": MARK}
    messages = [user("a"), system([marked])]
    assert translate(messages).messages[1] == system([marked])
    folded = translate(messages, OPUS_4_7).messages[0]["content"][1]
    assert folded == {**reminder("S"), "cache_control": MARK}


# --- calls and results ------------------------------------------------------------


def test_all_results_come_first_in_one_turn():
    messages = [
        user("W?"),
        assistant("Checking", call("toolu_1", '{"a": 1}'), call("toolu_2")),
        user("And?"),
        tool("toolu_2", "5C"),
        tool("toolu_1", [text("20C")], is_error=True),
    ]
    translated = translate(messages)
    assert translated.messages == [
        user("W?"),
        assistant(
            [text("Checking"), tool_use("toolu_1", {"a": 1}), tool_use("toolu_2")]
        ),
        user(
            [
                result("toolu_2", "5C"),
                result("toolu_1", [text("20C")], is_error=True),
                text("And?"),
            ]
        ),
    ]
    assert translated.warnings == set()
    assert translated.conversation.tool_names_seen == ("now",)


@pytest.mark.parametrize("words", ["", " \n", None, [], [text(" ")]])
def test_an_empty_result_has_no_content(words):
    messages = [user("a"), assistant(None, call("1")), tool("1", words)]
    assert translate(messages).messages[2] == user([result("1", None)])


def test_a_result_may_hold_images():
    messages = [user("a"), assistant(None, call("1")), tool("1", [IMAGE_URL])]
    assert translate(messages).messages[2] == user([result("1", [IMAGE])])


@pytest.mark.parametrize(
    ("after", "turns"),
    [
        ([], [user([no_result("1"), no_result("2")])]),
        ([tool("2")], [user([result("2"), no_result("1")])]),
        ([user("b")], [user([no_result("1"), no_result("2"), text("b")])]),
        ([system("S")], [user([no_result("1"), no_result("2")]), system("S")]),
    ],
)
def test_a_call_without_a_result_gets_one(after, turns):
    messages = [user("a"), assistant(None, call("1"), call("2")), *after]
    translated = translate(messages)
    assert translated.messages[2:] == turns
    assert translated.warnings == {"messages:tool_result_inserted"}


@pytest.mark.parametrize(
    ("arguments", "wire", "warnings"),
    [
        ('{"b":1,"a":2}', '{"b":1,"a":2}', set()),
        (' {"x": 1.10, "y": 1E2}\n', '{"x": 1.10, "y": 1E2}', set()),
        ('\ufeff{"x": 1.10}', '{"x":1.1}', set()),
        ('{"id": 12345678901234567890123}', '{"id": 12345678901234567890123}', set()),
        ('{"e": "\\ud83d\\ude00"}', '{"e": "\\ud83d\\ude00"}', set()),
        ('{"e": "\\ud83d"}', '{"e":"\N{REPLACEMENT CHARACTER}"}', set()),
        ('{"a": 1.10, "a": 2}', '{"a":2}', set()),
        ("", "{}", set()),
        ("  ", "{}", set()),
        (None, "{}", set()),
        ("[1.10]", '{"value":[1.10]}', {"tool_calls.arguments:not_an_object"}),
        ("null", '{"value":null}', {"tool_calls.arguments:not_an_object"}),
        (
            '{"a": ',
            '{"INVALID_JSON":"{\\"a\\": "}',
            {"tool_calls.arguments:invalid_json"},
        ),
        ("NaN", '{"INVALID_JSON":"NaN"}', {"tool_calls.arguments:invalid_json"}),
    ],
)
def test_arguments_arrive_as_they_were_written(arguments, wire, warnings):
    messages = [user("t"), assistant(None, call("1", arguments)), tool("1")]
    translated = translate(messages)
    (block,) = translated.conversation.messages[1]["content"]
    assert jsontext.encode(block["input"]).decode() == wire
    assert translated.warnings == warnings


def test_arguments_are_plain_values_where_that_loses_nothing():
    messages = [user("t"), assistant(None, call("1", '{"a":[1.5,"é"]}')), tool("1")]
    (block,) = translate(messages).conversation.messages[1]["content"]
    assert block["input"] == {"a": [1.5, "é"]}


def test_arguments_too_deep_for_json_are_kept_as_text():
    arguments = '{"a":' * 100_000
    messages = [user("t"), assistant(None, call("1", arguments)), tool("1")]
    translated = translate(messages)
    assert translated.messages[1]["content"][0]["input"] == {"INVALID_JSON": arguments}


def test_a_custom_call_wraps_its_text():
    custom = {"id": "1", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    translated = translate([user("t"), assistant(None, custom), tool("1")])
    assert translated.messages[1]["content"] == [tool_use("1", {"input": "ls"}, "sh")]


def test_a_call_keeps_its_mark_and_may_leave_out_its_type():
    marked = {**call("1"), "cache_control": MARK, "index": 0, "type": None}
    translated = translate([user("t"), assistant("x", marked), tool("1")])
    assert translated.messages[1]["content"][1]["cache_control"] == MARK
    assert translated.warnings == set()


def test_ids_and_names_are_made_legal_on_both_sides():
    messages = [
        user("t"),
        assistant(None, call("call:1.a", name="fs.read")),
        tool("call:1.a"),
        assistant(None, call("call:1.a", name="fs.read")),
        tool("call:1.a"),
    ]
    translated = translate(messages, tools=["fs.read"])
    assert translated.messages[1:] == [
        assistant([tool_use("call_1_a", name="fs_read")]),
        user([result("call_1_a")]),
        assistant([tool_use("call_1_a_2", name="fs_read")]),
        user([result("call_1_a_2")]),
    ]
    assert translated.conversation.tool_names_seen == ("fs_read",)


def test_results_of_calls_with_one_id_keep_their_order():
    messages = [
        user("t"),
        assistant(None, call("1")),
        assistant(None, call("1")),
        tool("1", "first"),
        tool("1", "second"),
    ]
    assert translate(messages).messages[1:] == [
        assistant([tool_use("1"), tool_use("1_2")]),
        user([result("1", "first"), result("1_2", "second")]),
    ]


def test_deprecated_calls_are_paired_by_name():
    def function_call(name):
        return assistant(None, function_call={"name": name, "arguments": '{"a":1}'})

    messages = [
        user("W?"),
        function_call("f"),
        {"role": "function", "name": "f", "content": "1", "is_error": True},
        function_call("g"),
        {"role": "function", "name": "g", "content": None},
    ]
    translated = translate(messages)
    assert translated.messages[1:] == [
        assistant([tool_use("call_fn_0", {"a": 1}, "f")]),
        user([result("call_fn_0", "1", is_error=True)]),
        assistant([tool_use("call_fn_1", {"a": 1}, "g")]),
        user([result("call_fn_1", None)]),
    ]
    assert translated.conversation.tool_names_seen == ("f", "g")
    assert translated.warnings == set()


def test_bodies_in_anthropics_shape_are_understood():
    messages = [
        user([{**IMAGE, "cache_control": MARK}]),
        assistant(
            [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                text("Looking"),
                {**tool_use("toolu_1", {"a": [1]}, "read.it"), "cache_control": MARK},
            ]
        ),
        user([text("and?"), {**result("toolu_1", [text("r")]), "cache_control": MARK}]),
    ]
    translated = translate(messages, tools=["read.it"])
    assert translated.messages == [
        user([{**IMAGE, "cache_control": MARK}]),
        assistant(
            [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                text("Looking"),
                {**tool_use("toolu_1", {"a": [1]}, "read_it"), "cache_control": MARK},
            ]
        ),
        user([{**result("toolu_1", [text("r")]), "cache_control": MARK}, text("and?")]),
    ]
    assert translated.conversation.replays_thinking


# --- the end ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "prefilled"),
    [
        ("1. ", "1."),
        ([text("a "), text("b\n")], [text("a "), text("b")]),
    ],
)
def test_a_final_answer_is_a_prefill_where_the_model_takes_one(last, prefilled):
    messages = [user("List"), assistant(last)]
    kept = translate(messages, HAIKU_4_5)
    assert kept.messages == [user("List"), assistant(prefilled)]
    assert kept.warnings == set()
    for model, allowed in ((HAIKU_4_5, False), (SONNET, True)):
        converted = translate(messages, model, prefill=allowed)
        assert converted.messages == [*kept.messages, user("Continue.")]
        assert converted.warnings == {"messages:assistant_prefill_converted"}


def test_a_final_answer_that_ends_in_another_block_is_not_trimmed():
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    messages = [user("a"), assistant(None, anthropic_content=[text("x "), block])]
    assert translate(messages).messages[1] == assistant([text("x "), block])


@pytest.mark.parametrize(
    ("messages", "warnings"),
    [
        ([user("a"), assistant(" ")], {"messages:empty_dropped"}),
        ([user("a"), assistant([])], {"messages:empty_dropped"}),
    ],
)
def test_an_empty_final_answer_is_dropped(messages, warnings):
    translated = translate(messages)
    assert translated.messages == [user("a")]
    assert translated.warnings == warnings


# --- our own instructions ---------------------------------------------------------


@pytest.mark.parametrize(
    ("messages", "model", "turns"),
    [
        ([user("a")], SONNET, [user("a"), system("I")]),
        ([user("a"), system("S")], SONNET, [user("a"), system("S\n\nI")]),
        ([user("a")], OPUS_4_7, [user([text("a"), reminder("I")])]),
        (
            [user("a"), assistant("b")],
            HAIKU_4_5,
            [user([text("a"), reminder("I")]), assistant("b")],
        ),
        (
            [user("a"), assistant(None, call("1")), tool("1")],
            OPUS_4_7,
            [user("a"), assistant([tool_use("1")]), user([result("1"), reminder("I")])],
        ),
    ],
)
def test_an_instruction_of_ours_ends_the_conversation(messages, model, turns):
    before = translate(messages, model)
    after = append_instruction(before.conversation, "I", model=model)
    assert jsontext.decode(jsontext.encode(after.messages)) == turns
    assert translate(messages, model).conversation == before.conversation


def test_an_instruction_of_ours_behind_marked_ones():
    marked = {**text("S"), "cache_control": MARK}
    before = translate([user("a"), system([marked])]).conversation
    after = append_instruction(before, "I", model=SONNET)
    assert after.messages[-1] == system([marked, text("\n\nI")])


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (None, "More."),
        ("S", "S\n\nMore."),
        (
            [{**text("S"), "cache_control": MARK}],
            [{**text("S"), "cache_control": MARK}, text("\n\nMore.")],
        ),
    ],
)
def test_a_paragraph_of_ours_ends_the_system_prompt(top, expected):
    before = translate([system(top), user("a")]).conversation
    assert append_to_system(before, "More.").system == expected
    assert before.system == top


# --- refusals ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("messages", "param", "code"),
    [
        ([], "messages", "empty_array"),
        ([user("")], "messages", "invalid_value"),
        ([system(""), assistant("")], "messages", "invalid_value"),
        ([7], "messages[0]", "invalid_type"),
        ([user("a"), None], "messages[1]", "invalid_type"),
        ([{"content": "x"}], "messages[0].role", "missing_required_parameter"),
        ([{"role": ["user"]}], "messages[0].role", "invalid_type"),
        ([{"role": "bot", "content": "x"}], "messages.[0].role", "invalid_value"),
        ([user("a"), assistant({})], "messages[1].content", "invalid_type"),
        (
            [assistant(None, tool_calls="x")],
            "messages[0].tool_calls",
            "invalid_type",
        ),
        ([assistant(None, None)], "messages[0].tool_calls[0]", "invalid_type"),
        (
            [assistant(None, {"type": "function"})],
            "messages[0].tool_calls[0].id",
            "missing_required_parameter",
        ),
        (
            [assistant(None, {"id": 1})],
            "messages[0].tool_calls[0].id",
            "invalid_type",
        ),
        (
            [assistant(None, {"id": "1", "type": "magic"})],
            "messages[0].tool_calls[0].type",
            "invalid_value",
        ),
        (
            [assistant(None, {"id": "1"})],
            "messages[0].tool_calls[0].function",
            "missing_required_parameter",
        ),
        (
            [assistant(None, call("1", {"a": 1}))],
            "messages[0].tool_calls[0].function.arguments",
            "invalid_type",
        ),
        (
            [assistant(None, call("1", name=""))],
            "messages[0].tool_calls[0].function.name",
            "invalid_value",
        ),
        (
            [assistant(None, call("1"), call("1"))],
            "messages.[0].tool_calls",
            None,
        ),
        ([user("a"), tool("1")], "messages.[1].role", None),
        (
            [{"role": "function", "name": "f", "content": "x"}],
            "messages.[0].role",
            None,
        ),
        ([tool(None)], "messages[0].tool_call_id", "missing_required_parameter"),
        ([tool(3)], "messages[0].tool_call_id", "invalid_type"),
        (
            [assistant(None, call("1")), tool("1", is_error="yes")],
            "messages[1].is_error",
            "invalid_type",
        ),
        (
            [assistant(None, call("1")), tool("1"), tool("1")],
            "messages.[2].tool_call_id",
            None,
        ),
        (
            [assistant(None, call("1")), tool("1"), assistant("x"), tool("1")],
            "messages.[3].role",
            None,
        ),
        ([user([result("1")])], "messages[0].content", None),
        (
            [assistant(None, audio={"id": "1"})],
            "messages[0].audio",
            "unsupported_content_type",
        ),
        ([assistant(None, audio="x")], "messages[0].audio", "invalid_type"),
        ([assistant(None, refusal=1)], "messages[0].refusal", "invalid_type"),
        (
            [assistant([tool_use("1", "x")])],
            "messages[0].content[0].input",
            "invalid_type",
        ),
    ],
)
def test_what_cannot_be_sent_is_named(messages, param, code):
    with pytest.raises(RequestError) as refusal:
        translate(messages)
    assert refusal.value.status == 400
    assert refusal.value.param == param
    assert refusal.value.code == code


def test_an_orphan_result_is_refused_in_openais_words():
    with pytest.raises(RequestError) as refusal:
        translate([user("t"), tool("toolu_9", "x")])
    assert refusal.value.body() == {
        "error": {
            "message": "messages with role 'tool' must be a response to a preceding "
            "message with 'tool_calls'.",
            "type": "invalid_request_error",
            "param": "messages.[1].role",
            "code": None,
        }
    }


def test_a_second_result_is_refused_in_openais_words():
    with pytest.raises(RequestError) as refusal:
        translate([assistant(None, call("1")), tool("1"), tool("1")])
    assert refusal.value.message == (
        "Invalid parameter: Duplicate value for 'tool_call_id' of '1', "
        "in messages[1] and messages[2]."
    )


# --- the report -------------------------------------------------------------------


def test_every_message_is_accounted_for_once():
    messages = [system("S")]
    for number in range(200):
        messages += [user("a"), assistant(None, call(str(number))), tool(str(number))]
        messages += [assistant("b")]
    messages += [user("c"), system("T")]
    translated = translate(messages)
    entries = translated.report.entries
    assert len(entries) == len(messages)
    assert {e.disposition for e in entries} == {Disposition.MAPPED}
    became = {entry.field: entry.became for entry in entries}
    assert became["messages.[0]"] == "system"
    for index, message in enumerate(messages[1:-1], start=1):
        turn = int(became[f"messages.[{index}]"][len("messages[") : -1])
        said = translated.messages[turn]
        assert said["role"] == (
            "user" if message["role"] == "tool" else message["role"]
        )
    assert became[f"messages.[{len(messages) - 1}]"] == (
        f"messages[{len(translated.messages) - 1}]"
    )
    assert violations(translated, SONNET, False) == []

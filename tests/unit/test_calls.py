import pytest

from answer_support import exchange
from anthropic_proxy.dialects.chat_completions.calls import (
    Call,
    custom_input,
    emulated_call,
    emulation_warnings,
    input_text,
    streamed,
    synthetic_id,
    tool_use_call,
)

FUNCTION = Call("c1", "f", "")
CUSTOM = Call("c1", "f", "", custom=True)


def told(call, index, *pieces, **fields):
    stream = streamed(call, index, exchange(**fields))
    deltas = stream.start()
    for piece in pieces:
        deltas += stream.piece(piece)
    return deltas + stream.end("".join(pieces) or "{}")


def test_a_call_by_a_tool_use_block():
    given = exchange(tool_names={"fs_read": "fs.read"}, custom_tools={"patch"})
    block = {"type": "tool_use", "id": "toolu_1", "name": "fs_read"}
    assert tool_use_call(block, "{}", given, "x") == Call("toolu_1", "fs.read", "{}")
    patch = {"name": "patch", "id": None}
    assert tool_use_call(patch, "{}", given, "x") == Call("x", "patch", "{}", True)
    assert tool_use_call({"name": 5}, "{}", given, "x") == Call("x", "", "{}")


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ({}, "{}"),
        ({"input": None}, "{}"),
        ({"input": {}}, "{}"),
        ({"input": {"ü": [1.5, None]}}, '{"ü":[1.5,null]}'),
        ({"input": []}, "[]"),
        ({"input": {"n": 10**30}}, '{"n":1000000000000000000000000000000}'),
    ],
)
def test_an_input_as_text(block, text):
    assert input_text(block) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input": "a\\nb"}', "a\nb"),
        ('{"input": 5}', '{"input": 5}'),
        ('{"input": "cut', '{"input": "cut'),
        ("[1]", "[1]"),
        ("", ""),
    ],
)
def test_a_custom_tools_input_is_unwrapped_when_it_can_be(arguments, text):
    assert custom_input(arguments) == text
    call = Call("c1", "f", arguments, custom=True).tool_call()
    assert call == {
        "id": "c1",
        "type": "custom",
        "custom": {"name": "f", "input": text},
    }


def test_emulated_calls_have_an_id_that_lasts():
    call = emulated_call("f", "{}", exchange(), "msg_1")
    assert call == emulated_call("f", "{}", exchange(), "msg_1")
    assert call.id != emulated_call("f", "{}", exchange(), "msg_2").id
    assert call.id == synthetic_id("msg_1")
    assert len(call.id) == len("call_") + 24
    assert not call.custom


def test_an_emulated_custom_call_is_known_by_the_clients_name():
    given = exchange(custom_tools={"my_tool"}, tool_names={"my_tool": "my.tool"})
    assert emulated_call("my.tool", "{}", given, "m").custom


def test_emulated_output_must_be_an_object():
    warning = ["tool_choice:emulated_output_not_json"]
    assert emulation_warnings('{"a": 1}') == []
    assert emulation_warnings("") == warning
    assert emulation_warnings("[1]") == warning
    assert emulation_warnings('{"a":') == warning


def test_a_function_calls_deltas():
    assert told(FUNCTION, 2, '{"a"', ":1}") == [
        {
            "tool_calls": [
                {
                    "index": 2,
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": ""},
                }
            ]
        },
        {"tool_calls": [{"index": 2, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 2, "function": {"arguments": ":1}"}}]},
    ]


def test_a_call_without_arguments_gets_an_empty_object():
    assert told(FUNCTION, 0)[1:] == [
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}
    ]


def test_a_custom_call_comes_at_once():
    assert told(CUSTOM, 1, '{"input":', '"x"}') == [
        {
            "tool_calls": [
                {"index": 1, "id": "c1", "type": "custom"}
                | {"custom": {"name": "f", "input": "x"}}
            ]
        }
    ]


def test_a_legacy_client_is_told_of_the_first_call_only():
    assert told(FUNCTION, 0, "{}", legacy_functions=True) == [
        {"function_call": {"name": "f", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
    ]
    assert told(FUNCTION, 0, legacy_functions=True)[1:] == [
        {"function_call": {"arguments": "{}"}}
    ]
    assert told(FUNCTION, 1, "{}", legacy_functions=True) == []

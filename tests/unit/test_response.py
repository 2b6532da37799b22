import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answer_support import checked, exchange, exchange_of, vectors
from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.dialects.chat_completions.response import (
    UnusableMessage,
    chat_completion,
    joined,
)
from anthropic_proxy.wire import jsontext

USAGE = {"input_tokens": 10, "output_tokens": 3}
CITATION = {"type": "web_search_result_location", "url": "https://a", "title": "A"}


def message(*content, stop_reason="end_turn", **fields):
    return {
        "id": "msg_01X",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": list(content),
        "stop_reason": stop_reason,
        "usage": USAGE,
        **fields,
    }


def text(words, **fields):
    return {"type": "text", "text": words, **fields}


def call(id_="toolu_1", name="f", **input_):
    return {"type": "tool_use", "id": id_, "name": name, "input": input_}


def answered(given_message, **fields):
    completion, warnings = chat_completion(given_message, exchange(**fields))
    return checked(completion), warnings


@pytest.mark.parametrize(("given_", "expected"), vectors("response"))
def test_vectors(given_, expected):
    completion, warnings = chat_completion(given_["body"], exchange_of(given_))
    checked(completion)
    assert completion == expected["body"]
    assert set(warnings) == set(expected["warnings"])


@pytest.mark.parametrize(
    "body", [None, [], "text", {}, {"content": None}, {"content": "text"}]
)
def test_what_is_no_message_is_refused(body):
    with pytest.raises(UnusableMessage, match="not a Message"):
        chat_completion(body, exchange())


def test_a_refusal_has_an_explanation_and_no_calls():
    refused = message(
        text("So far"),
        call(),
        stop_reason="refusal",
        stop_details={"explanation": "No"},
    )
    choice, warnings = answered(refused)
    assert choice["message"] == {
        "role": "assistant",
        "content": "So far",
        "refusal": "No",
    }
    assert choice["finish_reason"] == "content_filter"
    assert warnings == []


def test_a_refusal_before_any_text_has_null_content():
    choice, _ = answered(message(stop_reason="refusal", stop_details=None))
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": "The model declined to answer.",
    }


def test_thinking_is_told_as_text_and_as_blocks():
    thinking = [
        {"type": "thinking", "thinking": "a", "signature": "1"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "thinking", "thinking": "b", "signature": "2"},
        {"type": "thinking", "thinking": "", "signature": "3"},
    ]
    choice, _ = answered(message(*thinking, text("42")))
    assert choice["message"]["reasoning_content"] == "ab"
    assert choice["message"]["thinking_blocks"] == thinking
    hidden, _ = answered(
        message(*thinking, text("42")), settings=Settings(reasoning_content=False)
    )
    assert set(hidden["message"]) == {"role", "content", "refusal"}


def test_thinking_without_text_has_blocks_only():
    block = {"type": "thinking", "thinking": "", "signature": "s"}
    choice, _ = answered(message(block, text("x")))
    assert "reasoning_content" not in choice["message"]
    assert choice["message"]["thinking_blocks"] == [block]


def test_blocks_of_the_server_are_kept_only_on_request():
    content = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search"},
        {"type": "web_search_tool_result", "content": []},
        {"type": "thing_to_come", "text": "not for the client"},
        text("x"),
    ]
    choice, _ = answered(message(*content))
    assert choice["message"]["content"] == "x"
    assert choice["finish_reason"] == "stop"
    assert "anthropic_content" not in choice["message"]
    choice, _ = answered(message(*content), settings=Settings(anthropic_content=True))
    assert choice["message"]["anthropic_content"] == content


def test_annotations_point_into_the_content_in_code_points():
    choice, _ = answered(
        message(text("🦀é "), text("cited", citations=[CITATION]), text("."))
    )
    (annotation,) = choice["message"]["annotations"]
    place = annotation["url_citation"]
    assert choice["message"]["content"] == "🦀é cited."
    shown = choice["message"]["content"][place["start_index"] : place["end_index"]]
    assert shown == "cited"


def test_custom_calls_come_back_as_custom_calls():
    choice, _ = answered(
        message(call(name="patch", input="*** Begin"), call("toolu_2", "f", a=1)),
        custom_tools=frozenset({"patch"}),
    )
    custom, function = choice["message"]["tool_calls"]
    assert custom == {
        "id": "toolu_1",
        "type": "custom",
        "custom": {"name": "patch", "input": "*** Begin"},
    }
    assert function["function"] == {"name": "f", "arguments": '{"a":1}'}


def test_a_legacy_client_gets_the_first_of_several_calls():
    choice, warnings = answered(
        message(call(), call("toolu_2", "g")), legacy_functions=True
    )
    assert choice["message"]["function_call"] == {"name": "f", "arguments": "{}"}
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "function_call"
    assert warnings == ["function_call:extra_calls_dropped"]


def test_calls_without_an_id_get_one_that_lasts():
    nameless = message(call(None), call(None))
    first, _ = answered(nameless)
    again, _ = answered(nameless)
    ids = [told["id"] for told in first["message"]["tool_calls"]]
    assert len(set(ids)) == 2
    assert first == again


class TestEmulatedCall:
    def test_the_text_is_the_call(self):
        choice, warnings = answered(
            message(text('{"a":'), text(" 1}")), emulated_tool="pick"
        )
        told = choice["message"]
        assert told["content"] is None
        (told_call,) = told["tool_calls"]
        assert told_call["function"] == {"name": "pick", "arguments": '{"a": 1}'}
        assert choice["finish_reason"] == "tool_calls"
        assert warnings == []

    def test_a_fence_around_it_is_taken_off_when_it_was_asked_for_by_prompt(self):
        choice, warnings = answered(
            message(text("```json\n{}\n```")), emulated_tool="pick", unfence_json=True
        )
        (told_call,) = choice["message"]["tool_calls"]
        assert told_call["function"]["arguments"] == "{}"
        assert warnings == []

    def test_cut_short_it_is_still_a_call(self):
        choice, warnings = answered(
            message(text('{"a":'), stop_reason="max_tokens"), emulated_tool="pick"
        )
        (told_call,) = choice["message"]["tool_calls"]
        assert told_call["function"]["arguments"] == '{"a":'
        assert choice["finish_reason"] == "length"
        assert warnings == ["tool_choice:emulated_output_not_json"]

    def test_a_refusal_is_no_call(self):
        choice, warnings = answered(
            message(text('{"a":'), stop_reason="refusal"), emulated_tool="pick"
        )
        assert choice["message"]["content"] is None
        assert "tool_calls" not in choice["message"]
        assert choice["finish_reason"] == "content_filter"
        assert warnings == []

    def test_no_text_is_no_call(self):
        choice, warnings = answered(message(), emulated_tool="pick")
        assert choice["message"]["content"] == ""
        assert choice["finish_reason"] == "stop"
        assert warnings == ["tool_choice:emulated_output_not_json"]

    def test_a_legacy_client_gets_a_function_call(self):
        choice, _ = answered(
            message(text("{}")), emulated_tool="pick", legacy_functions=True
        )
        assert choice["message"]["function_call"] == {"name": "pick", "arguments": "{}"}
        assert choice["finish_reason"] == "function_call"


@pytest.mark.parametrize(
    ("reply", "content"),
    [
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        (' \n```\r\n{"a": "```"}\r\n``` \n', '{"a": "```"}'),
        ('```json\n{"a": 1}```', '{"a": 1}'),
        ('{"a": 1}', '{"a": 1}'),
        ("```json\nnot json\n```", "```json\nnot json\n```"),
        ('```json\n{"a": 1}', '```json\n{"a": 1}'),
        ("```", "```"),
        ("```json\n```", "```json\n```"),
        ('Here:\n```json\n{"a": 1}\n```', 'Here:\n```json\n{"a": 1}\n```'),
    ],
)
def test_a_fence_around_json_is_taken_off_when_it_was_asked_for(reply, content):
    choice, _ = answered(message(text(reply)), unfence_json=True)
    assert choice["message"]["content"] == content
    untouched, _ = answered(message(text(reply)))
    assert untouched["message"]["content"] == reply


def test_annotations_follow_when_a_fence_is_taken_off():
    choice, _ = answered(
        message(
            text("```json\n", citations=[CITATION]),
            text('{"a":', citations=[CITATION | {"url": "https://b"}]),
            text(" 1}\n```", citations=[CITATION | {"url": "https://c"}]),
        ),
        unfence_json=True,
    )
    content = choice["message"]["content"]
    assert content == '{"a": 1}'
    places = [note["url_citation"] for note in choice["message"]["annotations"]]
    shown = [content[place["start_index"] : place["end_index"]] for place in places]
    assert shown == ["", '{"a":', " 1}"]


def test_the_model_can_be_told_as_it_was_asked_for():
    echoed, _ = chat_completion(message(), exchange(settings=Settings(echo_model=True)))
    assert echoed["model"] == "gpt-5"
    unnamed, _ = chat_completion(message(model=None), exchange())
    assert unnamed["model"] == "claude-sonnet-5-5"


@pytest.mark.parametrize(
    ("usage", "tier"),
    [
        ({"service_tier": "batch"}, "default"),
        ({"service_tier": "standard", "speed": "fast"}, "priority"),
        ({"service_tier": "standard", "speed": "standard"}, "default"),
        ({"service_tier": "new"}, None),
        ({"service_tier": None}, None),
        (None, None),
    ],
)
def test_service_tier(usage, tier):
    completion, _ = chat_completion(message(usage=usage), exchange())
    checked(completion)
    assert completion.get("service_tier") == tier
    assert ("service_tier" in completion) == (tier is not None)


def test_a_changed_conversation_is_warned_of():
    changed = [{"type": "thinking_dropped", "reason": "prefix_binding_mismatch"}]
    _, warnings = answered(message(input_transformations=changed))
    assert warnings == ["thinking_blocks:prefix_binding_mismatch"]


def test_the_messages_of_a_continued_turn_become_one():
    first = message(text("a"), stop_reason="pause_turn")
    second = message(text("b"), stop_reason="end_turn", id="msg_02Y")
    whole = joined([first, second])
    completion, warnings = chat_completion(whole, exchange())
    assert completion["id"] == "chatcmpl-01X"
    assert checked(completion)["message"]["content"] == "ab"
    assert completion["usage"]["total_tokens"] == 26
    assert warnings == []


def test_a_continued_turn_needs_messages():
    with pytest.raises(UnusableMessage):
        joined([message(), {"type": "error"}])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = ["type", "text", "thinking", "signature", "data", "id", "name", "input"]
TYPES = ["text", "thinking", "redacted_thinking", "tool_use", "server_tool_use"]
BLOCKS = st.dictionaries(
    st.sampled_from([*FIELDS, "citations"]), st.sampled_from(TYPES) | JSON
)


@settings(deadline=None, max_examples=80)
@given(
    content=st.lists(BLOCKS | JSON, max_size=4),
    fields=st.dictionaries(
        st.sampled_from(["id", "model", "stop_reason", "stop_details", "usage"]), JSON
    ),
    modes=st.fixed_dictionaries(
        {
            "legacy_functions": st.booleans(),
            "unfence_json": st.booleans(),
            "emulated_tool": st.sampled_from([None, "pick"]),
            "custom_tools": st.sampled_from([frozenset(), frozenset({"text"})]),
        }
    ),
)
def test_odd_messages_still_make_valid_answers(content, fields, modes):
    odd = jsontext.decode(jsontext.encode(fields | {"content": content}))
    completion, _ = chat_completion(odd, exchange(**modes))
    checked(jsontext.decode(jsontext.encode(completion)))

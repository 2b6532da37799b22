import pytest

from anthropic_proxy.dialects.chat_completions.answer import (
    as_mapping,
    as_mappings,
    as_text,
    binding_warnings,
    completion_id,
    extensions,
    finish_reason,
    refusal_text,
    url_citations,
)
from anthropic_proxy.dialects.chat_completions.exchange import Settings


@pytest.mark.parametrize(
    ("stop_reason", "calls", "legacy", "reason", "warnings"),
    [
        ("end_turn", 0, False, "stop", []),
        ("end_turn", 1, False, "tool_calls", []),
        ("stop_sequence", 0, False, "stop", []),
        ("tool_use", 2, False, "tool_calls", []),
        ("tool_use", 1, True, "function_call", []),
        ("tool_use", 2, True, "function_call", ["function_call:extra_calls_dropped"]),
        ("tool_use", 0, False, "stop", ["stop_reason:tool_use_without_call"]),
        ("max_tokens", 1, False, "length", []),
        ("max_tokens", 1, True, "length", []),
        ("model_context_window_exceeded", 0, False, "length", []),
        ("compaction", 0, False, "length", []),
        ("pause_turn", 0, False, "length", ["pause_turn:not_continued"]),
        ("refusal", 0, False, "content_filter", []),
        ("refusal", 1, False, "content_filter", []),
        (None, 0, False, "stop", ["stop_reason:unknown"]),
        ("whim", 0, False, "stop", ["stop_reason:unknown"]),
        ("whim", 1, False, "tool_calls", ["stop_reason:unknown"]),
        ("whim", 1, True, "function_call", ["stop_reason:unknown"]),
    ],
)
def test_finish_reason(stop_reason, calls, legacy, reason, warnings):
    told = finish_reason(stop_reason, calls=calls, legacy=legacy)
    assert told == (reason, warnings)


def test_the_answers_id_is_upstreams_without_its_prefix():
    assert completion_id("msg_01X", 1) == "chatcmpl-01X"
    assert completion_id("other", 1) == "chatcmpl-other"
    assert completion_id("", 17) == "chatcmpl-17"


@pytest.mark.parametrize("details", [None, {}, {"explanation": None}, "x", []])
def test_a_refusal_always_has_a_text(details):
    assert refusal_text(details) == "The model declined to answer."
    assert refusal_text({"explanation": "No."}) == "No."


def test_each_page_is_cited_once_and_titled():
    page = {"type": "web_search_result_location", "url": "https://a", "title": "A"}
    citations = [
        page,
        page | {"cited_text": "other words"},
        page | {"title": None},
        {"type": "char_location", "document_title": "D"},
        "odd",
    ]
    told = url_citations(citations, 3, 9)
    assert [note["url_citation"]["title"] for note in told] == ["A", "https://a"]
    assert told[0] == {
        "type": "url_citation",
        "url_citation": {
            "start_index": 3,
            "end_index": 9,
            "title": "A",
            "url": "https://a",
        },
    }
    assert url_citations(None, 0, 1) == []


def test_extensions_follow_the_settings():
    thinking = {"type": "thinking", "thinking": "", "signature": "s"}
    redacted = {"type": "redacted_thinking", "data": "x"}
    content = [thinking, {"type": "text", "text": "t"}, redacted, {"type": ["odd"]}]
    assert extensions(content, Settings()) == {"thinking_blocks": [thinking, redacted]}
    assert extensions(content, Settings(reasoning_content=False)) == {}
    assert extensions([], Settings(anthropic_content=True)) == {}
    both = extensions(content, Settings(anthropic_content=True))
    assert both["anthropic_content"] == content


def test_a_change_before_replayed_thinking_is_warned_of():
    def message(*reasons):
        return {"input_transformations": [{"reason": reason} for reason in reasons]}

    told = ["thinking_blocks:prefix_binding_mismatch"]
    assert binding_warnings(message("prefix_binding_mismatch")) == told
    assert binding_warnings(message("model_binding_mismatch")) == []
    assert binding_warnings({"input_transformations": None}) == []


def test_values_of_another_shape_are_read_as_empty():
    assert as_text(3) == ""
    assert as_mapping([1]) == {}
    assert as_mappings({"a": 1}) == []
    assert as_mappings([1, {"a": 1}, None]) == [{"a": 1}]

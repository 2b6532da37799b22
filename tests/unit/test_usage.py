import pytest

from anthropic_proxy.dialects.chat_completions.usage import (
    completion_usage,
    merged,
    summed,
)


def test_prompt_tokens_include_what_was_cached():
    usage = {
        "input_tokens": 7,
        "cache_creation_input_tokens": 20,
        "cache_read_input_tokens": 300,
        "output_tokens": 5000,
        "output_tokens_details": {"thinking_tokens": 4000},
    }
    assert completion_usage(usage) == {
        "prompt_tokens": 327,
        "completion_tokens": 5000,
        "total_tokens": 5327,
        "prompt_tokens_details": {"cached_tokens": 300, "cache_write_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 4000},
    }


@pytest.mark.parametrize(
    "usage",
    [
        {},
        {"input_tokens": None, "output_tokens_details": None},
        {"input_tokens": "3", "output_tokens": True, "iterations": [None]},
        {"output_tokens_details": {"thinking_tokens": None}, "iterations": []},
    ],
)
def test_what_is_no_count_is_zero(usage):
    assert completion_usage(usage) == {
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "total_tokens": 0,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def test_iterations_are_summed_in_place_of_the_counts_at_the_top():
    iteration = {"input_tokens": 10, "output_tokens": 4, "cache_read_input_tokens": 1}
    usage = {
        "input_tokens": 10,
        "output_tokens": 4,
        "output_tokens_details": {"thinking_tokens": 2},
        "iterations": [
            {"type": "compaction", "input_tokens": 500, "output_tokens": 60},
            {"type": "message", **iteration},
        ],
    }
    counts = completion_usage(usage)
    assert counts["prompt_tokens"] == 511
    assert counts["completion_tokens"] == 64
    assert counts["completion_tokens_details"] == {"reasoning_tokens": 2}


def test_an_update_replaces_counts_and_nulls_keep_them():
    start = {"input_tokens": 9, "output_tokens": 1, "service_tier": "standard"}
    update = {"output_tokens": 30, "input_tokens": None}
    assert merged(start, update) == {
        "input_tokens": 9,
        "output_tokens": 30,
        "service_tier": "standard",
    }


def test_one_usage_is_not_touched():
    usage = {"input_tokens": 1, "iterations": [{"input_tokens": 5}]}
    assert summed([usage]) == usage


def test_usages_of_a_continued_turn_add_up():
    first = {
        "input_tokens": 10,
        "output_tokens": 2,
        "server_tool_use": {"web_search_requests": 1},
        "cache_read_input_tokens": None,
        "service_tier": "standard",
    }
    second = {
        "input_tokens": 100,
        "output_tokens": 20,
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
        "cache_read_input_tokens": 3,
        "service_tier": None,
        "speed": "fast",
    }
    assert summed([first, second]) == {
        "input_tokens": 110,
        "output_tokens": 22,
        "server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 1},
        "cache_read_input_tokens": 3,
        "service_tier": "standard",
        "speed": "fast",
    }


def test_iterations_of_one_message_do_not_hide_the_other():
    first = {"input_tokens": 1, "output_tokens": 1}
    second = {"iterations": [{"input_tokens": 5, "output_tokens": 6}]}
    total = summed([first, second])
    assert total["input_tokens"] == 6
    assert total["output_tokens"] == 7
    assert "iterations" not in total


def test_no_usages_make_no_counts():
    assert summed([]) == {}

"""What the official SDK makes of the answers: JSON and streams alike."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest

from support.chat_user import WEATHER_TOOL, ChatUser, said

STREAMED = pytest.mark.parametrize("stream", [False, True])
OLD, NEW = "2023-06-01", "2026-10-21"


@STREAMED
@pytest.mark.parametrize("partial", [False, True])
def test_refusals(chat: ChatUser, stream: bool, partial: bool) -> None:
    command = (
        "[[refusal partial]] [[tool get_weather {}]]" if partial else "[[refusal]]"
    )
    answer = chat.ask(command, tools=[WEATHER_TOOL], stream=stream)
    assert answer.choice.finish_reason == "content_filter"
    assert answer.message.refusal == "The simulator was asked to refuse."
    assert (answer.message.content or "").startswith("This starts" if partial else "")
    if not stream:
        assert answer.message.tool_calls is None
        assert bool(answer.message.content) is partial


@STREAMED
def test_max_tokens_cuts_a_call(chat: ChatUser, stream: bool) -> None:
    answer = chat.ask(
        '[[tool get_weather {"city": "Paris, the capital of France"}]]',
        tools=[WEATHER_TOOL],
        max_completion_tokens=4,
        stream=stream,
    )
    assert answer.sent["max_tokens"] == 4
    assert answer.sent["thinking"] == {"type": "between_tools"}
    assert answer.warnings == ["thinking:reduced_small_max_tokens"]
    assert answer.choice.finish_reason == "length"
    assert answer.message.tool_calls[0].function.name == "get_weather"


@STREAMED
def test_stop_sequences(chat: ChatUser, stream: bool) -> None:
    answer = chat.ask(
        "[[text One two three]]", stop=[" three", " \n"], max_tokens=9000, stream=stream
    )
    assert answer.sent["stop_sequences"] == [" three"]
    assert answer.text == "One two"
    assert answer.choice.finish_reason == "stop"
    assert answer.warnings == ["stop:whitespace_dropped"]


@STREAMED
def test_citations_are_annotations(chat: ChatUser, stream: bool) -> None:
    location = {"type": "approximate", "approximate": {"city": "Köln", "country": "DE"}}
    options: Any = {"search_context_size": "high", "user_location": location}
    answer = chat.ask(
        "[[text Größe: ]] [[web_search mitmproxy]]",
        web_search_options=options,
        stream=stream,
    )
    assert answer.sent["tools"] == [
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "max_uses": 5,
            "user_location": {"type": "approximate", "city": "Köln", "country": "DE"},
        }
    ]
    assert answer.choice.finish_reason == "stop"
    found = [one.to_dict() for one in answer.message.annotations]
    assert [one["type"] for one in found] == ["url_citation"] * 2
    assert [one["url_citation"]["url"] for one in found] == [
        "https://example.com/first",
        "https://example.com/second",
    ]
    for one in found:
        place = one["url_citation"]
        cited = answer.text[place["start_index"] : place["end_index"]]
        assert cited == "Two pages on mitmproxy agree."


@STREAMED
def test_usage(chat: ChatUser, stream: bool) -> None:
    answer = chat.ask(
        "[[usage input_tokens=5 cache_read_input_tokens=300 "
        "cache_creation_input_tokens=20 output_tokens=90 thinking_tokens=70]]",
        stream=stream,
    )
    usage = answer.completion.usage
    counts = (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)
    assert counts == (325, 90, 415)
    assert usage.prompt_tokens_details.cached_tokens == 300
    assert usage.prompt_tokens_details.cache_write_tokens == 20
    assert usage.completion_tokens_details.reasoning_tokens == 70
    if stream:
        assert answer.chunks[-1].choices == []
        assert [chunk.usage for chunk in answer.chunks[:-1]].count(None) == (
            len(answer.chunks) - 1
        )


def test_marked_prompts_are_written_and_read(chat: ChatUser) -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    rules = {"type": "text", "text": "Be kind. " * 400, "cache_control": mark}
    messages = [said("system", [rules]), said("user", "Hello")]
    written, read = (chat.ask(messages).completion.usage for _ in range(2))
    assert written.prompt_tokens_details.cache_write_tokens > 500
    assert read.prompt_tokens_details.cached_tokens > 500
    assert read.prompt_tokens == written.prompt_tokens
    openai_mark = {**rules, "prompt_cache_breakpoint": {"ttl": "12h"}}
    del openai_mark["cache_control"]
    again = chat.ask([said("system", [openai_mark]), said("user", "Hello")])
    assert again.warnings == ["prompt_cache_breakpoint.ttl:12h_to_1h"]
    assert again.completion.usage.prompt_tokens_details.cached_tokens > 500


@pytest.mark.parametrize(
    ("asked", "sent", "warnings"),
    [
        ("auto", "auto", []),
        ("default", "standard_only", []),
        ("flex", "standard_only", ["service_tier:flex_to_standard_only"]),
        ("priority", "auto", ["service_tier:priority_to_auto"]),
    ],
)
def test_service_tiers(
    chat: ChatUser, asked: str, sent: str, warnings: list[str]
) -> None:
    answer = chat.ask("Hello", service_tier=asked)
    assert answer.sent["service_tier"] == sent
    assert answer.completion.service_tier == "default"
    assert answer.warnings == warnings


def test_pings_are_comments(chat: ChatUser) -> None:
    body = {
        "model": "gpt-4o",
        "messages": [said("user", "[[ping]] [[long 5]]")],
        "stream": True,
    }
    answer = httpx.post(
        f"{chat.client.base_url}chat/completions", json=body, trust_env=False
    )
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    lines = [line for line in answer.text.split("\n") if line]
    assert lines.count(": ping") >= 5
    assert {line[:6] for line in lines} == {": ping", "data: "}
    assert lines[-1] == "data: [DONE]"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "given", "sent", "warnings", "version"),
    [
        ("claude-haiku-4-5", {"temperature": 0.3}, {"temperature": 0.3}, [], OLD),
        (
            "claude-sonnet-4-6",
            {"temperature": 1.7, "top_p": 0.9},
            {"temperature": 1},
            ["temperature:clamped_to_1", "top_p:ignored"],
            OLD,
        ),
        (
            "claude-haiku-4-5",
            {"top_p": 0.9, "extra_body": {"top_k": 5}},
            {"top_p": 0.9, "top_k": 5},
            [],
            OLD,
        ),
        ("claude-haiku-4-5", {}, {}, [], NEW),
        ("claude-haiku-4-5", {"temperature": 1}, {}, [], NEW),
        (
            "claude-haiku-4-5",
            {"temperature": 0.3, "reasoning_effort": "low"},
            {},
            ["temperature:ignored"],
            NEW,
        ),
        ("gpt-4o", {"temperature": 0.3}, {}, ["temperature:ignored"], NEW),
        (
            "claude-haiku-4-5",
            {"temperature": 0.3, "extra_headers": {"anthropic-version": NEW}},
            {},
            ["temperature:ignored"],
            NEW,
        ),
    ],
)
def test_sampling(
    chat: ChatUser,
    model: str,
    given: dict[str, Any],
    sent: dict[str, Any],
    warnings: list[str],
    version: str,
    stream: bool,
) -> None:
    answer = chat.ask("Hello", model=model, stream=stream, **given)
    found = {key: answer.sent.get(key) for key in ("temperature", "top_p", "top_k")}
    assert {key: value for key, value in found.items() if value is not None} == sent
    assert answer.upstream[-1].header("anthropic-version") == version
    assert sorted(answer.warnings) == sorted(warnings)


@pytest.mark.parametrize(
    ("given", "sent", "warnings"),
    [
        ({"user": "u-1"}, "u-1", []),
        ({"user": "a@b.example"}, None, ["user:hashed"]),
        ({"user": "+49 221 1234567"}, None, ["user:hashed"]),
        ({"user": "x" * 257}, None, ["user:hashed"]),
        ({"user": "u-1", "safety_identifier": "s-1"}, "s-1", []),
    ],
)
def test_users(
    chat: ChatUser, given: dict[str, str], sent: str | None, warnings: list[str]
) -> None:
    answer = chat.ask("Hello", **given)
    hashed = hashlib.sha256(given["user"].encode()).hexdigest()
    assert answer.sent["metadata"] == {"user_id": sent or hashed}
    assert answer.warnings == warnings


@STREAMED
def test_warnings_name_everything_once(chat: ChatUser, stream: bool) -> None:
    answer = chat.ask(
        "Hello",
        stream=stream,
        seed=7,
        temperature=0.5,
        presence_penalty=1,
        frequency_penalty=0,
        logit_bias={},
        store=True,
        n=1,
        verbosity="low",
        metadata={"a": "b"},
        prediction={"type": "content", "content": "x"},
        prompt_cache_key="k",
        extra_body={"made_up": 1, "Größe": 2},
    )
    assert sorted(answer.warnings) == [
        "made_up:ignored",
        "metadata:ignored",
        "prediction:ignored",
        "presence_penalty:ignored",
        "prompt_cache_key:ignored",
        "seed:ignored",
        "store:ignored",
        "temperature:ignored",
        "unknown_key:ignored",
        "verbosity:ignored",
    ]


def test_betas_of_the_client(chat: ChatUser) -> None:
    answer = chat.ask(
        "Hello",
        extra_headers={"anthropic-beta": "context-1m-2025-08-07"},
        extra_body={"anthropic_beta": ["files-api-2025-04-14"]},
    )
    sent = answer.upstream[-1].header("anthropic-beta") or ""
    assert set(sent.split(",")) == {"context-1m-2025-08-07", "files-api-2025-04-14"}


def test_headers(chat: ChatUser) -> None:
    answer = chat.ask("Hello")
    assert answer.headers["x-request-id"] == answer.upstream[-1].request_id
    assert int(answer.headers["x-ratelimit-remaining-requests"]) >= 0
    names = {name for name, _ in answer.upstream[-1].headers}
    assert not [name for name in names if name.startswith(("x-stainless", "openai"))]
    assert answer.upstream[-1].header("x-api-key") != "not-used"

"""Large and wrong input: it works, or it is refused by name and nobody is asked."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest

from support.chat_user import WEATHER_TOOL, ChatUser, call, said

PNG_HEAD = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAI"
MIB = 1024 * 1024


def png(base64_bytes: int) -> str:
    return PNG_HEAD + "A" * (base64_bytes - len(PNG_HEAD))


def picture(base64_bytes: int, text: str = "What is this?") -> list[dict[str, Any]]:
    url = f"data:image/png;base64,{png(base64_bytes)}"
    image = {"type": "image_url", "image_url": {"url": url}}
    return [said("user", [{"type": "text", "text": text}, image])]


def part(**members: Any) -> list[dict[str, Any]]:
    return [said("user", [{"type": "text", "text": "Hello"}, members])]


PARAM = "messages[0].content[1]"
GOOD = [said("user", "Hello")]
# What the SDK lets through; name → members of the request, param, code.
REFUSED: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "audio": (
        {
            "messages": part(
                type="input_audio", input_audio={"data": "AAAA", "format": "wav"}
            )
        },
        PARAM,
        "unsupported_content_type",
    ),
    "an unknown part": (
        {"messages": part(type="video", video={})},
        f"{PARAM}.type",
        "invalid_value",
    ),
    "a file of another service": (
        {"messages": part(type="file", file={"file_id": "file-abc"})},
        f"{PARAM}.file.file_id",
        "unsupported_value",
    ),
    "a file that is no text": (
        {"messages": part(type="file", file={"file_data": "AAECAw=="})},
        PARAM,
        "unsupported_file",
    ),
    "http": (
        {"messages": part(type="image_url", image_url={"url": "http://a/b.png"})},
        PARAM,
        "invalid_image_url",
    ),
    "a bitmap": (
        {
            "messages": part(
                type="image_url", image_url={"url": "data:image/bmp;base64,AAAA"}
            )
        },
        PARAM,
        "invalid_image_format",
    ),
    "an unknown role": (
        {"messages": [said("narrator", "Hello")]},
        "messages.[0].role",
        "invalid_value",
    ),
    "no messages": ({"messages": []}, "messages", "empty_array"),
    "nothing said": ({"messages": [said("user", " ")]}, "messages", "invalid_value"),
    "an orphan result": (
        {"messages": [*GOOD, said("tool", "18", tool_call_id="a")]},
        "messages.[1].role",
        None,
    ),
    "two results": (
        {
            "messages": [
                *GOOD,
                said("assistant", None, tool_calls=[call("a")]),
                said("tool", "18", tool_call_id="a"),
                said("tool", "19", tool_call_id="a"),
            ],
            "tools": [WEATHER_TOOL],
        },
        "messages.[3].tool_call_id",
        None,
    ),
    "a choice without tools": ({"tool_choice": "auto"}, "tool_choice", None),
    "a choice of what is not there": (
        {
            "tools": [WEATHER_TOOL],
            "tool_choice": {"type": "function", "function": {"name": "other"}},
        },
        "tool_choice",
        None,
    ),
    "a call without result or id": (
        {
            "messages": [
                *GOOD,
                said("assistant", None, tool_calls=[call("a")]),
                said("tool", "18"),
            ],
            "tools": [WEATHER_TOOL],
        },
        "messages[2].tool_call_id",
        "missing_required_parameter",
    ),
    "two calls of one id": (
        {"messages": [*GOOD, said("assistant", None, tool_calls=[call("a")] * 2)]},
        "messages.[1].tool_calls",
        None,
    ),
    "an image of the assistant's": (
        {"messages": [*GOOD, said("assistant", picture(100)[0]["content"])]},
        "messages[1].content[1].type",
        "invalid_value",
    ),
    "two tools of one name": (
        {"tools": [WEATHER_TOOL, WEATHER_TOOL]},
        "tools[1].function",
        "invalid_value",
    ),
    "a tool without an object": (
        {
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "f", "parameters": {"type": "string"}},
                }
            ]
        },
        "tools[0].function.parameters",
        "invalid_function_parameters",
    ),
    "tools and functions": (
        {"tools": [WEATHER_TOOL], "functions": [WEATHER_TOOL["function"]]},
        "functions",
        None,
    ),
    "stream_options without stream": (
        {"stream_options": {"include_usage": True}},
        "stream_options",
        None,
    ),
    "several answers": ({"n": 3}, "n", "unsupported_value"),
    "logprobs": ({"logprobs": True}, "logprobs", "unsupported_parameter"),
    "audio output": (
        {"modalities": ["text", "audio"], "audio": {"voice": "x", "format": "wav"}},
        "modalities",
        "unsupported_value",
    ),
    "an effort": ({"reasoning_effort": "huge"}, "reasoning_effort", "invalid_value"),
    "a temperature": ({"temperature": 3}, "temperature", "decimal_above_max_value"),
    "a type": ({"max_tokens": "many"}, "max_tokens", "invalid_type"),
    "moderation that blocks": (
        {"extra_body": {"moderation": {"policy": {"input": {"mode": "block"}}}}},
        "moderation.policy.input.mode",
        "unsupported_value",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_as_openai_would(chat: ChatUser, name: str) -> None:
    members, param, code = REFUSED[name]
    before = chat.simulator.simulator.count
    with pytest.raises(openai.BadRequestError) as caught:
        chat.ask(**({"messages": GOOD} | members))
    assert (caught.value.param, caught.value.code) == (param, code)
    assert caught.value.type == "invalid_request_error"
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert chat.simulator.simulator.count == before


RAW = {
    "nothing": b"",
    "half an object": b'{"model": "gpt-4o"',
    "a list": b"[]",
    "no model": b'{"messages": [{"role": "user", "content": "Hello"}]}',
    "no messages": b'{"model": "gpt-4o"}',
    "messages that are none": b'{"model": "gpt-4o", "messages": "Hello"}',
    "a message that is none": b'{"model": "gpt-4o", "messages": [1]}',
    "no UTF-8": b'{"model": "gpt-4o\xff", "messages": []}',
    "deep": b'{"model": "m", "messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("name", RAW)
def test_a_body_that_is_no_request(chat: ChatUser, name: str) -> None:
    before = chat.simulator.simulator.count
    answer = httpx.post(
        f"{chat.client.base_url}chat/completions", content=RAW[name], trust_env=False
    )
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert chat.simulator.simulator.count == before


def test_half_a_surrogate_pair_is_replaced(chat: ChatUser) -> None:
    body = {
        "model": "gpt-4o",
        "messages": [
            said("system", "cut \udc00 here"),
            said("user", "Hello \ud83d"),
            said(
                "assistant", None, tool_calls=[call("a", arguments='{"x": "\ud83d"}')]
            ),
            said("tool", "\ude00", tool_call_id="a"),
        ],
        "tools": [WEATHER_TOOL],
        "user": "\ud800",
    }
    answer = httpx.post(
        f"{chat.client.base_url}chat/completions", content=json.dumps(body),
        headers={"content-type": "application/json"}, trust_env=False,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    sent = chat.simulator.requests[-1].body.decode()
    assert "Hello \N{REPLACEMENT CHARACTER}" in sent
    assert "\\ud8" not in sent.lower()


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_of_a_megabyte(chat: ChatUser, stream: bool) -> None:
    words = "Größe " * (MIB // 7)
    answer = chat.ask(f"[[text Read.]] {words}", stream=stream)
    assert answer.text == "Read."
    assert words.strip() in answer.sent["messages"][0]["content"]


def test_a_prompt_longer_than_the_window(chat: ChatUser) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        chat.ask("word " * 300_000, model="claude-haiku-4-5")
    assert caught.value.code == "context_length_exceeded"


def test_200_tools(chat: ChatUser) -> None:
    names = [f"tool.number.{at}" for at in range(200)]
    tools: list[dict[str, Any]] = [
        {"type": "function", "function": {"name": name, "parameters": {}}}
        for name in names
    ]
    answer = chat.ask("[[tool tool_number_137 {}]]", tools=tools)
    assert len(answer.sent["tools"]) == 200
    assert answer.message.tool_calls[0].function.name == "tool.number.137"


def test_a_large_image(chat: ChatUser) -> None:
    answer = chat.ask(picture(4 * MIB))
    assert "1 image" in answer.text
    assert answer.sent["messages"][0]["content"][1]["source"]["data"] == png(4 * MIB)


@pytest.mark.parametrize("stream", [False, True])
def test_a_large_image_in_every_part_of_a_turn(chat: ChatUser, stream: bool) -> None:
    before = len(chat.simulator.requests)
    chat.ask(picture(MIB, "[[pause_turn 2]]"), stream=stream)
    parts = chat.simulator.requests[before:]
    assert len(parts) == 3
    assert all(png(MIB).encode() in part.body for part in parts)


def test_a_large_image_without_end(chat: ChatUser) -> None:
    """What is wrong with it is said of the request that the client sent."""
    messages = picture(MIB)
    messages[0]["content"][1]["image_url"]["url"] += "A"
    with pytest.raises(openai.BadRequestError) as caught:
        chat.ask(messages)
    assert caught.value.code == "invalid_base64_image"


@pytest.mark.parametrize("size", [5 * MIB + 4, 10 * MIB])
def test_an_image_that_is_too_large(chat: ChatUser, size: int) -> None:
    before = chat.simulator.simulator.count
    with pytest.raises(openai.BadRequestError) as caught:
        chat.ask(picture(size))
    assert caught.value.code == "image_file_too_large"
    assert caught.value.param == PARAM
    assert f"{size} bytes" in caught.value.message
    assert "AAAA" not in caught.value.message
    assert chat.simulator.simulator.count == before


@pytest.mark.parametrize("stream", [False, True])
def test_a_history_of_a_thousand_messages(chat: ChatUser, stream: bool) -> None:
    messages = []
    for turn in range(250):
        id_ = f"call_{turn}"
        messages += [
            said("user", f"Weather, {turn}?"),
            said("assistant", None, tool_calls=[call(id_)]),
            said("tool", f"{turn} degrees", tool_call_id=id_),
            said("assistant", f"It is {turn} degrees."),
        ]
    messages.append(said("user", "[[text Enough.]]"))
    answer = chat.ask(messages, tools=[WEATHER_TOOL], stream=stream)
    assert answer.text == "Enough."
    assert len(answer.sent["messages"]) == 1001
    assert answer.warnings == []

"""What was said is overwritten; what shows the shape of a request stays."""

from __future__ import annotations

import json
from typing import Any

from anthropic_proxy.inspection.scrubbing import Scrubber

REQUEST: dict[str, Any] = {
    "model": "gpt-4o",
    "system": "secret plan",
    "messages": [
        {"role": "user", "content": "Hello\n"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {
                        "name": "find",
                        "arguments": '{"query": "plan", "n": 42, "deep": true}',
                    },
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "found"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "see"},
                {
                    "type": "image_url",
                    "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"},
                },
                {"type": "image_url", "image_url": {"url": "https://a.example/b"}},
                {"type": "tool_use", "name": "t", "input": {"type": "x", "n": 5}},
            ],
        },
    ],
    "tools": [{"type": "function", "function": {"name": "find", "description": "d"}}],
}


def blank(document: Any) -> Any:
    raw = json.dumps(document).encode()
    clean = Scrubber(blank=True).body(raw)
    assert len(clean) == len(raw)
    return json.loads(clean)


def test_the_shape_of_a_request_stays() -> None:
    clean = blank(REQUEST)
    assert clean["model"] == "gpt-4o"
    assert clean["tools"] == REQUEST["tools"]
    roles = [message["role"] for message in clean["messages"]]
    assert roles == ["user", "assistant", "tool", "user"]
    call = clean["messages"][1]["tool_calls"][0]
    assert (call["id"], call["function"]["name"]) == ("call_1", "find")
    assert clean["messages"][2]["tool_call_id"] == "call_1"


def test_nothing_that_was_said_stays() -> None:
    clean = blank(REQUEST)
    assert clean["system"] == "x" * len("secret plan")
    assert clean["messages"][0]["content"] == "xxxxx**"
    assert clean["messages"][2]["content"] == "xxxxx"
    text, picture, link, call = clean["messages"][3]["content"]
    assert text == {"type": "text", "text": "xxx"}
    assert picture["image_url"] == {
        "url": "data:image/png;base64,xxxx",
        "detail": "low",
    }
    assert link["image_url"]["url"] == "https://xxxxxxxxxxx"
    assert call["input"] == {"type": "x", "n": 1}


def test_arguments_stay_json() -> None:
    call = blank(REQUEST)["messages"][1]["tool_calls"][0]["function"]
    arguments = json.loads(call["arguments"])
    assert arguments == {"query": "xxxx", "n": 11, "deep": True}


def test_arguments_in_pieces_stay_json() -> None:
    pieces = ['{"ci', 'ty": "Par', 'is", "n": 1', "2}"]
    stream = b"".join(
        b"data: "
        + json.dumps({"index": 0, "delta": {"partial_json": piece}}).encode()
        + b"\n\n"
        for piece in pieces
    )
    clean = Scrubber(blank=True).body(stream)
    joined = "".join(
        json.loads(line.removeprefix(b"data: "))["delta"]["partial_json"]
        for line in clean.split(b"\n\n")
        if line
    )
    assert json.loads(joined) == {"city": "xxxxx", "n": 11}


def test_errors_can_be_read_and_prose_cannot() -> None:
    error = {"type": "error", "error": {"type": "api_error", "message": "broken"}}
    assert blank(error) == error
    assert Scrubber(blank=True).body(b"<p>Hello") == b"xxxxxxxx"

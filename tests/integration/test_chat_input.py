"""Messages of every kind, as the official SDK sends them: what upstream gets."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from support.chat_user import WEATHER_TOOL, ChatUser, call, said

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x08\x00\x00\x00\x08"
).decode()
PNG_URL = f"data:image/png;base64,{PNG}"
PNG_SOURCE = {"type": "base64", "media_type": "image/png", "data": PNG}
PDF = base64.b64encode(b"%PDF-1.7\n%%EOF\n").decode()
PDF_SOURCE = {"type": "base64", "media_type": "application/pdf", "data": PDF}
NOTES = base64.b64encode("Größe: 3 m".encode()).decode()
NOTES_SOURCE = {"type": "text", "media_type": "text/plain", "data": "Größe: 3 m"}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def image(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, **more}}


def file(**members: Any) -> dict[str, Any]:
    return {"type": "file", "file": members}


@pytest.mark.parametrize(
    ("part", "block", "warnings"),
    [
        (image(PNG_URL), {"type": "image", "source": PNG_SOURCE}, []),
        (
            image("https://example.com/cat.jpg", detail="high"),
            {
                "type": "image",
                "source": {"type": "url", "url": "https://example.com/cat.jpg"},
            },
            ["image_url.detail:ignored"],
        ),
        (
            file(file_data=f"data:application/pdf;base64,{PDF}", filename="a.pdf"),
            {"type": "document", "source": PDF_SOURCE, "title": "a.pdf"},
            [],
        ),
        (file(file_data=PDF), {"type": "document", "source": PDF_SOURCE}, []),
        (file(file_data=PNG), {"type": "image", "source": PNG_SOURCE}, []),
        (
            file(file_data=f"data:text/csv;base64,{NOTES}", filename="a.csv"),
            {"type": "document", "source": NOTES_SOURCE, "title": "a.csv"},
            [],
        ),
        (
            file(file_id="file_011CNha8iCJcU1wXNR6q4V8w"),
            {
                "type": "document",
                "source": {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"},
            },
            [],
        ),
    ],
    ids=["png", "https", "pdf", "bare pdf", "bare png", "csv", "file_id"],
)
def test_attachments(
    chat: ChatUser, part: Any, block: dict[str, Any], warnings: list[str]
) -> None:
    answer = chat.ask([said("user", [text("What is this?"), part])])
    assert answer.sent["messages"][0]["content"] == [text("What is this?"), block]
    assert answer.warnings == warnings
    if block["source"]["type"] != "file":
        assert f"1 {block['type']}" in answer.text


def test_an_image_in_a_tool_message(chat: ChatUser) -> None:
    answer = chat.ask(
        [
            said("user", "Show me"),
            said("assistant", None, tool_calls=[call("call_1")]),
            said("tool", [text("Here:"), image(PNG_URL)], tool_call_id="call_1"),
        ],
        tools=[WEATHER_TOOL],
    )
    assert answer.sent["messages"][-1]["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": "call_1",
            "content": [text("Here:"), {"type": "image", "source": PNG_SOURCE}],
        }
    ]


@pytest.mark.parametrize("role", ["system", "developer"])
def test_later_instructions_stay_where_they_were_said(
    chat: ChatUser, role: str
) -> None:
    messages = [
        said(role, "Be terse."),
        said(role, [text("Speak "), text("French.")]),
        said("user", "Hello"),
        said(role, "Now speak Latin."),
        said("assistant", "Salve."),
        said("user", "And now?"),
    ]
    in_place = chat.ask(messages)
    assert in_place.sent["system"] == "Be terse.\n\nSpeak French."
    assert in_place.sent["messages"][:3] == [
        said("user", "Hello"),
        said("system", "Now speak Latin."),
        said("assistant", "Salve."),
    ]
    assert in_place.warnings == []
    folded = chat.ask(messages, model="claude-haiku-4-5")
    assert folded.sent["system"] == in_place.sent["system"]
    assert folded.sent["messages"][0]["content"] == [
        text("Hello"),
        text("<system-reminder>\nNow speak Latin.\n</system-reminder>"),
    ]
    assert folded.warnings == ["system:folded_into_user"]


def test_instructions_alone_are_asked(chat: ChatUser) -> None:
    answer = chat.ask([said("system", "Say hello.")])
    assert answer.sent["messages"] == [said("user", "Say hello.")]
    assert answer.warnings == ["system:only_message_sent_as_user"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_begun_answer(chat: ChatUser, stream: bool) -> None:
    messages = [said("user", "A haiku, please"), said("assistant", "Here it is: \n")]
    kept = chat.ask(messages, model="claude-haiku-4-5", stream=stream)
    assert kept.sent["messages"][-1] == said("assistant", "Here it is:")
    assert kept.text
    assert kept.warnings == []
    for extra in ({"model": "gpt-5"}, {"reasoning_effort": "low"}):
        request = {"model": "claude-haiku-4-5", "stream": stream, **extra}
        converted = chat.ask(messages, **request)
        assert converted.sent["messages"][-1] == said("user", "Continue.")
        assert converted.warnings == ["messages:assistant_prefill_converted"]


def test_the_assistant_may_begin(chat: ChatUser) -> None:
    answer = chat.ask([said("assistant", "How can I help?"), said("user", "Sing")])
    assert answer.sent["messages"][0] == said("user", "Continue.")
    assert answer.warnings == ["messages:first_user_inserted"]


def test_neighbours_become_one_turn(chat: ChatUser) -> None:
    answer = chat.ask(
        [said("user", "One"), said("user", [text("two"), text("  ")], name="Ada")]
    )
    assert answer.sent["messages"] == [said("user", [text("One"), text("two")])]
    assert answer.warnings == ["messages.name:ignored"]


def test_results_are_merged_and_missing_ones_inserted(chat: ChatUser) -> None:
    answer = chat.ask(
        [
            said("user", "Weather in Paris, Oslo and Rome"),
            said("assistant", "", tool_calls=[call("a"), call("b"), call("c")]),
            said("tool", "18 degrees", tool_call_id="b"),
            said("user", "Well?"),
            said("tool", "", tool_call_id="a", name="get_weather", is_error=True),
        ],
        tools=[WEATHER_TOOL],
    )
    turns = answer.sent["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "b", "content": "18 degrees"},
        {"type": "tool_result", "tool_use_id": "a", "is_error": True},
        {
            "type": "tool_result",
            "tool_use_id": "c",
            "content": "No result was provided for this tool call.",
            "is_error": True,
        },
        text("Well?"),
    ]
    assert answer.warnings == ["messages:tool_result_inserted"]


def test_a_history_of_calls_without_tools(chat: ChatUser) -> None:
    answer = chat.ask(
        [
            said("user", "Weather?"),
            said("assistant", None, tool_calls=[call("a", "old.tool")]),
            said("tool", "18", tool_call_id="a"),
            said("user", "Thanks"),
        ]
    )
    (tool,) = answer.sent["tools"]
    assert tool["name"].startswith("old_tool")
    assert answer.sent["messages"][1]["content"][0]["name"] == tool["name"]
    assert answer.sent["tool_choice"] == {"type": "none"}
    assert "tools:synthesised" in answer.warnings
    assert "18" in answer.text


def test_odd_arguments_in_the_history(chat: ChatUser) -> None:
    texts = ["", '{"a": 1.10}', "[1]", "{oops", " "]
    calls = [call(f"c{at}", arguments=given) for at, given in enumerate(texts)]
    results = [said("tool", "ok", tool_call_id=one["id"]) for one in calls]
    answer = chat.ask(
        [said("user", "Go"), said("assistant", None, tool_calls=calls), *results],
        tools=[WEATHER_TOOL],
    )
    blocks = answer.sent["messages"][1]["content"]
    assert [block["input"] for block in blocks] == [
        {},
        {"a": 1.1},
        {"value": [1]},
        {"INVALID_JSON": "{oops"},
        {},
    ]
    assert b'{"a": 1.10}' in answer.upstream[-1].body
    assert answer.warnings == [
        "tool_calls.arguments:not_an_object",
        "tool_calls.arguments:invalid_json",
    ]


def test_a_refusal_in_the_history_is_text(chat: ChatUser) -> None:
    answer = chat.ask(
        [
            said("user", "Hm"),
            said("assistant", None, refusal="I cannot do that."),
            said("user", "Why?"),
        ]
    )
    assert answer.sent["messages"][1]["content"] in (
        "I cannot do that.",
        [text("I cannot do that.")],
    )


def test_anthropics_shapes_on_openais_route(chat: ChatUser) -> None:
    """Cursor sends such bodies."""
    tool_use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"a": 1}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "seen"}
    answer = chat.ask(
        [
            said("system", [text("Be terse.")]),
            said("user", [{"type": "image", "source": PNG_SOURCE}, text("Look")]),
            said("assistant", [text("I look."), tool_use]),
            said("user", [result, text("Again, look at Paris")]),
        ],
        tools=[
            {"name": "look", "description": "Look", "input_schema": {"type": "object"}}
        ],
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
    )
    sent = answer.sent
    assert sent["messages"][0]["content"][0] == {"type": "image", "source": PNG_SOURCE}
    assert sent["messages"][1]["content"] == [text("I look."), tool_use]
    assert sent["messages"][2]["content"] == [result, text("Again, look at Paris")]
    assert sent["tools"][0]["input_schema"] == {"type": "object"}
    assert sent["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert [one.function.name for one in answer.message.tool_calls] == ["look"]
    assert answer.warnings == []

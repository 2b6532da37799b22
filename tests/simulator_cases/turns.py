"""Roles, text, and how a conversation ends."""

from __future__ import annotations

from anthropic_proxy.simulator.profile import Profile

from .case import (
    HAIKU45,
    OLD,
    Case,
    assistant,
    call,
    document,
    image,
    loop,
    result,
    system,
    text,
    tool,
    user,
)

TURNS = [
    Case(9, "none", bad={"messages": []}, path="messages"),
    Case(
        9,
        "role",
        bad={"messages": [{"role": "developer", "content": "x"}]},
        path="messages.0.role",
    ),
    Case(
        10,
        "assistant first",
        good={"messages": [user(), assistant(), user()]},
        bad={"messages": [assistant(), user()]},
        path="messages",
        profile=Profile(first_message_must_be_user=True),
    ),
    Case(
        11,
        "model",
        good={"messages": [user(), system()]},
        bad={"model": "claude-sonnet-5", "messages": [user(), system()]},
        path="messages.1",
    ),
    Case(11, "first", bad={"messages": [system(), user()]}, path="messages.0"),
    Case(
        11,
        "after assistant",
        good={"messages": [user(), system(), assistant(), user()]},
        bad={"messages": [user(), assistant(), system()]},
        path="messages.2",
    ),
    Case(
        11,
        "before user",
        good={"messages": [user(), user(), system()]},
        bad={"messages": [user(), system(), user()]},
        path="messages.1",
    ),
    Case(
        11,
        "image",
        good={"messages": [user(), system([text()])]},
        bad={"messages": [user(), system([image()])]},
        path="messages.1.content.0",
    ),
    Case(
        12,
        "empty text",
        good={"messages": [user([text("x")])]},
        bad={"messages": [user([text("")])]},
        path="messages.0.content.0",
    ),
    Case(12, "white space", bad={"messages": [user(" \n")]}, path="messages.0"),
    Case(12, "empty string", bad={"messages": [user("")]}, path="messages.0"),
    Case(12, "no blocks", bad={"messages": [user([])]}, path="messages.0"),
    Case(
        12,
        "only the final assistant may be empty",
        good={"model": HAIKU45, "messages": [user(), assistant("")]},
        bad={"model": HAIKU45, "messages": [user(), assistant(""), user()]},
        path="messages.1",
    ),
    Case(
        12,
        "inside a result",
        good=loop(result(content=[text()])),
        bad=loop(result(content=[text("")])),
        path="messages.2.content.0",
    ),
    Case(
        12,
        "in system",
        good={"system": ""},
        bad={"system": [text("")]},
        path="system.0",
    ),
    Case(
        13,
        "white space at the end",
        good={"model": HAIKU45, "messages": [user(), assistant("The")]},
        bad={"model": HAIKU45, "messages": [user(), assistant("The ")]},
        path="messages",
    ),
    Case(
        14,
        "prefill",
        good={"model": HAIKU45, "messages": [user(), assistant("The")]},
        bad={"messages": [user(), assistant("The")]},
    ),
    Case(
        34,
        "document of an assistant",
        good={"messages": [user(), assistant([text(), document()]), user()]},
        good_headers=OLD,
        bad={"messages": [user(), assistant([text(), document()]), user()]},
        bad_headers={},
        path="messages.1.content.1",
    ),
    Case(
        34,
        "citations of a user",
        good={"messages": [user([text(citations=[])])]},
        bad={
            "messages": [
                user(
                    [
                        text(
                            citations=[
                                {
                                    "type": "web_search_result_location",
                                    "url": "https://example.com",
                                    "title": None,
                                    "cited_text": "x",
                                    "encrypted_index": "x",
                                }
                            ]
                        )
                    ]
                )
            ]
        },
        path="messages.0.content.0.text.citations",
    ),
    Case(
        107,
        "call of a user",
        good={"messages": [user([text()])]},
        bad={"messages": [user([call()])], "tools": [tool()]},
        path="messages.0.content.0",
    ),
    Case(
        107,
        "image of an assistant",
        good={"messages": [user([image()]), assistant(), user()]},
        bad={"messages": [user(), assistant([image(), text()]), user()]},
        path="messages.1.content.0",
    ),
]

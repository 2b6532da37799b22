"""Shapes, limits, sampling."""

from __future__ import annotations

from anthropic_proxy.simulator.profile import Profile

from .case import (
    HAIKU45,
    HOUR,
    MARK,
    OLD,
    OPUS46,
    REMOVED,
    Case,
    assistant,
    image,
    text,
    tool,
    user,
)

SHAPE = [
    Case(3, "model", bad={"model": REMOVED}, path="model"),
    Case(3, "max_tokens", bad={"max_tokens": REMOVED}, path="max_tokens"),
    Case(3, "messages", bad={"messages": REMOVED}, path="messages"),
    Case(3, "content", bad={"messages": [{"role": "user"}]}, path="messages.0.content"),
    Case(
        3,
        "block type",
        good={"messages": [user([text()])]},
        bad={"messages": [user([{"text": "Hi"}])]},
        path="messages.0.content.0.type",
    ),
    Case(4, "n", bad={"n": 1}, path="n"),
    Case(
        4,
        "name of a message",
        bad={"messages": [{**user(), "name": "bob"}]},
        path="messages.0.name",
    ),
    Case(
        4,
        "metadata",
        good={"metadata": {"user_id": "u"}},
        bad={"metadata": {"foo": "u"}},
        path="metadata.foo",
    ),
    Case(
        4,
        "key of a block",
        good={"messages": [user([text()])]},
        bad={"messages": [user([text(index=0)])]},
        path="messages.0.content.0.text.index",
    ),
    Case(
        4,
        "key of a tool",
        good={"tools": [tool()]},
        bad={"tools": [tool(parameters={})]},
        path="tools.0.custom.parameters",
    ),
    Case(
        4,
        "effort outside output_config",
        good={"output_config": {"effort": "low"}},
        bad={"effort": "low"},
        path="effort",
    ),
    Case(
        5,
        "temperature",
        good={"model": OPUS46, "temperature": 1},
        good_headers=OLD,
        bad={"model": OPUS46, "temperature": 1},
        bad_headers={},
        path="temperature",
    ),
    Case(36, "stream", good={"stream": True}, bad={"stream": "yes"}, path="stream"),
    Case(36, "system", good={"system": "x"}, bad={"system": 1}, path="system"),
    Case(
        36,
        "system blocks",
        good={"system": [text()]},
        bad={"system": [image()]},
        path="system.0",
    ),
    Case(36, "model", bad={"model": 5}, path="model"),
    Case(36, "messages", bad={"messages": {}}, path="messages"),
    Case(
        36,
        "service_tier",
        good={"service_tier": "standard_only"},
        bad={"service_tier": "flex"},
        path="service_tier",
    ),
    Case(
        36,
        "block type",
        good={"messages": [user([text()])]},
        bad={"messages": [user([{"type": "input_text", "text": "Hi"}])]},
        path="messages.0.content.0",
    ),
]

LIMITS = [
    Case(8, "negative", bad={"max_tokens": -1}, path="max_tokens"),
    Case(8, "zero is legal", good={"max_tokens": 0}, bad={"max_tokens": 1.5}),
    Case(8, "a string", bad={"max_tokens": "100"}, path="max_tokens"),
    Case(
        8,
        "above the model's",
        good={"max_tokens": 128_000},
        bad={"max_tokens": 128_001},
        path="max_tokens",
    ),
    Case(
        31,
        "markers",
        good={"system": [text(**MARK) for _ in range(4)]},
        bad={"system": [text(**MARK) for _ in range(5)]},
    ),
    Case(
        31,
        "the automatic one counts",
        good={"system": [text(**MARK) for _ in range(3)], **MARK},
        bad={"system": [text(**MARK) for _ in range(4)], **MARK},
    ),
    Case(
        31,
        "on thinking",
        good={"system": [text(**MARK)]},
        bad={
            "messages": [
                user(),
                assistant(
                    [{"type": "thinking", "thinking": "", "signature": "x", **MARK}]
                ),
            ]
        },
        path="messages.1.content.0.thinking.cache_control",
        refused_by=4,
    ),
    Case(
        31,
        "on empty text",
        good={"messages": [user([text(**MARK)])]},
        bad={"messages": [user([text("", **MARK)])]},
        path="messages.0.content.0",
        refused_by=12,
    ),
    Case(
        32,
        "stop sequence",
        good={"stop_sequences": ["END"] * 9},
        bad={"stop_sequences": ["END", "\n"]},
        path="stop_sequences",
    ),
    Case(
        37,
        "window",
        good={"model": HAIKU45, "messages": [user("x" * 790_000)]},
        bad={"model": HAIKU45, "messages": [user("x" * 810_000)]},
    ),
    Case(
        38,
        "32 MB",
        status=413,
        good={"messages": [user("x")]},
        bad={"messages": [user("x" * 1000)]},
        profile=Profile(max_body_bytes=1000),
    ),
    Case(39, "unknown", status=404, bad={"model": "gpt-4o"}, path="model"),
    Case(39, "retired", status=404, bad={"model": "claude-opus-4-1"}, path="model"),
    Case(
        41,
        "e-mail",
        good={"metadata": {"user_id": "user-42"}},
        bad={"metadata": {"user_id": "someone@example.com"}},
        path="metadata.user_id",
    ),
    Case(
        41,
        "telephone",
        good={"metadata": {"user_id": "a1b2"}},
        bad={"metadata": {"user_id": "+49 30 1234567"}},
        path="metadata.user_id",
    ),
    Case(
        105,
        "one hour after five minutes",
        good={"system": [text(**HOUR)], "messages": [user([text(**MARK)])]},
        bad={"system": [text(**MARK)], "messages": [user([text(**HOUR)])]},
        path="messages.0.content.0.cache_control.ttl",
    ),
    Case(
        106,
        "fast mode",
        good={"model": "claude-opus-5-5", "speed": "fast"},
        bad={"model": "claude-opus-4-8", "speed": "fast"},
        path="speed",
    ),
]

SAMPLING = [
    Case(
        6,
        "temperature",
        good={"temperature": 1},
        bad={"temperature": 0.5},
        path="temperature",
        good_headers=OLD,
    ),
    Case(
        6,
        "top_p",
        good={"top_p": 0.99},
        bad={"top_p": 1},
        path="top_p",
        good_headers=OLD,
    ),
    Case(6, "top_k", bad={"top_k": 5}, path="top_k", good_headers=OLD),
    Case(
        6,
        "both",
        good={"temperature": 1},
        bad={"temperature": 1, "top_p": 0.99},
        path="temperature",
        good_headers=OLD,
    ),
    Case(
        7,
        "range",
        good={"model": OPUS46, "temperature": 0.5},
        bad={"model": OPUS46, "temperature": 1.5},
        path="temperature",
        good_headers=OLD,
    ),
    Case(
        7,
        "both",
        good={"model": OPUS46, "top_p": 0.5},
        bad={"model": OPUS46, "top_p": 0.5, "temperature": 0.5},
        path="temperature",
        good_headers=OLD,
    ),
]

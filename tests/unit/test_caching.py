from __future__ import annotations

from typing import Any

from anthropic_proxy.dialects.chat_completions.exchange import Settings
from request_support import HI, function, translate

SHORT = {"type": "ephemeral"}
LONG = {"type": "ephemeral", "ttl": "1h"}
AUTO = Settings(auto_cache=True)


def marked(*marks: Any) -> list[Any]:
    """A conversation whose parts have these marks."""
    parts = [
        {"type": "text", "text": str(place), "cache_control": mark}
        for place, mark in enumerate(marks)
    ]
    return [{"role": "user", "content": parts}]


def marks_of(body: dict[str, Any]) -> list[Any]:
    system = body.get("system", ())
    blocks = [*body.get("tools", ()), *([] if isinstance(system, str) else system)]
    for message in body["messages"]:
        content = message["content"]
        blocks += [] if isinstance(content, str) else content
    return [block.get("cache_control") for block in blocks]


def test_a_mark_of_the_request_is_the_clients_or_the_settings() -> None:
    assert "cache_control" not in translate().body
    assert translate(cache_control=LONG).body["cache_control"] == LONG
    assert translate(settings=AUTO).body["cache_control"] == SHORT
    assert translate(settings=AUTO, cache_control=LONG).body["cache_control"] == LONG


def test_explicit_caching_switches_the_automatic_mark_off() -> None:
    for mode, sent in (("implicit", True), ("explicit", False)):
        options = {"mode": mode, "ttl": "30m"}
        translated = translate(settings=AUTO, prompt_cache_options=options)
        assert ("cache_control" in translated.body) == sent
        assert translated.warnings == set()


def test_legal_marks_are_left_alone() -> None:
    translated = translate(messages=marked(LONG, SHORT), cache_control=SHORT)
    assert marks_of(translated.body) == [LONG, SHORT]
    assert translated.warnings == set()


def test_the_requests_own_mark_takes_a_place() -> None:
    messages = marked(SHORT, SHORT, SHORT, SHORT)
    translated = translate(messages=messages, cache_control=SHORT)
    assert marks_of(translated.body) == [None, SHORT, SHORT, SHORT]
    assert translated.body["cache_control"] == SHORT
    assert translated.warnings == {"cache_control:last_4_kept"}
    assert messages == marked(SHORT, SHORT, SHORT, SHORT)


def test_marks_of_tools_count_and_go_first() -> None:
    tool = {**function(), "cache_control": SHORT}
    system = {"role": "system", "content": marked(SHORT)[0]["content"]}
    messages = [system, *marked(SHORT, SHORT, SHORT)]
    translated = translate(messages=messages, tools=[tool])
    assert marks_of(translated.body) == [None, SHORT, SHORT, SHORT, SHORT]
    assert tool["cache_control"] == SHORT


def test_long_marks_come_before_short_ones() -> None:
    translated = translate(messages=marked(LONG, SHORT, LONG), cache_control=LONG)
    assert marks_of(translated.body) == [LONG, SHORT, SHORT]
    assert translated.body["cache_control"] == SHORT
    assert translated.warnings == {"cache_control.ttl:shortened"}


def test_a_mark_without_a_content_list_is_possible() -> None:
    tools = [{**function(), "cache_control": SHORT}]
    tools += [{**function("g"), "cache_control": LONG}]
    translated = translate(messages=HI, tools=tools)
    assert marks_of(translated.body) == [SHORT, SHORT]

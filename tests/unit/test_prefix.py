"""Where a request differs from the one before it, and which one that is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.inspection.prefix import (
    RecentRequests,
    common,
    segments,
    segments_of,
)

TOOL = {"name": "read", "input_schema": {"type": "object"}}


def user(*texts: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text} for text in texts]
    return {"role": "user", "content": content}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def request(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "claude-sonnet-5-5", "messages": list(messages), **more}


def paths(body: dict[str, Any]) -> list[str]:
    return [part.path for part in segments(body)]


def hashes(body: dict[str, Any]) -> list[bytes]:
    return [part.hash for part in segments(body)]


def test_segments_come_in_the_order_of_the_cache() -> None:
    body = request(
        user("one", "two"),
        assistant("three"),
        thinking={"type": "adaptive"},
        tool_choice={"type": "auto"},
        system=[{"type": "text", "text": "Be brief."}],
        tools=[TOOL, TOOL | {"name": "write"}],
        max_tokens=5,
        temperature=1,
    )
    assert paths(body) == [
        "model",
        "tools.[0]",
        "tools.[1]",
        "system.[0]",
        "tool_choice",
        "thinking",
        "messages.[0].content.[0]",
        "messages.[0].content.[1]",
        "messages.[1].content",
    ]


def test_a_size_is_that_of_the_json() -> None:
    [_, part] = segments(request({"role": "user", "content": "Hi"}))
    assert part.size == len('{"type":"text","text":"Hi"}')


def test_a_text_and_a_list_of_one_text_are_the_same() -> None:
    plain = request({"role": "user", "content": "Hi"}, system="Be brief.")
    listed = request(user("Hi"), system=[{"type": "text", "text": "Be brief."}])
    assert hashes(plain) == hashes(listed)


def test_a_mark_for_the_cache_is_not_part_of_what_is_cached() -> None:
    marked = user("Hi")
    marked["content"][0]["cache_control"] = {"type": "ephemeral"}
    assert hashes(request(marked)) == hashes(request(user("Hi")))


def test_who_speaks_is_part_of_it() -> None:
    spoken = {"role": "assistant", "content": "Hi"}
    assert hashes(request(spoken)) != hashes(request(user("Hi")))


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"messages": None},
        {"messages": "Hi"},
        {"messages": [None, 3, "Hi", {"role": 3}, {"content": None}]},
        {"tools": {"name": "x"}, "system": 3, "messages": [{"content": [[], None]}]},
    ],
)
def test_odd_requests_have_segments_too(odd: dict[str, Any]) -> None:
    assert hashes(odd) == hashes(odd)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"a"', b"\xff"])
def test_what_is_no_object_has_none(content: bytes) -> None:
    assert segments_of(content) == []
    assert RecentRequests().compare([]) is None


def test_a_body_is_read() -> None:
    assert segments_of(b'{"model":"a"}') == segments({"model": "a"})


def test_the_first_of_a_conversation_has_no_previous() -> None:
    assert RecentRequests().compare(segments(request(user("Hi")))) is None


def compared(
    before: list[dict[str, Any]], now: dict[str, Any]
) -> dict[str, Any] | None:
    recent = RecentRequests()
    for number, body in enumerate(before):
        recent.remember(f"req_{number}", segments(body))
    return recent.compare(segments(now))


FIRST = request(user("Fix the bug."), tools=[TOOL], system="Be brief.")
TURN = (assistant("Which one?"), user("The last one."))


def test_a_conversation_that_goes_on_shares_all_of_its_last_request() -> None:
    longer = request(*FIRST["messages"], *TURN, tools=[TOOL], system="Be brief.")
    found = compared([FIRST], longer)
    assert found == {"previous": "req_0", "same": 4, "of": 4, "differs": None}


@pytest.mark.parametrize(
    ("change", "path", "same"),
    [
        ({"system": "It is 12:01."}, "system", 2),
        ({"tools": [TOOL | {"description": "new"}]}, "tools.[0]", 1),
        ({"tools": [TOOL, TOOL]}, "tools.[1]", 2),
        ({"model": "claude-opus-5"}, "model", 0),
        ({"thinking": {"type": "disabled"}}, "thinking", 3),
    ],
)
def test_the_first_difference_is_named(
    change: dict[str, Any], path: str, same: int
) -> None:
    found = compared([FIRST], FIRST | change)
    assert found == {"previous": "req_0", "same": same, "of": 4, "differs": path}


def test_a_changed_message_in_the_middle_is_named() -> None:
    messages = [*FIRST["messages"], *TURN]
    before = FIRST | {"messages": messages}
    now = FIRST | {"messages": [messages[0], assistant("Which?"), *messages[2:]]}
    found = compared([before], now)
    assert found is not None
    assert found["differs"] == "messages.[1].content"


def test_of_two_conversations_the_one_with_more_in_common_is_meant() -> None:
    other = FIRST | {"messages": [*FIRST["messages"], assistant("No."), user("Yes.")]}
    longer = FIRST | {"messages": [*FIRST["messages"], *TURN]}
    now = FIRST | {"messages": [*longer["messages"], assistant("Done."), user("Ok.")]}
    found = compared([longer, other, request(user("Hi"))], now)
    assert found is not None
    assert found["previous"] == "req_0"


def test_of_equal_ones_the_latest_is_meant() -> None:
    found = compared([FIRST, FIRST], FIRST)
    assert found is not None
    assert found["previous"] == "req_1"


def test_a_conversation_is_known_when_its_beginning_was_dropped() -> None:
    before = request(user("a"), assistant("b"), user("c"), assistant("d"))
    now = request(*before["messages"][2:], user("e"))
    found = compared([before], now)
    assert found is not None
    assert found["differs"] == "messages.[0].content.[0]"


def test_another_conversation_is_not_taken_for_it() -> None:
    before = request(user("a"), assistant("Ok."), user("b"), assistant("Done."))
    assert compared([before], request(user("c"), assistant("Ok."), user("d"))) is None


def test_only_the_last_requests_are_remembered() -> None:
    recent = RecentRequests(requests=2)
    for text in ("a", "b", "c"):
        recent.remember(text, segments(request(user(text))))
    assert recent.compare(segments(request(user("a")))) is None
    assert recent.compare(segments(request(user("b")))) is not None


def test_long_requests_push_out_more() -> None:
    recent = RecentRequests(segments=10)
    recent.remember("short", segments(request(user("a"))))
    recent.remember("long", segments(request(user("b", *"cdefghijklmno"))))
    assert recent.compare(segments(request(user("a")))) is None
    assert recent.compare(segments(request(user("b")))) is not None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=1)), st.lists(st.binary(max_size=1)))
def test_the_common_part_ends_where_the_first_difference_is(
    before: list[bytes], now: list[bytes]
) -> None:
    same = common(before, now)
    assert before[:same] == now[:same]
    assert before[same : same + 1] != now[same : same + 1] or same in (
        len(before),
        len(now),
    )

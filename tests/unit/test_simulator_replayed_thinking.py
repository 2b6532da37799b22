"""Thinking that is sent back: as it came, altered, unbound, dropped."""

from __future__ import annotations

from typing import Any

import pytest

from anthropic_proxy.simulator.api_error import ApiError
from anthropic_proxy.simulator.profile import Profile
from simulator_cases.case import (
    BINDING,
    HAIKU45,
    MARK,
    REMOVED,
    Body,
    answered,
    assistant,
    result,
    text,
    tool,
    user,
    validate,
)
from simulator_cases.thinking import manual


def replied(change: Body, profile: Profile | None = None) -> list[Body]:
    """The content that the stand-in answers with."""
    content: list[Body] = answered(change, profile=profile).message["content"]
    return content


def transformations(change: Body, profile: Profile | None = None) -> list[Body]:
    """What the stand-in says that it did to the thinking it was sent."""
    message = answered(change, BINDING, profile).message
    found: list[Body] = message["input_transformations"]
    return found


WEATHER = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 4000,
    "system": "Be brief.",
    "tools": [tool(), tool("other")],
    "messages": [user("What is the weather in Rome?")],
}


def second_round(**changes: Any) -> Body:
    """The tool loop's next request, with the first answer sent back as it came."""
    content = replied(WEATHER)
    assert [block["type"] for block in content] == ["thinking", "tool_use"]
    messages = [
        *WEATHER["messages"],
        assistant(content),
        user([result(content[1]["id"], content="20C")]),
    ]
    return {**WEATHER, "messages": messages, **changes}


def test_a_thinking_block_as_it_came_is_accepted() -> None:
    validate(second_round())


def test_markers_and_the_order_of_tools_do_not_unbind_thinking() -> None:
    validate(
        second_round(
            tools=[tool("other"), tool(**MARK)], system=[text("Be brief.", **MARK)]
        )
    )


def test_an_altered_thinking_block_is_refused() -> None:
    body = second_round()
    body["messages"][1]["content"][0]["thinking"] = "other"
    with pytest.raises(ApiError, match="Invalid `signature`") as refused:
        validate(body)
    assert (refused.value.rule, refused.value.path) == (27, "messages.1.content.0")


def test_an_unsigned_thinking_block_is_refused() -> None:
    body = second_round()
    del body["messages"][1]["content"][0]["signature"]
    with pytest.raises(ApiError, match="Field required") as refused:
        validate(body)
    assert refused.value.rule == 27


def test_foreign_signatures_pass_where_nobody_checks() -> None:
    body = second_round()
    body["messages"][1]["content"][0]["signature"] = "sig=="
    validate(body, profile=Profile(check_signatures=False))


CHANGED_PREFIXES: list[Body] = [
    {"system": "Be very brief."},
    {"system": REMOVED},
    {"tools": [tool(), tool("third")]},
]


@pytest.mark.parametrize("change", CHANGED_PREFIXES)
def test_thinking_is_bound_to_what_came_before(change: Body) -> None:
    with pytest.raises(ApiError, match="bound to a different conversation") as refused:
        validate(second_round(**change))
    assert (refused.value.rule, refused.value.path) == (28, "messages.1.content.0")


def test_drop_block_lets_an_unbound_block_go() -> None:
    body = second_round(system="Be very brief.")
    binding = {"prefix_mismatch_behavior": "drop_block"}
    body["thinking"] = {"type": "adaptive", "block_binding": binding}
    assert transformations(body) == [
        {
            "type": "thinking_dropped",
            "path": "messages.1.content.0",
            "reason": "prefix_binding_mismatch",
        }
    ]


def test_an_old_account_is_not_held_to_it_but_told() -> None:
    profile = Profile(new_account=False)
    told = transformations(second_round(system="Other."), profile)
    assert [entry["type"] for entry in told] == ["thinking_mismatch_allowed"]


def test_every_account_is_held_to_it_on_fable() -> None:
    old = Profile(new_account=False)
    question = {**WEATHER, "model": "claude-fable-5-2"}
    content = replied(question, old)
    answered = user([result(content[1]["id"])])
    messages = [*question["messages"], assistant(content), answered]
    validate({**question, "messages": messages}, profile=old)
    with pytest.raises(ApiError) as refused:
        validate({**question, "messages": messages, "system": "x"}, profile=old)
    assert refused.value.rule == 28


def test_another_models_thinking_is_dropped_in_silence() -> None:
    body = second_round(model="claude-haiku-5-5", system="Other.")
    told = transformations(body)
    assert [entry["reason"] for entry in told] == ["model_binding_mismatch"]


def three_rounds() -> list[Body]:
    messages: list[Body] = []
    for question in ("One?", "Two?", "Three?"):
        messages.append(user(question))
        messages.append(assistant(replied({**WEATHER, "messages": messages})))
    return [*messages, user("Four?")]


@pytest.mark.parametrize("dropped", [(), (1,), (1, 3), (5,), (3, 5), (1, 3, 5)])
def test_a_run_of_thinking_may_be_left_out_at_either_end(
    dropped: tuple[int, ...],
) -> None:
    messages = three_rounds()
    for index in dropped:
        del messages[index]["content"][0]
    validate({**WEATHER, "messages": messages})


def test_a_hole_in_the_middle_is_refused() -> None:
    messages = three_rounds()
    del messages[3]["content"][0]
    with pytest.raises(ApiError) as refused:
        validate({**WEATHER, "messages": messages})
    assert (refused.value.rule, refused.value.path) == (28, "messages.5.content.0")


def test_thinking_cannot_end_a_message() -> None:
    content = replied({**WEATHER, "max_tokens": 20})
    assert [block["type"] for block in content] == ["thinking"]
    messages = [*WEATHER["messages"], assistant(content), user()]
    with pytest.raises(ApiError) as refused:
        validate({**WEATHER, "messages": messages})
    assert refused.value.rule == 108


def test_redacted_thinking_is_sealed_too() -> None:
    question = {**WEATHER, "messages": [user("[[redacted]][[text Yes.]]")]}
    content = replied(question)
    kinds = [block["type"] for block in content]
    assert kinds == ["thinking", "redacted_thinking", "text"]
    messages = [*question["messages"], assistant(content), user()]
    validate({**question, "messages": messages})
    content[1]["data"] = "AAAA"
    with pytest.raises(ApiError, match="Invalid `data`"):
        validate({**question, "messages": messages})


def test_a_manual_loop_that_starts_with_thinking_is_accepted() -> None:
    question = {**manual(1024), **WEATHER, "model": HAIKU45}
    content = replied(question)
    assert content[0]["type"] == "thinking"
    answered = user([result(content[1]["id"])])
    validate(
        {
            **question,
            "messages": [
                user("What is the weather in Rome?"),
                assistant(content),
                answered,
            ],
        }
    )

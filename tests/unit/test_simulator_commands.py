"""What the stand-in says when commands script it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.simulator.answer import HtmlPage, Memory
from anthropic_proxy.simulator.api_error import ApiError
from anthropic_proxy.simulator.commands import COMMANDS, help_text, parse
from simulator_cases.case import (
    Body,
    answered,
    assistant,
    result,
    said,
    text,
    tool,
    user,
    validate,
)


def test_commands_are_taken_out_of_the_text() -> None:
    commands, plain = parse('Hi [[tool a {"x": [[1]], "y": "]]"}]] and [[ping]] you.')
    assert [(c.name, c.argument, c.value) for c in commands] == [
        ("tool", "a", {"x": [[1]], "y": "]]"}),
        ("ping", "", None),
    ]
    assert plain == "Hi  and  you."


@pytest.mark.parametrize("text", ["[[1, 2], [3]]", "[[Wiki link]]", "[[ping", "[[x]]"])
def test_other_brackets_are_text(text: str) -> None:
    assert parse(text) == ([], text)


@given(st.text(alphabet='[] {}":,abtool1', max_size=40))
@settings(deadline=None, max_examples=150)
def test_parsing_never_fails(text: str) -> None:
    parse(text)


@pytest.mark.parametrize(
    "command",
    [
        "[[tool]]",
        "[[tool a {broken}]]",
        "[[tool a [1]]]",
        "[[json nothing]]",
        "[[stop early]]",
        "[[slow soon]]",
        "[[long x]]",
        "[[error nope]]",
        "[[error-midstream nope]]",
        "[[cut after=x]]",
    ],
)
def test_a_command_that_cannot_be_read_names_its_usage(command: str) -> None:
    with pytest.raises(ApiError, match="simulator: cannot read") as refused:
        said(command)
    assert refused.value.status == 400


def test_help_lists_every_command() -> None:
    for usage, meaning in COMMANDS.values():
        assert usage in help_text()
        assert meaning in help_text()


SCRIPTED: list[tuple[str, list[Body], str]] = [
    ("[[text Hello.]]", [text("Hello.")], "end_turn"),
    ('[[json {"a": [1, 2.5]}]]', [text('{"a":[1,2.5]}')], "end_turn"),
    ("[[long 3]]", [text("lorem ipsum dolor")], "end_turn"),
    ("[[refusal]]", [], "refusal"),
    ("[[refusal partial]]", [text("This starts well, but")], "refusal"),
    ("[[text x]][[stop max_tokens]]", [text("x")], "max_tokens"),
]


@pytest.mark.parametrize(("command", "content", "reason"), SCRIPTED)
def test_scripted_content(command: str, content: list[Body], reason: str) -> None:
    message = said(command)
    assert message["content"] == content
    assert message["stop_reason"] == reason
    assert (message["stop_details"] is not None) == (reason == "refusal")


def test_tool_commands_are_parallel_calls_with_ids_of_their_own() -> None:
    message = said('[[tool a {"x": 1}]][[tool b]]', tools=[tool("a"), tool("b")])
    first, second = message["content"]
    assert (first["name"], first["input"]) == ("a", {"x": 1})
    assert (second["name"], second["input"]) == ("b", {})
    assert first["id"] != second["id"]
    assert message["stop_reason"] == "tool_use"


def test_the_same_call_in_a_later_round_gets_another_id() -> None:
    first = said("[[tool a]]", tools=[tool("a")])["content"][0]
    messages = [user("[[tool a]]"), assistant([first]), user([result(first["id"])])]
    again = answered(
        {"tools": [tool("a")], "messages": [*messages, assistant(), user("[[tool a]]")]}
    ).message
    assert again["content"][0]["id"] != first["id"]


def test_echo_answers_with_the_request() -> None:
    message = said("[[echo]]", metadata={"user_id": "u"})
    body = json.loads(message["content"][0]["text"])
    assert body["metadata"] == {"user_id": "u"}


def test_searches_come_with_results_citations_and_a_count() -> None:
    message = said("[[web_search mitmproxy]]")
    kinds = [block["type"] for block in message["content"]]
    assert kinds == ["server_tool_use", "web_search_tool_result", "text"]
    assert len(message["content"][2]["citations"]) == 2
    assert message["usage"]["server_tool_use"]["web_search_requests"] == 1
    validate({"messages": [user("x"), assistant(message["content"]), user("y")]})


def test_a_paused_turn_goes_on_until_it_is_finished() -> None:
    messages = [user("[[pause_turn 2]]")]
    reasons = []
    for _ in range(3):
        message = answered({"messages": messages}).message
        reasons.append(message["stop_reason"])
        messages.append(assistant(message["content"]))
    assert reasons == ["pause_turn", "pause_turn", "end_turn"]
    assert messages[-1]["content"] == [text("Finished after 2 pauses.")]


def test_usage_can_be_told() -> None:
    usage = said("[[usage input_tokens=5 thinking_tokens=7 output_tokens=9]]")["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (5, 9)
    assert usage["output_tokens_details"] == {"thinking_tokens": 7}


def test_errors_are_answered_as_often_as_was_asked() -> None:
    memory = Memory()
    change = {"messages": [user("[[error 529 times=2]][[text ok]]")]}
    for _ in range(2):
        with pytest.raises(ApiError) as refused:
            answered(change, memory=memory)
        assert (refused.value.status, refused.value.type) == (529, "overloaded_error")
    assert answered(change, memory=memory).message["content"] == [text("ok")]


def test_an_error_says_whether_to_try_again() -> None:
    for command, retry in [
        ("[[error 400]]", False),
        ("[[error 429 retry-after=1]]", True),
        ("[[error 429 code=enforced_spend_limit_reached]]", False),
        ("[[error 429 code=ramp_limit_exceeded]]", True),
        ("[[error 529]]", None),
    ]:
        with pytest.raises(ApiError) as refused:
            said(command)
        assert refused.value.should_retry is retry, command


def test_html_is_no_error_of_the_api() -> None:
    with pytest.raises(HtmlPage) as page:
        said("[[error html 502]]")
    assert page.value.status == 502

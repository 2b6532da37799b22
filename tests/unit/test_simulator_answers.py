"""What the stand-in says: by command, by itself, cut short, as events, as bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.simulator.answer import HtmlPage, Memory
from anthropic_proxy.simulator.api_error import ApiError
from anthropic_proxy.simulator.capabilities import MODELS
from anthropic_proxy.simulator.commands import COMMANDS, help_text, parse
from anthropic_proxy.simulator.delivery import (
    Cut,
    Send,
    Silence,
    Step,
    Wait,
    body_steps,
    faulty_body,
    stream_steps,
)
from anthropic_proxy.simulator.draft import Delivery
from anthropic_proxy.simulator.events import frame, message_events
from anthropic_proxy.simulator.schema_values import schema_value
from anthropic_proxy.simulator.tool_calls import proper_names
from simulator_cases.case import (
    MARK,
    OAUTH,
    Body,
    answered,
    assistant,
    call,
    closed,
    loop,
    output_format,
    result,
    system,
    text,
    tool,
    user,
    validate,
)

CITY = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = {
    "name": "get_weather",
    "description": "Forecast for a city",
    "input_schema": {**CITY, "required": ["city"]},
}


def said(content: Any, **more: Any) -> Body:
    """The message that answers one user message."""
    message: Body = answered({"messages": [user(content)], **more}).message
    return message


def inputs(message: Body) -> list[Any]:
    return [b["input"] for b in message["content"] if b["type"] == "tool_use"]


# commands


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


# by itself


def test_the_echo_proves_what_was_received() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://e"}}
    message = said([text("Look at this"), image], system="One two three")
    spoken = message["content"][0]["text"]
    assert "You said: Look at this" in spoken
    assert "1 message, 1 image, 3 words of system prompt" in spoken


def test_two_cities_make_two_calls() -> None:
    message = said("What's the weather in Paris and New York?", tools=[WEATHER])
    assert inputs(message) == [{"city": "Paris"}, {"city": "New York"}]


def test_parallel_calls_can_be_forbidden() -> None:
    choice = {"type": "auto", "disable_parallel_tool_use": True}
    message = said("Weather in Paris and Rome?", tools=[WEATHER], tool_choice=choice)
    assert inputs(message) == [{"city": "Paris"}]


def test_a_tool_is_found_by_its_description() -> None:
    message = said("Which city has the best forecast?", tools=[WEATHER])
    assert len(inputs(message)) == 1


def test_no_tool_is_called_that_is_not_meant_or_not_allowed() -> None:
    assert inputs(said("Tell me a joke", tools=[WEATHER])) == []
    none = {"type": "none"}
    assert inputs(said("Weather?", tools=[WEATHER], tool_choice=none)) == []


def test_arguments_come_from_the_text_then_from_the_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer"},
            "unit": {"enum": ["celsius", "fahrenheit"]},
            "when": {"type": "string", "format": "date"},
            "detail": {"type": "boolean", "default": False},
            "note": {"type": "string"},
        },
        "required": ["city", "days", "when", "detail"],
    }
    weather = {"name": "weather", "input_schema": schema}
    message = said("Weather in Rome for 3 days in fahrenheit", tools=[weather])
    assert inputs(message) == [
        {
            "city": "Rome",
            "days": 3,
            "unit": "fahrenheit",
            "when": "2026-11-22",
            "detail": False,
        }
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Compare Paris with Rome", ["Paris", "Rome"]),
        ("Paris please", ["Paris"]),
        ("Is it warm in New York, Rome?", ["New York", "Rome"]),
        ("look up `main.py` for Bob", ["main.py", "Bob"]),
        ("What is it?", []),
    ],
)
def test_proper_names(text: str, names: list[str]) -> None:
    assert proper_names(text) == names


def test_forced_tools_are_called_whatever_was_said() -> None:
    for choice in ({"type": "any"}, {"type": "tool", "name": "get_weather"}):
        message = said("Hi", tools=[WEATHER], tool_choice=choice)
        assert [b["name"] for b in message["content"]] == ["get_weather"]


def test_a_last_instruction_forces_a_tool_too() -> None:
    must = system("You must respond by calling the tool other.")
    message = answered(
        {"tools": [WEATHER, tool("other")], "messages": [user("Hi"), must]}
    ).message
    assert [b["name"] for b in message["content"]] == ["other"]


def test_results_are_quoted() -> None:
    calls = (call("a"), call("b", name="other"))
    results = (result("a", content="20C"), result("b", content="no", is_error=True))
    message = answered(loop(*results, calls=calls)).message
    assert message["content"] == [
        text("get_weather answered: 20C\nother failed with: no")
    ]


def test_a_question_after_the_results_is_heard() -> None:
    message = answered(loop(result(), text("And the weather in Oslo?"))).message
    assert message["stop_reason"] == "tool_use"


def test_a_format_is_kept() -> None:
    schema = closed(
        name={"type": "string"}, tags={"type": "array", "items": {"type": "null"}}
    )
    message = said("Hi", output_config=output_format(schema))
    found = json.loads(message["content"][0]["text"])
    assert set(found) == {"name", "tags"}
    assert isinstance(found["tags"], list)


VALUES: list[tuple[Body, Any]] = [
    ({"type": "integer", "minimum": 5}, 5),
    ({"type": "integer", "exclusiveMinimum": 5, "multipleOf": 4}, 8),
    ({"type": "number", "maximum": 0.5}, 0.5),
    ({"type": ["null", "boolean"]}, True),
    ({"anyOf": [{"const": 3}, {"type": "null"}]}, 3),
    ({"enum": ["b", "a"]}, "b"),
    ({"type": "array", "items": {"type": "null"}, "minItems": 2}, [None, None]),
    ({"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000000"),
    ({"type": "string", "maxLength": 3}, "sim"),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"const": 1}}}, 1),
    (
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"const": 1}}},
                {"properties": {"b": {"const": 2}}},
            ]
        },
        {"a": 1, "b": 2},
    ),
]


@pytest.mark.parametrize(("schema", "value"), VALUES)
def test_values_fit_their_schema(schema: Body, value: Any) -> None:
    assert schema_value(schema) == value


def test_a_recursive_schema_has_an_end() -> None:
    children = {"type": "array", "items": {"$ref": "#"}}
    schema_value({"type": "object", "properties": {"children": children}})


# thinking


def test_every_model_thinks_as_it_does_by_default() -> None:
    for model in MODELS:
        content = said("Hi", model=model.id, max_tokens=1000)["content"]
        assert (content[0]["type"] == "thinking") == model.thinks_by_default


@pytest.mark.parametrize(
    ("model", "thinking", "shown"),
    [
        ("claude-opus-5-5", {"type": "adaptive"}, ""),
        ("claude-opus-5-5", {"type": "adaptive", "display": "summarized"}, "Hm."),
        ("claude-haiku-4-5", {"type": "enabled", "budget_tokens": 1024}, "Hm."),
    ],
)
def test_thinking_is_shown_when_it_is_displayed(
    model: str, thinking: Body, shown: str
) -> None:
    message = said("[[thinking Hm.]]", model=model, max_tokens=2000, thinking=thinking)
    assert message["content"][0]["thinking"] == shown
    assert message["content"][0]["signature"]
    assert message["usage"]["output_tokens_details"] == {"thinking_tokens": 1}


def test_thinking_that_is_off_leaves_no_trace() -> None:
    message = said("Hi", model="claude-haiku-5-5", thinking={"type": "disabled"})
    assert [block["type"] for block in message["content"]] == ["text"]
    assert "output_tokens_details" not in message["usage"]


def test_between_tools_reports_progress_as_an_empty_thinking_block() -> None:
    message = said(
        "Weather in Rome?",
        model="claude-sonnet-5-5",
        tools=[WEATHER],
        thinking={"type": "between_tools"},
    )
    kinds = [(b["type"], b.get("thinking")) for b in message["content"]]
    assert kinds == [("thinking", ""), ("tool_use", None)]


# limits


def test_thinking_alone_may_use_up_the_tokens() -> None:
    message = said("Hi", model="claude-sonnet-5-5", max_tokens=50)
    assert [block["type"] for block in message["content"]] == ["thinking"]
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 50


def test_text_is_cut_at_the_limit() -> None:
    message = said("[[text one two three]]", max_tokens=2)
    assert message["content"] == [text("one two")]
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 2


def test_a_call_is_cut_at_the_limit() -> None:
    made = answered(
        {
            "messages": [user('[[tool get_weather {"city": "Paris"}]]')],
            "tools": [WEATHER],
            "max_tokens": 3,
        }
    )
    assert made.message["content"][0]["input"] == {}
    assert made.partial_inputs == {0: '{"city":"Par'}
    assert made.message["stop_reason"] == "max_tokens"


def test_no_tokens_no_content() -> None:
    message = said("Hi", max_tokens=0)
    assert (message["content"], message["stop_reason"]) == ([], "max_tokens")


def test_a_stop_sequence_ends_the_text_before_it() -> None:
    message = said("[[text one two three]]", stop_sequences=["zero", "three", "two"])
    assert message["content"] == [text("one ")]
    assert (message["stop_reason"], message["stop_sequence"]) == (
        "stop_sequence",
        "two",
    )


def test_a_model_without_thinking_answers_in_few_tokens() -> None:
    assert said("Hi", max_tokens=1)["usage"]["output_tokens"] == 1


# the prompt cache


def test_a_marked_prefix_is_written_once_and_read_later() -> None:
    memory = Memory()
    long = [text("word " * 400, **MARK)]

    def usage(question: str, **more: Any) -> Body:
        change = {"system": long, "messages": [user(question)], **more}
        found: Body = answered(change, memory=memory).message["usage"]
        return found

    first, second = usage("One?"), usage("Two?")
    written = first["cache_creation_input_tokens"]
    assert written > 400
    assert first["cache_creation"]["ephemeral_5m_input_tokens"] == written
    assert (second["cache_read_input_tokens"], first["cache_read_input_tokens"]) == (
        written,
        0,
    )
    assert second["cache_creation_input_tokens"] == 0
    assert usage("Two?", model="claude-opus-4-7")["cache_read_input_tokens"] == 0


def test_an_automatic_marker_moves_with_the_conversation() -> None:
    memory = Memory()
    messages = [user("word " * 400)]
    first = answered({"messages": messages, **MARK}, memory=memory).message
    messages += [assistant(first["content"]), user("And?")]
    second = answered({"messages": messages, **MARK}, memory=memory).message["usage"]
    written = first["usage"]["cache_creation_input_tokens"]
    assert second["cache_read_input_tokens"] == written
    assert second["cache_creation_input_tokens"] > 0


# events


EVENTFUL = [
    "[[text Hello you two.]]",
    "[[text ]][[refusal partial]]",
    "[[refusal]]",
    '[[text Wait.]][[tool a {"x": 1, "y": "Grüße"}]][[tool b]]',
    "[[web_search x]]",
    "[[redacted]][[text Yes.]]",
]


def rebuilt(events: list[Body]) -> Body:
    """What a client makes of a stream (rules G.1)."""
    message: Body = {}
    inputs_json = ""
    for event in events:
        kind = event["type"]
        if kind == "message_start":
            message = json.loads(json.dumps(event["message"]))
        elif kind == "content_block_start":
            assert event["index"] == len(message["content"])
            message["content"].append(dict(event["content_block"]))
            inputs_json = ""
        elif kind == "content_block_delta":
            block = message["content"][event["index"]]
            delta = dict(event["delta"])
            match delta.pop("type"):
                case "text_delta":
                    block["text"] += delta["text"]
                case "thinking_delta":
                    block["thinking"] += delta["thinking"]
                case "signature_delta":
                    block["signature"] = delta["signature"]
                case "citations_delta":
                    block["citations"].append(delta["citation"])
                case "input_json_delta":
                    inputs_json += delta["partial_json"]
                    if delta["partial_json"].endswith("}"):
                        block["input"] = json.loads(inputs_json)
        elif kind == "message_delta":
            message |= event["delta"]
            message["usage"] |= event["usage"]
    assert events[-1] == {"type": "message_stop"}
    return message


@pytest.mark.parametrize("content", EVENTFUL)
@pytest.mark.parametrize("model", ["claude-opus-4-8", "claude-opus-5-5"])
def test_events_build_the_message(content: str, model: str) -> None:
    made = answered(
        {
            "model": model,
            "max_tokens": 4000,
            "messages": [user(content)],
            "tools": [tool("a"), tool("b")],
        }
    )
    assert rebuilt(message_events(made.message, made.partial_inputs)) == made.message


def test_the_first_piece_of_json_is_empty_and_an_empty_input_has_none() -> None:
    made = answered(
        {
            "messages": [user('[[tool a {"x": 1}]][[tool b]]')],
            "tools": [tool("a"), tool("b")],
        }
    )
    events = message_events(made.message, {})
    pieces = [
        (event["index"], event["delta"]["partial_json"])
        for event in events
        if event["type"] == "content_block_delta"
    ]
    assert pieces == [(0, ""), (0, '{"x":1}')]


def test_a_cut_call_is_streamed_as_far_as_it_got() -> None:
    call_ = {"type": "tool_use", "id": "t", "name": "a", "input": {}}
    message = {**answered({}).message, "content": [call_]}
    events = message_events(message, {0: '{"x'})
    deltas = [e["delta"] for e in events if e["type"] == "content_block_delta"]
    assert [delta["partial_json"] for delta in deltas] == ["", '{"x']


def test_a_frame_names_its_event() -> None:
    assert frame({"type": "ping"}) == b'event: ping\ndata: {"type":"ping"}\n\n'


# delivery


EVENTS: list[Body] = message_events(
    answered({"messages": [user("[[text a b c]]")]}).message, {}
)


def sent(steps: list[Step]) -> bytes:
    return b"".join(step.data for step in steps if isinstance(step, Send))


def test_plain_delivery_is_one_send_an_event() -> None:
    steps = stream_steps(EVENTS, Delivery(), "req_1")
    assert steps == [Send(frame(event)) for event in EVENTS]


@pytest.mark.parametrize(
    ("delivery", "last", "frames"),
    [
        (Delivery(cut_after=3), Cut(), 3),
        (Delivery(silent_after=2), Silence(), 2),
    ],
)
def test_a_stream_may_end_early(delivery: Delivery, last: Step, frames: int) -> None:
    steps = stream_steps(EVENTS, delivery, "req_1")
    assert steps[-1] == last
    assert sent(steps) == b"".join(frame(event) for event in EVENTS[:frames])


def test_a_stream_may_be_cut_inside_an_event() -> None:
    steps = stream_steps(EVENTS, Delivery(cut_after_bytes=10), "req_1")
    assert steps == [Send(b"event: mes"), Cut()]


def test_bytes_come_in_pieces_without_being_changed() -> None:
    plain = sent(stream_steps(EVENTS, Delivery(), "req_1"))
    steps = stream_steps(EVENTS, Delivery(chunk_bytes=7), "req_1")
    assert sent(steps) == plain
    assert {len(step.data) for step in steps[:-1] if isinstance(step, Send)} == {7}


def test_an_error_event_ends_the_stream() -> None:
    delivery = Delivery(error_type="overloaded_error", error_after=3)
    steps = stream_steps(EVENTS, delivery, "req_1")
    assert len(steps) == 4
    data = sent(steps[-1:]).split(b"data: ")[1]
    assert json.loads(data)["error"]["type"] == "overloaded_error"


def test_faults_of_a_stream_are_where_they_were_asked_for() -> None:
    def text_of(**faults: Any) -> bytes:
        return sent(stream_steps(EVENTS, Delivery(**faults), "req_1"))

    assert b"{this is not JSON" in text_of(garbage=True)
    assert not text_of(truncated=True).endswith(b"\n\n")
    assert text_of(ping=True).count(b"event: ping") == 4
    assert b"simulated_delta" in text_of(unknown_events=True)
    assert b"\n" not in text_of(crlf=True).replace(b"\r\n", b"")
    steps = stream_steps(EVENTS, Delivery(delay_s=0.5), "req_1")
    assert steps[1::2] == [Wait(0.5)] * (len(EVENTS) - 1)


def test_faults_of_a_body() -> None:
    assert body_steps(b"12345678", Delivery(delay_s=1)) == [Wait(1), Send(b"12345678")]
    assert body_steps(b"12345678", Delivery(cut_after=1)) == [Send(b"1234"), Cut()]
    assert body_steps(b"12345678", Delivery(cut_after_bytes=3)) == [Send(b"123"), Cut()]
    silent = body_steps(b"12345678", Delivery(silent_after=1))
    assert silent == [Send(b"1234"), Silence()]
    assert faulty_body(b'{"a":1}', Delivery(truncated=True)) == b'{"a'
    assert faulty_body(b"{}", Delivery(garbage=True)) == b"this is not JSON"


def test_a_plan_is_answered_when_it_shows_its_identity() -> None:
    plan = {**OAUTH, "authorization": "Bearer sk-ant-oat01-sub-x"}
    identity = "You are Claude Code, Anthropic's official CLI for Claude."
    made = answered({"system": [text(identity)]}, plan)
    assert made.message["role"] == "assistant"

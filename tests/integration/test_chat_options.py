"""Options that change the translation, and what upstream only refuses sometimes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from anthropic_proxy.simulator.server import SimulatorThread
from support.chat_user import WEATHER, WEATHER_TOOL, ChatUser, call, said
from support.fussy_simulator import TOO_COMPLEX, fussy_simulator
from support.running_proxy import RunningProxy

STREAMED = pytest.mark.parametrize("stream", [False, True])
OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"
KEY = {"ANTHROPIC_API_KEY": "sk-ant-api03-test-key-of-the-proxy"}
CLOSED: dict[str, Any] = {**WEATHER["parameters"], "additionalProperties": False}
STRICT_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {**WEATHER, "strict": True, "parameters": CLOSED},
}
FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {"name": "it", "schema": CLOSED},
}


@pytest.fixture(scope="module")
def fussy() -> Iterator[SimulatorThread]:
    with fussy_simulator() as running:
        yield running


@pytest.fixture(scope="module")
def user(
    fussy: SimulatorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ChatUser]:
    environment = {
        **KEY,
        "ANTHROPIC_PROXY_THINKING_MEMORY": "0",
        "ANTHROPIC_PROXY_ANTHROPIC_CONTENT": "true",
        "ANTHROPIC_PROXY_AUTO_CACHE": "true",
        "ANTHROPIC_PROXY_HIGH_TIER": "true",
        "ANTHROPIC_PROXY_DEFAULT_MAX_TOKENS": "7000",
    }
    home = tmp_path_factory.mktemp("options")
    with (
        RunningProxy(home, upstream=fussy.url, environment=environment) as proxy,
        ChatUser(proxy, fussy) as user,
    ):
        yield user


@pytest.fixture(scope="module")
def strict(
    fussy: SimulatorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ChatUser]:
    home = tmp_path_factory.mktemp("strict")
    (home / "map.json").write_text(json.dumps({"mine": OPUS}))
    environment = {
        **KEY,
        "ANTHROPIC_PROXY_STRICT": "true",
        "ANTHROPIC_PROXY_REASONING_CONTENT": "false",
    }
    arguments = ("--set", "anthropic_model_mappings=map.json")
    with (
        RunningProxy(
            home, upstream=fussy.url, environment=environment, arguments=arguments
        ) as proxy,
        ChatUser(proxy, fussy) as user,
    ):
        yield user


# --- schemas that upstream finds too complex ---


@STREAMED
def test_a_format_that_is_too_complex_is_asked_for(
    user: ChatUser, stream: bool
) -> None:
    answer = user.ask(
        f'{TOO_COMPLEX} [[text {{"city": "Rome"}}]]',
        response_format=FORMAT,
        stream=stream,
    )
    assert [one.status for one in answer.upstream] == [400, 200]
    assert answer.warnings == ["response_format:schema_not_enforced"]
    assert "output_config" not in answer.sent
    assert '"city"' in answer.sent["system"]
    assert answer.text == '{"city": "Rome"}'


@STREAMED
def test_strict_tools_that_are_too_complex_are_hints(
    user: ChatUser, stream: bool
) -> None:
    answer = user.ask(
        f"{TOO_COMPLEX}: weather in Paris", tools=[STRICT_TOOL], stream=stream
    )
    assert [one.status for one in answer.upstream] == [400, 200]
    assert answer.warnings == ["tools.strict:downgraded"]
    assert "strict" not in answer.sent["tools"][0]
    assert answer.choice.finish_reason == "tool_calls"


@STREAMED
def test_an_emulated_choice_that_is_too_complex_is_asked_for(
    user: ChatUser, stream: bool
) -> None:
    answer = user.ask(
        f'{TOO_COMPLEX} [[text {{"city": "Rome"}}]]',
        tools=[WEATHER_TOOL],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        stream=stream,
    )
    assert [one.status for one in answer.upstream] == [400, 200]
    assert answer.warnings == [
        "tool_choice:emulated_by_schema",
        "tool_choice:schema_not_enforced",
    ]
    (one,) = answer.message.tool_calls
    assert json.loads(one.function.arguments) == {"city": "Rome"}


def test_strict_has_no_second_attempt(strict: ChatUser) -> None:
    before = strict.simulator.simulator.count
    with pytest.raises(openai.BadRequestError, match="too complex"):
        strict.ask(TOO_COMPLEX, response_format=FORMAT)
    assert strict.simulator.simulator.count == before + 1


# --- options of one proxy ---


@STREAMED
def test_without_memory_the_loop_goes_on_without_thinking(
    user: ChatUser, stream: bool
) -> None:
    first = user.ask("Weather in Paris?", tools=[WEATHER_TOOL], stream=stream)
    id_ = first.message.tool_calls[0].id
    second = user.ask(
        [
            said("user", "Weather in Paris?"),
            said(
                "assistant", None, tool_calls=[call(id_, arguments='{"city":"Paris"}')]
            ),
            said("tool", "18 degrees", tool_call_id=id_),
        ],
        tools=[WEATHER_TOOL],
        stream=stream,
    )
    blocks = second.sent["messages"][1]["content"]
    assert [block["type"] for block in blocks] == ["tool_use"]
    assert "18 degrees" in second.text


@STREAMED
def test_anthropic_content_there_and_back(user: ChatUser, stream: bool) -> None:
    asked = said("user", "[[web_search mitmproxy]] [[tool get_weather {}]]")
    extra: dict[str, Any] = {"tools": [WEATHER_TOOL], "web_search_options": {}}
    first = user.ask([asked], stream=stream, **extra)
    content = first.message.anthropic_content
    assert [block["type"] for block in content] == [
        "thinking",
        "server_tool_use",
        "web_search_tool_result",
        "text",
        "tool_use",
    ]
    id_ = first.message.tool_calls[0].id
    second = user.ask(
        [
            asked,
            said("assistant", "", anthropic_content=content),
            said("tool", "18 degrees", tool_call_id=id_),
        ],
        stream=stream,
        **extra,
    )
    assert second.sent["messages"][1]["content"] == content
    assert second.warnings == []
    assert "18 degrees" in second.text


def test_auto_cache(user: ChatUser) -> None:
    answer = user.ask("Hello")
    assert answer.sent["cache_control"] == {"type": "ephemeral"}
    assert answer.completion.usage.prompt_tokens_details.cache_write_tokens > 0
    explicit = user.ask("Hi", extra_body={"prompt_cache_options": {"mode": "explicit"}})
    assert "cache_control" not in explicit.sent


def test_default_max_tokens(user: ChatUser) -> None:
    assert user.ask("Hello").sent["max_tokens"] == 7000


@pytest.mark.parametrize("asked", ["gpt-5-pro", "o1", "o1-preview-2024-09-12"])
def test_high_tier(user: ChatUser, asked: str) -> None:
    assert user.ask("Hello", model=asked).completion.model == OPUS


# --- strict ---

IMAGE = {"url": "https://example.com/a.png", "detail": "low"}
# Members of a request → the parameter that is named.
NOT_AS_ASKED: dict[str, tuple[dict[str, Any], str]] = {
    "seed": ({"seed": 7}, "seed"),
    "unknown": ({"extra_body": {"made_up": 1}}, "made_up"),
    "temperature": ({"temperature": 0.2}, "temperature"),
    "tier": ({"service_tier": "flex"}, "service_tier"),
    "user": ({"user": "a@b.example"}, "user"),
    "stop": ({"stop": ["\n"]}, "stop"),
    "max_tokens": ({"max_tokens": 999_999}, "max_tokens"),
    "small": ({"max_tokens": 50}, "max_tokens"),
    "effort": ({"model": OPUS, "reasoning_effort": "none"}, "reasoning_effort"),
    "required": (
        {"tools": [WEATHER_TOOL], "tool_choice": "required"},
        "tool_choice",
    ),
    "json_object": ({"response_format": {"type": "json_object"}}, "response_format"),
    "retired": ({"model": "claude-3.5-sonnet"}, "model"),
    "detail": (
        {"messages": [said("user", [{"type": "image_url", "image_url": IMAGE}])]},
        "messages.[0].content.[0].image_url.detail",
    ),
    "name": (
        {"messages": [said("user", "Hello", name="Ada")]},
        "messages.[0].name",
    ),
}


@pytest.mark.parametrize("name", NOT_AS_ASKED)
def test_strict_refuses_by_name(strict: ChatUser, name: str) -> None:
    members, param = NOT_AS_ASKED[name]
    before = strict.simulator.simulator.count
    with pytest.raises(openai.BadRequestError) as caught:
        strict.ask(**({"messages": "Hello"} | members))
    assert caught.value.param == param
    assert caught.value.code
    assert strict.simulator.simulator.count == before


@STREAMED
def test_strict_minds_nothing_that_is_as_asked(strict: ChatUser, stream: bool) -> None:
    answer = strict.ask(
        [
            said("system", "Be terse."),
            said("user", "[[thinking Hm.]] Weather in Rome?"),
        ],
        model="mine",
        stream=stream,
        n=1,
        temperature=1,
        top_p=1,
        presence_penalty=0,
        seed=None,
        logit_bias={},
        store=False,
        verbosity="medium",
        user="u-1",
        reasoning_effort="low",
        max_completion_tokens=5000,
        parallel_tool_calls=True,
        tools=[WEATHER_TOOL],
        tool_choice="auto",
    )
    assert answer.completion.model == OPUS
    assert answer.choice.finish_reason == "tool_calls"
    assert answer.warnings == []
    # reasoning_content=false
    assert not answer.message.to_dict().keys() & {
        "reasoning_content",
        "thinking_blocks",
    }

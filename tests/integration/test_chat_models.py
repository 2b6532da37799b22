"""Which model answers: built-in rules, the user's map, retirement, upstream's list."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openai
import pytest

from anthropic_proxy.simulator import models_api
from anthropic_proxy.simulator.api_error import ApiError
from anthropic_proxy.simulator.server import SimulatorThread
from support.chat_user import ChatUser
from support.fussy_simulator import fussy_simulator
from support.running_proxy import RunningProxy, clean_environment

OPUS, SONNET, HAIKU = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"
KEY = {"ANTHROPIC_API_KEY": "sk-ant-api03-test-key-of-the-proxy"}
MAP = {"my-model": OPUS, "gpt-5*": HAIKU, "gpt-5.1": OPUS, "claude-opus-4-8": SONNET}


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("gpt-4o", SONNET),
        ("openai/GPT-5", SONNET),
        ("anything at all", SONNET),
        ("gpt-3.5-turbo", HAIKU),
        ("gpt-5-nano", HAIKU),
        ("gpt-5-pro", SONNET),  # Opus with high_tier only
        ("o1", SONNET),
        ("o3-mini", SONNET),
        ("ft:gpt-4o:acme::abc", SONNET),
        ("claude-opus-5-5", OPUS),
        ("anthropic/claude-haiku-5-5", HAIKU),
        ("openrouter/anthropic/claude-opus-4.8", "claude-opus-4-8"),
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
    ],
)
def test_built_in_rules(chat: ChatUser, asked: str, answers: str) -> None:
    answer = chat.ask("Hello", model=asked)
    assert answer.completion.model == answers
    assert answer.warnings == []


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("claude-sonnet-4", SONNET),
        ("claude-opus-4", OPUS),
        ("claude-3.5-sonnet", SONNET),
        ("claude-3.5-haiku", HAIKU),
        ("claude-3-opus-20240229", OPUS),
        ("claude-opus-4-1-20250805", OPUS),
        ("claude-3-haiku-20240307", HAIKU),
    ],
)
def test_retired_models_are_replaced(chat: ChatUser, asked: str, answers: str) -> None:
    answer = chat.ask("Hello", model=asked, stream=True)
    assert {chunk.model for chunk in answer.chunks} == {answers}
    assert answer.warnings == ["model:retired"]


def test_an_unknown_claude_is_upstreams_to_judge(chat: ChatUser) -> None:
    before = chat.simulator.simulator.count
    with pytest.raises(openai.NotFoundError) as caught:
        chat.ask("Hello", model="claude-tomorrow-9", reasoning_effort="high")
    assert caught.value.code == "model_not_found"
    assert chat.simulator.simulator.count == before + 1
    sent = json.loads(chat.simulator.requests[-1].body)
    assert sent["model"] == "claude-tomorrow-9"
    assert sent["thinking"] == {"type": "adaptive", "display": "summarized"}


@pytest.fixture(scope="module")
def mapped(
    simulator: SimulatorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ChatUser]:
    home = tmp_path_factory.mktemp("mapped")
    (home / ".router-mappings.json").write_text(json.dumps(MAP))
    environment = {
        **KEY,
        "ANTHROPIC_DEFAULT_MODEL": "claude-opus-4-8",
        "ANTHROPIC_PROXY_RETIRED_MODELS": "reject",
        "ANTHROPIC_PROXY_ECHO_MODEL": "true",
    }
    with (
        RunningProxy(home, upstream=simulator.url, environment=environment) as proxy,
        ChatUser(proxy, simulator) as user,
    ):
        yield user


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("my-model", OPUS),
        ("openai/My-Model", OPUS),
        ("gpt-5-mini", HAIKU),
        ("gpt-5.1", OPUS),
        ("claude-opus-4-8", SONNET),
        ("claude-opus-5-5", OPUS),
        ("gpt-4o", "claude-opus-4-8"),  # the default, which is not mapped again
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_the_users_map_and_default(
    mapped: ChatUser, asked: str, answers: str, stream: bool
) -> None:
    answer = mapped.ask("Hello", model=asked, stream=stream)
    assert answer.sent["model"] == answers
    assert answer.completion.model == asked  # echo_model


def test_retired_models_may_be_rejected(mapped: ChatUser) -> None:
    before = mapped.simulator.simulator.count
    with pytest.raises(openai.NotFoundError) as caught:
        mapped.ask("Hello", model="claude-3-opus-20240229")
    assert caught.value.code == "model_not_found"
    assert caught.value.param == "model"
    assert OPUS in caught.value.message
    assert mapped.simulator.simulator.count == before


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            '{\n  "a": "claude-opus-5-5",\n  "b" "claude-opus-5-5"\n}',
            "line 3, column 7",
        ),
        ('{\n  "a": "gpt-5"\n}', "line 2, column 8"),
    ],
)
def test_a_broken_map_stops_the_start(home: Path, text: str, place: str) -> None:
    (home / ".router-mappings.json").write_text(text)
    done = subprocess.run(
        RunningProxy(home, upstream="http://127.0.0.1:9").command_line(),
        env=clean_environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    assert f".router-mappings.json: {place}" in done.stdout + done.stderr


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Models:
    """Upstream's list: fails, or knows a new model and two that retire."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = True

    def __call__(self) -> dict[str, Any]:
        self.asked += 1
        if self.down:
            raise ApiError(529, "Overloaded")
        page = models_api.page(limit="1000")
        soon = datetime.now(UTC) + timedelta(days=10)
        for item in page["data"]:
            if item["id"] == "claude-opus-4-8":
                item |= {"lifecycle": "deprecated", "retires_at": soon.isoformat()}
            if item["id"] == "claude-opus-4-7":
                item |= {"lifecycle": "retired"}
            if item["id"] == HAIKU:
                item["max_tokens"] = 5000
        return page


def test_upstreams_list_of_models(home: Path) -> None:
    models = Models()
    cache = home / ".cache" / "anthropic-max-proxy" / "models.json"
    environment = {**KEY, "ANTHROPIC_PROXY_MODEL_REFRESH": "true"}
    with fussy_simulator(models) as simulator:

        def started() -> RunningProxy:
            return RunningProxy(home, upstream=simulator.url, environment=environment)

        with started() as proxy, ChatUser(proxy, simulator) as user:
            until(lambda: models.asked == 1)
            assert user.ask("Hello", model="claude-opus-4-8").warnings == []
            assert not cache.exists()
        models.down = False
        with started() as proxy, ChatUser(proxy, simulator) as user:
            until(cache.exists)
            assert_learnt(user)
        models.down = True
        with started() as proxy, ChatUser(proxy, simulator) as user:
            # No request waits for the file to be read, not even the first.
            until(lambda: bool(user.ask("Hello", model="claude-opus-4-8").warnings))
            assert_learnt(user)
    assert models.asked == 2


def assert_learnt(chat: ChatUser) -> None:
    soon = chat.ask("Hello", model="claude-opus-4-8")
    assert soon.warnings == ["model:retires_soon"]
    assert soon.completion.model == "claude-opus-4-8"
    gone = chat.ask("Hello", model="claude-opus-4-7")
    assert gone.warnings == ["model:retired"]
    assert gone.completion.model == OPUS
    cut = chat.ask("Hello", model=HAIKU, max_tokens=6000)
    assert cut.warnings == ["max_tokens:clamped"]
    assert cut.sent["max_tokens"] == 5000

"""``letta-client``: the settings it takes for the proxy, without Letta's server.

What that server then sends is OpenAI's SDK with a base URL and one tool call forced in
every step, which is what the second test sends with the settings of the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import tasks
from letta_client import Letta
from letta_client.types import LlmConfig
from openai import OpenAI
from stage import Upstream

Asked = list[dict[str, Any]]


@pytest.fixture
def settings(proxy: str) -> dict[str, Any]:
    return {
        "model": "gpt-4o",
        "model_endpoint_type": "openai",
        "model_endpoint": f"{proxy}/v1",
        "context_window": 200_000,
        "max_tokens": 8192,
        "temperature": 0.7,
        "parallel_tool_calls": False,
    }


@pytest.fixture
def server() -> Iterator[tuple[Letta, Asked]]:
    """A Letta server that notes what it is asked for and makes no agent."""
    asked: Asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(200, json={"id": "agent-1", "name": "Scout"})

    transport = httpx.MockTransport(answer)
    with Letta(
        base_url="http://127.0.0.1:1", http_client=httpx.Client(transport=transport)
    ) as client:
        yield client, asked


def test_the_settings_are_letta_s(
    settings: dict[str, Any], server: tuple[Letta, Asked]
) -> None:
    client, asked = server
    config = LlmConfig.model_validate(settings, strict=True)
    assert not config.model_extra
    client.agents.create(name="Scout", llm_config=settings)
    assert asked[0]["llm_config"] == settings


def test_a_step_with_them(settings: dict[str, Any], upstream: Upstream) -> None:
    config = LlmConfig.model_validate(settings)
    tool = {
        "name": "send_message",
        "description": "Sends a message to the human user.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "thinking": {"type": "string"},
                "message": {"type": "string"},
            },
            "required": ["thinking", "message"],
            "additionalProperties": False,
        },
    }
    messages: list[Any] = [
        {"role": "system", "content": "You are Scout."},
        {"role": "user", "content": tasks.PROMPT},
    ]
    with OpenAI(base_url=config.api_model_endpoint, api_key="unused") as client:
        for turn in range(2):
            answer = client.chat.completions.create(
                model=config.model,
                messages=messages,
                tools=[{"type": "function", "function": tool}],
                tool_choice="required",
                parallel_tool_calls=config.parallel_tool_calls,
                max_completion_tokens=config.max_tokens,
                temperature=config.temperature,
                user="",
            )
            [call] = answer.choices[0].message.tool_calls
            assert set(json.loads(call.function.arguments)) == {"thinking", "message"}
            result = {"role": "tool", "tool_call_id": call.id, "content": f"OK {turn}"}
            messages += [answer.choices[0].message, result]
    assert len(upstream.results) == 1

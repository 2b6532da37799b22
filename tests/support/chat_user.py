"""A user of the proxy with the official OpenAI SDK, who can look upstream."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from openai import DefaultHttpxClient, OpenAI
from openai.lib.streaming.chat import ChatCompletionStreamState

from anthropic_proxy.simulator.recorder import RecordedRequest
from anthropic_proxy.simulator.server import SimulatorThread
from support.running_proxy import RunningProxy

WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "Current weather in a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
WEATHER_TOOL: dict[str, Any] = {"type": "function", "function": WEATHER}


def said(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def call(id_: str, name: str = "get_weather", arguments: str = "{}") -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": id_, "type": "function", "function": function}


@dataclass
class Answer:
    """One answer, whole or put together from its stream by the SDK."""

    completion: Any
    headers: Any
    upstream: list[RecordedRequest]
    """What the simulator was sent meanwhile."""
    chunks: list[Any] = field(default_factory=list)

    @property
    def choice(self) -> Any:
        return self.completion.choices[0]

    @property
    def message(self) -> Any:
        return self.choice.message

    @property
    def text(self) -> str:
        text = self.message.content
        assert isinstance(text, str)
        return text

    @property
    def warnings(self) -> list[str]:
        header = self.headers.get("x-translation-warnings")
        return header.split(",") if header else []

    @property
    def sent(self) -> dict[str, Any]:
        """The body that was answered."""
        body: dict[str, Any] = json.loads(self.upstream[-1].body)
        return body


class ChatUser:
    """Asks one proxy; ``base`` is added to every request."""

    def __init__(
        self, proxy: RunningProxy, simulator: SimulatorThread, **base: Any
    ) -> None:
        self.simulator = simulator
        self.client = OpenAI(
            base_url=f"{proxy.url}/v1",
            api_key="not-used",
            max_retries=0,
            http_client=DefaultHttpxClient(trust_env=False),
        )
        self._base = {"model": "gpt-4o", **base}

    def __enter__(self) -> ChatUser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.client.close()

    def ask(
        self,
        messages: str | list[dict[str, Any]],
        *,
        stream: bool = False,
        **extra: Any,
    ) -> Answer:
        """One request. What the SDK has no argument for belongs in ``extra_body``."""
        if isinstance(messages, str):
            messages = [said("user", messages)]
        request: Any = {**self._base, "messages": messages, **extra}
        before = self.simulator.simulator.count
        create = self.client.chat.completions.with_raw_response.create
        if not stream:
            raw = create(**request)
            return Answer(raw.parse(), raw.headers, self._since(before))
        options = {"include_usage": True}
        raw = create(**request, stream=True, stream_options=options)
        chunks = list(raw.parse())
        state = ChatCompletionStreamState(input_tools=request.get("tools", ()))
        for chunk in chunks:
            state.handle_chunk(chunk)
        snapshot = state.current_completion_snapshot
        return Answer(snapshot, raw.headers, self._since(before), chunks)

    def _since(self, count: int) -> list[RecordedRequest]:
        new = self.simulator.simulator.count - count
        return self.simulator.requests[-new:] if new else []

"""The conversations of the demo, with the official OpenAI SDK as the client."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import msgspec
from openai import DefaultHttpxClient, OpenAI
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from ..simulator.server import SimulatorThread

WIDE: Final = 110
"""Columns from which request and translation stand side by side."""

WEATHER_TOOL: Final[dict[str, Any]] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


class Stage:
    """Where a conversation is played: a client, a window on upstream, a terminal."""

    def __init__(
        self, console: Console, base_url: str, simulator: SimulatorThread
    ) -> None:
        self.client = OpenAI(
            base_url=base_url,
            api_key="not-used",  # the proxy has the credential
            http_client=DefaultHttpxClient(trust_env=False),
        )
        self._console = console
        self._simulator = simulator

    def watching(self) -> Live:
        """What has come so far, while it comes; only a terminal shows it."""
        return Live(console=self._console, transient=True)

    def show(self, sent: dict[str, Any], came_back: RenderableType) -> None:
        """One exchange: what the client sent, what went upstream, what came back."""
        asked = [r for r in self._simulator.requests if r.path == "/v1/messages"]
        upstream = msgspec.json.decode(asked[-1].body)
        left = _panel("client sent  POST /v1/chat/completions", _json(sent), "cyan")
        right = _panel("upstream got  POST /v1/messages", _json(upstream), "magenta")
        if self._console.width >= WIDE:
            grid = Table.grid(expand=True)
            grid.add_column(ratio=1)
            grid.add_column(ratio=1)
            grid.add_row(left, right)
            self._console.print(grid)
        else:
            self._console.print(left, right)
        self._console.print(_panel("client got", came_back, "green"))


def a_conversation(stage: Stage) -> None:
    """A conversation of two turns, with a system prompt"""
    messages: list[Any] = [
        {"role": "system", "content": "You are a terse assistant."},
        {"role": "user", "content": "Hello! Who are you?"},
    ]
    for question in ("And what did I just say?", None):
        request: dict[str, Any] = {"model": "gpt-4o", "messages": [*messages]}
        answer = stage.client.chat.completions.create(**request)
        stage.show(request, _completion(answer))
        messages.append(
            {"role": "assistant", "content": answer.choices[0].message.content}
        )
        if question:
            messages.append({"role": "user", "content": question})


def a_stream(stage: Stage) -> None:
    """A stream, with usage at its end"""
    request: dict[str, Any] = {
        "model": "gpt-3.5-turbo",
        "messages": [{"role": "user", "content": "Write a short story. [[long 12]]"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    pieces: list[str] = []
    usage = finish = None
    with stage.watching() as live:
        for part in stage.client.chat.completions.create(**request):
            usage = part.usage or usage
            for choice in part.choices:
                finish = choice.finish_reason or finish
                if choice.delta.content:
                    pieces.append(choice.delta.content)
                    live.update(Text.assemble(*_alternating(pieces)), refresh=True)
    text = Text.assemble(*_alternating(pieces))
    facts = f"{len(pieces)} text deltas, finish_reason={finish}, usage={_usage(usage)}"
    stage.show(request, Group(text, Text(facts, style="dim")))


def a_tool_loop(stage: Stage) -> None:
    """A tool loop with two calls in parallel"""
    messages: list[Any] = [
        {"role": "user", "content": "What is the weather in Paris and in Oslo?"}
    ]
    weather = {"Paris": "18 °C, sunny", "Oslo": "7 °C, rain"}
    while True:
        request: dict[str, Any] = {
            "model": "gpt-4o",
            "messages": [*messages],
            "tools": [WEATHER_TOOL],
        }
        answer = stage.client.chat.completions.create(**request)
        stage.show(request, _completion(answer))
        message = answer.choices[0].message
        if not message.tool_calls:
            return
        messages.append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            city = json.loads(call.function.arguments).get("city", "")
            result = weather.get(city, "unknown")
            messages.append(
                {"role": "tool", "tool_call_id": call.id, "content": result}
            )


CONVERSATIONS: Final[tuple[Callable[[Stage], None], ...]] = (
    a_conversation,
    a_stream,
    a_tool_loop,
)


def _panel(title: str, content: RenderableType, colour: str) -> Panel:
    return Panel(content, title=title, title_align="left", border_style=colour)


def _json(value: Any) -> Syntax:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return Syntax(text, "json", theme="ansi_dark", word_wrap=True)


def _completion(answer: Any) -> RenderableType:
    choice = answer.choices[0]
    lines: list[RenderableType] = []
    if choice.message.content:
        lines.append(Text(choice.message.content))
    for call in choice.message.tool_calls or []:
        lines.append(Text(f"→ {call.function.name}({call.function.arguments})"))
    facts = f"model={answer.model}, finish_reason={choice.finish_reason}"
    facts += f", usage={_usage(answer.usage)}"
    return Group(*lines, Text(facts, style="dim"))


def _usage(usage: Any) -> str:
    if usage is None:
        return "none"
    return f"{usage.prompt_tokens} in / {usage.completion_tokens} out"


def _alternating(pieces: list[str]) -> list[tuple[str, str]]:
    """Each delta in a shade of its own, so that the stream can be seen."""
    return [(piece, "bold" if i % 2 else "") for i, piece in enumerate(pieces)]

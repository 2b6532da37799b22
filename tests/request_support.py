"""What the tests of requests share: one call to translate, and the models by kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.errors import RequestError
from anthropic_proxy.dialects.chat_completions.exchange import Settings, Translation
from anthropic_proxy.dialects.chat_completions.request import messages_request
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.models.mapping import ModelMapping
from anthropic_proxy.wire import jsontext

NOW = 1_795_305_600.0  # 22 Nov 2026
CATALOG = Catalog.load()
MAPPING = ModelMapping(CATALOG)

SONNET = CATALOG.get("claude-sonnet-5-5")
"""A2: off with between_tools; no forced tools."""
OPUS = CATALOG.get("claude-opus-5-5")
"""A1: always thinks; no forced tools."""
HAIKU = CATALOG.get("claude-haiku-5-5")
"""A3: off with disabled; forced tools."""
OPUS_4_8 = CATALOG.get("claude-opus-4-8")
"""A4: thinks when asked."""
SONNET_4_6 = CATALOG.get("claude-sonnet-4-6")
"""A4 with budgets too; samples."""
HAIKU_4_5 = CATALOG.get("claude-haiku-4-5")
"""M: budgets only; samples, takes a prefill."""

HI = [{"role": "user", "content": "Hi"}]
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}


def function(name: str = "f", **parts: Any) -> dict[str, Any]:
    """A function tool as OpenAI writes it."""
    return {"type": "function", "function": {"name": name, **parts}}


def called(name: str = "f", call_id: str = "toolu_1", **parts: Any) -> list[Any]:
    """A conversation in which a tool was called and answered."""
    call = {
        "id": call_id,
        "type": "function",
        "function": {"name": name, "arguments": "{}"},
    }
    answer = {"role": "assistant", "content": None, "tool_calls": [call], **parts}
    return [*HI, answer, {"role": "tool", "tool_call_id": call_id, "content": "ok"}]


@dataclass
class Translated:
    """A translation as upstream reads it."""

    translation: Translation
    body: dict[str, Any]

    @property
    def warnings(self) -> set[str]:
        return set(self.translation.report.warnings)

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.translation.headers)


def translate(model: Any = SONNET, **chat: Any) -> Translated:
    """Translate ``chat``; ``settings``, ``memory`` and the like are options."""
    names = ("settings", "memory", "client_version", "client_betas", "mapping")
    options = {name: chat.pop(name) for name in names if name in chat}
    options = {"settings": Settings(), "mapping": MAPPING, **options}
    request = {"model": getattr(model, "id", model), "messages": HI, **chat}
    translation = messages_request(request, now=NOW, **options)
    return Translated(translation, jsontext.decode(jsontext.encode(translation.body)))


def error_of(action: Callable[[], Any]) -> RequestError | None:
    """The error that ``action`` ends with, if it does; no other is expected."""
    try:
        action()
    except RequestError as error:
        return error
    return None


def refused(action: Callable[[], Any]) -> RequestError:
    """The error that ``action`` ends with."""
    with pytest.raises(RequestError) as caught:
        action()
    return caught.value


def refusal(model: Any = SONNET, **chat: Any) -> RequestError:
    """The error that a request ends with."""
    return refused(lambda: translate(model, **chat))

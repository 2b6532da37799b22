"""Runs a saved request through the translation, and says what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..dialects.chat_completions.errors import RequestError
from ..dialects.chat_completions.exchange import Settings, ThinkingMemory
from ..dialects.chat_completions.request import messages_request
from ..dialects.messages.identity import with_identity
from ..models.mapping import ModelMapping
from ..wire.anthropic import BETA_HEADER, VERSION_HEADER

_EMPTY_REPORT: Final[Mapping[str, Any]] = {"entries": [], "warnings": []}


@dataclass(frozen=True, slots=True)
class Rules:
    """What a translation depends on besides the request."""

    mapping: ModelMapping
    settings: Settings
    now: float
    """Unix seconds."""
    identity: str | None = None
    """The sentence to put in front of the system prompt, if the credential needs it."""
    betas: tuple[str, ...] = ()
    """What ``anthropic-beta`` must hold for the credential."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A request ready for upstream, or the error that the client gets."""

    request: Mapping[str, Any] | None
    headers: Mapping[str, str] = field(default_factory=dict)
    """``anthropic-version`` and ``anthropic-beta``."""
    report: Mapping[str, Any] = field(default_factory=lambda: _EMPTY_REPORT)
    status: int = 200
    error: Mapping[str, Any] | None = None
    model_asked: str | None = None
    model_used: str | None = None


def translated(
    chat: Any,
    rules: Rules,
    headers: Iterable[tuple[str, str]] = (),
    memory: ThinkingMemory | None = None,
) -> Outcome:
    """Args:
    chat: a chat completion request, decoded.
    headers: the client's; two of them count.
    """
    versions = _values(headers := list(headers), VERSION_HEADER)
    try:
        translation = messages_request(
            chat,
            mapping=rules.mapping,
            settings=rules.settings,
            now=rules.now,
            memory=memory,
            client_version=versions[0] if versions else None,
            client_betas=_values(headers, BETA_HEADER),
        )
    except RequestError as wrong:
        report = wrong.report.as_dict() if wrong.report else _EMPTY_REPORT
        return Outcome(None, report=report, status=wrong.status, error=wrong.body())
    body = translation.body
    if rules.identity is not None:
        body = body | {"system": with_identity(body.get("system"), rules.identity)}
    return Outcome(
        body,
        _with_betas(translation.headers, rules.betas),
        translation.report.as_dict(),
        model_asked=translation.exchange.model_asked,
        model_used=translation.exchange.model_used,
    )


def _values(headers: Iterable[tuple[str, str]], wanted: str) -> list[str]:
    return [value for name, value in headers if name.lower() == wanted]


def _with_betas(headers: Mapping[str, str], betas: Iterable[str]) -> dict[str, str]:
    present = headers.get(BETA_HEADER, "")
    listed = dict.fromkeys([*(name for name in present.split(",") if name), *betas])
    others = {name: value for name, value in headers.items() if name != BETA_HEADER}
    return others | ({BETA_HEADER: ",".join(listed)} if listed else {})

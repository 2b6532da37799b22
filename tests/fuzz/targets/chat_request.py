"""A chat completion request: refused, or turned into what the Messages API takes."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from anthropic_proxy.dialects.chat_completions.errors import RequestError
from anthropic_proxy.dialects.chat_completions.exchange import Settings, Translation
from anthropic_proxy.dialects.chat_completions.request import (
    messages_request,
    without_structured_output,
    without_thinking_blocks,
)
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.models.mapping import ModelMapping
from anthropic_proxy.simulator.api_error import ApiError
from anthropic_proxy.simulator.profile import Profile
from anthropic_proxy.simulator.validation import validate_request
from anthropic_proxy.wire import jsontext

from ..mutations import Words, json_text
from ..target import Target, switches, vectors, with_switches

NOW = 1_795_000_000.0
KEY = {"x-api-key": "sk-ant-api03-test-key", "content-type": "application/json"}
MAPPING = ModelMapping(Catalog.load())
# The stand-in cannot know who sealed a thinking block that a client made up.
PROFILE = Profile(check_signatures=False)
# What is passed on unread, because it is Anthropic's own and only upstream knows it:
_UNKNOWN_MODEL, _UNKNOWN_BETA, _UNKNOWN_VERSION = 39, 30, 101
_SERVER_TOOL = re.compile(r"tools\.\d+(\.\w+_\d{8}[.:]|: Input tag '\w+_\d{8}')")
VERSIONS = (None, "2023-06-01", "2026-10-21")

CHATS = [vector["input"] for vector in vectors("request")]
WORDS = Words(CHATS)


def options(chosen: int) -> Settings:
    """One set of the user's choices, by four switches."""
    return Settings(
        strict=bool(chosen & 1),
        auto_cache=bool(chosen & 2),
        reject_retired_models=bool(chosen & 4),
        default_max_tokens=1 if chosen & 8 else 32_000,
    )


def translated(chat: Any, chosen: int) -> Translation | None:
    """None: the client is told, by a status that is its own fault."""
    version = VERSIONS[(chosen >> 4) % len(VERSIONS)]
    try:
        return messages_request(
            chat,
            mapping=MAPPING,
            settings=options(chosen),
            now=NOW,
            client_version=version,
        )
    except RequestError as refused:
        status, body, report = refused.status, refused.body(), refused.report
    assert 400 <= status < 500
    assert body["error"]["message"]
    jsontext.encode(body)
    assert report is not None
    jsontext.encode(report.as_dict())
    return None


def is_upstreams_to_judge(refusal: ApiError) -> bool:
    """Whether upstream refuses what the client took from Anthropic's own API."""
    if _SERVER_TOOL.match(str(refusal)):
        return True
    return refusal.rule in (_UNKNOWN_MODEL, _UNKNOWN_BETA, _UNKNOWN_VERSION)


def assert_valid(translation: Translation) -> None:
    """Upstream would take it."""
    body = jsontext.encode(translation.body)
    try:
        validate_request(KEY | dict(translation.headers), body, PROFILE)
    except ApiError as refusal:
        if not is_upstreams_to_judge(refusal):
            raise


def check(data: bytes) -> None:
    """A refusal that says why, or a request that upstream takes. It stays as it was."""
    chosen, text = switches(data)
    try:
        chat = jsontext.decode(text)
    except jsontext.InvalidJSON:
        return
    before = jsontext.encode(chat)
    translation = translated(chat, chosen)
    assert jsontext.encode(chat) == before
    if translation is None:
        return
    jsontext.encode(translation.report.as_dict())
    assert_valid(translation)
    for again in (
        without_structured_output(translation),
        without_thinking_blocks(translation),
    ):
        if again is not None:
            assert_valid(again)


def mutate(dice: random.Random, data: bytes) -> bytes:
    """Another document, sometimes other options."""
    chosen, text = switches(data)
    if dice.random() < 0.2:
        chosen = dice.randrange(64)
    return bytes([chosen]) + json_text(dice, text, WORDS)


TARGET = Target(
    name="chat-request",
    promise="any JSON: a 4xx that says why, or a request that the Messages API takes",
    seeds=with_switches(
        [json.dumps(chat).encode() for chat in CHATS], (0, 0, 0, 2, 8, 16, 32)
    ),
    mutate=mutate,
    check=check,
)

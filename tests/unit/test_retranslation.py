"""A saved request by today's rules, beside what was sent then."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.dialects.messages.identity import IDENTITY, with_identity
from anthropic_proxy.inspection.recorded import Message, Recorded
from anthropic_proxy.inspection.retranslation import NO_DIFFERENCE, retranslated
from anthropic_proxy.inspection.translating import Rules, translated
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.models.mapping import ModelMapping

NOW = 1_790_000_000.0
RULES = Rules(
    ModelMapping(Catalog.load()),
    Settings(),
    NOW,
    identity=IDENTITY,
    betas=("oauth-2025-04-20",),
)
CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "Hello"}],
    "seed": 4,
}

NATIVE = {"endpoint": "messages", "dialect": "anthropic"}


def message(document: Any, headers: dict[str, str] | None = None) -> Message:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Message("POST / HTTP/1.1", list((headers or {}).items()), body, len(body))


def recording(chat: Any = CHAT, **changed: Any) -> Recorded:
    """As the proxy would have kept it, with an API key."""
    outcome = translated(chat, replace(RULES, identity=None, betas=()))
    facts = {
        "request_id": "req_1",
        "endpoint": "chat completions",
        "dialect": "openai",
        "report": outcome.report,
        "outcome": {"status": outcome.status},
    }
    sent = outcome.request
    return replace(
        Recorded(
            facts,
            client_request=message(chat),
            upstream_request=message(sent, dict(outcome.headers)) if sent else None,
            client_response=message(outcome.error) if outcome.error else None,
        ),
        **changed,
    )


def sent_then(recorded: Recorded) -> dict[str, Any]:
    assert recorded.upstream_request is not None
    body: dict[str, Any] = json.loads(recorded.upstream_request.body)
    return body


def test_the_same_rules_make_no_difference() -> None:
    assert retranslated(recording(), RULES) == NO_DIFFERENCE


def test_a_refusal_then_and_now_is_no_difference_either() -> None:
    assert retranslated(recording(CHAT | {"n": 3}), RULES) == NO_DIFFERENCE


def test_what_has_changed_is_shown_as_a_diff() -> None:
    rules = replace(RULES, settings=Settings(default_max_tokens=77, auto_cache=True))
    shown = retranslated(recording(), rules)
    assert shown.startswith("Request to upstream\n--- then\n+++ now\n")
    assert '-  "max_tokens": 32000,\n+  "max_tokens": 77,' in shown
    assert '+  "cache_control"' in shown


def test_another_mapping_shows_in_request_and_report() -> None:
    mapping = ModelMapping(Catalog.load(), user_map={"gpt-4o": "claude-opus-4-8"})
    shown = retranslated(recording(), replace(RULES, mapping=mapping))
    assert '+  "model": "claude-opus-4-8"' in shown
    assert "\nReport\n" in shown
    assert "+model: mapped → model: claude-opus-4-8 (user map: exact) [E.3]" in shown


def test_what_would_be_refused_today_is_shown() -> None:
    shown = retranslated(recording(), replace(RULES, settings=Settings(strict=True)))
    assert "+nothing: the client got the error 400" in shown
    assert "+seed: rejected" in shown


def test_what_belonged_to_the_credential_is_put_back() -> None:
    before = recording()
    body = sent_then(before)
    body["system"] = with_identity(body.get("system"))
    headers = {"anthropic-beta": "oauth-2025-04-20", "anthropic-version": "2026-10-21"}
    then = replace(before, upstream_request=message(body, headers))
    assert retranslated(then, RULES) == NO_DIFFERENCE


def test_thinking_that_was_put_back_from_memory_is_put_back_again() -> None:
    call = {
        "id": "toolu_1",
        "type": "function",
        "function": {"name": "f", "arguments": "{}"},
    }
    chat = {
        "model": "gpt-4o",
        "messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "toolu_1", "content": "done"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
    }
    thinking = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    used = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}

    class Memory:
        def recall(self, tool_use_id: str) -> list[dict[str, Any]] | None:
            return [thinking, used] if tool_use_id == "toolu_1" else None

    outcome = translated(chat, replace(RULES, identity=None), (), Memory())
    assert outcome.request is not None
    assert thinking in outcome.request["messages"][1]["content"]
    then = replace(
        recording(chat),
        facts=recording(chat).facts | {"report": outcome.report},
        upstream_request=message(outcome.request, dict(outcome.headers)),
    )
    assert retranslated(then, RULES) == NO_DIFFERENCE


def test_long_lines_are_cut_and_still_told_apart() -> None:
    chat = CHAT | {"messages": [{"role": "user", "content": "x" * 5000 + "a"}]}
    before = recording(chat)
    body = sent_then(before)
    body["messages"][0]["content"] = "x" * 5000 + "b"
    shown = retranslated(replace(before, upstream_request=message(body)), RULES)
    changed = [line for line in shown.splitlines() if '"content"' in line]
    assert [line[0] for line in changed] == ["-", "+"]
    assert changed[0][1:] != changed[1][1:]
    assert all(len(line) < 600 for line in changed)


@pytest.mark.parametrize(
    ("recorded", "said"),
    [
        (Recorded({}), "not recorded by anthropic-max-proxy"),
        (recording(facts=NATIVE), "Anthropic's own"),
        (recording(facts={"endpoint": "health"}), "this was: health"),
        (recording(client_request=None), "was not recorded"),
        (recording(client_request=Message("", [], b'{"a', 900)), "3 of the 900 bytes"),
        (recording(client_request=message(b"{")), "is not JSON"),
    ],
)  # fmt: skip
def test_what_cannot_be_translated_is_said_in_a_sentence(
    recorded: Recorded, said: str
) -> None:
    assert said in retranslated(recorded, RULES)


def test_a_request_that_was_kept_in_part_is_compared_in_part() -> None:
    before = recording()
    assert before.upstream_request is not None
    cut = replace(before.upstream_request, body=b'{"mod', size=99)
    shown = retranslated(replace(before, upstream_request=cut), RULES)
    assert shown.startswith(NO_DIFFERENCE)
    assert "kept in part" in shown

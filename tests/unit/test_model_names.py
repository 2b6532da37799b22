from __future__ import annotations

import pytest

from anthropic_proxy.models.model_names import is_claude, without_provider

WRAPPED = [
    ("gpt-5", "gpt-5"),
    ("openai/gpt-5", "gpt-5"),
    ("openrouter/openai/gpt-5", "gpt-5"),
    ("ft:gpt-4o-mini:acme:bot:id", "gpt-4o-mini"),
    ("FT:gpt-4o-mini:acme::id", "gpt-4o-mini"),
    ("openai/ft:gpt-5-nano:acme::id", "gpt-5-nano"),
    ("anthropic/claude-opus-5-5", "claude-opus-5-5"),
    ("anthropic.claude-opus-5-5", "claude-opus-5-5"),
    (
        "us.anthropic.claude-opus-4-5-20251101-v1:0",
        "claude-opus-4-5-20251101",
    ),
    ("bedrock/us-gov.anthropic.claude-2.1-v2", "claude-2.1"),
    ("vertex_ai/claude-haiku-4-5@20251001", "claude-haiku-4-5@20251001"),
    ("Anthropic/Claude-Opus-5-5", "Claude-Opus-5-5"),
    ("my.anthropic.model", "my.anthropic.model"),
    ("openai/", ""),
    ("", ""),
]


@pytest.mark.parametrize(("name", "bare"), WRAPPED)
def test_prefixes_go(name: str, bare: str) -> None:
    assert without_provider(name) == bare
    assert without_provider(bare) == bare
    assert is_claude(name) == bare.lower().startswith("claude-")


def test_a_long_name_costs_little() -> None:
    for name in ("a." * 50_000, "anthropic.claude-" + "-v1" * 50_000, "/" * 100_000):
        without_provider(name)

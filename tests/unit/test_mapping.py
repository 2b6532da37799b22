"""Rules E.3 as tables, and what retirement does to their results."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.models.mapping import (
    MappingError,
    ModelMapping,
    Resolution,
    RetiredModel,
    parse_user_map,
)

CATALOG = Catalog.load()
TODAY = datetime.date(2026, 11, 22)
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"


def resolve(
    name: str, today: datetime.date = TODAY, catalog: Catalog = CATALOG, **choices: Any
) -> Resolution:
    return ModelMapping(catalog, **choices).resolve(name, today)


def answer(name: str, **choices: Any) -> tuple[str, str]:
    found = resolve(name, **choices)
    return found.model.id, found.rule


def tokens(found: Resolution) -> list[str]:
    return [token for token, _ in found.warnings]


# --- built-in patterns: name, target, target with the high tier, pattern ---

BUILT_IN = [
    ("gpt-3.5-turbo", HAIKU, HAIKU, "gpt-3.5-*"),
    ("gpt-3.5-turbo-0125", HAIKU, HAIKU, "gpt-3.5-*"),
    ("gpt-3-davinci", HAIKU, HAIKU, "gpt-3-*"),
    ("gpt-5-nano", HAIKU, HAIKU, "*-nano"),
    ("gpt-4.1-nano-2025-04-14", HAIKU, HAIKU, "*-nano-*"),
    ("gpt-6-luna", HAIKU, HAIKU, "*-luna"),
    ("o3-pro", SONNET, OPUS, "*-pro"),
    ("gpt-5-pro-2025-10-06", SONNET, OPUS, "*-pro-20*"),
    ("o1", SONNET, OPUS, "o1"),
    ("o1-2024-12-17", SONNET, OPUS, "o1-20*"),
    ("o1-preview", SONNET, OPUS, "o1-preview*"),
    ("o1-preview-2024-09-12", SONNET, OPUS, "o1-preview*"),
    ("gpt-6.2-astra", SONNET, OPUS, "*-astra"),
    ("o1-mini", SONNET, SONNET, "*"),
    ("gpt-3.5", SONNET, SONNET, "*"),
    ("gpt-4", SONNET, SONNET, "*"),
    ("gpt-4o", SONNET, SONNET, "*"),
    ("gpt-4o-mini", SONNET, SONNET, "*"),
    ("gpt-5.1", SONNET, SONNET, "*"),
    ("gpt-6.2-sol", SONNET, SONNET, "*"),
    ("gpt-6.1-terra", SONNET, SONNET, "*"),
    ("o3", SONNET, SONNET, "*"),
    ("o4-mini", SONNET, SONNET, "*"),
    ("chatgpt-4o-latest", SONNET, SONNET, "*"),
    ("codex-mini-latest", SONNET, SONNET, "*"),
    ("llama-3", SONNET, SONNET, "*"),
    ("claude", SONNET, SONNET, "*"),
    ("", SONNET, SONNET, "*"),
    ("GPT-5-NANO", HAIKU, HAIKU, "*-nano"),
    ("openai/gpt-5-nano", HAIKU, HAIKU, "*-nano"),
    ("openrouter/openai/o3-Pro", SONNET, OPUS, "*-pro"),
    ("ft:gpt-3.5-turbo-0125:acme::abc", HAIKU, HAIKU, "gpt-3.5-*"),
    ("ft:gpt-5-nano:acme:bot:1", HAIKU, HAIKU, "*-nano"),
]


@pytest.mark.parametrize(("name", "target", "high", "pattern"), BUILT_IN)
def test_built_in_patterns(name: str, target: str, high: str, pattern: str) -> None:
    is_high = target != high
    rule = f"pattern {pattern}" + (", high tier off" if is_high else "")
    assert answer(name) == (target, rule)
    assert answer(name, high_tier=True) == (high, f"pattern {pattern}")
    assert resolve(name).warnings == ()


# --- Claude ids ---


@pytest.mark.parametrize(
    ("name", "model"),
    [
        (OPUS, OPUS),
        ("anthropic/claude-opus-5-5", OPUS),
        ("openrouter/anthropic/claude-opus-5.5", OPUS),
        ("Claude-Opus-5-5", OPUS),
        ("claude-haiku-4-5", "claude-haiku-4-5"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5-20251001"),
        ("anthropic/claude-X-9", "claude-X-9"),
    ],
)
def test_claude_ids_are_themselves(name: str, model: str) -> None:
    choices = {"user_map": {"*": HAIKU}, "default_model": HAIKU}
    assert answer(name) == answer(name, **choices) == (model, "claude id")


def test_an_unknown_claude_id_goes_through_as_unknown() -> None:
    found = resolve("claude-opus-7")
    assert (found.model.id, found.model.known, found.warnings) == (
        "claude-opus-7",
        False,
        (),
    )


# --- the user's map ---


def test_exact_entry_wins_over_everything() -> None:
    user_map = {"gpt-4": HAIKU, "gpt-*": OPUS, "gpt-4*": OPUS, OPUS: SONNET}
    choices: dict[str, Any] = {"user_map": user_map, "default_model": OPUS}
    assert answer("gpt-4", **choices) == (HAIKU, "user map: exact")
    assert answer(OPUS, **choices) == (SONNET, "user map: exact")


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        ("gpt-4", "GPT-4"),
        ("GPT-4", "gpt-4"),
        ("gpt-4", "openai/gpt-4"),
        ("openai/gpt-4", "OpenAI/gpt-4"),
        ("claude-opus-5", "anthropic/claude-opus-5"),
        ("anthropic/claude-opus-5", "anthropic/claude-opus-5"),
        ("gpt-4o", "ft:gpt-4o:acme::1"),
        ("ft:gpt-4o:acme::1", "ft:gpt-4o:acme::1"),
    ],
)
def test_exact_entries_ignore_case_and_provider(entry: str, asked: str) -> None:
    assert answer(asked, user_map={entry: HAIKU}) == (HAIKU, "user map: exact")


def test_the_whole_name_is_more_exact_than_the_bare_one() -> None:
    user_map = {"gpt-4": HAIKU, "azure/gpt-4": OPUS}
    assert answer("azure/gpt-4", user_map=user_map)[0] == OPUS
    assert answer("openai/gpt-4", user_map=user_map)[0] == HAIKU


def test_an_entry_with_a_prefix_does_not_catch_the_bare_name() -> None:
    assert answer("gpt-4", user_map={"azure/gpt-4": OPUS})[0] == SONNET


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("gpt-5-codex-mini", "gpt-5*-mini"),
        ("gpt-5-codex", "gpt-5*"),
        ("gpt-4o", "gpt-*"),
        ("local", "*"),
        ("azure/local", "azure/*"),
        ("OPENAI/GPT-5-CODEX", "gpt-5*"),
    ],
)
def test_the_most_specific_pattern_wins(name: str, pattern: str) -> None:
    user_map = {
        "*": HAIKU,
        "gpt-*": "claude-opus-4-8",
        "gpt-5*": OPUS,
        "gpt-5*-mini": SONNET,
        "azure/*": "claude-opus-5",
    }
    found = answer(name, user_map=user_map, default_model="claude-fable-5")
    assert found == (user_map[pattern], f"user map: pattern {pattern}")


def test_patterns_of_one_length_keep_the_order_of_the_file() -> None:
    assert answer("gpt-x", user_map={"gpt-*": OPUS, "*gpt-": HAIKU})[0] == OPUS
    assert answer("ab", user_map={"a*": OPUS, "*b": HAIKU})[0] == OPUS
    assert answer("ab", user_map={"*b": HAIKU, "a*": OPUS})[0] == HAIKU


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("a?*", "a?c", True),
        ("a?*", "abc", False),
        ("[ab]*", "a", False),
        ("[ab]*", "[ab]c", True),
        ("a.*", "a.c", True),
        ("a.*", "abc", False),
        ("A*", "abc", True),
        ("a*c", "ab\nc", True),
    ],
)
def test_star_is_the_only_wildcard(pattern: str, name: str, matches: bool) -> None:
    rule = resolve(name, user_map={pattern: HAIKU}).rule
    assert (rule == f"user map: pattern {pattern}") is matches


def test_a_pattern_of_many_stars_costs_little() -> None:
    mapping = ModelMapping(CATALOG, user_map={"*a" * 12 + "b": HAIKU})
    assert mapping.resolve("a" * 20_000, TODAY).model.id == SONNET


def test_default_model_is_behind_the_map_and_before_the_patterns() -> None:
    choices: dict[str, Any] = {"user_map": {"x*": HAIKU}, "default_model": OPUS}
    assert answer("x1", **choices) == (HAIKU, "user map: pattern x*")
    assert answer("gpt-5-nano", **choices) == (OPUS, "default model")
    assert answer(SONNET, **choices) == (SONNET, "claude id")


def test_an_empty_default_model_is_none() -> None:
    assert answer("gpt-4", default_model="") == (SONNET, "pattern *")


def test_targets_may_be_aliases() -> None:
    user_map = {"a": "claude-haiku-4-5", "b": "anthropic/claude-opus-4.8"}
    assert answer("a", user_map=user_map)[0] == "claude-haiku-4-5"
    assert answer("b", user_map=user_map)[0] == "claude-opus-4-8"
    assert answer("z", default_model="anthropic/claude-haiku-5.5")[0] == HAIKU


def test_a_retired_target_gives_way_to_its_successor() -> None:
    found = resolve(
        "gpt-5-experimental",
        user_map=parse_user_map('{"gpt-5-experimental": "claude-sonnet-4"}', "m.json"),
    )
    assert (found.model.id, found.rule) == (SONNET, "user map: exact")
    assert tokens(found) == ["model:retired"]
    assert tokens(resolve("gpt-4", default_model="claude-3-opus")) == ["model:retired"]


def test_targets_are_final_so_models_can_be_swapped() -> None:
    user_map = {OPUS: SONNET, SONNET: OPUS, "gpt-4": OPUS, HAIKU: HAIKU}
    for name, target in user_map.items():
        assert answer(name, user_map=user_map) == (target, "user map: exact")


@pytest.mark.parametrize(
    "choices", [{"user_map": {"a": "gpt-4"}}, {"default_model": "gpt-4"}]
)
def test_a_target_must_be_a_claude_id(choices: dict[str, Any]) -> None:
    with pytest.raises(MappingError, match='"gpt-4" is no Claude id'):
        ModelMapping(CATALOG, **choices)


# --- retirement ---


@pytest.mark.parametrize(
    ("name", "successor", "rule"),
    [
        ("claude-sonnet-4", SONNET, "seed alias"),
        ("claude-opus-4", OPUS, "seed alias"),
        ("claude-3.5-sonnet", SONNET, "seed alias"),
        ("claude-3.5-haiku", HAIKU, "seed alias"),
        ("claude-3-opus-20240229", OPUS, "seed alias"),
        ("anthropic/Claude-3.5-Sonnet", SONNET, "seed alias"),
        ("claude-sonnet-4-20250514", SONNET, "claude id"),
        ("claude-3-5-sonnet-20241022", SONNET, "claude id"),
        ("claude-2.1", SONNET, "claude id"),
        ("claude-instant-1.2", HAIKU, "claude id"),
    ],
)
def test_retired_names_go_to_the_successor_of_their_line(
    name: str, successor: str, rule: str
) -> None:
    found = resolve(name)
    assert (found.model.id, found.rule) == (successor, rule)
    [(token, reason)] = found.warnings
    assert token == "model:retired"
    assert f"its successor is {successor}" in reason
    with pytest.raises(RetiredModel, match=f"its successor is {successor}"):
        resolve(name, reject_retired=True)


def test_the_reason_names_model_day_and_successor() -> None:
    [(_, reason)] = resolve("claude-opus-4-1").warnings
    assert reason == (
        "claude-opus-4-1 is retired (2026-08-05); its successor is claude-opus-5-5"
    )


@pytest.mark.parametrize(
    ("today", "model", "expected"),
    [
        ("2026-10-30", "claude-sonnet-4-5", []),
        ("2026-10-31", "claude-sonnet-4-5", ["model:retires_soon"]),
        ("2026-11-29", "claude-sonnet-4-5", ["model:retires_soon"]),
        ("2026-11-30", SONNET, ["model:retired"]),
        ("2027-06-01", SONNET, ["model:retired"]),
    ],
)
def test_a_date_of_retirement_comes_closer(
    today: str, model: str, expected: list[str]
) -> None:
    found = resolve("claude-sonnet-4-5", datetime.date.fromisoformat(today))
    assert found.model.id == model
    assert tokens(found) == expected


def test_the_notice_names_day_and_successor_and_refuses_nothing() -> None:
    found = resolve("claude-sonnet-4-5-20250929", reject_retired=True)
    assert found.model.id == "claude-sonnet-4-5-20250929"
    assert found.warnings == (
        (
            "model:retires_soon",
            "claude-sonnet-4-5-20250929 retires on 2026-11-30; "
            "its successor is claude-sonnet-5-5",
        ),
    )


def retire(*names: str, **extra: Any) -> Catalog:
    return CATALOG.refreshed(
        [{"id": name, "lifecycle": "retired", **extra} for name in names]
    )


def test_a_retired_model_without_successor_is_sent_as_it_is() -> None:
    found = resolve(OPUS, catalog=retire(OPUS))
    assert found.model.id == OPUS
    assert found.warnings == (
        ("model:retired", "claude-opus-5-5 is retired; it has no successor"),
    )
    with pytest.raises(RetiredModel, match="it has no successor"):
        resolve(OPUS, catalog=retire(OPUS), reject_retired=True)


def test_a_retired_successor_is_no_successor() -> None:
    found = resolve("claude-opus-4-1", catalog=retire(OPUS))
    assert found.model.id == "claude-opus-4-1"
    assert tokens(found) == ["model:retired"]


def test_successors_that_point_at_each_other_end() -> None:
    rows = [
        CATALOG.get("claude-opus-4-1"),
        CATALOG.get("claude-sonnet-4"),
        CATALOG.get(OPUS),
    ]
    catalog = Catalog(
        [
            replace(rows[0], successor="claude-sonnet-4"),
            replace(rows[1], successor="claude-opus-4-1"),
            rows[2],
        ],
        {},
        OPUS,
    )
    assert resolve("claude-opus-4-1", catalog=catalog).model.id == "claude-opus-4-1"


def test_a_chain_of_successors_is_followed_and_its_end_may_retire_soon() -> None:
    catalog = CATALOG.refreshed(
        [
            {"id": "claude-haiku-4-5", "lifecycle": "retired"},
            {"id": HAIKU, "lifecycle": "deprecated", "retires_at": "2026-12-01"},
        ]
    )
    found = resolve("claude-haiku-4-5", catalog=catalog)
    assert found.model.id == HAIKU
    assert [text for text, _ in found.warnings] == [
        "model:retired",
        "model:retires_soon",
    ]
    assert found.warnings[1][1] == (
        "claude-haiku-5-5 retires on 2026-12-01; it has no successor"
    )


# --- aliases ---


def test_aliases_are_the_users_names_and_the_seeds() -> None:
    user_map = {
        "My-Model": "claude-haiku-4-5",
        "gpt-5*": OPUS,
        "claude-sonnet-4": HAIKU,
        "old": "claude-3-opus",
    }
    assert ModelMapping(CATALOG, user_map=user_map).aliases() == [
        ("My-Model", "claude-haiku-4-5"),
        ("claude-sonnet-4", HAIKU),
        ("old", OPUS),
        ("claude-opus-4", OPUS),
        ("claude-3.5-sonnet", SONNET),
        ("claude-3.5-haiku", HAIKU),
        ("claude-3-opus-20240229", OPUS),
    ]


def test_aliases_that_would_be_refused_are_not_shown() -> None:
    mapping = ModelMapping(CATALOG, user_map={"a": OPUS}, reject_retired=True)
    assert mapping.aliases() == [("a", OPUS)]


def test_a_retirement_that_is_still_a_date_does_not_move_an_alias() -> None:
    mapping = ModelMapping(CATALOG, user_map={"a": "claude-sonnet-4-5"})
    assert mapping.aliases()[0] == ("a", "claude-sonnet-4-5")

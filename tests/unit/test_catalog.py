"""The bundled catalogue against a second transcription of rules E.1, and refreshing."""

from __future__ import annotations

import datetime
import importlib.resources
import tomllib
import typing

import pytest

from anthropic_proxy.models.catalog import Catalog, Model, Thinking

CATALOG = Catalog.load()

# Capabilities of every model that can be asked, as a person would check them:
# id | context | output | class | default effort | efforts | flags
# S sampling, P prefill, F forced tools, I in-message system, B binds thinking,
# M manual budgets.
LIVE = """
claude-fable-5-2      | 1000000 | 128000 | always         | high   | lmhxM | IB
claude-mythos-5-2     | 1000000 | 128000 | always         | high   | lmhxM | IB
claude-opus-5-5       | 1000000 | 128000 | always         | medium | lmhxM | IB
claude-sonnet-5-5     | 1000000 | 128000 | between_tools  | high   | lmhxM | IB
claude-haiku-5-5      | 1000000 | 128000 | on_by_default  | medium | lmhxM | FIB
claude-fable-5-1      | 1000000 | 128000 | always         | high   | lmhxM | IB
claude-mythos-5-1     | 1000000 | 128000 | always         | high   | lmhxM | IB
claude-fable-5        | 1000000 | 128000 | always         | high   | lmhxM | FI
claude-mythos-5       | 1000000 | 128000 | always         | high   | lmhxM | FI
claude-opus-5         | 1000000 | 128000 | on_by_default  | high   | lmhxM | FI
claude-sonnet-5       | 1000000 | 128000 | on_by_default  | high   | lmhxM | F
claude-opus-4-8       | 1000000 | 128000 | off_by_default | high   | lmhxM | FI
claude-opus-4-7       | 1000000 | 128000 | off_by_default | high   | lmhxM | F
claude-opus-4-6       | 1000000 | 128000 | off_by_default | high   | lmhM  | SFM
claude-sonnet-4-6     | 1000000 | 128000 | off_by_default | high   | lmhM  | SFM
claude-opus-4-5       | 200000  | 64000  | manual         | high   | lmh   | SPFM
claude-haiku-4-5      | 200000  | 64000  | manual         | -      |       | SPFM
claude-sonnet-4-5     | 200000  | 64000  | manual         | -      |       | SPFM
claude-mythos-preview | 1000000 | 128000 | always         | high   | lmhxM |
"""
LEVELS = {"l": "low", "m": "medium", "h": "high", "x": "xhigh", "M": "max"}
STATUS = {
    "claude-opus-5": "legacy",
    "claude-sonnet-5": "legacy",
    "claude-opus-4-5": "legacy",
    "claude-sonnet-4-5": "deprecated",
    "claude-mythos-preview": "deprecated",
}
ROWS = [[cell.strip() for cell in line.split("|")] for line in LIVE.split("\n") if line]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_row_says_what_the_rules_say(row: list[str]) -> None:
    name, context, output, thinking, default, efforts, flags = row
    model = CATALOG.get(name)
    assert model.id == name
    assert model.known
    assert model.context_window == int(context)
    assert model.max_output == int(output)
    assert model.thinking is Thinking(thinking)
    assert model.default_effort == (None if default == "-" else default)
    assert model.efforts == tuple(LEVELS[letter] for letter in efforts)
    has = {
        "S": model.sampling,
        "P": model.prefill,
        "F": model.forced_tools,
        "I": model.in_message_system,
        "B": model.binds_thinking,
        "M": model.manual_thinking,
    }
    assert {letter for letter, value in has.items() if value} == set(flags)
    assert model.status == STATUS.get(name, "active")


def test_lists_what_can_be_asked_newest_first() -> None:
    assert [model.id for model in CATALOG] == [row[0] for row in ROWS]


RETIRED = [
    ("claude-opus-4-1-20250805", "2026-08-05", "claude-opus-5-5"),
    ("claude-opus-4-1", "2026-08-05", "claude-opus-5-5"),
    ("claude-opus-4-20250514", "2026-06-15", "claude-opus-5-5"),
    ("claude-opus-4-0", "2026-06-15", "claude-opus-5-5"),
    ("claude-4-opus-20250514", "2026-06-15", "claude-opus-5-5"),
    ("claude-sonnet-4", "2026-06-15", "claude-sonnet-5-5"),
    ("claude-sonnet-4-20250514", "2026-06-15", "claude-sonnet-5-5"),
    ("claude-3-haiku-20240307", "2026-04-20", "claude-haiku-5-5"),
    ("claude-3-7-sonnet-20250219", "2026-02-19", "claude-sonnet-5-5"),
    ("claude-3-7-sonnet-latest", "2026-02-19", "claude-sonnet-5-5"),
    ("claude-3-5-haiku-20241022", "2026-02-19", "claude-haiku-5-5"),
    ("claude-3-opus-20240229", "2026-01-05", "claude-opus-5-5"),
    ("claude-3-5-sonnet-20241022", "2025-10-28", "claude-sonnet-5-5"),
    ("claude-3-5-sonnet-20240620", "2025-10-28", "claude-sonnet-5-5"),
    ("claude-3-sonnet-20240229", "2025-07-21", "claude-sonnet-5-5"),
    ("claude-2.1", "2025-07-21", "claude-sonnet-5-5"),
    ("claude-2.0", "2025-07-21", "claude-sonnet-5-5"),
    ("claude-2", "2025-07-21", "claude-sonnet-5-5"),
    ("claude-1.3", "2024-11-06", "claude-haiku-5-5"),
    ("claude-instant-1.2", "2024-11-06", "claude-haiku-5-5"),
]


@pytest.mark.parametrize(("name", "day", "successor"), RETIRED)
def test_retired_ids_resolve_to_their_row(name: str, day: str, successor: str) -> None:
    model = CATALOG.get(name)
    assert (model.id, model.known, model.status) == (name, True, "retired")
    assert model.retires == datetime.date.fromisoformat(day)
    assert model.successor == successor
    assert model.efforts == ()
    assert model.default_effort is None
    assert model.thinking is Thinking.MANUAL


def test_a_model_that_never_thought_takes_no_budget() -> None:
    assert CATALOG.get("claude-sonnet-4").manual_thinking
    assert CATALOG.get("claude-3-7-sonnet").manual_thinking
    assert not CATALOG.get("claude-3-5-sonnet").manual_thinking


def test_sonnet_4_5_retires_on_its_day() -> None:
    model = CATALOG.get("claude-sonnet-4-5")
    assert model.successor == "claude-sonnet-5-5"
    assert not model.retired_on(datetime.date(2026, 11, 29))
    assert model.retired_on(datetime.date(2026, 11, 30))
    assert model.retired_on(datetime.date(2026, 12, 1))


def test_status_retires_without_a_date() -> None:
    [item] = [{"id": "claude-opus-5", "lifecycle": "retired", "retires_at": None}]
    model = CATALOG.refreshed([item]).get("claude-opus-5")
    assert model.retired_on(datetime.date.min)


def test_dated_snapshot_stays_pinned() -> None:
    pinned = CATALOG.get("claude-haiku-4-5-20251001")
    assert pinned.id == "claude-haiku-4-5-20251001"
    assert pinned.thinking is Thinking.MANUAL
    assert pinned.known


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Claude-Sonnet-5-5", "claude-sonnet-5-5"),
        ("claude-sonnet-5.5", "claude-sonnet-5-5"),
        ("claude-3.5-sonnet", "claude-3-5-sonnet"),
        ("claude-3.5-haiku-20241022", "claude-3-5-haiku-20241022"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5-20250929"),
        ("claude-2-1", "claude-2.1"),
    ],
)
def test_spelling_does_not_matter(spelling: str, name: str) -> None:
    assert CATALOG.get(spelling).id == name


@pytest.mark.parametrize(
    "name", ["claude-Haiku-6", "claude-opus-5-5-20260922", "gpt-4"]
)
def test_unknown_id_has_the_newest_restrictions(name: str) -> None:
    model = CATALOG.get(name)
    assert model.id == name
    assert not model.known
    assert model.status == "active"
    assert (model.retires, model.successor, model.aliases) == (None, None, ())
    assert model.thinking is Thinking.ALWAYS
    assert {model.sampling, model.prefill, model.forced_tools} == {False}
    assert model.in_message_system
    assert model.binds_thinking


def test_leaders_are_active_and_have_no_successor() -> None:
    leaders = [
        CATALOG.leader(line) for line in ("haiku", "sonnet", "opus", "fable", "mythos")
    ]
    assert [model.id for model in leaders] == [
        "claude-haiku-5-5",
        "claude-sonnet-5-5",
        "claude-opus-5-5",
        "claude-fable-5-2",
        "claude-mythos-5-2",
    ]
    assert all(model.status == "active" for model in leaders)
    assert [model.id for model in CATALOG if model.successor is None] == [
        "claude-fable-5-2",
        "claude-mythos-5-2",
        "claude-opus-5-5",
        "claude-sonnet-5-5",
        "claude-haiku-5-5",
    ]


def test_every_id_in_anthropics_sdk_is_known() -> None:
    from anthropic.resources.messages.messages import DEPRECATED_MODELS
    from anthropic.types.model import Model as SdkModel

    literal = typing.get_args(SdkModel)[0]
    names = [*typing.get_args(literal), *DEPRECATED_MODELS]
    assert [name for name in names if not CATALOG.get(name).known] == []


def test_retirement_days_agree_with_anthropics_sdk() -> None:
    from anthropic.resources.messages.messages import DEPRECATED_MODELS

    for name, text in DEPRECATED_MODELS.items():
        model = CATALOG.get(name)
        if model.retires is not None:  # mythos-preview is overdue
            month_and_day, year = text.split(", ")
            day = month_and_day.rstrip("dhnrst")
            said = datetime.datetime.strptime(f"{day} {year}", "%B %d %Y")
            assert (name, model.retires) == (name, said.date())


def test_no_name_means_two_models() -> None:
    path = importlib.resources.files("anthropic_proxy.models") / "catalog.toml"
    file = tomllib.loads(path.read_text("utf-8"))
    names = [
        name.replace(".", "-")
        for rows in (file["models"], file["retired"])
        for main, row in rows.items()
        for name in (main, *row.get("aliases", ()))
    ]
    assert sorted(names) == sorted(set(names))


# --- refreshed ---


def refreshed(item: typing.Mapping[str, typing.Any], **changes: typing.Any) -> Model:
    return CATALOG.refreshed([item], **changes).get(item["id"])


def test_nothing_new_changes_nothing() -> None:
    again = CATALOG.refreshed([{"id": model.id} for model in CATALOG])
    assert list(again) == list(CATALOG)
    assert list(CATALOG.refreshed([])) == list(CATALOG)


@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": 7}, "claude", None, []])
def test_items_that_are_none_are_skipped(item: typing.Any) -> None:
    assert list(CATALOG.refreshed([item])) == list(CATALOG)


def test_refreshing_leaves_the_old_catalogue_alone() -> None:
    before = CATALOG.get("claude-opus-5-5")
    assert refreshed({"id": before.id, "max_tokens": 5}).max_output == 5
    assert CATALOG.get("claude-opus-5-5") == before
    assert before.max_output == 128_000


def test_snapshot_in_the_list_updates_the_row_and_all_its_names() -> None:
    catalog = CATALOG.refreshed(
        [{"id": "claude-haiku-4-5-20251001", "max_tokens": 1, "max_input_tokens": 2}]
    )
    for name in ("claude-haiku-4-5", "claude-haiku-4-5-20251001"):
        model = catalog.get(name)
        assert (model.id, model.max_output, model.context_window) == (name, 1, 2)
    assert [row.id for row in catalog] == [row.id for row in CATALOG]


def test_new_models_are_listed_first_with_a_successor_of_their_line() -> None:
    catalog = CATALOG.refreshed(
        [
            {"id": "claude-haiku-6", "line": "haiku", "lifecycle": "active"},
            {"id": "claude-quartz-1", "line": "quartz"},
            {"id": "claude-jade-1", "line": None},
        ]
    )
    rows = list(catalog)
    assert [row.id for row in rows[:4]] == [
        "claude-haiku-6",
        "claude-quartz-1",
        "claude-jade-1",
        "claude-fable-5-2",
    ]
    assert [row.successor for row in rows[:3]] == ["claude-haiku-5-5", None, None]
    assert all(row.known and not row.sampling for row in rows[:3])
    again = catalog.refreshed([{"id": "claude-haiku-6", "max_tokens": 9}])
    assert again.get("claude-haiku-6").max_output == 9


def test_reads_what_anthropics_sdk_reads() -> None:
    """A whole ``ModelInfo``, with keys that mean nothing to us."""
    model = refreshed(
        {
            "type": "model",
            "id": "claude-onyx-1",
            "display_name": "Claude Onyx 1",
            "created_at": "2026-12-01T00:00:00Z",
            "lifecycle": "active",
            "deprecated_at": None,
            "retires_at": None,
            "line": "haiku",
            "max_input_tokens": 500_000,
            "max_tokens": 70_000,
            "capabilities": {
                "batch": {"supported": True},
                "structured_outputs": {"supported": True},
                "effort": {
                    "supported": True,
                    "low": {"supported": True},
                    "medium": {"supported": True},
                    "high": {"supported": True},
                    "max": {"supported": False},
                    "xhigh": None,
                },
                "thinking": {
                    "supported": True,
                    "types": {
                        "adaptive": {"supported": True},
                        "between_tools": {"supported": False},
                        "disabled": {"supported": True},
                        "enabled": {"supported": False},
                    },
                },
            },
        }
    )
    assert model.context_window == 500_000
    assert model.max_output == 70_000
    assert model.thinking is Thinking.ON_BY_DEFAULT
    # ``xhigh: null`` says nothing, so the newest family's word stands.
    assert model.efforts == ("low", "medium", "high", "xhigh")
    assert model.default_effort == "high"
    assert model.status == "active"
    assert model.known

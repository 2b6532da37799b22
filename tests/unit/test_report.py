"""What a request's record collects, and how it is handed out."""

from __future__ import annotations

import json

import pytest

from anthropic_proxy.dialects.report import Disposition, Entry, Report


def full_report() -> Report:
    report = Report()
    report.mapped("model", "model", "A.1")
    report.altered(
        "max_tokens", "max_tokens", "A.1", "over the limit", "max_tokens:clamped"
    )
    report.ignored("seed", "A.1", "no counterpart")
    report.ignored("messages.[0].name", "B.1", "no names", "name:ignored")
    report.rejected("n", "A.1", "one choice only")
    return report


def test_entries_keep_their_order_and_say_everything() -> None:
    assert full_report().entries == [
        Entry("model", Disposition.MAPPED, "model", "", "A.1"),
        Entry(
            "max_tokens",
            Disposition.ALTERED,
            "max_tokens",
            "over the limit",
            "A.1",
            "max_tokens:clamped",
        ),
        Entry(
            "seed", Disposition.IGNORED, None, "no counterpart", "A.1", "seed:ignored"
        ),
        Entry(
            "messages.[0].name",
            Disposition.IGNORED,
            None,
            "no names",
            "B.1",
            "name:ignored",
        ),
        Entry("n", Disposition.REJECTED, None, "one choice only", "A.1"),
    ]


def test_mapped_may_give_a_reason() -> None:
    report = Report()
    report.mapped("stop", "stop_sequences", "A.1", "one string")
    assert report.entries[0].reason == "one string"


def test_warnings_are_there_once_in_order_of_appearance() -> None:
    report = full_report()
    report.ignored("seed", "A.1", "again")
    report.altered("top_p", "temperature", "A.1", "both", "max_tokens:clamped")
    report.ignored("user", "A.1", "last")
    assert report.warnings == (
        "max_tokens:clamped",
        "seed:ignored",
        "name:ignored",
        "user:ignored",
    )


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ((), []),
        ((Disposition.MAPPED,), ["model"]),
        ((Disposition.IGNORED,), ["seed", "messages.[0].name"]),
        (
            (Disposition.REJECTED, Disposition.ALTERED),
            ["max_tokens", "n"],
        ),
    ],
)
def test_with_disposition(wanted: tuple[Disposition, ...], fields: list[str]) -> None:
    found = full_report().with_disposition(*wanted)
    assert [entry.field for entry in found] == fields


def test_as_dict_is_plain_json() -> None:
    plain = full_report().as_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["warnings"] == ["max_tokens:clamped", "seed:ignored", "name:ignored"]
    assert plain["entries"][2] == {
        "field": "seed",
        "disposition": "ignored",
        "became": None,
        "reason": "no counterpart",
        "rule": "A.1",
        "warning": "seed:ignored",
    }
    values = {value for entry in plain["entries"] for value in entry.values()}
    assert {type(value) for value in values} == {str, type(None)}


def test_extend_takes_over_entries_of_the_answer() -> None:
    report, answer = Report(), Report()
    report.mapped("model", "model", "A.1")
    answer.ignored("logprobs", "F.1", "none", "logprobs:missing")
    report.extend(answer.entries)
    assert [entry.field for entry in report.entries] == ["model", "logprobs"]
    assert report.warnings == ("logprobs:missing",)


def test_reports_share_nothing() -> None:
    full_report()
    assert Report().entries == []
    assert Report().warnings == ()
    assert Report().as_dict() == {"entries": [], "warnings": []}

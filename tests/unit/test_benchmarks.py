"""The benchmarks' arithmetic and wording; what they time is not tested here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from benchmarks import answers, prompts, results
from benchmarks.figures import Figures, Measurement, percentile, spread
from benchmarks.instruments import ENDLESS, SOURCES, Load, Observed, Used
from benchmarks.measuring import metrics
from benchmarks.rounds import contenders, is_for
from benchmarks.scenarios import QUICK, SCENARIOS
from benchmarks.subjects import BARE, SUBJECTS, Line
from benchmarks.targets import TARGETS

LINE = Line(Path("/usr/bin/python3"), "3.13.0", "12.2.3")
OTHER = Line(Path("/usr/bin/python3"), "3.11.7", "11.0.2")


def measured(
    scenario: str, subject: str, number: int, line: Line | None = LINE, **found: float
) -> Measurement:
    return Measurement(scenario, line.name if line else "", subject, number, found)


# -- figures ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100)]
)
def test_a_percentile_is_a_value_that_was_seen(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_a_percentile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_spread_has_median_and_extremes() -> None:
    found = spread([3.0, 1.0, 2.0, 10.0])
    assert found is not None
    assert (found.median, found.low, found.high, found.rounds) == (2.5, 1.0, 10.0, 4)
    assert spread([]) is None


def test_added_time_is_taken_within_each_round() -> None:
    figures = Figures([
        measured("json-1", "direct", 1, None, p50_ms=1.0),
        measured("json-1", "direct", 2, None, p50_ms=5.0),
        measured("json-1", "bare", 1, p50_ms=3.0),
        measured("json-1", "bare", 2, p50_ms=9.0),
    ])  # fmt: skip
    added = figures.value("json-1", LINE.name, "bare", "added_p50_ms")
    assert added is not None
    assert (added.low, added.high) == (2.0, 4.0)
    assert figures.value("json-1", LINE.name, "direct", "added_p50_ms") is None
    itself = figures.value("json-1", LINE.name, "direct", "p50_ms")
    assert itself is not None
    assert itself.median == 3.0


def test_a_ratio_is_taken_to_bare_of_the_same_line_and_round() -> None:
    figures = Figures([
        measured("json-8", "bare", 1, requests_per_s=100),
        measured("json-8", "bare", 2, requests_per_s=400),
        measured("json-8", "bare", 1, OTHER, requests_per_s=1),
        measured("json-8", "launcher", 1, requests_per_s=300),
        measured("json-8", "launcher", 2, requests_per_s=800),
        measured("json-8", "launcher", 3, requests_per_s=9_999),  # no bare beside it
    ])  # fmt: skip
    ratio = figures.ratio("json-8", LINE.name, "launcher", "requests_per_s")
    assert ratio is not None
    assert (ratio.low, ratio.high, ratio.rounds) == (2.0, 3.0, 2)


def test_a_bare_of_nothing_gives_no_ratio() -> None:
    figures = Figures([
        measured("memory", "bare", 0, growth_mb=-0.1),
        measured("memory", "launcher", 0, growth_mb=4.0),
    ])  # fmt: skip
    assert figures.ratio("memory", LINE.name, "launcher", "growth_mb") is None


# -- metrics ---------------------------------------------------------------------------

USED = Used(subject=1.0, instruments=0.1, others=0.2)


def test_metrics_of_json_requests() -> None:
    latency = [2_000_000] * 400
    seen = Observed(2.0, 400, 0, latency, [], [], USED)
    found = metrics(seen, Load(8))
    assert found == {
        "subject_cores": 0.5,
        "instrument_cores": 0.05,
        "other_cores": 0.1,
        "cpu_ms_per_request": 2.5,
        "requests_per_s": 200.0,
        "p50_ms": 2.0,
        "p99_ms": 2.0,
    }


def test_metrics_of_paced_streams() -> None:
    seen = Observed(2.0, 0, 7_200, [], [], [1_000_000, 9_000_000], USED)
    found = metrics(seen, Load(200, deltas=ENDLESS))
    assert found["delivered"] == pytest.approx(0.9)
    assert found["cpu_ms_per_1000_deltas"] == pytest.approx(1_000 / 7.2)
    assert (found["delta_p50_ms"], found["delta_p99_ms"]) == (1.0, 9.0)
    assert "requests_per_s" not in found


# -- tables ----------------------------------------------------------------------------


def test_targets_say_whether_they_are_met() -> None:
    figures = Figures([
        measured("json-8", "bare", 1, requests_per_s=400),
        measured("json-8", "launcher", 1, requests_per_s=1_000),
        measured("start", "launcher", 1, first_answer_s=1.5),
    ])  # fmt: skip
    rows = {row[0]: row[1:] for row in results.targets_table(figures, LINE).rows}
    assert len(rows) == len(TARGETS)
    assert rows["JSON requests/s, 8 connections"] == ("≥ 2.2 ×", "2.50 ×", "met")
    assert rows["Start to first answer"] == ("≤ 1.2 s", "1.50 s", "**not met**")
    assert rows["RSS, idle"][1:] == (results.NOT_MEASURED, "not measured")


def test_the_table_shows_values_and_ratios_of_what_was_measured() -> None:
    figures = Figures([
        measured("json-8", "direct", 1, None, requests_per_s=50_000),
        measured("json-8", "bare", 1, requests_per_s=400),
        measured("json-8", "launcher", 1, requests_per_s=1_000),
    ])  # fmt: skip
    table = results.results_table(figures, LINE, SUBJECTS[:4])
    title = "JSON, 8 connections: requests/s"
    assert table.columns == ("", "direct", "bare", "plain", "launcher")
    assert table.rows == [(title, "50,000", "400", "—", "1,000 (2.50 ×)")]
    instruments = results.instruments_table(figures, [LINE])
    assert instruments.rows == [(title, "50,000", "1,000 (launcher)", "50 ×", "—")]


def test_a_busy_machine_is_said_to_be_one() -> None:
    about = results.Circumstances("today", "abc", "a CPU", 2, 3, 1.0, QUICK, ("x",))
    windows = [measured("json-8", "bare", 1, other_cores=busy) for busy in (0, 0.5, 1)]
    said = "\n".join(results.notes(Figures(windows), about, [BARE]))
    assert "Others kept 0.50 cores busy while we measured, 1.00 at most." in said
    assert "do not trust" in said
    assert "Failed: x" in said
    quiet = [measured("json-8", "bare", 1, other_cores=0.01)]
    assert "do not trust" not in "\n".join(results.notes(Figures(quiet), about, []))


def test_the_report_is_markdown_and_json() -> None:
    table = results.Table("A title", ("", "bare"), [("row", "1")])
    text = results.markdown("Speed", ["a note"], [table])
    assert text == (
        "# Speed\n\n- a note\n\n## A title\n\n|  | bare |\n| --- | --- |\n| row | 1 |\n"
    )
    about = results.Circumstances("today", "abc", "a CPU", 2, 3, 1.0, QUICK)
    figures = Figures([measured("start", "bare", 1, first_answer_s=1.0)])
    data = json.loads(results.data(figures, about, [LINE]))
    assert data["circumstances"]["pace"]["window_ms"] == QUICK.window_ms
    assert data["measurements"][0]["metrics"] == {"first_answer_s": 1.0}


# -- what is measured ------------------------------------------------------------------


def test_every_target_names_a_figure_that_is_shown() -> None:
    shown = {(s.name, metric.name) for s in SCENARIOS for metric in s.metrics}
    assert {(t.scenario, t.metric) for t in TARGETS} <= shown


def test_every_proxy_is_measured_on_every_line_and_direct_once() -> None:
    found = [(c.subject.name, c.line) for c in contenders([LINE, OTHER], SUBJECTS[:3])]
    assert found == [
        ("direct", None),
        ("bare", LINE),
        ("plain", LINE),
        ("bare", OTHER),
        ("plain", OTHER),
    ]


def test_only_bare_has_another_process_for_streams() -> None:
    assert BARE.process_for(stream=True) == "bare-streaming"
    assert BARE.process_for(stream=False) == "bare"
    assert {s.process_for(stream=True) for s in SUBJECTS if s is not BARE} == {
        None, "plain", "launcher", "workers", "saving",
    }  # fmt: skip


# -- bytes -----------------------------------------------------------------------------


def body_of(message: bytes) -> bytes:
    head, _, body = message.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    assert length is not None
    assert int(length[1]) == len(body)
    return body


def test_both_routes_send_the_same_amount() -> None:
    prompt = prompts.Prompt("Look.", images=2)
    chat = body_of(prompts.request(prompts.CHAT, prompt))
    native = body_of(prompts.request(prompts.MESSAGES, prompt))
    assert abs(len(chat) - len(native)) < 200
    assert len(chat) > 10 * prompts.MEGABYTE


def test_a_stream_is_asked_for_as_the_upstream_reads_it() -> None:
    body = body_of(prompts.request(prompts.CHAT, prompts.streamed(500, 2_000)))
    assert b"[[stream deltas=500 interval_us=2000]]" in body
    assert json.loads(body)["stream"] is True
    source = (SOURCES / "upstream.c").read_text("utf-8")
    assert '"[[stream deltas=%ld interval_us=%ld]]"' in source


def test_each_event_of_a_stream_is_an_http_chunk_with_one_stamp_a_delta(
    tmp_path: Path,
) -> None:
    answers.write(tmp_path)
    digits = re.search(
        r"#define STAMP_DIGITS (\d+)", (SOURCES / "common.h").read_text("utf-8")
    )
    assert digits is not None
    for name in ("delta", "delta_escaped"):
        data = (tmp_path / name).read_bytes()
        size, _, rest = data.partition(b"\r\n")
        assert rest[int(size, 16) :] == b"\r\n"
        assert re.findall(rb"~0*", data) == [b"~" + b"0" * int(digits[1])]
    for name in ("answer", "opening", "closing"):
        assert b"~" not in (tmp_path / name).read_bytes()
    assert json.loads(body_of(answers.answer()))["stop_reason"] == "end_turn"


# -- what is measured ------------------------------------------------------------------


def test_workers_are_not_asked_to_share_one_connection() -> None:
    (workers,) = [subject for subject in SUBJECTS if subject.name == "workers"]
    names = {scenario.name for scenario in SCENARIOS}
    assert workers.scenarios <= names
    measured_in = {s.name for s in SCENARIOS if is_for(s, workers)}
    assert measured_in == workers.scenarios
    by_name = {subject.name: subject for subject in SUBJECTS}
    assert {s.name for s in SCENARIOS if is_for(s, by_name["launcher"])} == names

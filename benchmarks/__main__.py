"""``python -m benchmarks``: measure, show, and keep the results of a full run."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as RichTable

from . import results
from .figures import Figures
from .instruments import MeasuringError, Upstream
from .measuring import Bench
from .rounds import Rounds, contenders
from .scenarios import FULL, QUICK, SCENARIOS, Pace, Scenario
from .subjects import BARE, DIRECT, ROOT, SUBJECTS, Line, Subject, line_of

HERE: Final = Path(__file__).parent
TITLE: Final = "Speed, against a bare mitmdump"


def measure(
    lines: Sequence[Line],
    subjects: Sequence[Subject],
    scenarios: Sequence[Scenario],
    pace: Pace,
    console: Console,
) -> Rounds:
    """Everything that is started here ends here.

    Raises:
        MeasuringError: the instruments cannot be built.
    """
    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with (
        tempfile.TemporaryDirectory(prefix="benchmarks-") as name,
        Upstream(Path(name)) as upstream,
        Bench(Path(name), upstream, pace) as bench,
        # Refreshed by hand: its thread would be one at the time of a fork.
        Progress(*columns, console=console, auto_refresh=False) as progress,
    ):
        task = progress.add_task("", total=pace.minutes * 60)

        def tell(seconds: float, what: str) -> None:
            progress.update(task, completed=seconds, description=what, refresh=True)

        rounds = Rounds(bench, pace.minutes, tell)
        try:
            rounds.run(scenarios, contenders(lines, subjects))
        except KeyboardInterrupt:
            rounds.failures.append("broken off")
        return rounds


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def _machine() -> str:
    text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    models = [line for line in text.splitlines() if line.startswith("model name")]
    model = models[0].partition(": ")[2] if models else platform.machine()
    return f"{model}, Linux {platform.release()}"


def _circumstances(rounds: Rounds, pace: Pace) -> results.Circumstances:
    changed = ", with changes" if _git("status", "--porcelain", "-uno") else ""
    return results.Circumstances(
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=(_git("rev-parse", "--short", "HEAD") or "unknown") + changed,
        machine=_machine(),
        cores=os.cpu_count() or 1,
        rounds=rounds.count,
        minutes=rounds.seconds / 60,
        pace=pace,
        failures=tuple(rounds.failures),
    )


def _show(
    console: Console, said: Sequence[str], tables: Sequence[results.Table]
) -> None:
    for line in said:
        console.print(f"• {line}", markup=False, highlight=False)
    for table in tables:
        shown = RichTable(title=table.title, title_justify="left")
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if number else "left")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal.SIGTERM)  # unwinds, which stops every process


@click.command()
@click.option(
    "--quick", is_flag=True, help="One line in under two minutes, for development."
)
@click.option(
    "--minutes",
    type=float,
    help="Rounds are begun while one more fits.  [default: 11.5]",
)
@click.option(
    "--also",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="Another interpreter with mitmproxy, such as .venv-new/bin/python.",
)
@click.option(
    "--scenario",
    "scenario_names",
    type=click.Choice([scenario.name for scenario in SCENARIOS]),
    multiple=True,
    help="Only this one; may be repeated.",
)
@click.option(
    "--subject",
    "subject_names",
    type=click.Choice([subject.name for subject in SUBJECTS]),
    multiple=True,
    help="Only this one, besides direct and bare; may be repeated.",
)
@click.option("--write/--no-write", default=None, help="Whether to keep the results.")
def main(
    quick: bool,
    minutes: float | None,
    also: tuple[Path, ...],
    scenario_names: tuple[str, ...],
    subject_names: tuple[str, ...],
    write: bool | None,
) -> None:
    """Measure the proxy against a bare mitmdump on this machine.

    A full run is kept in RESULTS.md and results.json; with --quick, --scenario or
    --subject it is only shown, unless --write is given.
    """
    signal.signal(signal.SIGTERM, _terminated)
    pace = QUICK if quick else FULL
    if minutes is not None:
        pace = replace(pace, minutes=minutes)
    names = {*subject_names, DIRECT.name, BARE.name}
    subjects = [
        s
        for s in SUBJECTS
        if (s.name in names if subject_names else s.by_default)
    ]  # fmt: skip
    scenarios = [s for s in SCENARIOS if not scenario_names or s.name in scenario_names]
    console = Console()
    try:
        lines = [line_of(python) for python in (Path(sys.executable), *also)]
        rounds = measure(lines, subjects, scenarios, pace, console)
    except MeasuringError as wrong:
        raise click.ClickException(str(wrong)) from None
    about = _circumstances(rounds, pace)
    figures = Figures(rounds.measurements)
    said = results.notes(figures, about, subjects)
    tables = [results.targets_table(figures, line, scenarios) for line in lines]
    tables += [results.results_table(figures, line, subjects) for line in lines]
    tables.append(results.instruments_table(figures, lines))
    tables = [table for table in tables if table.rows]
    _show(console, said, tables)
    complete = not (quick or scenario_names or subject_names or rounds.failures)
    if write if write is not None else complete:
        report = results.markdown(TITLE, said, tables)
        (HERE / "RESULTS.md").write_text(report, "utf-8")
        (HERE / "results.json").write_text(results.data(figures, about, lines), "utf-8")
        console.print(f"Written to {HERE / 'RESULTS.md'}")
    if rounds.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()

"""Named faults, and how long the caller waited for an answer to each.

``pytest tests/faults --figures FILE`` writes the table that docs/reliability.md shows.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

_FIGURES = pytest.StashKey[list[tuple[str, str, float, bool]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", type=Path, help="write what was measured to FILE")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = []


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    began = time.monotonic()
    outcome = yield
    seconds = time.monotonic() - began
    group = item.path.stem.removeprefix("test_").replace("_", " ")
    name = item.name.removeprefix("test_").replace("_", " ")
    survived = outcome.excinfo is None  # type: ignore[attr-defined]
    item.config.stash[_FIGURES].append((group, name, seconds, survived))


def pytest_sessionfinish(session: pytest.Session) -> None:
    target: Path | None = session.config.getoption("--figures")
    rows = session.config.stash[_FIGURES]
    if target is None or not rows:
        return
    lines = [
        f"mitmproxy {version('mitmproxy')}, Python {platform.python_version()}: "
        f"{len(rows)} faults tried, {sum(row[3] for row in rows)} survived.",
        "",
        "| Faults | Tried | Survived | Longest |",
        "| --- | --- | --- | --- |",
    ]
    for group in dict.fromkeys(row[0] for row in rows):
        mine = [row for row in rows if row[0] == group]
        good = sum(row[3] for row in mine)
        longest = max(row[2] for row in mine)
        lines.append(f"| {group} | {len(mine)} | {good} | {longest:.1f} s |")
    target.write_text("\n".join(lines) + "\n", "utf-8")

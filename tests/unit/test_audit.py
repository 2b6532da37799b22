"""The audit of dependencies fails on findings, and never calls silence a success."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", SCRIPTS / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


audit = load_script()
GOOD: dict[str, Any] = {"name": "rich", "version": "15.0.0", "vulns": []}
UNKNOWN: dict[str, Any] = {"name": "click", "skip_reason": "not found"}
BAD: dict[str, Any] = {
    "name": "tornado",
    "version": "6.4.2",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["6.5"]}],
}


@pytest.mark.parametrize(
    ("rows", "accepted", "lines", "code"),
    [
        ([GOOD], {}, ["1 packages audited, 0 findings"], 0),
        (
            [GOOD, BAD],
            {},
            [
                "tornado 6.4.2: PYSEC-1, mended in 6.5",
                "2 packages audited, 1 findings",
            ],
            1,
        ),
        ([BAD], {"CVE-1": "not used"}, ["1 packages audited, 0 findings"], 0),
        (
            [GOOD, UNKNOWN],
            {},
            [
                "not known there, so not audited: click",
                "1 packages audited, 0 findings",
            ],
            0,
        ),
        ([UNKNOWN], {}, [audit.NOT_AUDITED], 0),
        ([], {}, [audit.NOT_AUDITED], 0),
    ],
)
def test_the_verdict(
    rows: list[dict[str, Any]], accepted: dict[str, str], lines: list[str], code: int
) -> None:
    assert audit.verdict(rows, accepted) == (lines, code)


def test_what_is_accepted_has_a_reason() -> None:
    text = "# a comment\n\nCVE-1 not used here\n"
    assert audit.accepted_findings(text) == {"CVE-1": "not used here"}
    with pytest.raises(SystemExit):
        audit.accepted_findings("CVE-1\n")
    audit.accepted_findings((SCRIPTS / "audit-accepted").read_text("utf-8"))


def test_requirements_of_requirements_are_audited_too() -> None:
    """``h11`` is needed by httpx's httpcore; pytest is needed by extras at most."""
    found = audit.pinned("httpx")
    assert {"httpcore", "h11", "idna"} <= set(found)
    assert "pytest" not in found
    assert "trio" not in found


def test_a_service_that_is_not_there_does_not_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit.main([], {"nobody": "http://127.0.0.1:1/"}) == 0
    assert capsys.readouterr().out == f"{audit.NOT_AUDITED}\n"

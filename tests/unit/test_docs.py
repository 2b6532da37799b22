"""The documentation keeps up with the code: tables, links, and the rules it cites."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from anthropic_proxy.credentials import terms
from anthropic_proxy.dialects.messages.identity import IDENTITY
from anthropic_proxy.simulator.rules import RULES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CODE = sorted((ROOT / "addons").rglob("*.py")) + sorted(
    (ROOT / "addons").rglob("*.toml")
)
SIMULATOR = ROOT / "addons" / "anthropic_proxy" / "simulator"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def load_script() -> ModuleType:
    path = ROOT / "scripts" / "generate_docs.py"
    spec = importlib.util.spec_from_file_location("generate_docs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


docs = load_script()


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- tables ---


def test_tables_are_what_the_code_says() -> None:
    stale = [name_of(path) for path in docs.stale()]
    assert not stale, "run: python scripts/generate_docs.py"


def test_every_table_has_its_place_on_a_page() -> None:
    marks = re.findall(
        r"<!-- table: (\w+) -->", "".join(p.read_text("utf-8") for p in PAGES)
    )
    assert sorted(marks) == sorted(docs.TABLES)


def test_a_table_is_written_between_its_marks_and_nowhere_else() -> None:
    page = "before\n<!-- table: catalogue -->\nold\n<!-- end -->\nafter\n"
    written = docs.rendered(page)
    assert "old" not in written
    assert written.startswith("before\n<!-- table: catalogue -->\n| Model |")
    assert written.endswith("|\n<!-- end -->\nafter\n")
    assert docs.rendered(written) == written


# --- links ---

CODE_SPAN = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def links(page: Path) -> list[str]:
    found = LINK.findall(CODE_SPAN.sub("", page.read_text("utf-8")))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, fragment = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if fragment:
            assert fragment in docs.anchors(file.read_text("utf-8")), target


def test_links_are_found_at_all() -> None:
    assert "docs/credentials.md" in links(ROOT / "README.md")
    assert "translation.md#d5-extensions" in links(DOCS / "compatibility.md")


# --- rules that the code cites ---

# Sections are headings; below that come rows of tables and items of lists.
NUMBERED = re.compile(r"^(?:\| |\* \*\*)((?:[A-J]|0)(?:\.\d+)+)\b", re.MULTILINE)

RULE = re.compile(r"\b[A-J](?:\.\d+)+")
CHAPTER = re.compile(r"\b[Rr]ules ([A-J])\b(?!\.\d)|\b[Rr]ules (0\.\d)")
SIMULATED = re.compile(r"\b[Rr]ule (\d+)\b")
CREDENTIALS = re.compile(
    r"\b(?:rules: |(?:rules: )?credentials )(\d)(?: and (\d))?\b", re.IGNORECASE
)


def flat(path: Path) -> str:
    """The text of a file with comments and docstrings in one line each."""
    return re.sub(r"\s*\n\s*(?:# ?)?", " ", path.read_text("utf-8"))


def rules_there_are() -> set[str]:
    text = (DOCS / "translation.md").read_text("utf-8")
    return {*docs.sections(text), *NUMBERED.findall(text)}


def rules_cited(path: Path) -> set[str]:
    text = flat(path)
    cited = set(RULE.findall(text))
    cited |= {number for pair in CHAPTER.findall(text) for number in pair if number}
    if path.is_relative_to(SIMULATOR):
        cited |= {f"J.{number}" for number in SIMULATED.findall(text)}
    return cited


def credentials_cited(path: Path) -> set[str]:
    pairs = CREDENTIALS.findall(flat(path))
    return {number for pair in pairs for number in pair if number}


def test_every_rule_that_the_code_cites_is_in_the_rule_book() -> None:
    there_are = rules_there_are()
    unknown = {
        name_of(path): sorted(missing)
        for path in CODE
        if (missing := rules_cited(path) - there_are)
    }
    assert unknown == {}


def test_every_section_about_credentials_that_the_code_cites_is_there() -> None:
    text = (DOCS / "credentials.md").read_text("utf-8")
    there_are = set(docs.sections(text))
    unknown = {
        name_of(path): sorted(missing)
        for path in CODE
        if (missing := credentials_cited(path) - there_are)
    }
    assert unknown == {}


def test_citations_are_found_in_every_form() -> None:
    cited = set().union(*map(rules_cited, CODE))
    assert {"0.3", "A.1", "B", "B.9", "C.3", "D.4.6", "F", "J", "J.23"} <= cited
    about_credentials = set().union(*map(credentials_cited, CODE))
    assert {"1", "2", "3", "4", "5", "6"} == about_credentials


def test_the_rule_book_lists_what_the_simulator_refuses() -> None:
    listed = {rule for rule in rules_there_are() if rule.startswith("J.")}
    assert listed == {f"J.{rule.number}" for rule in RULES}


# --- words that stand in the code and in the documentation ---

TOKEN = re.compile(r'"([a-z_.]+:[a-z0-9_]+)"')
VARIABLE = re.compile(r'"((?:ANTHROPIC|ROUTER|XDG)_[A-Z_]*[A-Z])"')


def test_the_rule_book_names_every_warning() -> None:
    text = (DOCS / "translation.md").read_text("utf-8")
    rooms = [p for p in CODE if p.parts[-2] in ("chat_completions", "models")]
    tokens = {token for path in rooms for token in TOKEN.findall(flat(path))}
    assert "stop:whitespace_dropped" in tokens
    assert sorted(token for token in tokens if token not in text) == []


def test_every_environment_variable_is_among_the_settings() -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    names = {name for path in CODE for name in VARIABLE.findall(flat(path))}
    assert "ANTHROPIC_API_KEY" in names
    assert sorted(name for name in names if name not in text) == []


def test_the_terms_are_quoted_as_the_login_quotes_them() -> None:
    text = (DOCS / "credentials.md").read_text("utf-8")
    words = " ".join(text.replace("\n> ", " ").split())
    for shown in (terms.QUOTATION, terms.VERSION, terms.PAGE, terms.PHRASE, IDENTITY):
        assert shown in words

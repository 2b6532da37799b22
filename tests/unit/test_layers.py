"""The rooms may only import downwards: wire <- models <- dialects <- proxy, and so on.

ruff (TID251) holds the rules about outside packages; this holds the ones between ours.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "addons" / "anthropic_proxy"

ALLOWED = {
    "wire": set(),
    "models": {"wire"},
    "dialects": {"wire", "models"},
    "credentials": {"wire"},
    "simulator": {"wire", "models"},
    "inspection": {"wire", "models", "dialects"},
    "proxy": {"wire", "models", "dialects", "credentials", "inspection"},
    "cli": {
        *("wire", "models", "dialects", "credentials"),
        *("simulator", "inspection", "proxy"),
    },
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def imported_rooms(path: Path) -> set[str]:
    """First name below the package of every import in a module."""
    package = path.relative_to(PACKAGE).parts[:-1]
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) - node.level + 1]
            named = (*above, *(node.module or "").split("."))
            first = next((part for part in named if part), None)
            rooms |= {first} if first else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.module.startswith("anthropic_proxy"), (
                "relative imports only"
            )
    return rooms


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_the_rooms_below_it(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    if room.endswith(".py"):
        return
    allowed = ALLOWED[room] | {room, "__version__"}
    assert imported_rooms(path) <= allowed


def test_the_table_names_every_room() -> None:
    rooms = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name[0] != "_"}
    assert rooms == set(ALLOWED)

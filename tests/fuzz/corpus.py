"""Inputs that are kept: those in the repository, and those of the last runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
KEPT: Final = Path(__file__).parent / "corpus"
"""In the repository: what once broke something, and what reaches the corners."""
FOUND: Final = ROOT / "build" / "fuzz" / "corpus"
"""Of this machine's runs, which go on where the last one stopped."""
FINDINGS: Final = ROOT / "build" / "fuzz" / "findings"


def folders(name: str) -> list[Path]:
    """Of a target: the one that grows first."""
    return [folder / name for folder in (FOUND, KEPT)]


def inputs(folder: Path) -> list[bytes]:
    """All in a folder, in the order of their names; none when it is not there."""
    return [path.read_bytes() for path in _files(folder)]


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file())

"""Inputs that are kept: those in the repository, and those of the last runs."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Final

from .target import Check, Target

ROOT: Final = Path(__file__).resolve().parents[2]
KEPT: Final = Path(__file__).parent / "corpus"
"""In the repository: what once broke something, and what reaches the corners."""
FOUND: Final = ROOT / "build" / "fuzz" / "corpus"
"""Of this machine's runs, which go on where the last one stopped."""
FINDINGS: Final = ROOT / "build" / "fuzz" / "findings"

_LONGEST_KEPT: Final = 1_500
_CODE: Final = str(ROOT / "addons")

Edge = tuple[str, int, int]
"""A file, and two lines of it that were run one after the other."""


def folders(name: str) -> list[Path]:
    """Of a target: the one that grows first."""
    return [folder / name for folder in (FOUND, KEPT)]


def inputs(folder: Path) -> list[bytes]:
    """All in a folder, in the order of their names; none when it is not there."""
    return [path.read_bytes() for path in _files(folder)]


def keep(target: Target, found: Iterable[bytes]) -> int:
    """Put into the repository what reaches further than what is there; how many.

    Short ones first, and none that is long.
    """
    folder = KEPT / target.name
    folder.mkdir(parents=True, exist_ok=True)
    known: set[Edge] = set()
    for data in [*target.seeds, *inputs(folder)]:
        known |= edges(target.check, data)
    new = 0
    for data in sorted(found, key=len):
        reached = edges(target.check, data) if len(data) <= _LONGEST_KEPT else set()
        if reached - known:
            known |= reached
            (folder / hashlib.sha256(data).hexdigest()[:12]).write_bytes(data)
            new += 1
    return new


def edges(check: Check, data: bytes) -> set[Edge]:
    """What of the product's code an input runs."""
    seen: set[Edge] = set()
    last: dict[FrameType, int] = {}

    def line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            seen.add((frame.f_code.co_filename, last.get(frame, 0), frame.f_lineno))
            last[frame] = frame.f_lineno
        elif event == "return":
            last.pop(frame, None)
        return line

    def call(frame: FrameType, *_: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(_CODE) else None

    sys.settrace(call)
    try:
        with contextlib.suppress(Exception):
            check(data)
    finally:
        sys.settrace(None)
    return seen


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_file())

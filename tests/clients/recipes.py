"""The programs of the documentation, run as they are printed but for the port."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.running_proxy import ROOT, clean_environment

PAGES: Final = sorted((ROOT / "docs" / "clients").glob("*.md"))
README: Final = ROOT / "README.md"
NODE: Final = Path(__file__).parent / "node"

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ADDRESS: Final = "127.0.0.1:8100"
_SECONDS: Final = 120


@dataclass(frozen=True)
class Recipe:
    """One fenced block. ``console``, ``yaml`` and the like are there to be read."""

    page: Path
    line: int
    language: str
    program: str

    @property
    def lacks(self) -> str | None:
        """The program that would be needed and is not on this machine."""
        program = {"js": "node", "sh": "bash"}.get(self.language)
        return program if program and shutil.which(program) is None else None

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    def command(self, program: str, folder: Path) -> list[str]:
        if self.language == "python":
            file = folder / f"{self.page.stem}_{self.line}.py"
            file.write_text(program, "utf-8")
            return [sys.executable, str(file)]
        if self.language == "js":
            return ["node", "--input-type=module", "--eval", program]
        return ["bash", "-euo", "pipefail", "-c", program]

    def run(self, port: int, folder: Path) -> subprocess.CompletedProcess[str]:
        """With a home of its own below ``folder``."""
        home = folder / f"{self.page.stem}-{self.line}"
        home.mkdir()
        binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        program = self.program.replace(_ADDRESS, f"127.0.0.1:{port}")
        return subprocess.run(
            self.command(program, home),
            cwd=NODE if self.language == "js" else home,
            env=clean_environment(home, PATH=binaries, LLM_USER_PATH=str(home)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )


def recipes(page: Path) -> list[Recipe]:
    """The blocks of a page that are run: in the README, those that ask the proxy."""
    text = page.read_text("utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        language, program = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        if language in ("python", "js", "sh") and (
            page != README or (_ADDRESS in program and "mitmdump" not in program)
        ):
            found.append(Recipe(page, line, language, program))
    return found


Ran = dict[Recipe, subprocess.CompletedProcess[str]]


def run_all(found: list[Recipe], port: int, folder: Path) -> Ran:
    """Two at a time: most of a program's time is spent importing its client."""
    found = [recipe for recipe in found if recipe.lacks is None]
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda recipe: recipe.run(port, folder), found)
        return dict(zip(found, results, strict=True))

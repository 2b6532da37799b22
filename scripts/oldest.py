#!/usr/bin/env python3
"""Prints pip constraints: the oldest version that is allowed of each dependency."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parents[1] / "pyproject.toml"
REQUIREMENT: Final = re.compile(r"(?P<name>[\w.-]+)>=(?P<oldest>[\w.]+)(?:,<[\w.]+)?")


def oldest(requirements: Iterable[str]) -> Iterator[str]:
    """``httpx>=0.28,<1`` → ``httpx==0.28``.

    Raises:
        ValueError: a requirement without a lower bound, or in another form.
    """
    for requirement in requirements:
        found = REQUIREMENT.fullmatch(requirement)
        if found is None:
            raise ValueError(f"{requirement!r} is not of the form name>=1,<2")
        yield f"{found['name']}=={found['oldest']}"


if __name__ == "__main__":
    project = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    sys.stdout.write("\n".join(oldest(project["dependencies"])) + "\n")

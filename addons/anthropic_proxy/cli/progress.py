"""A sign of life where people wait; nothing where nobody looks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """A spinner with ``text`` while the block runs, and no trace of it afterwards.

    It goes to standard error, so that what is printed can be piped; nothing is shown
    when that is no terminal, or one that cannot move its cursor. The block must not
    print and not ask anything.
    """
    if not sys.stderr.isatty() or os.environ.get("TERM") in ("dumb", "unknown"):
        yield
        return
    from rich.console import Console  # what is piped does not wait for it to load

    with Console(stderr=True).status(text):
        yield

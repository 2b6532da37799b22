"""Where the logins under way are kept until their code comes.

A verifier is a secret of ten minutes that is worth nothing without the code. One
process keeps it in its memory; several that serve one port share it in a private file
beside the tokens, because the code may come to another one than the login began at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

import msgspec

from .private_file import PrivateFile

FILE_NAME: Final = "logins.json"


@dataclass(frozen=True, slots=True, repr=False)
class Pending:
    """A login under way."""

    verifier: str
    state: str
    started_at: float
    """Unix seconds."""


class PendingLogins(Protocol):
    """The logins under way, by handle, the oldest first."""

    def changing(self) -> AbstractContextManager[dict[str, Pending]]:
        """Them, to look at and to change; nobody else changes them meanwhile. Blocks.

        Raises:
            FileProblem: they cannot be read or kept.
        """


class InMemory:
    """For one process; safe to use from several threads."""

    def __init__(self) -> None:
        self._pending: dict[str, Pending] = {}
        self._lock = Lock()

    @contextmanager
    def changing(self) -> Iterator[dict[str, Pending]]:
        """As the protocol says."""
        with self._lock:
            yield self._pending


class InFile:
    """For several processes."""

    def __init__(self, path: Path) -> None:
        self._file = PrivateFile(path)

    @contextmanager
    def changing(self) -> Iterator[dict[str, Pending]]:
        """As the protocol says; without a login under way there is no file."""
        with self._file.locked() as writer:
            before = _decode(self._file.read())
            pending = dict(before)
            try:
                yield pending
            finally:
                if pending != before:
                    if pending:
                        writer.write(msgspec.json.encode(pending))
                    else:
                        writer.remove()


def _decode(content: bytes | None) -> dict[str, Pending]:
    """What cannot be read is no login: whoever waits for it begins another."""
    try:
        return msgspec.json.decode(content or b"{}", type=dict[str, Pending])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}

"""A file that holds a secret: only its owner can read it, and it is never half there.

Reading refuses what others can read. Writing goes through a temporary file beside it
(created 0600, fsync, ``os.replace``), under a lock that other processes honour.

``reserve`` comes before anything that cannot be undone: it makes sure that the folder
can be written and the disk has room *before* a single-use token is spent.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple, Self

LOCK_TIMEOUT_S: Final = 90.0
"""Longer than a token request may take, so that a slow peer is waited for."""

MAX_BYTES: Final = 1024 * 1024
"""More than any of these files holds: a limit on memory."""

_RESERVED_BYTES: Final = 16 * 1024
_OTHERS_MAY_READ: Final = 0o077
_POSIX: Final = os.name == "posix"

_REMEDIES: Final = {
    errno.EACCES: "Make its folder writable for you, or choose another file",
    errno.EPERM: "Make its folder writable for you, or choose another file",
    errno.EROFS: "The file system is read-only: choose another file",
    errno.ENOSPC: "The disk is full: free some space",
    errno.EDQUOT: "Your disk quota is used up: free some space",
    errno.EFBIG: "The system allows no larger file (ulimit -f): raise the limit",
    errno.ENOTDIR: "A part of its path is not a folder: choose another file",
}


class FileProblem(Exception):
    """A secret cannot be read from or written to its file.

    ``str()`` names the path and what mends it, and never holds the secret.
    """


class FileUnsafe(FileProblem):
    """Others can read the file."""


class FileCorrupt(FileProblem):
    """The file does not hold what it should."""


class Stamp(NamedTuple):
    """Changes whenever the file, its mode or its place does."""

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


class PrivateFile:
    """One such file; all operations block, none longer than ``LOCK_TIMEOUT_S``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> Stamp | None:
        """What ``os.stat`` says; None: there is no such file."""
        try:
            status = os.stat(self.path)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            return Stamp(0, 0, 0, error.errno or 0)  # read() tells what is wrong
        return Stamp(
            status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
        )

    def read(self, forbidden_mode: int = _OTHERS_MAY_READ) -> bytes | None:
        """The content; None: there is no such file.

        Raises:
            FileUnsafe: a bit of ``forbidden_mode`` is set; names the ``chmod``.
            FileProblem: it cannot be read, or is no ordinary file.
        """
        try:
            # O_NONBLOCK: opening a pipe must not wait for its other end
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise FileProblem(_sentence(self.path, "read", error)) from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise FileProblem(f"{self.path} is not an ordinary file")
            _refuse_mode(self.path, status.st_mode, forbidden_mode)
            with open(descriptor, "rb", closefd=False) as file:
                return file.read(MAX_BYTES)
        except OSError as error:
            raise FileProblem(_sentence(self.path, "read", error)) from None
        finally:
            os.close(descriptor)

    @contextmanager
    def locked(self, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[Writer]:
        """Alone among threads and processes; needed for every change.

        Raises:
            FileProblem: the lock cannot be had.
        """
        from filelock import FileLock, Timeout

        lock_path = self.path.with_name(self.path.name + ".lock")
        lock = FileLock(lock_path, timeout=timeout_s, mode=0o600, thread_local=False)
        try:
            _make_folder(self.path.parent)
            lock.acquire(poll_interval=0.02)
        except Timeout:
            raise FileProblem(
                f"another process has held {lock_path} for {timeout_s:.0f} seconds. "
                "Stop the process that hangs; the lock goes with it."
            ) from None
        except OSError as error:
            raise FileProblem(_sentence(self.path, "locked", error)) from None
        try:
            yield Writer(self.path)
        finally:
            lock.release()


class Writer:
    """Changes the file; exists only while the lock is held."""

    def __init__(self, path: Path) -> None:
        # A link to the file (kept in a repository, say) stays a link.
        self._path = Path(os.path.realpath(path))

    def reserve(self) -> Reservation:
        """Room for a new content, for use in ``with``.

        Raises:
            FileProblem: it could not be written.
        """
        return Reservation(self._path)

    def write(self, content: bytes) -> None:
        """Replace the content: afterwards the old or the new one is there, whole.

        Raises:
            FileProblem: the old content is still there.
        """
        with self.reserve() as reservation:
            reservation.commit(content)

    def remove(self) -> bool:
        """Delete the file and what an interrupted write left; whether it was there.

        Raises:
            FileProblem: it is still there.
        """
        try:
            _sweep(self._path)
            self._path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise FileProblem(_sentence(self._path, "deleted", error)) from None
        return True

    def set_aside(self, now: float) -> Path:
        """Rename the file, so that nothing in it is lost; its new name.

        Raises:
            FileProblem: it is still where it was.
        """
        aside = self._path.with_name(f"{self._path.name}.corrupt-{int(now)}")
        try:
            os.replace(self._path, aside)
        except OSError as error:
            raise FileProblem(_sentence(self._path, "moved", error)) from None
        return aside


class Reservation:
    """A temporary file with room in it, that becomes the file when committed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._temporary = ""

    def __enter__(self) -> Self:
        try:
            _sweep(self._path)
            # mkstemp creates the file 0600: there is no moment at which others can read
            self._descriptor, self._temporary = tempfile.mkstemp(
                dir=self._path.parent, prefix=_prefix(self._path), suffix=".tmp"
            )
            _write_all(self._descriptor, b"\0" * _RESERVED_BYTES)
        except OSError as error:
            self._discard()
            raise FileProblem(_sentence(self._path, "written", error)) from None
        return self

    def commit(self, content: bytes) -> None:
        """Make ``content`` the file's.

        Raises:
            FileProblem: the old content is still there.
        """
        try:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            _write_all(self._descriptor, content)
            os.ftruncate(self._descriptor, len(content))
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
            os.replace(self._temporary, self._path)
            self._temporary = ""
        except OSError as error:
            raise FileProblem(_sentence(self._path, "written", error)) from None
        _sync_folder(self._path.parent)

    def __exit__(self, *_: object) -> None:
        self._discard()

    def _discard(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._temporary:
            with suppress(OSError):
                os.unlink(self._temporary)
            self._temporary = ""


def _refuse_mode(path: Path, mode: int, forbidden: int) -> None:
    bits = stat.S_IMODE(mode)
    if _POSIX and bits & forbidden:
        mend = "chmod 600" if forbidden & 0o044 else "chmod go-w"
        verb = "read" if forbidden & 0o044 else "change"
        raise FileUnsafe(
            f"{path} holds secrets that others on this machine can {verb} "
            f"(mode {bits:04o}). Type: {mend} {path}"
        )


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _prefix(path: Path) -> str:
    return f".{path.name}."


def _sweep(path: Path) -> None:
    """Delete what a killed writer left beside ``path``; the lock is held."""
    for leftover in path.parent.glob(f"{_prefix(path)}*.tmp"):
        with suppress(OSError):
            leftover.unlink()


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut, where folders can be synced at all."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sentence(path: Path, action: str, error: OSError) -> str:
    remedy = _REMEDIES.get(error.errno or 0, "")
    return f"{path} cannot be {action} ({error.strerror or type(error).__name__})." + (
        f" {remedy}." if remedy else ""
    )

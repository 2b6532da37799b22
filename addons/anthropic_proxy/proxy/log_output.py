"""The product's own log on stdout, in place of mitmproxy's lines.

mitmproxy prints ``[time][client] text`` and knows nothing of a request that has
several lines, nor of JSON. With ``anthropic_log_format`` text (the launcher's default)
or json this handler prints instead: what the proxy says, and mitmproxy's warnings.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol, TextIO

from mitmproxy import ctx
from mitmproxy.utils import vt_codes

from .masking import masked, several_lines

PACKAGE: Final = __package__.partition(".")[0]
_SPEAKERS: Final = (PACKAGE, "mitmproxy.tools.web")
"""Loggers whose INFO is for the terminal; mitmweb's tells how to open its page."""
ATTRIBUTE: Final = "anthropic_entry"
"""Of a log record that is an ``Entry``."""

_COLOURS: Final = {"good": "32", "bad": "31", "warning": "33", "dim": "2", "": ""}


class Line(NamedTuple):
    """One line of an entry; ``tone`` is its colour on a terminal."""

    text: str
    tone: str = ""


class Entry(NamedTuple):
    """Something that happened, for a person and for a machine."""

    event: str
    """``start``, ``request``, ``response``, ``body``."""
    lines: tuple[Line, ...]
    facts: Mapping[str, Any] = MappingProxyType({})
    """Plain JSON values."""
    full_time: bool = False
    """Date and milliseconds instead of the time of day."""

    def __str__(self) -> str:
        """For mitmproxy's own log."""
        return "\n".join([line.text for line in self.lines])


def tell(logger: logging.Logger, level: int, entry: Entry) -> None:
    """Log an entry.

    The record is made here: ``logger.log`` would look for the line of code that calls.
    """
    if logger.isEnabledFor(level):
        record = logging.LogRecord(logger.name, level, __file__, 0, entry, None, None)
        setattr(record, ATTRIBUTE, entry)
        logger.handle(record)


class OwnLog:
    """Installs and removes the handler; at most one is there."""

    def __init__(self) -> None:
        self._handler: _Handler | None = None

    def use(self, log_format: str, worker: int | None) -> None:
        """``text`` or ``json``; ``mitmproxy`` leaves the log to mitmproxy.

        ``worker``: the number that this process is known by, when there are several.
        """
        self.remove()
        if log_format not in _FORMATTERS:
            return
        self._handler = _Handler(sys.stdout, log_format, worker)
        root = logging.getLogger()
        root.addHandler(self._handler)
        if (theirs := _termlog()) is not None:
            root.removeHandler(theirs)

    def remove(self) -> None:
        """Give the log back to mitmproxy."""
        if self._handler is None:
            return
        root = logging.getLogger()
        root.removeHandler(self._handler)
        self._handler = None
        if (theirs := _termlog()) is not None:
            root.addHandler(theirs)


def handler(log_format: str) -> logging.Handler:
    """For a process without mitmproxy, whose log shall look the same."""
    chosen = log_format if log_format in _FORMATTERS else "text"
    return _Handler(sys.stdout, chosen, None)


def _termlog() -> logging.Handler | None:
    """mitmproxy's handler for the terminal; mitmproxy's console has none."""
    addon = ctx.master.addons.get("termlog")
    handler: logging.Handler | None = getattr(addon, "logger", None)
    return handler


class _Handler(logging.StreamHandler[TextIO]):
    """What the speakers say from INFO up, and others from WARNING up."""

    def __init__(self, stream: TextIO, log_format: str, worker: int | None) -> None:
        super().__init__(stream)
        if hasattr(stream, "reconfigure"):  # a mark must not fail on a C locale
            stream.reconfigure(errors="backslashreplace")
        colours = has_colours(stream, os.environ)
        self.setFormatter(_FORMATTERS[log_format](colours, worker))

    def filter(self, record: logging.LogRecord) -> bool:
        """Which records are for the terminal."""
        said = record.name.startswith(_SPEAKERS)
        return record.levelno >= (logging.INFO if said else logging.WARNING)

    def handleError(self, record: logging.LogRecord) -> None:
        """Nobody reads the log any more (a closed pipe): requests go on."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


def has_colours(stream: TextIO, env: Mapping[str, str]) -> bool:
    """A terminal that is not dumb, and nobody said no (https://no-color.org)."""
    wanted = not env.get("NO_COLOR") and env.get("TERM") != "dumb"
    return wanted and bool(vt_codes.ensure_supported(stream))


class _TextFormatter(logging.Formatter):
    def __init__(self, colours: bool, worker: int | None) -> None:
        super().__init__()
        self._colours = colours
        self._mark = f" #{worker}" if worker is not None else ""

    def format(self, record: logging.LogRecord) -> str:
        entry: Entry | None = getattr(record, ATTRIBUTE, None)
        if entry is None:
            tone = "bad" if record.levelno >= logging.ERROR else "warning"
            tone = tone if record.levelno >= logging.WARNING else ""
            entry = Entry("log", (Line(_message(self, record), tone),))
        if entry.full_time:
            time = _utc(record.created)
        else:
            time = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        stamp = self._toned(f"[{time}{self._mark}]", "dim")
        if not self._colours:
            return f"{stamp} {masked(str(entry))}"
        lines = [self._toned(masked(line.text), line.tone) for line in entry.lines]
        return f"{stamp} " + "\n".join(lines)

    def _toned(self, text: str, tone: str) -> str:
        if not (self._colours and tone):
            return text
        return f"\x1b[{_COLOURS[tone]}m{text}\x1b[0m"


class _JSONFormatter(logging.Formatter):
    def __init__(self, colours: bool, worker: int | None) -> None:
        super().__init__()
        self._mark = {"worker": worker} if worker is not None else {}

    def format(self, record: logging.LogRecord) -> str:
        entry: Entry | None = getattr(record, ATTRIBUTE, None)
        level = {"ALERT": "info"}.get(record.levelname, record.levelname.lower())
        facts: Mapping[str, Any] = (
            {"message": _message(self, record)} if entry is None else dict(entry.facts)
        )
        whole = {
            "time": _utc(record.created),
            "level": level,
            **self._mark,
            "event": entry.event if entry is not None else "log",
            **facts,
        }
        return masked(json.dumps(whole, ensure_ascii=False))


def _utc(created: float) -> str:
    moment = datetime.fromtimestamp(created, UTC)
    return f"{moment.isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def _message(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    text = several_lines(record.getMessage())
    if record.exc_info:
        text = f"{text}\n{formatter.formatException(record.exc_info)}"
    return masked(text)


class _MakeFormatter(Protocol):
    def __call__(self, colours: bool, worker: int | None) -> logging.Formatter: ...


_FORMATTERS: Final[Mapping[str, _MakeFormatter]] = {
    "text": _TextFormatter,
    "json": _JSONFormatter,
}

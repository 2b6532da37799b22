"""The lines of a stream's timeline: events beside the chunks they became."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .stream_rows import Row
from .stream_words import LIMIT, Words, chunk_words, event_words
from .text import FOLDED, clean, padded, plural, seconds

GAP_SECONDS: Final = 1.0
"""A silence that is pointed out."""
FOLD_FROM: Final = 8
"""Deltas of one kind in a row, of which only the first and the last are shown."""
LEFT_WIDTH: Final = LIMIT

_TIME_WIDTH: Final = 8
_LOOK_AHEAD: Final = 16  # events among which a chunk's own is looked for
_NAMES: Final = {"text": "text", "thinking": "thinking", "call": "argument"}
OWN_PING: Final = "(none: a ping of the proxy's own)"


@dataclass(frozen=True, slots=True)
class Line:
    """An event, a chunk, or both."""

    at: float | None
    event: Words | None
    chunk: Words | None = None

    @property
    def is_ping(self) -> bool:
        """Whether it is upstream's ping, handed on or not."""
        alike = self.chunk is None or self.chunk.kind == "ping"
        return self.event is not None and self.event.kind == "ping" and alike

    @property
    def folds(self) -> str:
        """What the line is one of many of; empty when it is not."""
        words = self.event or self.chunk
        alone = self.event is None or self.chunk is None
        same = alone or (self.chunk is not None and self.chunk.delta)
        return words.kind if words is not None and words.delta and same else ""


def lines_of(rows: Iterable[Row], *, translated: bool) -> list[Line]:
    """The rows taken apart, one line for each event or chunk."""
    describe = chunk_words if translated else event_words
    found: list[Line] = []
    for row in rows:
        events = deque(map(event_words, row.events))
        chunks = deque(map(describe, row.chunks))
        if not row.upstream_grew and row.client_grew and not events:
            found += [Line(row.at, None, chunk) for chunk in chunks]
        else:
            found += _aligned(row.at, events, chunks)
    return found


def _aligned(
    at: float | None, events: deque[Words], chunks: deque[Words]
) -> Iterator[Line]:
    """Each chunk beside the first event that is about the same."""
    for chunk in chunks:
        ahead = enumerate(events)
        place = next(
            (n for n, event in ahead if n < _LOOK_AHEAD and event.kind == chunk.kind),
            None,
        )
        if place is None:
            # Made of something else: an error of the proxy's own, text as a call.
            place = 0 if events and events[0].delta and chunk.delta else None
        alone = place is None
        if place is None:
            place = len(events) if chunk.kind == "error" else 0  # it is the last word
        for _ in range(place):
            yield Line(at, events.popleft())
        yield Line(at, None if alone else events.popleft(), chunk)
    for event in events:
        yield Line(at, event)


def text_lines(lines: Sequence[Line], *, two_sided: bool) -> list[str]:
    """The timeline's lines, with gaps pointed out and long runs folded."""
    shown: list[str] = []
    before: float | None = None
    at = 0
    while at < len(lines):
        run = _run(lines, at)
        for line in lines[at : at + 2] if run else lines[at : at + 1]:
            shown += _gap(before, line.at)
            shown.append(_text(line, before, two_sided=two_sided))
            before = line.at if line.at is not None else before
        if run:
            shown.append(_folded(lines[at + 2 : at + run - 1]))
            before = lines[at + run - 2].at
            at += run - 1
        else:
            at += 1
    return shown


def _run(lines: Sequence[Line], start: int) -> int:
    """How many lines alike begin here, without a gap; 0 when too few to fold."""
    kind, end = lines[start].folds, start
    if not kind:
        return 0
    for place in range(start, len(lines)):
        line = lines[place]
        gap = place > start and _is_gap(lines[place - 1].at, line.at)
        if gap or not (line.folds == kind or line.is_ping):
            break
        if line.folds == kind:
            end = place + 1
    return end - start if end - start >= FOLD_FROM else 0


def _folded(lines: Sequence[Line]) -> str:
    first, last = lines[0].at, lines[-1].at
    deltas = [line.folds for line in lines if line.folds]
    noun = f"more {_NAMES.get(deltas[0], '')} delta" if deltas else "more delta"
    text = f"{FOLDED} {plural(len(deltas), noun)}"
    if pings := len(lines) - len(deltas):
        text += f" and {plural(pings, 'ping')}"
    if first is not None and last is not None:
        text += f", {first:.3f} to {last:.3f} s"
    return f"  {'':{_TIME_WIDTH}}  {text}"


def _is_gap(before: float | None, at: float | None) -> bool:
    return before is not None and at is not None and at - before >= GAP_SECONDS


def _gap(before: float | None, at: float | None) -> list[str]:
    if before is None or at is None or not _is_gap(before, at):
        return []
    return [f"  {'':{_TIME_WIDTH}}  ┄┄ nothing for {seconds(at - before)} ┄┄"]


def _text(line: Line, before: float | None, *, two_sided: bool) -> str:
    """One line; the time is left out where it is that of the line before."""
    same = line.at is None or line.at == before
    time = "" if same else f"{line.at:.3f}"
    event = line.event.text if line.event else ""
    chunk = line.chunk.text if line.chunk else ""
    if line.event is None and line.chunk is not None and line.chunk.kind == "ping":
        event = OWN_PING
    if not two_sided:
        return f"  {time:>{_TIME_WIDTH}}  {event or chunk}".rstrip()
    left = padded(clean(event), LEFT_WIDTH)
    return f"  {time:>{_TIME_WIDTH}}  {left}  {chunk}".rstrip()

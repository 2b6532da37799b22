"""The view *Timeline*: when what came, and what the client got for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from . import facts
from .bodies import cut_note, read
from .facts import Side
from .recorded import Message, Recorded
from .stream_lines import LEFT_WIDTH, Line, lines_of, text_lines
from .stream_rows import marks_of, rows
from .text import (
    WARN,
    heading,
    pairs,
    paragraph,
    plural,
    seconds,
    size,
    text_of,
)

_RATE_FROM_SECONDS: Final = 0.2
"""A rate over less than this would say nothing."""


def render(recorded: Recorded, side: Side = "request") -> str:
    """A stream event by event; of another answer the instants that are known."""
    upstream, client = recorded.upstream_response, recorded.client_response
    streams = [
        message if read(message).kind == "events" else None
        for message in (upstream, client)
    ]
    if streams == [None, None]:
        return text_of(_instants(recorded))
    return text_of(_stream(recorded, *streams))


def _instants(recorded: Recorded) -> list[str]:
    first = facts.number(recorded, "outcome", "first_byte")
    whole = facts.number(recorded, "outcome", "duration")
    rows = [(0.0, "the request's head was read")]
    if first is not None:
        rows.append((first, "Anthropic's answer began"))
    if whole is not None:
        told = "the answer was whole" if recorded.client_response else "it ended"
        rows.append((whole, told))
    lines = heading("Timeline of an answer that was not streamed")
    before = 0.0
    for at, what in rows:
        waited = f"   + {seconds(at - before)}" if at > before else ""
        lines.append(f"  {at:8.3f}  {what}{waited}")
        before = at
    if whole is None:
        lines.append("            … under way, or not noted")
    if error := facts.text(recorded, "outcome", "error"):
        lines += ["", *paragraph(f"{WARN} {error}", indent=2)]
    return lines


def _stream(
    recorded: Recorded, upstream: Message | None, client: Message | None
) -> list[str]:
    received, sent = (
        message.body if message else b"" for message in (upstream, client)
    )
    two_sided = bool(sent) and sent != received
    marks = marks_of(recorded.facts.get("marks"))
    found = rows(received, sent if two_sided else b"", marks)
    lines = lines_of(found, translated=facts.is_translated(recorded))
    shown = heading("Timeline of the stream")
    shown += pairs(_summary(recorded, lines, marks))
    shown += _notes(recorded, upstream, client if two_sided else None, marks)
    head = f"{'from Anthropic':{LEFT_WIDTH}}  to the client"
    if not two_sided:
        head = "from Anthropic, handed on as it came" if sent else "from Anthropic"
    shown += ["", f"  {'seconds':>8}  {head}"]
    return [*shown, *text_lines(lines, two_sided=two_sided)]


def _summary(
    recorded: Recorded, lines: Sequence[Line], marks: Sequence[tuple[float, int, int]]
) -> list[tuple[str, str]]:
    deltas = [line.at for line in lines if line.event and line.event.delta]
    timed = [at for at in deltas if at is not None]
    head = facts.number(recorded, "outcome", "first_byte")
    whole = facts.number(recorded, "outcome", "duration")
    if marks:
        whole = max(whole or 0.0, marks[-1][0])
    found = []
    if head is not None:
        found.append(("headers after", seconds(head)))
    if timed:
        found.append(("first token after", seconds(timed[0])))
    if whole is not None:
        found.append(("ended after", seconds(whole)))
    events = sum(line.event is not None for line in lines)
    chunks = sum(line.chunk is not None for line in lines)
    told = plural(events, "event")
    if chunks:
        told += f" → {plural(chunks, 'chunk')}"
    told += f", {plural(len(deltas), 'delta')}"
    if timed and timed[-1] - timed[0] >= _RATE_FROM_SECONDS:
        rate = (len(timed) - 1) / (timed[-1] - timed[0])
        told += f" at {rate:.1f} a second"
    return [*found, ("stream", told)]


def _notes(
    recorded: Recorded,
    upstream: Message | None,
    client: Message | None,
    marks: Sequence[tuple[float, int, int]],
) -> list[str]:
    notes = []
    if not marks:
        notes.append("when the events came was not noted")
    if upstream is None:
        notes.append("Anthropic's answer was no stream: see the view Upstream")
    elif upstream.cut:
        notes.append(cut_note(upstream))
        after = [at for at, done, _ in marks if done > len(upstream.body)]
        if after:
            rest = size(upstream.size - len(upstream.body))
            notes.append(f"{rest} more came until {after[-1]:.3f} s")
    if client is not None and client.cut:
        notes.append(f"of what the client got, {cut_note(client)}")
    if error := facts.text(recorded, "outcome", "error"):
        notes.append(error)
    shown = [paragraph(f"{WARN} {note}", indent=2) for note in notes]
    return ["", *(line for lines in shown for line in lines)] if notes else []

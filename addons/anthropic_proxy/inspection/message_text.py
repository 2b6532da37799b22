"""One message, as it would be written down: its line, its headers, its body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..wire import sse
from .answers import Answer, answer_of
from .bodies import Body, read
from .json_text import compact, folded, json_lines, value_line
from .recorded import Message
from .text import (
    FOLDED,
    WARN,
    WIDTH,
    clean,
    columns,
    hanging,
    heading,
    one_line,
    padded,
    paragraph,
    plural,
    shortened,
    size,
    wrapped,
)

MAX_EVENTS: Final = 20_000
_WORTH_SAYING_ONCE: Final = 40  # characters
_MAX_HEADER: Final = 4_000  # characters of one value


def message_lines(title: str, message: Message | None, absent: str) -> list[str]:
    """A message under a heading; ``absent`` says why there is none."""
    lines = heading(title)
    if message is None:
        return [*lines, *paragraph(absent)]
    lines += wrapped(one_line(message.line), WIDTH)
    for name, value in message.headers:
        lines += _header(one_line(name), one_line(value))
    return [*lines, "", *body_lines(message)]


def body_lines(message: Message) -> list[str]:
    """A body, and what is odd about it in front."""
    body = read(message)
    lines = [*paragraph(f"{WARN} {body.note}", indent=2), ""] if body.note else []
    if body.kind == "empty":
        return [*lines, "(no body)"]
    if body.kind == "json":
        return [*lines, *json_lines(body.document)]
    if body.kind == "events":
        return [*lines, *_assembled(answer_of(body), body), *_events(body)]
    return [*lines, *raw_lines(message.body)]


def raw_lines(data: bytes) -> list[str]:
    """Bytes as text; what is no UTF-8 is spelt out."""
    text = clean(data.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))
    lines = text.split("\n")
    return [piece for line in lines for piece in wrapped(line, WIDTH)]


def assembled_lines(answer: Answer) -> list[str]:
    """What a stream says when it is put together."""
    rows = [(part.label, _content(part.text)) for part in answer.parts]
    if answer.ended:
        rows.append(("ended with", answer.ended))
    if answer.error is not None:
        rows.append(("error", value_line(compact(answer.error))))
    lines = []
    width = max((columns(one_line(label)) for label, _ in rows), default=0)
    for label, text in rows:
        head = padded(one_line(label), width)
        for line in _paragraphs(text, WIDTH - width - 4):
            lines.append(f"  {head}  {line}".rstrip())
            head = " " * width
    return lines


def _assembled(answer: Answer, body: Body) -> list[str]:
    title = f"Put together from {plural(len(body.events), 'event')}"
    if not answer.complete:
        title += f", {WARN} the stream did not come to its end"
    return [title, *assembled_lines(answer), ""]


def _events(body: Body) -> list[str]:
    shown = body.events[:MAX_EVENTS]
    digits = len(str(len(shown)))
    lines, same = ["Events, as they came"], _common_start(shown)
    if same:
        lines += hanging(f"  each begins with  {value_line(same)}", 20)
    for number, event in enumerate(shown, 1):
        head = f"  {number:>{digits}}  "
        lines += hanging(head + _event_text(event, same), len(head))
    if len(body.events) > len(shown):
        left_out = len(body.events) - len(shown)
        lines.append(f"  {FOLDED} {plural(left_out, 'more event')}")
    return lines


def _common_start(events: Sequence[sse.Event]) -> str:
    """The members that all chunks of a stream begin with: id, model and the like."""
    chunks = [event.data for event in events if event.data[:1] == "{"]
    if len(chunks) < 2:
        return ""
    first, last = min(chunks), max(chunks)  # what they share, all between them share
    pairs = enumerate(zip(first, last, strict=False))
    differs = next((place for place, (a, b) in pairs if a != b), len(first))
    same = first[: first.rfind(",", 0, differs) + 1]
    return same if len(same) >= _WORTH_SAYING_ONCE else ""


def _event_text(event: sse.Event, same: str) -> str:
    if same and event.data.startswith(same):
        data = f"… {value_line(event.data[len(same) :].lstrip())}"
    else:
        data = value_line(event.data)
    return data if event.name == "message" else f"{one_line(event.name)}  {data}"


def _content(text: str) -> str:
    return text or "(empty)"


def _paragraphs(text: str, width: int) -> list[str]:
    lines = clean(folded(text)).expandtabs(4).split("\n")
    return [piece for line in lines for piece in wrapped(line, width)]


def _header(name: str, value: str) -> list[str]:
    if len(value) > _MAX_HEADER:
        value = f"{shortened(value, _MAX_HEADER)} ({size(len(value))})"
    return hanging(f"{name}: {value}", min(columns(name) + 2, 40))

"""Text for people: tables, bars, numbers, and nothing that could harm a terminal."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final

WIDTH: Final = 110
"""Columns that a line may fill; longer ones are broken."""
WARN: Final = "⚠"
WRONG: Final = "✗"
FOLDED: Final = "⋮"
RULE: Final = "──"
"""How a heading begins."""

# Control characters, and what turns the direction of text or cannot be encoded.
# Zero-width joiners stay: emoji and several scripts need them.
_HARMFUL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff]"
)
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def clean(text: str) -> str:
    """``text`` with harmful characters spelt out; tabs and line ends stay."""
    return _HARMFUL.sub(_spelt, text)


def one_line(value: Any) -> str:
    """``value`` as clean text on one line; None is a dash."""
    if value is None:
        return "–"
    return clean(" ".join(str(value).split()))


def quoted(text: str, limit: int) -> str:
    """A string's beginning in quotes, its line ends as ``\\n``, for a table's cell."""
    piece = text[: limit + 1].replace("\n", "\\n").replace("\t", "\\t")
    return f'"{shortened(clean(piece), limit)}"'


def shortened(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` columns; what is missing is an ellipsis."""
    if fits(text, limit):
        return text
    piece = text[: _fitting(text, 0, limit - 1)]
    return f"{piece if fits(piece, limit - 1) else ''}…"


def columns(text: str) -> int:
    """Columns that ``text`` fills on a screen with fixed pitch."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def fits(text: str, width: int) -> bool:
    """Whether ``text`` fills no more columns than ``width``; quick for long texts."""
    return _fitting(text, 0, width) == len(text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """``text`` filled up with spaces, at its left when ``right`` is wanted."""
    space = " " * (width - columns(text))
    return space + text if right else text + space


def wrapped(text: str, width: int, *, further: int = 0) -> list[str]:
    """``text`` in lines of at most ``width`` columns, broken at spaces where it can.

    Nothing is left out: put together, the lines are the text.

    Args:
        further: the width of all lines but the first, if that is another.
    """
    lines, at, room = [], 0, width
    while (end := _fitting(text, at, room)) < len(text):
        space = text.rfind(" ", at + room // 3, end)
        stop = max(end, at + 1) if space < 0 else space + 1
        lines.append(text[at:stop])
        at, room = stop, further or width
    return [*lines, text[at:]]


def hanging(text: str, indent: int) -> list[str]:
    """``text`` in lines that fit, all but the first one indented."""
    if fits(text, WIDTH):
        return [text]
    first, *rest = wrapped(text, WIDTH, further=WIDTH - indent)
    return [first, *(" " * indent + line for line in rest)]


def text_of(*parts: Iterable[str]) -> str:
    """Lines put together; blank ones at the beginning and the end are left out.

    What a stranger's values have made too long for its place goes on in a next line.
    """
    lines = (hanging(line, 4) for part in parts for line in part)
    return "\n".join(one for some in lines for one in some).strip("\n")


def paragraph(text: str, *, indent: int = 0) -> list[str]:
    """A sentence or more in lines that fit, all but the first one indented."""
    return [line.rstrip() for line in hanging(one_line(text), indent)]


def heading(title: str) -> list[str]:
    """A title in a rule, between blank lines."""
    head = f"{RULE} {one_line(title)} "
    return ["", head + "─" * max(2, 78 - columns(head)), ""]


def table(
    rows: Iterable[Sequence[Any]],
    caps: Sequence[int],
    *,
    head: Sequence[str] = (),
    right: Iterable[int] = (),
    indent: int = 2,
) -> list[str]:
    """Rows in aligned columns.

    Args:
        caps: The most that each column but the last may fill; the last one takes what
            is left of ``WIDTH``. Longer cells go on in the next line.
        head: Titles of the columns, none wider than its column may be.
        right: Columns that are aligned on their right.
    """
    cells = [[one_line("" if cell is None else cell) for cell in row] for row in rows]
    if head and cells:
        cells.insert(0, list(head))
    if not cells:
        return []
    widths = [
        min(cap, max(columns(row[place]) for row in cells))
        for place, cap in enumerate(caps)
    ]
    widths.append(max(20, WIDTH - indent - sum(width + 2 for width in widths)))
    aligned = frozenset(right)
    lines = [line for row in cells for line in _row(row, widths, aligned, indent)]
    if head:
        ruled = ("─" * columns(title) for title in head)
        lines[1:1] = _row(list(ruled), widths, aligned, indent)
    return lines


def _row(
    row: Sequence[str], widths: Sequence[int], right: frozenset[int], indent: int
) -> list[str]:
    parts = [wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, parts))):
        cells = [
            padded(part[number] if number < len(part) else "", width, right=at in right)
            for at, (part, width) in enumerate(zip(parts, widths, strict=True))
        ]
        lines.append((" " * indent + "  ".join(cells)).rstrip())
    return lines


def pairs(rows: Iterable[tuple[str, Any]], *, cap: int = 28) -> list[str]:
    """Names and values, aligned."""
    return table(rows, [cap])


def bar(share: float, width: int = 20) -> str:
    """A share between 0 and 1 as a bar; what is not nothing shows at least a line."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if share > 0:
        eighths = max(1, eighths)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + _EIGHTHS[rest]).rstrip()


def count(value: int) -> str:
    """A whole number with separators."""
    return f"{value:,}"


def plural(number: int, noun: str) -> str:
    """``1 event``, ``2 events``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(octets: int) -> str:
    """A number of bytes, in the unit that people would choose."""
    if octets < 10_000:
        return plural(octets, "byte")
    if octets < 1_000_000:
        return f"{octets / 1000:.1f} kB"
    return f"{octets / 1_000_000:.1f} MB"


def seconds(value: float) -> str:
    """A duration."""
    return f"{value * 1000:.0f} ms" if value < 0.9995 else f"{value:.2f} s"


def percent(share: float) -> str:
    """A share between 0 and 1."""
    return f"{share * 100:.1f} %"


def _spelt(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


@functools.lru_cache(maxsize=4096)
def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fitting(text: str, at: int, width: int) -> int:
    """Where the longest piece from ``at`` ends that fits."""
    piece = text[at : at + width]
    if not piece.isascii():
        room = width
        for place, character in enumerate(piece, at):
            room -= _columns_of(character)
            if room < 0:
                return place
    return at + len(piece)

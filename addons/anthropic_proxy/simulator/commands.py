"""Commands in the last user text: ``[[tool get_weather {"city": "Paris"}]]``.

They script the answer. What looks like a command but is none stays ordinary text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from .api_error import ApiError

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "text": ("[[text Hello.]]", "answer with this text"),
    "echo": ("[[echo]]", "answer with the request's body as JSON text"),
    "json": ('[[json {"a": 1}]]', "answer with this JSON as text"),
    "long": ("[[long 500]]", "answer with 500 words, streamed in as many deltas"),
    "tool": (
        '[[tool get_weather {"city": "Paris"}]]',
        "call a tool; several commands are parallel calls; JSON may be left out",
    ),
    "thinking": ("[[thinking Hm.]]", "think this; shown when thinking is displayed"),
    "redacted": ("[[redacted]]", "a redacted_thinking block"),
    "citations": ("[[citations]]", "a text with two citations of search results"),
    "web_search": (
        "[[web_search mitmproxy]]",
        "server_tool_use and web_search_tool_result blocks, then a cited text",
    ),
    "pause_turn": ("[[pause_turn 2]]", "pause twice before the answer is finished"),
    "refusal": ("[[refusal]], [[refusal partial]]", "refuse, at once or half-way"),
    "stop": ("[[stop max_tokens]]", "end with this stop_reason"),
    "usage": (
        "[[usage input_tokens=5 cache_read_input_tokens=3]]",
        "report these numbers",
    ),
    "error": (
        "[[error 429 retry-after=1 code=ramp_limit_exceeded times=2]], "
        "[[error html 502]]",
        "answer with an error; with times=2 only to the first two such requests",
    ),
    "error-midstream": (
        "[[error-midstream overloaded_error after=4]]",
        "an error event in place of the fifth; an HTTP error when not streaming",
    ),
    "cut": (
        "[[cut after=3]], [[cut after=100b]]",
        "close the connection after 3 events, or 100 bytes of the body",
    ),
    "silent": (
        "[[silent]], [[silent after=3]]",
        "never answer, or fall silent after 3 events",
    ),
    "slow": ("[[slow 50ms]]", "wait between events, or before a JSON answer"),
    "ping": ("[[ping]]", "a ping after every delta"),
    "unknown-event": ("[[unknown-event]]", "events and deltas of unknown types"),
    "chunks": ("[[chunks 7]]", "write the stream in pieces of 7 bytes"),
    "crlf": ("[[crlf]]", "end lines with CR LF, and add comments"),
    "garbage": ("[[garbage]]", "an event, or a body, that is not JSON"),
    "truncate-json": ("[[truncate-json]]", "JSON that stops in the middle"),
}
"""Name to usage and meaning. ``GET /simulator/help`` prints this table."""

_START: Final = re.compile(r"\[\[\s*([a-z][a-z_-]*)(?=[\s\]])\s*")
_WITH_JSON: Final = {"tool": re.compile(r"[\w.-]+\s*"), "json": re.compile("")}
_JSON: Final = json.JSONDecoder()


class Command(NamedTuple):
    """One command as written."""

    name: str
    argument: str
    value: Any = None
    """The JSON that ``tool`` and ``json`` carry; None when there is none."""

    @property
    def words(self) -> list[str]:
        """The argument's words that are not options."""
        return [word for word in self.argument.split() if "=" not in word]

    @property
    def options(self) -> dict[str, str]:
        """The argument's ``key=value`` words."""
        words = (word for word in self.argument.split() if "=" in word)
        return dict(word.split("=", 1) for word in words)

    def number(self, text: str, default: int | None = None) -> int:
        """A count out of the argument.

        Raises:
            ApiError: not a number, and no default for an empty text.
        """
        if not text and default is not None:
            return default
        try:
            return int(text)
        except ValueError:
            raise self.misuse() from None

    def misuse(self) -> ApiError:
        """The answer to a command that cannot be read: a 400 with its usage."""
        usage = COMMANDS[self.name][0]
        text = f"simulator: cannot read [[{self.name} {self.argument}]]"
        return ApiError(400, f"{text}; use {usage}")


def parse(text: str) -> tuple[list[Command], str]:
    """The commands in ``text``, in order, and the text without them."""
    commands: list[Command] = []
    plain: list[str] = []
    at = 0
    while (start := _START.search(text, at)) is not None:
        found = _command(text, start)
        if found is None:
            plain.append(text[at : start.end()])
            at = start.end()
            continue
        command, end = found
        plain.append(text[at : start.start()])
        commands.append(command)
        at = end
    plain.append(text[at:])
    return commands, "".join(plain).strip()


def _command(text: str, start: re.Match[str]) -> tuple[Command, int] | None:
    name = start[1]
    if name not in COMMANDS:
        return None
    head = _WITH_JSON[name].match(text, start.end()) if name in _WITH_JSON else None
    if head is not None and text[head.end() : head.end() + 1] in ("{", "["):
        try:
            value, end = _JSON.raw_decode(text, head.end())
        except ValueError:
            return _plain_command(text, start)
        closing = re.compile(r"\s*\]\]").match(text, end)
        if closing is not None:
            return Command(name, head[0].strip(), value), closing.end()
    return _plain_command(text, start)


def _plain_command(text: str, start: re.Match[str]) -> tuple[Command, int] | None:
    end = text.find("]]", start.end())
    if end < 0:
        return None
    return Command(start[1], text[start.end() : end].strip()), end + 2


def help_text() -> str:
    """The table for people."""
    lines = ["Commands in the last user message script the answer:", ""]
    for usage, meaning in COMMANDS.values():
        lines += [f"  {usage}", f"      {meaning}"]
    return "\n".join(lines) + "\n"

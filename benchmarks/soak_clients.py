"""Clients of both APIs that judge what they get, and some that leave in the middle."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from .prompts import CHAT, MESSAGES, Prompt, Route, request
from .soak_upstream import GOOD, JSON_FAULTS, STREAM_FAULTS, mark

Outcome = Literal["answered", "failed", "left", "wrong"]
"""``failed``: the client was told so. ``wrong``: it was told something untrue, nothing
that HTTP allows, or nothing at all."""

ANSWER_SECONDS: Final = 60.0
_FAULTY: Final = 0.5
_LEAVING: Final = 0.1
_CLOSING: Final = 0.05
_PIPELINED: Final = 0.1
_MOST_PIPELINED: Final = 4


class Broken(Exception):
    """What came is not HTTP, or ended too soon."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, and what is to become of it."""

    route: Route
    stream: bool
    fault: str
    leaves: float | None = None
    """Seconds after which the client is gone."""
    closes: bool = False
    """It says ``connection: close``."""

    def __str__(self) -> str:
        streamed = " streamed" if self.stream else ""
        return f"{self.route.path}{streamed}, fault {self.fault}"

    @property
    def expected(self) -> Outcome:
        """What the client has to be told."""
        passes = self.fault == "bad-event" and self.route is MESSAGES
        return "answered" if self.fault in GOOD or passes else "failed"

    @property
    def raw(self) -> bytes:
        """The bytes that are sent."""
        data = request(self.route, Prompt(f"Go. {mark(self.fault)}", self.stream))
        data = data.replace(b'"max_tokens":1024', b'"max_tokens":16  ')
        if self.closes:
            data = data.replace(b"connection: keep-alive", b"connection: close")
        return data


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as HTTP has it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_last(self) -> bool:
        """Whether the server said that nothing more comes on this connection."""
        return self.headers.get("connection", "").lower() == "close"


def plan(whole: int, streams: int, seed: int) -> Iterator[Ask]:
    """That many requests of each sort, mixed, the same for the same seed."""
    dice = random.Random(seed)
    sorts = [False] * whole + [True] * streams
    dice.shuffle(sorts)
    for stream in sorts:
        faults = STREAM_FAULTS if stream else JSON_FAULTS
        fault = dice.choice(faults) if dice.random() < _FAULTY else "none"
        if fault.startswith("silent") and dice.random() < 0.8:
            fault = "none"  # each costs a timeout's time
        leaves = dice.uniform(0, 0.3) if dice.random() < _LEAVING else None
        route = dice.choice((CHAT, MESSAGES))
        yield Ask(route, stream, fault, leaves, dice.random() < _CLOSING)


def judged(ask: Ask, answer: Answer) -> Outcome:
    """What the client of ``ask`` makes of an answer."""
    told: Outcome | None
    if answer.status != 200:
        told = "failed" if _is_error(ask.route, answer) else None
    elif ask.stream:
        told = _of_stream(ask.route, answer)
    else:
        told = _of_document(ask.route, answer.body)
    return told if told == ask.expected else "wrong"


def _is_error(route: Route, answer: Answer) -> bool:
    """Whether it is a refusal. OpenAI's clients get JSON whatever upstream sent."""
    value = _json(answer.body)
    readable = isinstance(value, dict) and isinstance(value.get("error"), dict)
    return answer.status >= 400 and (readable or route is MESSAGES)


def _of_document(route: Route, body: bytes) -> Outcome:
    value = _json(body)
    if not isinstance(value, dict):
        return "failed"  # a native answer that is none, passed on as it came
    if route is MESSAGES:
        return "answered" if value.get("stop_reason") == "end_turn" else "failed"
    finish = [choice["finish_reason"] for choice in value["choices"]]
    return "answered" if finish == ["stop"] else "failed"


def _of_stream(route: Route, answer: Answer) -> Outcome | None:
    """None: neither whole nor ended by an error, or both."""
    if not answer.headers.get("content-type", "").startswith("text/event-stream"):
        return None
    data = [
        line.removeprefix(b"data: ")
        for line in answer.body.split(b"\n")
        if line.startswith(b"data: ")
    ]
    values = [_json(piece) for piece in data]
    failed = [isinstance(value, dict) and bool(value.get("error")) for value in values]
    if route is CHAT:
        ends = [piece == b"[DONE]" for piece in data]
    else:
        ends = [_type(value) == "message_stop" for value in values]
    if sum(failed) + sum(ends) != 1 or not (failed[-1] or ends[-1]):
        return None
    return "failed" if failed[-1] else "answered"


def _type(value: Any) -> Any:
    return value.get("type") if isinstance(value, dict) else None


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


class Client:
    """One connection after the other, until the plan is through."""

    def __init__(self, port: int, dice: random.Random) -> None:
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()
        """By kind of request and outcome."""
        self.wrong: list[str] = []
        """What was wrong, for whoever has to find out why."""
        self._port = port
        self._dice = dice
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def run(self, asks: deque[Ask]) -> None:
        """Take from ``asks``, which others take from as well, while there are any."""
        while asks:
            batch = [asks.popleft()]
            if self._dice.random() < _PIPELINED:
                while asks and len(batch) < _MOST_PIPELINED:
                    batch.append(asks.popleft())
            asks.extend(await self._sent(batch))
        self._hang_up()

    async def _sent(self, batch: Sequence[Ask]) -> Sequence[Ask]:
        """Send them at once; those that the end of the connection left unanswered."""
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._port
            )
        self._writer.write(b"".join(ask.raw for ask in batch))
        for number, ask in enumerate(batch, 1):
            outcome, open_ = await self._one(ask)
            kind = f"{ask.route.path}{' streamed' if ask.stream else ''}"
            self.outcomes[kind, outcome] += 1
            if not open_:
                return batch[number:]
        return ()

    async def _one(self, ask: Ask) -> tuple[Outcome, bool]:
        """What became of it, and whether the connection can still be used."""
        try:
            async with asyncio.timeout(ask.leaves or ANSWER_SECONDS):
                answer = await self._read()
        except TimeoutError:
            self._hang_up()
            if ask.leaves is not None:
                return "left", False
            return self._note(ask, "no answer"), False
        except (Broken, OSError) as wrong:
            self._hang_up()
            return self._note(ask, repr(wrong)), False
        outcome = judged(ask, answer)
        if outcome == "wrong":
            self._note(ask, repr(answer))
        open_ = not (answer.is_last or ask.closes)
        if not open_:
            self._hang_up()
        return outcome, open_

    def _note(self, ask: Ask, what: str) -> Outcome:
        self.wrong.append(f"{ask}: {what}")
        return "wrong"

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _read(self) -> Answer:
        """The next answer.

        Raises:
            Broken: it is not HTTP, or not all of it came.
        """
        assert self._reader is not None
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").rstrip().split("\r\n")
            pairs = (line.partition(":") for line in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            return Answer(int(first.split(" ")[1]), headers, await self._body(headers))
        except (
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
        ) as cut:
            raise Broken(repr(cut)) from None

    async def _body(self, headers: dict[str, str]) -> bytes:
        assert self._reader is not None
        if headers.get("transfer-encoding") != "chunked":
            return await self._reader.readexactly(int(headers["content-length"]))
        body = b""
        while True:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            data = await self._reader.readexactly(size + 2)
            if not size:
                return body
            body += data[:-2]

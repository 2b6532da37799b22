"""``--workers N``: one port, N processes, and a parent that looks after them.

The parent opens the port and forks the workers, which take connections from the same
listening socket: whoever is free takes the next. With ``SO_REUSEPORT`` each would have
a socket of its own: the system would deal connections out by a hash, those that wait in
line would be lost with their worker, and it is not on every system. What is loaded once
is shared too. The parent itself never serves.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Final

from .restarts import Restarts
from .worker import SharedSocket, Worker

KILL_SECONDS: Final = 5.0
"""What a worker may take for its end, beyond the time that requests have."""

_STOPPING: Final = ("SIGTERM", "SIGINT", "SIGHUP")

logger = logging.getLogger(__name__)


def is_supported() -> bool:
    """Whether this system can make workers; Windows cannot."""
    return "fork" in multiprocessing.get_all_start_methods()


@dataclass(slots=True)
class _Child:
    """A worker, as its parent sees it."""

    number: int
    process: ForkProcess
    started: float
    """Monotonic seconds."""
    news: Connection | None
    """Gets a message when the worker serves; None when it has come."""

    def __str__(self) -> str:
        return f"worker {self.number} (process {self.process.pid})"


class Workers:
    """The parent of ``count`` workers."""

    def __init__(
        self,
        count: int,
        listening: Sequence[SharedSocket],
        serve: Callable[[Worker], None],
        drain_seconds: float,
    ) -> None:
        """``serve`` runs in each worker; a SIGTERM ends it within ``drain_seconds``.

        ``listening``: the sockets that all take connections from.
        """
        self._count = count
        self._listening = tuple(listening)
        self._serve = serve
        self._patience = drain_seconds + KILL_SECONDS
        self._fork = multiprocessing.get_context("fork")
        self._children: list[_Child] = []
        self._numbers = 0
        self._restarts = Restarts()
        self._complete = False  # whether all have been there once
        self._kill_at: float | None = None  # monotonic seconds; None: not stopping
        self._exit_code = 0
        self._alive = os.pipe()  # its end tells the workers that the parent is gone

    def run(self) -> int:
        """Until a signal says stop; the exit code."""
        gc.collect()
        gc.freeze()  # what is there now is shared, and stays so
        with _Signals() as signals:
            try:
                while self._kill_at is None or self._children:
                    self._start_the_missing(signals)
                    self._wait(signals)
                    for _ in range(signals.taken()):  # a second one is for haste
                        self._stop()
                    self._look()
            finally:
                for child in self._children:  # none, but after an error of ours
                    child.process.terminate()
        return self._exit_code

    # -- beginning -----------------------------------------------------------------

    def _start_the_missing(self, signals: _Signals) -> None:
        while (
            self._kill_at is None
            and len(self._children) < self._count
            and time.monotonic() >= self._restarts.next_start
            and not self._first_is_alone
        ):
            self._numbers += 1
            receiving, sending = self._fork.Pipe(duplex=False)
            worker = Worker(self._numbers, self._listening, sending, self._alive[0])
            process = self._fork.Process(target=self._begin, args=(worker, signals))
            with signals.held_back():
                process.start()
            sending.close()
            began = time.monotonic()
            self._children.append(_Child(worker.number, process, began, receiving))

    def _begin(self, worker: Worker, signals: _Signals) -> None:
        """In the new process."""
        os.setpgid(0, 0)  # Ctrl-C is for the parent, which passes it on once
        os.close(self._alive[1])
        for other in self._children:
            if other.news is not None:
                other.news.close()
        signals.forget()
        self._serve(worker)

    @property
    def _first_is_alone(self) -> bool:
        """Until the first one serves: what is wrong with the settings is said once."""
        return self._numbers == 1 and not self._restarts.anyone_served

    # -- waiting -------------------------------------------------------------------

    def _wait(self, signals: _Signals) -> None:
        """Until there is a signal, a worker serves or ends, or it is time."""
        moment = self._kill_at
        is_one_missing = len(self._children) < self._count
        if moment is None and is_one_missing and not self._first_is_alone:
            moment = self._restarts.next_start
        timeout = None if moment is None else max(0.0, moment - time.monotonic())
        events: list[Connection | socket.socket | int] = [signals.woken]
        for child in self._children:
            events.append(child.process.sentinel)
            if child.news is not None:
                events.append(child.news)
        wait(events, timeout)

    def _stop(self) -> None:
        if self._kill_at is None:
            self._kill_at = time.monotonic() + self._patience
            for one in self._listening:
                one.close()  # so that it is free when the workers have closed theirs
        for child in self._children:
            child.process.terminate()

    # -- what has become of them ---------------------------------------------------

    def _look(self) -> None:
        for child in list(self._children):
            if child.news is not None and child.news.poll():
                self._hear(child)
            if child.process.exitcode is not None:
                self._children.remove(child)
                self._ended(child, child.process.exitcode)
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._kill_at = time.monotonic() + KILL_SECONDS
            for child in self._children:
                logger.warning("%s does not end and is killed", child)
                child.process.kill()

    def _hear(self, child: _Child) -> None:
        """It serves, or its end is near."""
        assert child.news is not None
        try:
            child.news.recv_bytes()
        except EOFError:
            child.process.join()
            return
        child.news.close()
        child.news = None
        self._restarts.serves()
        ready = [other for other in self._children if other.news is None]
        if not self._complete and len(ready) == self._count:
            self._complete = True
            pids = ", ".join(str(other.process.pid) for other in ready)
            logger.info("%d workers serve, as processes %s", self._count, pids)

    def _ended(self, child: _Child, code: int) -> None:
        served = child.news is None
        if child.news is not None:
            child.news.close()
        if self._kill_at is not None:
            if code not in (0, -signal.SIGTERM):
                self._exit_code = 1
                logger.warning("%s %s", child, _how(code))
            return
        now = time.monotonic()
        self._restarts.ended(now, lived=now - child.started, served=served)
        if not self._restarts.hopeless:
            logger.warning("%s %s; another one takes its place", child, _how(code))
            return
        logger.error("%s %s before it served; giving up", child, _how(code))
        self._exit_code = code if code > 0 else 1
        self._stop()


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    names = {known.value: known.name for known in signal.Signals}
    return f"was ended by {names.get(-code, f'signal {-code}')}"


class _Signals:
    """Signals that ask for the end, to be waited for together with other events."""

    def __init__(self) -> None:
        self.woken, self._waker = socket.socketpair()
        self._received: list[int] = []
        named = [getattr(signal, name) for name in _STOPPING]
        # One that is ignored stays so: that is what nohup is for.
        self._numbers = [n for n in named if signal.getsignal(n) is not signal.SIG_IGN]

    def __enter__(self) -> _Signals:
        for end in (self.woken, self._waker):
            end.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno())
        for number in self._numbers:
            signal.signal(number, lambda number, _: self._received.append(number))
        return self

    def __exit__(self, *_: object) -> None:
        self.forget()

    def taken(self) -> int:
        """How many have come since this was asked last."""
        with suppress(BlockingIOError):
            self.woken.recv(4096)
        received, self._received = self._received, []
        return len(received)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """None is lost between a fork and ``forget`` in the new process."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._numbers)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._numbers)

    def forget(self) -> None:
        """As a program has them that begins."""
        signal.set_wakeup_fd(-1)
        for number in self._numbers:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._numbers)
        self.woken.close()
        self._waker.close()


def bound_sockets(host: str, port: int) -> list[SharedSocket]:
    """As asyncio binds them, which mitmproxy leaves it to; nobody listens yet.

    Raises:
        OSError: the port is taken, or the address is not ours.
    """

    async def bind() -> list[SharedSocket]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            asyncio.Protocol, host, port, start_serving=False
        )
        found = [SharedSocket(fileno=one.dup().detach()) for one in server.sockets]
        server.close()
        return found

    return asyncio.run(bind())

"""What a worker does besides serving: it tells its parent, and ends when that ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

from mitmproxy import ctx, exceptions
from mitmproxy.proxy.mode_servers import ReverseInstance

_ONE_FILE: Final = {"save_stream_file": "-w", "hardump": "--set hardump"}
"""Options by which all workers would write over each other's file."""

_IN_LINE: Final = 1024
"""Connections that wait to be taken; the system has a limit of its own."""


class SharedSocket(socket.socket):
    """What all workers take connections from.

    asyncio takes as many connections in one go as it lets wait in line, so one worker
    would get all that come at once. It is told that one may wait (``listen_on``), and
    here the line is as long as it should be.
    """

    def listen(self, backlog: int = _IN_LINE) -> None:
        """Whatever ``backlog`` says."""
        super().listen(_IN_LINE)


@dataclass(frozen=True, slots=True)
class Worker:
    """A number among the workers, and the ties to their parent."""

    number: int
    """From 1; a replacement gets a new one."""
    listening: Sequence[SharedSocket]
    parent_hears: Connection
    parent_lives: int
    """A pipe that comes to its end when the parent does."""


class WorkerAddon:
    """One of mitmproxy's addons, in the master of a worker."""

    name = "anthropic_proxy_worker"

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def configure(self, updated: set[str]) -> None:
        """Refuse what only one process can do.

        Raises:
            OptionsError: naming the flag.
        """
        for option, flag in _ONE_FILE.items():
            if getattr(ctx.options, option, None):
                raise exceptions.OptionsError(
                    f"--workers: several processes cannot write one file ({flag}). "
                    "Start with --workers 1."
                )
        if len(ctx.options.mode) > 1:
            raise exceptions.OptionsError(
                "--workers: there is one address for all workers, and --mode adds "
                "another. Start with --workers 1."
            )

    def running(self) -> None:
        """Tell the parent, and watch it."""
        self._worker.parent_hears.send_bytes(b"ready")
        self._worker.parent_hears.close()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._worker.parent_lives, self._stop)

    def _stop(self) -> None:
        """The parent is gone: end as if it had asked for it."""
        asyncio.get_running_loop().remove_reader(self._worker.parent_lives)
        os.kill(os.getpid(), signal.SIGTERM)


def listen_on(sockets: Sequence[SharedSocket]) -> None:
    """Take connections from these instead of opening the port of a reverse mode.

    mitmproxy has no option for that, so its method is replaced, for this process.
    """

    async def listen(
        self: ReverseInstance, host: str, port: int
    ) -> list[asyncio.Server]:
        return [
            await asyncio.start_server(self.handle_stream, sock=one, backlog=1)
            for one in sockets
        ]

    setattr(ReverseInstance, "listen", listen)  # noqa: B010 - mypy forbids the other

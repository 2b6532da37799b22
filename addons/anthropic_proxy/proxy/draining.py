"""A clean stop: requests under way are finished, or told why they are not.

mitmproxy's own stop drops every connection where it is, and a stream that is dropped
looks like a network that failed.
"""

from __future__ import annotations

import asyncio
import logging
import math
import signal
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakSet

from mitmproxy import ctx
from mitmproxy.log import ALERT

from .direct_layer import DirectLayer
from .waiting import Stop

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.05
CLOSE_SECONDS: Final = 1.0
"""How long closing the connections may take once their requests have ended."""


class Draining:
    """Takes the signals that stop the program, and stops it when nothing is live."""

    def __init__(self, seconds: Callable[[], float], begin: Callable[[], None]) -> None:
        """``begin`` is called once, when the stop begins."""
        self._seconds = seconds
        self._begin = begin
        self._layers: WeakSet[DirectLayer] = WeakSet()
        self._task: asyncio.Task[None] | None = None

    def watch(self, layer: DirectLayer) -> None:
        """Requests on this connection are waited for."""
        self._layers.add(layer)

    def install(self) -> None:
        """In place of mitmproxy's handlers; the console's Ctrl-C stays its own."""
        loop = asyncio.get_running_loop()
        signals = [signal.SIGTERM]
        if not hasattr(ctx.master, "prompt_for_exit"):
            signals.append(signal.SIGINT)
        try:
            for number in signals:
                loop.add_signal_handler(number, self._signalled)
        except (NotImplementedError, RuntimeError):
            # Windows, or not the main thread (a test): mitmproxy's own stop remains.
            return

    def _signalled(self) -> None:
        if self._task is not None:  # asked again: at once
            ctx.master.shutdown()
            return
        self._begin()
        self._task = asyncio.create_task(self._stop())

    async def _stop(self) -> None:
        server = ctx.master.addons.get("proxyserver")
        await server.servers.update([])  # no new connections
        await self._wait_for_requests(self._seconds())
        if live := self._live():
            logger.log(ALERT, "Stopping with %d requests under way.", live)
            await self._end_requests(server.connections)
        await _close(server.connections)
        ctx.master.shutdown()

    def _live(self) -> int:
        return sum(len(layer.streams) for layer in self._layers)

    async def _wait_for_requests(self, seconds: float) -> None:
        if not (live := self._live()) or not seconds:
            return
        logger.log(
            ALERT,
            "Waiting up to %g seconds for %d requests; stop again to stop at once.",
            seconds,
            live,
        )
        await _until(lambda: not self._live(), seconds)

    async def _end_requests(self, connections: dict[Any, Any]) -> None:
        for layer in list(self._layers):
            handler = connections.get(layer.context.client.id)
            if handler is not None and layer.streams:
                await handler.server_event(Stop())


async def _close(connections: dict[Any, Any]) -> None:
    for handler in list(connections.values()):
        if handler.client in handler.transports:
            handler.close_connection(handler.client)
    await _until(lambda: not connections, CLOSE_SECONDS)


async def _until(done: Callable[[], bool], seconds: float) -> None:
    for _ in range(math.ceil(seconds / LOOK_SECONDS)):
        if done():
            return
        await asyncio.sleep(LOOK_SECONDS)

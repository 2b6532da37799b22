"""The stand-in as a server: in a running event loop, or in a thread of its own."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from tornado.httpserver import HTTPServer
from tornado.routing import URLSpec
from tornado.web import Application, RequestHandler

from . import handlers
from .answer import Memory
from .profile import Profile
from .recorder import RecordedRequest

_MAX_BODY_BYTES: Final = 256 * 1024 * 1024
"""What tornado reads; the API's own limit, a 413, is the profile's."""

Route = tuple[str, type[RequestHandler], dict[str, Any]]
"""Pattern of a path, a handler, and what its ``initialize`` is given."""

_HANDLERS: Final = (
    (r"/v1/messages", handlers.Messages),
    (r"/v1/messages/count_tokens", handlers.CountTokens),
    (r"/v1/models", handlers.Models),
    (r"/v1/models/([^/]+)", handlers.Model),
    (r"/simulator/help", handlers.Help),
    (r"/simulator/requests", handlers.Requests),
    (r"/simulator/expire", handlers.Expire),
)


def _now() -> datetime:
    return datetime.now(UTC)


class Simulator:
    """One stand-in. ``start`` and ``stop`` belong to the loop it runs in.

    Args:
        port: 0 takes any free one.
        pace_s: seconds between the events of a stream, for demos that look alive.
        keep: how many requests are remembered.
        routes: more paths, tried before the usual ones.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        profile: Profile | None = None,
        pace_s: float = 0.0,
        keep: int = 1000,
        routes: Sequence[Route] = (),
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.host = host
        self.port = port
        """The bound port once ``start`` has returned."""
        self.profile = profile or Profile()
        self.pace_s = pace_s
        self.clock = clock
        self.memory = Memory()
        self.requests: list[RecordedRequest] = []
        """The last ones, oldest first."""
        self.count = 0
        """Requests ever recorded."""
        self._keep = keep
        this = {"simulator": self}
        own = ((pattern, handler, this) for pattern, handler in _HANDLERS)
        self._routes: tuple[Route, ...] = (*routes, *own)
        self._server: HTTPServer | None = None

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> int:
        """Bind and serve; the port.

        Raises:
            OSError: the port is taken.
        """
        application = Application(
            [URLSpec(*route) for route in self._routes],
            default_handler_class=handlers.NotFound,
            default_handler_args={"simulator": self},
            log_function=_log_nothing,
        )
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listening = socket.create_server((self.host, self.port), family=family)
        listening.setblocking(False)
        self.port = int(listening.getsockname()[1])
        self._server = HTTPServer(
            application,
            max_body_size=_MAX_BODY_BYTES,
            max_buffer_size=_MAX_BODY_BYTES,
            decompress_request=True,
        )
        self._server.add_socket(listening)
        return self.port

    async def stop(self) -> None:
        """Stop listening and close every connection, also those that wait."""
        if self._server is not None:
            self._server.stop()
            await self._server.close_all_connections()
            self._server = None

    def expire(self, token: str) -> None:
        """From now on this OAuth token is answered with 401."""
        expired = self.profile.expired | {token}
        self.profile = dataclasses.replace(self.profile, expired=expired)

    def record(
        self, *, method: str, path: str, headers: list[tuple[str, str]], body: bytes
    ) -> RecordedRequest:
        """Remember a request under a new id."""
        self.count += 1
        request_id = f"req_sim{self.count:020d}"
        recorded = RecordedRequest(method, path, headers, body, request_id)
        self.requests.append(recorded)
        del self.requests[: -self._keep]
        return recorded

    def forget(self, recorded: RecordedRequest) -> None:
        """Take a request back out of what is remembered."""
        self.requests.remove(recorded)


def _log_nothing(handler: RequestHandler) -> None:
    """Tests and demos read ``requests`` instead of a log."""


class SimulatorThread:
    """A stand-in in a daemon thread with its own loop, as a context manager.

    Takes the arguments of ``Simulator``. ``port`` and ``url`` hold inside ``with``.
    """

    def __init__(self, **arguments: Any) -> None:
        self.simulator = Simulator(**arguments)
        self._ready = threading.Event()
        self._failure: Exception | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leave: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    @property
    def port(self) -> int:
        """The bound port."""
        return self.simulator.port

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return self.simulator.url

    @property
    def requests(self) -> list[RecordedRequest]:
        """The last requests, oldest first."""
        return self.simulator.requests

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._leave is not None:
            self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._leave = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.simulator.start()
        except OSError as failure:
            self._failure = failure
            return
        finally:
            self._ready.set()
        await self._leave.wait()
        await self.simulator.stop()

"""An upstream on raw sockets that answers each request with a script of bytes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType


class RawUpstream:
    """Reads whole requests, records them, and hands the socket to ``script``."""

    def __init__(self, script: Callable[[socket.socket, bytes], None]) -> None:
        self._script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> RawUpstream:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(
                target=self._serve, args=(connection,), daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            buffer = b""
            while (request := self._read(connection, buffer)) is not None:
                whole, buffer = request
                self.requests.append(whole)
                try:
                    self._script(connection, whole)
                except (Hangup, OSError):
                    return

    def _read(
        self, connection: socket.socket, buffer: bytes
    ) -> tuple[bytes, bytes] | None:
        while b"\r\n\r\n" not in buffer:
            try:
                data = connection.recv(65536)
            except OSError:
                return None
            if not data:
                return None
            buffer += data
        head, _, rest = buffer.partition(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(rest) < length:
            data = connection.recv(65536)
            if not data:
                return None
            rest += data
        return head + b"\r\n\r\n" + rest[:length], rest[length:]


class Hangup(Exception):
    """Raised by a script to close the connection."""


def json_answer(
    status: int, body: bytes, *headers: bytes, reason: bytes = b"X"
) -> bytes:
    lines = [
        b"HTTP/1.1 %d %s" % (status, reason),
        b"content-type: application/json",
        b"content-length: %d" % len(body),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def stream_head(*headers: bytes) -> bytes:
    lines = [
        b"HTTP/1.1 200 OK",
        b"content-type: text/event-stream; charset=utf-8",
        b"transfer-encoding: chunked",
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def pause(seconds: float = 0.05) -> None:
    """Let what was written arrive before the next step of a script."""
    time.sleep(seconds)

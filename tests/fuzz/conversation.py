"""One connection to the proxy: bytes out, answers in."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass

ANSWER_SECONDS = 60.0
QUIET_SECONDS = 0.15
"""How long bytes that need not be a request are waited on."""


class Silence(Exception):
    """Nothing came, or not all of it."""


@dataclass(frozen=True)
class Answer:
    """One answer as HTTP has it."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool
    """Whether its end came."""


def converse(port: int, sent: bytes, *, complete: bool) -> list[Answer]:
    """Send and read.

    Args:
        complete: the bytes are one request that wants the connection closed, so that
            an answer and the end of the connection must come.

    Raises:
        Silence: they did not.
    """
    received, closed = b"", False
    deadline = time.monotonic() + ANSWER_SECONDS
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as peer:
        with contextlib.suppress(OSError):  # it may be refused before all is sent
            peer.sendall(sent)
        peer.settimeout(None if complete else QUIET_SECONDS)
        if complete:
            peer.settimeout(ANSWER_SECONDS)
        while time.monotonic() < deadline:
            try:
                data = peer.recv(1 << 20)
            except TimeoutError:
                break
            except OSError:
                data = b""
            if not data:
                closed = True
                break
            received += data
    method = sent.partition(b" ")[0]
    answers = parsed(received, closed=closed, head=method == b"HEAD")
    if complete and not (closed and answers and answers[-1].whole):
        raise Silence
    return answers


def parsed(data: bytes, *, closed: bool, head: bool) -> list[Answer]:
    """The answers in what came.

    Raises:
        ValueError: it is not HTTP.
    """
    found = []
    while data:
        top, end, data = data.partition(b"\r\n\r\n")
        if not end:
            break
        first, *lines = top.decode("latin-1").split("\r\n")
        version, status = first.split(" ")[:2]
        if version != "HTTP/1.1":
            raise ValueError(f"{first!r} is no status line")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body, data, whole = _body(headers, data, closed=closed)
        if head or status in ("204", "304"):
            body, data, whole = b"", body + data, True
        if not whole and not closed:
            break
        found.append(Answer(int(status), headers, body, whole))
    return found


def _body(
    headers: dict[str, str], data: bytes, *, closed: bool
) -> tuple[bytes, bytes, bool]:
    """The body, what follows it, and whether it is whole."""
    if headers.get("transfer-encoding") == "chunked":
        return _chunked(data)
    if "content-length" in headers:
        length = int(headers["content-length"])
        return data[:length], data[length:], len(data) >= length
    return data, b"", closed


def _chunked(data: bytes) -> tuple[bytes, bytes, bool]:
    body = b""
    while True:
        size, end, rest = data.partition(b"\r\n")
        if not end:
            return body, b"", False
        length = int(size, 16)
        body += rest[:length]
        if len(rest) < length + 2:
            return body, b"", False
        data = rest[length + 2 :]
        if not length:
            return body, data, True

"""Secrets that can be recognised anywhere, and the search for them.

A canary is found in part, too, and in the forms that text takes on its way: in a URL,
in base64 at any of its three alignments, in a zip file.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

WAIT_SECONDS = 20


def canary(name: str, *, special: bool = False) -> str:
    """24 random-looking characters, the same in every run.

    Args:
        special: with characters that URLs and base64 treat in their own ways.
    """
    core = hashlib.sha256(name.encode()).hexdigest()[:24]
    return f"{core[:11]}/+{core[11:22]}=" if special else core


class Search:
    """Looks for canaries, whole and by halves."""

    def __init__(self, canaries: Mapping[str, str]) -> None:
        self._forms = {
            form: name
            for name, secret in canaries.items()
            for half in (secret[:12], secret[-12:])
            for form in _forms(half)
        }

    def found(self, content: bytes) -> set[str]:
        """The names of the canaries in it."""
        return {
            name
            for part in _parts(content)
            for form, name in self._forms.items()
            if form in part
        }


def _forms(text: str) -> Iterator[bytes]:
    for part in (text, quote(text, safe=""), quote(text, safe="").lower()):
        yield part.encode()
    yield text.replace("/", "\\/").encode()
    yield text.encode().hex().encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + text.encode())
        # The first and the last characters depend on what stands beside the text.
        inner = encoded[(0, 2, 3)[shift] : len(encoded) // 4 * 4 - 4]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def _parts(content: bytes) -> Iterator[bytes]:
    """The content itself, and what is packed in it."""
    yield content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield archive.read(name)


class LiveUpdates:
    """All that mitmweb's websocket says between enter and exit."""

    def __init__(self, port: int, password: str) -> None:
        url = f"ws://127.0.0.1:{port}/updates"
        headers = {"authorization": f"Bearer {password}"}
        self._request = HTTPRequest(url, headers=headers)
        self._messages: list[bytes] = []
        self._loop = asyncio.new_event_loop()
        self._connected = threading.Event()
        self._socket: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> LiveUpdates:
        self._thread.start()
        assert self._connected.wait(WAIT_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._socket.close)
        self._thread.join(WAIT_SECONDS)

    @property
    def content(self) -> bytes:
        return b"\n".join(self._messages)

    def _run(self) -> None:
        self._loop.run_until_complete(self._listen())
        self._loop.close()

    async def _listen(self) -> None:
        self._socket = await websocket_connect(self._request, max_message_size=2**26)
        self._connected.set()
        while (message := await self._socket.read_message()) is not None:
            is_text = isinstance(message, str)
            self._messages.append(message.encode() if is_text else message)

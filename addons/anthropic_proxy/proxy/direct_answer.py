"""Upstream's answer under ``direct_layer``, as it comes in."""

from __future__ import annotations

from ..credentials.credential import Credential
from .asking import HELD_BODY_BYTES
from .call import Call
from .echoes import Echoes
from .framing import CHUNKED, TO_THE_END, AnswerHead, Chunks
from .http_facts import response_of, texts_of
from .stages import Recovery


class DirectAnswer:
    """One answer: its head, and the body without framing and without our credential."""

    def __init__(self, head: AnswerHead, credential: Credential | None) -> None:
        self.response = response_of(
            version=head.version,
            status=head.status,
            reason=head.reason,
            fields=head.fields,
        )
        self._echoes = Echoes(credential) if credential is not None else None
        if self._echoes is not None:
            self._echoes.head(self.response)
        self._chunks = Chunks() if head.length == CHUNKED else None
        self._left = head.length
        self.closes = head.closes
        self.ended = False
        self.surplus = False
        """Upstream sent more than this answer."""
        self.error: str | None = None
        """Why the body cannot be read on."""
        self.streams = False
        """It goes to the client as it comes."""
        self.held = False
        """It may be asked for again, and is not looked at before it is whole."""
        self.kept: list[bytes] = []
        """The body so far, when it does not go out as it comes."""
        self._held_bytes = 0

    @property
    def ends_with_connection(self) -> bool:
        """The body's end is the connection's."""
        return self._left == TO_THE_END and not self.ended

    def feed(self, data: bytes) -> bytes:
        """The part of the body that is in what was read."""
        if self._chunks is not None:
            data = self._chunks.feed(data)
            self.ended = self._chunks.ended
            self.surplus = bool(self._chunks.surplus)
            self.error = self._chunks.error
        elif self._left != TO_THE_END:
            self.surplus = len(data) > self._left
            data = data[: self._left]
            self._left -= len(data)
            self.ended = not self._left
        if self._echoes is None:
            return data
        if data:
            data = self._echoes.feed(data)
        return data + self._echoes.flush() if self.ended else data

    def connection_closed(self) -> None:
        """The body that ends with the connection has ended."""
        self.ended = True

    def is_too_large_to_hold(self, more: int) -> bool:
        """Whether it is no longer held back, with ``more`` bytes of it."""
        self._held_bytes += more
        return self._held_bytes > HELD_BODY_BYTES

    def take(self) -> bytes:
        """What was kept of the body, in one piece."""
        whole, self.kept = b"".join(self.kept), []
        return whole

    def recovery(self, call: Call) -> Recovery:
        """What is to be decided about it; it stays as it is."""
        fields = texts_of(self.response.headers)
        body = b"".join(self.kept)
        return Recovery(call, self.response.status_code, fields, body)

"""What may be kept of texts and bodies: no secret, and no more than the limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mitmproxy import http

from ..wire import jsontext
from .masking import MASK, masked
from .recording import plain

if TYPE_CHECKING:
    from .call import Call


class Keeping:
    """The rules for one call; its secrets may become known later."""

    def __init__(self, call: Call, limit: int) -> None:
        """``limit``: bytes of each body."""
        self.limit = limit
        self._call = call

    def saveable(self, value: Any) -> Any:
        """``value`` with no secret in its texts, and none that cannot be saved."""
        if isinstance(value, str):
            return masked(jsontext.without_surrogates(value), self._call.secrets)
        if isinstance(value, Mapping):
            return {str(key): self.saveable(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.saveable(item) for item in value]
        return value

    def message(
        self,
        line: str,
        fields: Iterable[tuple[str, str]],
        body: bytes,
        size: int = 0,
    ) -> dict[str, Any]:
        """A message as ``inspection.recorded`` describes it.

        Args:
            size: of the whole, where ``body`` may be the beginning only.
        """
        body = self.hidden(body)
        return {
            "line": line,
            "headers": [[name, value] for name, value in fields],
            "body": body[: self.limit],
            "size": max(size, len(body)),
        }

    def hidden(self, body: bytes) -> bytes:
        """A body without the secrets that we know; the same object if it has none.

        What else a client writes into a body is its own business.
        """
        for secret in self._call.secrets:
            found = secret.encode("utf-8", "surrogateescape")
            if found and found in body:
                body = body.replace(found, MASK.encode())
        return body

    def shorten(self, message: http.Request | http.Response) -> int | None:
        """Cut a body in the flow itself; its whole size if that took something away.

        Only for what nobody waits for any more.
        """
        raw = message.raw_content
        if raw is None:
            return None
        kept, whole = self.hidden(raw), None
        if len(raw) > self.limit:
            decoded = plain(message)
            if decoded is not raw:
                message.headers.pop("content-encoding", None)
            kept, whole = self.hidden(decoded)[: self.limit], len(decoded)
        if kept is not raw:
            message.data.content = kept
        return whole

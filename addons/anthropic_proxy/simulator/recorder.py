"""The last requests as they came in, for tests and for people."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "x-api-key"})
_KEPT_CHARACTERS: Final = 10


def masked(value: str) -> str:
    """A secret by its first characters and a hash, enough to tell two apart."""
    digest = hashlib.sha256(value.encode()).hexdigest()[:12]
    scheme, space, secret = value.rpartition(" ")
    return f"{scheme}{space}{secret[:_KEPT_CHARACTERS]}… (sha256 {digest})"


@dataclass(slots=True, repr=False)
class RecordedRequest:
    """One request, and what became of it."""

    method: str
    path: str
    """With the query."""
    headers: list[tuple[str, str]]
    """Names in lower case; values as sent, secrets too: they stay in the process."""
    body: bytes
    request_id: str
    status: int | None = None
    """None while the answer is on its way."""
    rule: int | None = None
    """Number of the rule that refused it."""

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next((v for n, v in self.headers if n == name.lower()), None)

    def public(self) -> dict[str, Any]:
        """What ``GET /simulator/requests`` shows."""
        return {
            "request_id": self.request_id,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "rule": self.rule,
            "headers": [
                [name, masked(value) if name in _SECRET_HEADERS else value]
                for name, value in self.headers
            ],
            "body": self.body.decode("utf-8", "replace"),
        }

    def __repr__(self) -> str:
        return f"RecordedRequest({self.method} {self.path} -> {self.status})"

"""Overwrites our credential in what upstream sends back.

An upstream that repeats a request's headers in its error, as debugging gateways do,
would give the credential to the client and to everybody who looks at flows. What is
overwritten keeps its length, so that ``content-length`` and sizes stay true.

What upstream compresses or encodes is not looked into.
"""

from __future__ import annotations

from mitmproxy import http

from ..credentials.credential import Credential


class Echoes:
    """For one answer to a request that carried the credential."""

    def __init__(self, credential: Credential) -> None:
        self._secret = credential.secret.encode("utf-8", "surrogateescape")
        self._mask = b"*" * len(self._secret)
        self._pending = b""  # perhaps the beginning of the secret

    def head(self, response: http.Response) -> None:
        """Overwrite it in the reason and the headers."""
        response.data.reason = self._overwritten(response.data.reason)
        self.fields(response.headers)

    def fields(self, headers: http.Headers) -> None:
        """Overwrite it in the values of headers, or of trailers."""
        fields = headers.fields
        if self._secret in b"\n".join([value for _, value in fields]):
            headers.fields = tuple(
                (name, self._overwritten(value)) for name, value in fields
            )

    def feed(self, data: bytes) -> bytes:
        """A fragment of the body; what may be half a secret is held back."""
        data = self._overwritten(self._pending + data)
        held = self._begun(data)
        self._pending = data[len(data) - held :]
        return data[: len(data) - held]

    def flush(self) -> bytes:
        """What was held back, at the end."""
        pending, self._pending = self._pending, b""
        return pending

    def _overwritten(self, data: bytes) -> bytes:
        return data.replace(self._secret, self._mask) if self._secret in data else data

    def _begun(self, data: bytes) -> int:
        """How many bytes at the end of the data are the secret's first ones."""
        at = data.find(self._secret[:1], max(0, len(data) - len(self._secret) + 1))
        while at >= 0:
            if self._secret.startswith(data[at:]):
                return len(data) - at
            at = data.find(self._secret[:1], at + 1)
        return 0

"""The source ``api_key``: a Console API key, the recommended way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .commands import STORE_API_KEY
from .credential import Credential, CredentialUnavailable, SourceName
from .private_file import FileProblem, PrivateFile, Stamp
from .token_store import read_api_key

_OTHER_KINDS: Final = {
    "sk-ant-oat": "an OAuth access token, not an API key",
    "sk-ant-ort": "an OAuth refresh token, not an API key",
    "sk-ant-admin": "an admin key, which cannot call the Messages API",
}


class NotAnAPIKey(ValueError):
    """The text is no API key. The message says what it is and does not repeat it."""


def parse_api_key(text: str) -> str:
    """The key in ``text``, without white space around it.

    A key that does not begin with ``sk-ant-`` is accepted: gateways have their own.

    Raises:
        NotAnAPIKey: empty, several words, not ASCII, or another kind of secret.
    """
    key = text.strip().strip("'\"")
    if not key:
        raise NotAnAPIKey("there is nothing in it")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise NotAnAPIKey("it holds characters that no API key has")
    for prefix, kind in _OTHER_KINDS.items():
        if key.startswith(prefix):
            raise NotAnAPIKey(f"it is {kind}")
    return key


class ApiKey:
    """A Console API key, from ``ANTHROPIC_API_KEY`` or stored by the CLI.

    Args:
        given: The value of the environment variable; it wins over the file.
        path: The file.
    """

    name: SourceName = "api_key"

    def __init__(self, given: str | None, path: Path) -> None:
        self._given = given
        self._file = PrivateFile(path)
        self._stamp: Stamp | None = None
        self._credential = Credential("api_key", given, oauth=False) if given else None
        self._problem: str | None = None

    def ready(self, now: float) -> Credential | None:
        """The key; a stored one is read again when its file changes."""
        del now
        if not self._given and (stamp := self._file.stamp()) != self._stamp:
            self._read()
            self._stamp = stamp
        return self._credential

    async def fetch(self, now: float) -> Credential:
        """The key.

        Raises:
            CredentialUnavailable: there is none, or its file cannot be read.
        """
        credential = self.ready(now)
        if credential is None:
            raise CredentialUnavailable(
                self._problem or f"No API key is stored. {STORE_API_KEY}"
            )
        return credential

    async def renew(self, rejected: Credential, now: float) -> Credential | None:
        """Another key, if the stored one was changed; keys cannot be refreshed."""
        credential = self.ready(now)
        if credential is None or credential.secret == rejected.secret:
            return None
        return credential

    async def refresh_if_due(self, now: float) -> str | None:
        """Nothing: an API key does not expire."""
        del now
        return None

    def describe(self, now: float) -> Mapping[str, Any]:
        """Facts for ``/health`` and ``status``: never the key."""
        ready = self.ready(now) is not None
        return {
            "source": self.name,
            "ready": ready,
            "from": "ANTHROPIC_API_KEY" if self._given else str(self._file.path),
            "problem": self._problem,
        }

    def _read(self) -> None:
        try:
            key = read_api_key(self._file.path)
        except FileProblem as problem:
            self._problem, self._credential = str(problem), None
            return
        self._problem = None
        self._credential = Credential("api_key", key, oauth=False) if key else None

"""Tokens and API keys as JSON files (rules: credentials 5 and 6).

One store, three formats: our own token file, a Console profile's credentials as
Anthropic's tools write them, and a stored API key. Keys that are not ours are kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..wire import jsontext
from .oauth import TokenSet, is_token
from .private_file import (
    LOCK_TIMEOUT_S,
    FileCorrupt,
    PrivateFile,
    Reservation,
    Stamp,
    Writer,
)

VERSION: Final = 1
API_KEY_FILE: Final = "api_key.json"

_OWN_KEYS: Final = (
    "access_token",
    "refresh_token",
    "expires_at",
    "scope",
    "account",
    "organization",
    "acknowledged_terms",
    "acknowledged_terms_version",
)


class Malformed(ValueError):
    """A document is not of the format; the message names what is wrong, no values."""


@dataclass(frozen=True, slots=True)
class Format:
    """How tokens look in a file."""

    decode: Callable[[Mapping[str, Any]], TokenSet]
    encode: Callable[[TokenSet], Mapping[str, Any]]
    mend: str
    """What to do about a file that is not in this format."""


class TokenStore:
    """Tokens in a private file. Reading takes no lock; every change does."""

    def __init__(self, path: Path, format: Format) -> None:
        self.path = path
        self._file = PrivateFile(path)
        self._format = format

    def stamp(self) -> Stamp | None:
        """Changes whenever the file does; None: there is none."""
        return self._file.stamp()

    def read(self) -> TokenSet | None:
        """The tokens; None: there is no file.

        Raises:
            FileUnsafe: others can read it.
            FileCorrupt: it holds something else. It is left where it is.
            FileProblem: it cannot be read.
        """
        content = self._file.read()
        if content is None:
            return None
        try:
            return self._format.decode(read_object(content))
        except Malformed as problem:
            raise FileCorrupt(f"{self.path} {problem}. {self._format.mend}") from None

    @contextmanager
    def locked(self, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[TokenWriter]:
        """The right to change the file, until the block ends.

        Raises:
            FileProblem: it cannot be had.
        """
        with self._file.locked(timeout_s) as writer:
            yield TokenWriter(writer, self._format)


class TokenWriter:
    """Changes a ``TokenStore`` whose lock is held; raises ``FileProblem``."""

    def __init__(self, writer: Writer, format: Format) -> None:
        self._writer = writer
        self._format = format
        self.remove = writer.remove
        self.set_aside = writer.set_aside

    @contextmanager
    def reserve(self) -> Iterator[Callable[[TokenSet], None]]:
        """Room for new tokens; call what it yields with them, once."""
        with self._writer.reserve() as reservation:
            yield lambda tokens: self._commit(reservation, tokens)

    def write(self, tokens: TokenSet) -> None:
        """Replace what is in the file."""
        with self.reserve() as commit:
            commit(tokens)

    def _commit(self, reservation: Reservation, tokens: TokenSet) -> None:
        reservation.commit(_text(self._format.encode(tokens)))


def read_api_key(path: Path) -> str | None:
    """The stored API key; None: none is stored.

    Raises:
        FileProblem: as ``TokenStore.read``.
    """
    content = PrivateFile(path).read()
    if content is None:
        return None
    try:
        return _secret(read_object(content), "api_key")
    except Malformed as problem:
        raise FileCorrupt(f"{path} {problem}. Store the key again.") from None


def write_api_key(path: Path, key: str) -> None:
    """Store an API key, replacing one that is there.

    Raises:
        FileProblem: what was there is still there.
    """
    document = {"version": VERSION, "type": "api_key", "api_key": key}
    with PrivateFile(path).locked() as writer:
        writer.write(_text(document))


def remove_api_key(path: Path) -> bool:
    """Delete a stored API key; whether there was one.

    Raises:
        FileProblem: it is still there.
    """
    if PrivateFile(path).stamp() is None:
        return False
    with PrivateFile(path).locked() as writer:
        return writer.remove()


def _decode_subscription(document: Mapping[str, Any]) -> TokenSet:
    if "version" not in document and "access_token" in document:
        raise Malformed("was written by another program")
    if document.get("version") != VERSION:
        raise Malformed("was written by a newer version of this program, or damaged")
    if document.get("type") != "subscription":
        raise Malformed('is not of type "subscription"')
    return TokenSet(
        access_token=_secret(document, "access_token"),
        refresh_token=_optional_string(document, "refresh_token"),
        expires_at=_seconds(document, "expires_at"),
        scope=_optional_string(document, "scope") or "",
        account=_mapping(document, "account"),
        organization=_mapping(document, "organization"),
        acknowledged_terms=_optional_string(document, "acknowledged_terms"),
        acknowledged_terms_version=_optional_string(
            document, "acknowledged_terms_version"
        ),
        extra=_others(document, ("version", "type", *_OWN_KEYS)),
    )


def _encode_subscription(tokens: TokenSet) -> Mapping[str, Any]:
    values = {name: getattr(tokens, name) for name in _OWN_KEYS}
    values["expires_at"] = _whole(tokens.expires_at)
    return {"version": VERSION, "type": "subscription", **values, **tokens.extra}


def _decode_console(document: Mapping[str, Any]) -> TokenSet:
    if document.get("type", "oauth_token") != "oauth_token":
        raise Malformed('is not of type "oauth_token"')
    known = ("access_token", "refresh_token", "expires_at")
    return TokenSet(
        access_token=_secret(document, "access_token"),
        refresh_token=_optional_string(document, "refresh_token"),
        expires_at=_seconds(document, "expires_at"),
        extra=_others(document, known),
    )


def _encode_console(tokens: TokenSet) -> Mapping[str, Any]:
    return {
        "version": "1.0",
        "type": "oauth_token",
        **tokens.extra,
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "expires_at": _whole(tokens.expires_at),
    }


SUBSCRIPTION: Final = Format(
    _decode_subscription,
    _encode_subscription,
    "It is kept as it is. If another program wrote it, import it with "
    "`python auth_cli.py import FILE`; else log in again with "
    "`python auth_cli.py login --subscription` (this moves it aside).",
)
CONSOLE: Final = Format(
    _decode_console, _encode_console, "Log in again with `ant auth login`."
)


def _text(document: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(document), indent=2, ensure_ascii=False).encode() + b"\n"


def read_object(content: bytes) -> Mapping[str, Any]:
    """The JSON object in a file.

    Raises:
        Malformed: it is none.
    """
    try:
        document = jsontext.decode(content)
    except jsontext.InvalidJSON:
        # the decoder's own words may quote the file, and the file is secret
        raise Malformed("is empty" if not content else "is not JSON") from None
    if not isinstance(document, dict):
        raise Malformed("is not a JSON object")
    return document


def _secret(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not value:
        raise Malformed(f"has no {name!r}")
    if not is_token(value):  # it would become part of a header
        raise Malformed(f"has an unusable {name!r}")
    return value


def _optional_string(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"has a {name!r} that is not text")
    return value


def _mapping(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _seconds(document: Mapping[str, Any], name: str) -> float | None:
    value = document.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(f"has a {name!r} that is not a number of seconds")
    if not math.isfinite(value):
        raise Malformed(f"has a {name!r} that is not a number of seconds")
    return float(value)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else math.floor(seconds)


def _others(document: Mapping[str, Any], known: tuple[str, ...]) -> Mapping[str, Any]:
    return {name: value for name, value in document.items() if name not in known}

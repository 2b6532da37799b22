"""How the text of an option is read; a ValueError says what would be right."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mitmproxy.utils import human


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where requests go."""

    scheme: str
    host: str
    port: int
    path: str
    """Prefix before ``/v1/…``; empty for Anthropic itself."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme] == self.port
        return f"{self.scheme}://{host}{'' if usual else f':{self.port}'}{self.path}"


def boolean(text: str) -> bool:
    """``true`` or ``false``, or other words for them."""
    values = {
        "true": True, "1": True, "yes": True, "on": True,
        "false": False, "0": False, "no": False, "off": False,
    }  # fmt: skip
    try:
        return values[text.strip().lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers within these limits."""
    top = math.inf if high is None else high
    span = f"from {low} up" if high is None else f"from {low} to {high}"

    def parse(text: str) -> int:
        if not re.fullmatch(r"\s*\d{1,18}\s*", text) or not low <= int(text) <= top:
            raise ValueError(f"expected a whole number {span}")
        return int(text)

    return parse


def size(text: str) -> int:
    """Bytes, with mitmproxy's suffixes: ``32m``."""
    try:
        found = human.parse_size(text.strip())
    except ValueError:
        found = None
    if not found or found < 0:
        raise ValueError("expected a size such as 32m or 1048576")
    return found


def seconds(text: str) -> float:
    """A span of time, more than nothing: ``10`` or ``0.5``."""
    return _span(text, lowest=0.001)


def seconds_or_none_at_all(text: str) -> float:
    """A span of time, or 0."""
    return _span(text, lowest=0)


def _span(text: str, *, lowest: float) -> float:
    plain = text.strip().lower().removesuffix("s")
    if not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", plain) or float(plain) < lowest:
        raise ValueError(f"expected seconds such as 10 or 0.5, {lowest:g} or more")
    return float(plain)


def words(text: str) -> tuple[str, ...]:
    """Words in lower case, with commas between them."""
    found = tuple(word.strip().lower() for word in text.split(","))
    if not all(found):
        raise ValueError("expected words with commas between them")
    return found


def one_of(*choices: str) -> Callable[[str], str]:
    """A reader of words, in upper or lower case."""

    def parse(text: str) -> str:
        value = text.strip().lower()
        if value not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return value

    return parse


LOG_LEVELS: Final = ("quiet", "minimal", "medium", "verbose")
# What other programs call them, so that a variable with the usual word is no error.
_OTHER_LEVELS: Final = {
    "debug": "verbose", "info": "medium", "warning": "minimal", "warn": "minimal",
    "error": "quiet", "critical": "quiet",
}  # fmt: skip


def log_level(text: str) -> str:
    """Our own words, and those of other programs."""
    return one_of(*LOG_LEVELS)(_OTHER_LEVELS.get(text.strip().lower(), text))


def origins(text: str) -> tuple[tuple[str, str], ...]:
    """``port=--port,log_level=-m`` as pairs."""
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(name.strip() and mark for name, mark, _ in pairs):
        raise ValueError("expected name=origin pairs with commas between them")
    return tuple((name.strip(), origin.strip()) for name, _, origin in pairs)


def text(given: str) -> str:
    """Anything but white space."""
    if not given.strip():
        raise ValueError("expected a value that is not empty")
    return given.strip()


def parse_upstream(text: str) -> Upstream:
    """Read ``http(s)://host[:port][/prefix]``.

    Raises:
        ValueError: with what would be right. Credentials in the URL are refused:
            they would be shown wherever the upstream is.
    """
    try:
        url = urlsplit(text.strip())
        port = url.port
    except ValueError as wrong:
        raise ValueError(f"expected a URL, but {wrong}") from None
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("expected a URL such as https://api.anthropic.com")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("expected a URL without user, query or fragment")
    default = 443 if url.scheme == "https" else 80
    path = url.path.rstrip("/").removesuffix("/v1")
    return Upstream(url.scheme, url.hostname, port or default, path)


def is_loopback(host: str) -> bool:
    """Whether ``host`` is an address or name of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

"""Hosts and origins as browsers write them, and the patterns that users allow."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

ANY: Final = "*"
_NULL: Final = "null"

# Nothing else than a host and a port: no user in front of an @, no path, no list.
_AUTHORITY: Final = re.compile(
    r"(?:\[(?P<address>[0-9a-f:.]+(?:%[a-z0-9._~-]+)?)\]|(?P<name>[a-z0-9._-]{1,255}))"
    r"(?::(?P<port>[0-9]{0,5}))?"
)
_ORIGIN: Final = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#@\\\s,]*)")
_ALLOWED: Final = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?"
    r"(?P<host>\*|(?:\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\]|)(?::(?P<port>[0-9]{1,5}|\*))?/?"
)
_PORTS: Final = {"http": "80", "https": "443"}
# Apps whose host is another one for each window or installation.
_PASSING: Final = ("vscode-webview", "moz-extension", "safari-web-extension")


def _split(authority: str) -> tuple[str, str] | None:
    """Host, without brackets and the root's dot, and port; None: no authority."""
    found = _AUTHORITY.fullmatch(authority.lower())
    if found is None:
        return None
    if found["address"] is not None:
        host = found["address"]
        return (host, found["port"] or "") if is_address(host) else None
    host = found["name"].removesuffix(".")
    return (host, found["port"] or "") if host else None


def host_of(authority: str) -> str | None:
    """The host of ``host[:port]`` in lower case; None when it is nothing like that."""
    found = _split(authority)
    return found[0] if found is not None else None


def is_address(host: str) -> bool:
    """Whether this is a number, not a name: DNS has no say in it."""
    return _address(host) is not None


def is_this_machine(host: str) -> bool:
    """Whether a name or address leads to this machine, wherever it is used.

    Browsers take all of ``.localhost`` for the loopback address (RFC 6761 6.3), and
    ``0.0.0.0`` too, which other programs print as their address.
    """
    address = _address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return found.ipv4_mapped or found
    return found


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a page comes from; ``scheme`` alone for ``null``."""

    scheme: str
    host: str = ""
    port: str = ""
    """Empty where the scheme's own is meant."""

    @classmethod
    def parse(cls, text: str) -> Origin | None:
        """Read an ``Origin`` header; None when it is none."""
        text = text.strip().lower()
        if text == _NULL:
            return cls(_NULL)
        found = _ORIGIN.fullmatch(text)
        if found is None:
            return None
        scheme, authority = found.groups()
        if not authority:  # file://
            return cls(scheme)
        split = _split(authority)
        if split is None:
            return None
        host, port = split
        return cls(scheme, host, "" if port == _PORTS.get(scheme) else port)

    @property
    def is_null(self) -> bool:
        """Whether the browser does not tell."""
        return self.scheme == _NULL

    @property
    def to_allow(self) -> str:
        """What to write into ``allowed_origins`` for it."""
        if self.is_null:
            return _NULL
        if self.scheme in _PASSING:
            return f"{self.scheme}://*"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")

    def is_at(self, authority: str) -> bool:
        """Whether this is the page that ``host[:port]`` serves over HTTP."""
        split, usual = _split(authority), _PORTS.get(self.scheme)
        if split is None or usual is None:
            return False
        return (self.host, self.port or usual) == (split[0], split[1] or usual)


@dataclass(frozen=True, slots=True)
class OriginPattern:
    """One word of ``allowed_origins``."""

    schemes: tuple[str, ...]
    host: str
    """``*`` for any, ``*.`` in front for any subdomain."""
    port: str
    """``*`` for any; empty for the scheme's own."""

    @classmethod
    def parse(cls, word: str) -> OriginPattern:
        """Read ``scheme://host[:port]``; without a scheme, HTTP and HTTPS are meant.

        Raises:
            ValueError: saying what would be right.
        """
        if word == _NULL:
            return cls((_NULL,), "", "")
        found = _ALLOWED.fullmatch(word)
        if found is None or not (found["scheme"] or found["host"]):
            raise ValueError(
                f"{word!r} is not an origin such as http://localhost:3000, "
                "http://localhost:* or app://obsidian.md"
            )
        scheme, host, port = found["scheme"], found["host"], found["port"] or ""
        schemes = (scheme,) if scheme else ("http", "https")
        return cls(schemes, host.strip("[]"), ANY if host == ANY else port)

    def matches(self, origin: Origin) -> bool:
        """Whether pages of this origin are meant."""
        usual = _PORTS.get(origin.scheme, "")
        if origin.scheme not in self.schemes:
            return False
        if self.port != ANY and (self.port or usual) != (origin.port or usual):
            return False
        if self.host.startswith("*."):
            return origin.host.endswith(self.host[1:])
        return self.host in (ANY, origin.host)

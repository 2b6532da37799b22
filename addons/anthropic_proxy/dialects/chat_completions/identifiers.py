"""Names and ids that Anthropic's patterns accept, made from whatever a client sent.

Both directions matter: a renamed tool is called by its own name in the answer, and an
id stays the same for a call and for its result (rules B.8).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Container, Iterable
from typing import Final

TOOL_NAME_LIMIT: Final = 128
"""Characters Anthropic allows in a tool's name."""

_REFUSED: Final = re.compile("[^a-zA-Z0-9_-]")
_DIGITS: Final = 6


def sanitise(text: str, taken: Container[str], *, limit: int | None) -> str:
    """``text`` in ``[a-zA-Z0-9_-]+``, at most ``limit`` characters, not in ``taken``.

    Text that fits already is returned as it is. A name that had to be cut, or whose
    replacement is taken, ends in six hexadecimal digits of the SHA-1 of the original.
    """
    plain = _plain(text)
    fits = limit is None or len(plain) <= limit
    name, seed = plain, text
    while not fits or name in taken:
        seed = hashlib.sha1(_octets(seed), usedforsecurity=False).hexdigest()
        stem = plain if limit is None else plain[: limit - _DIGITS - 1]
        name, fits = f"{stem}_{seed[:_DIGITS]}", True
    return name


class ToolNames:
    """One request's tool names, both ways (rules B.8).

    What a name becomes depends on that name and on the *set* of declared names, never
    on the order of calls: the same history reads the same in every request.
    """

    def __init__(self, declared: Iterable[str] = ()) -> None:
        everyone = sorted(set(declared))
        claims = Counter(_plain(name) for name in everyone)
        contested = {plain for plain, count in claims.items() if count > 1}
        self._taken = contested | {name for name in everyone if _is_legal(name)}
        self._names: dict[str, str] = {}
        for name in everyone:
            self._names[name] = _chosen(name, self._taken)
            self._taken.add(self._names[name])

    def upstream(self, name: str) -> str:
        """The name to send; a legal name is sent as it is."""
        known = self._names.get(name)
        if known is None:
            # Nobody declared it, so it never takes the plain form from another name.
            known = self._names[name] = _chosen(name, {_plain(name), *self._taken})
        return known

    @property
    def renamed(self) -> dict[str, str]:
        """Name sent upstream → the client's name, for names that differ."""
        pairs = self._names.items()
        return {sent: name for name, sent in pairs if sent != name}


class ToolUseIds:
    """Unique ``tool_use`` ids for one conversation, in the order calls appear.

    The first use of an id keeps it where the pattern allows; later uses get ``_2``,
    ``_3``…, because ids must be unique upstream and some clients start over.
    """

    def __init__(self) -> None:
        self._uses: Counter[str] = Counter()
        self._taken: set[str] = set()

    def assign(self, client_id: str) -> str:
        """The id to send for the next call that the client calls ``client_id``."""
        self._uses[client_id] += 1
        uses = self._uses[client_id]
        wanted = client_id if uses == 1 else f"{client_id}_{uses}"
        sent = sanitise(wanted, self._taken, limit=None)
        self._taken.add(sent)
        return sent


def _plain(text: str) -> str:
    return _REFUSED.sub("_", text) or "_"


def _is_legal(name: str) -> bool:
    return name == _plain(name) and len(name) <= TOOL_NAME_LIMIT


def _chosen(name: str, taken: Container[str]) -> str:
    if _is_legal(name):
        return name
    return sanitise(name, taken, limit=TOOL_NAME_LIMIT)


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

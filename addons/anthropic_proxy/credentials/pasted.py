"""What the user pastes back after the browser login, in any form the page shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from .oauth_errors import redacted

_CODE: Final = re.compile(r"[A-Za-z0-9._~+/=\-]+")
_LINE_BREAK: Final = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_WANTED: Final = "Paste what the page shows after the login: it looks like code#state."


class PasteUnusable(ValueError):
    """The text holds no authorization code. ``str()`` says what to paste instead."""


@dataclass(frozen=True, slots=True, repr=False)
class Pasted:
    """An authorization code and the state that came with it, if any."""

    code: str
    state: str | None

    def __repr__(self) -> str:
        return f"Pasted(state={'given' if self.state else 'none'})"


def parse_pasted(text: str) -> Pasted:
    """Read ``code#state``, a bare code, or the callback address.

    White space and quotation marks around it are ignored, and line breaks inside:
    terminals wrap.

    Raises:
        PasteUnusable: no code in it; the message never repeats the text.
    """
    compact = _LINE_BREAK.sub("", text.strip()).strip("'\"`<>").strip()
    if compact.startswith("sk-ant-"):
        raise PasteUnusable(f"That is a key or token, not a code. {_WANTED}")
    if "://" in compact or compact.startswith(("code=", "state=", "?")):
        return _from_address(compact)
    if "#" not in compact:
        compact = unquote(compact)
    code, _, state = compact.partition("#")
    return _checked(code, state)


def _from_address(address: str) -> Pasted:
    try:
        parts = urlsplit(address if "://" in address else f"?{address.lstrip('?')}")
    except ValueError:  # its host is none
        raise PasteUnusable(f"There is no code in that. {_WANTED}") from None
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if "error" in query:
        words = query.get("error_description", "")
        raise PasteUnusable(
            f"The login was not completed: {redacted(query['error'], ())}"
            + (f" ({redacted(words, ())})" if words else "")
        )
    if "code_challenge" in query:
        raise PasteUnusable(f"That is the address to open in a browser. {_WANTED}")
    return _checked(query.get("code", ""), query.get("state") or parts.fragment)


def _checked(code: str, state: str) -> Pasted:
    if not _CODE.fullmatch(code) or (state and not _CODE.fullmatch(state)):
        raise PasteUnusable(f"There is no code in that. {_WANTED}")
    return Pasted(code, state or None)

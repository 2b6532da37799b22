"""What may be printed of text that others wrote: no secrets, no steering, no megabytes.

Clients choose model names, paths and bodies; upstream chooses the rest. None of it may
forge a line of the log, move the cursor of a terminal, or bring out a credential.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

MASK: Final = "***"
LONG_RUN: Final = 200
"""Characters without a space from which something is taken for base64."""
_KEPT: Final = 24

_KEYS: Final = re.compile(r"\bsk-(?P<vendor>ant-)?[A-Za-z0-9_-]{8,}")
_BEARER: Final = re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}")
_QUERY: Final = re.compile(
    r"""(?i)([?&](?:key|api[_-]?key|access_token|code)=)[^&\s"'\\]+"""
)
# Members of JSON, also of JSON in a string, whose value is a secret.
_MEMBERS: Final = re.compile(
    r"""(?ix) (?P<name> \\*" (?: authorization(?:_token)? | access_token | refresh_token
    | id_token | code_verifier | client_secret | password | passwd | secret
    | (?:x-)?api[_-]?key ) \\*" \s* : \s* \\*" ) (?P<value> [^"\\]+ )"""
)
_BASE64: Final = re.compile(
    r"(?:[A-Za-z0-9+/_=-]|\\[/rn]){%d,}" % LONG_RUN  # noqa: UP031  braces galore
)
_STEERING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_LINE_ENDS: Final = re.compile("[\t\n]")


def one_line(text: str) -> str:
    """Text for the middle of a line."""
    if text.isprintable():  # as nearly all is: no line end, nothing that steers
        return text
    return _LINE_ENDS.sub(_escaped, several_lines(text))


def several_lines(text: str) -> str:
    """Text whose lines and tabs may stay: nothing in it steers a terminal."""
    if text.isprintable():
        return text
    return _STEERING.sub(_escaped, text.replace("\r\n", "\n"))


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """Without what is a secret, or looks like one.

    Args:
        secrets: to be masked wherever they are, whatever they look like.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    # Each pattern needs the word in front of it; a search for that is far cheaper.
    if "sk-" in text:
        text = _KEYS.sub(lambda found: f"sk-{found['vendor'] or ''}{MASK}", text)
    if "bearer" in text.lower():
        text = _BEARER.sub(rf"\g<1>{MASK}", text)
    if "=" in text:
        text = _QUERY.sub(rf"\g<1>{MASK}", text)
    if '"' in text:
        text = _MEMBERS.sub(rf"\g<name>{MASK}", text)
    return text


def shortened(text: str) -> str:
    """With base64 (images, documents, signatures) cut down to its beginning."""
    return _BASE64.sub(
        lambda found: f"{found[0][:_KEPT]}…({len(found[0])} characters)", text
    )


def printable_body(
    body: bytes, *, limit: int, size: int, secrets: Iterable[str]
) -> str:
    """A body as a verbose log shows it.

    Args:
        body: decoded; at most the first ``limit`` bytes are shown.
        size: of the whole, of which ``body`` may be the beginning.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as wrong:
        if wrong.start < len(body) - 3:  # else a character was cut at the limit
            return f"({size} bytes that are not text)"
        text = body[: wrong.start].decode()
    if size == len(body):
        text = _indented(text)
    text = shortened(masked(text, secrets))
    cut = f"\n… ({size} bytes in all)" if len(text) > limit or size > len(body) else ""
    return several_lines(text[:limit]) + cut


def _indented(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()

"""A request as a curl command that can be typed again. It never holds a credential."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .recorded import Message

MAX_ARGUMENT_BYTES: Final = 100_000
"""Largest body on a command line; Linux takes 128 KiB for one argument."""

# curl sets these itself, or they are about a connection or a coding that is gone.
_DROPPED: Final = frozenset(
    {
        "host", "content-length", "content-encoding", "transfer-encoding", "connection",
        "keep-alive", "accept-encoding", "expect", "te", "trailer", "upgrade",
        "proxy-connection", "proxy-authorization", "cookie", "priority",
    }
)  # fmt: skip
_TELEMETRY: Final = "x-stainless-"
_CREDENTIALS: Final = ("authorization", "x-api-key", "api-key")
_STREAMED: Final = re.compile(rb'"stream"\s*:\s*true')


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What the shell puts in place of a credential, such as ``$ANTHROPIC_API_KEY``."""

    bearer: str
    key: str


PROXY: Final = Placeholders(*["${ANTHROPIC_PROXY_LOCAL_KEY:-not-used}"] * 2)
"""The local access key of the proxy; without one, any text will do."""
OWN: Final = Placeholders(*["$ANTHROPIC_API_KEY"] * 2)
"""For a proxy that passes on the credentials of its clients."""
UPSTREAM: Final = Placeholders("$ANTHROPIC_AUTH_TOKEN", "$ANTHROPIC_API_KEY")


def curl(
    message: Message, base: str, placeholders: Placeholders, body_file: str
) -> str:
    """The command, over several lines, for a POSIX shell.

    Args:
        base: ``http://host:port``, without a slash at the end.
        body_file: named in the command when the body cannot stand on a line.
    """
    method, _, rest = message.line.partition(" ")
    path = rest.rpartition(" ")[0] or rest
    options = ["--no-buffer"] if _STREAMED.search(message.body) else []
    if set(path) & set("[]{}"):
        options.append("--globoff")
    if method == "HEAD":
        options.append("--head")
    elif method != ("POST" if message.body else "GET"):
        options.append(f"-X {shlex.quote(method)}")
    parts = [" ".join(["curl", *options, shlex.quote(base + path)])]
    parts += [f"-H {header}" for header in _headers(message, placeholders)]
    if message.body:
        parts.append(_body(message.body, body_file))
    return "".join(f"# {note}\n" for note in _notes(message, body_file)) + (
        " \\\n  ".join(parts)
    )


def needs_file(body: bytes) -> bool:
    """Whether a body cannot stand on a command line: too long, or not text."""
    if len(body) > MAX_ARGUMENT_BYTES or b"\0" in body:
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _headers(message: Message, placeholders: Placeholders) -> Iterator[str]:
    for name, value in message.headers:
        lower = name.lower()
        if lower in _DROPPED or lower.startswith(_TELEMETRY):
            continue
        if lower in _CREDENTIALS:
            # In double quotes, for the shell to fill in.
            bearer = value.lower().startswith("bearer") or lower == "authorization"
            with_scheme = f"Bearer {placeholders.bearer}"
            yield f'"{lower}: {with_scheme if bearer else placeholders.key}"'
        elif value:
            yield shlex.quote(f"{name}: {value}")
        else:
            yield shlex.quote(f"{name};")  # curl's way to send an empty one


def _body(body: bytes, body_file: str) -> str:
    if needs_file(body):
        return f"--data-binary @{shlex.quote(body_file)}"
    return f"--data-raw {shlex.quote(body.decode())}"


def _notes(message: Message, body_file: str) -> Iterator[str]:
    if message.cut:
        yield (
            f"Only {len(message.body)} of the body's {message.size} bytes were kept "
            "(anthropic_keep_bytes): this is not the whole request."
        )
    if needs_file(message.body):
        yield (
            f"The body ({len(message.body)} bytes) does not fit on a command line and "
            f"belongs into the file {body_file}"
        )

"""Secrets from files: ``ANTHROPIC_API_KEY_FILE`` in place of ``ANTHROPIC_API_KEY``.

Container engines, systemd and Kubernetes hand secrets over as files, which no ``ps``
and no ``inspect`` shows. The programs read them before anything else looks.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

import click

VARIABLES: Final = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_PROXY_LOCAL_KEY",
)
LARGEST: Final = 64 * 1024
"""Bytes of a file that may still be a secret; a wrong path should not be swallowed."""


def take(env: MutableMapping[str, str]) -> None:
    """Put each secret in the place of the name of its file.

    The name is removed: processes that are started from here inherit the secret.

    Raises:
        click.UsageError: both are set, or the file holds no secret.
    """
    for variable in VARIABLES:
        pointer = f"{variable}_FILE"
        path = env.get(pointer, "")
        if not path:
            continue
        if env.get(variable):
            raise click.UsageError(
                f"{variable} and {pointer} are set: use one of them."
            )
        env[variable] = _secret(pointer, Path(path))
        del env[pointer]


def _secret(pointer: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        text = content.decode().strip()
    except OSError as problem:
        reason = problem.strerror
        raise click.UsageError(f"{pointer}: {path}: {reason}.") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{pointer}: {path} is not a text file.") from None
    if not text or len(content) > LARGEST:
        size = "is too large for" if text else "does not hold"
        raise click.UsageError(f"{pointer}: {path} {size} a secret.")
    return text

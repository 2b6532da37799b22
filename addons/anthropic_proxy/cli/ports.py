"""Ports on this machine."""

from __future__ import annotations

import random
import socket
from typing import Final

import click

_BELOW_EPHEMERAL: Final = range(12_000, 32_000)
"""The system hands none of these to a connection between our look and our use."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    while True:
        port = random.choice(_BELOW_EPHEMERAL)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def refuse_taken_port(host: str, port: int) -> None:
    """One clear line instead of a traceback.

    Raises:
        UsageError: somebody else listens there, or the address is not ours.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as wrong:
        reason = wrong.strerror or str(wrong)
        raise click.UsageError(
            f"cannot listen on {host}:{port}: {reason}. "
            "Stop what is running there, or choose another port with --port."
        ) from None

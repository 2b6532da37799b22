"""Writes down what a Python process asks of the network, from its first moment on.

Python runs a module of this name at its start if the folder is on PYTHONPATH, in child
processes too. An audit hook sees every call into the socket module, asyncio's included,
and cannot be taken off again.
"""

from __future__ import annotations

import os
import sys
from typing import Any

LOG = os.environ["NETWORK_WITNESS"]

# Where in an event's arguments it says whom it is about.
WHOM = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "subprocess.Popen": 0,
    "os.exec": 0,
    "os.posix_spawn": 0,
    "os.system": 0,
}


def witness(event: str, args: tuple[Any, ...]) -> None:
    """One line for each: the event, a tab, whom it is about."""
    if event in WHOM:
        whom = args[WHOM[event]]
        if isinstance(whom, tuple):
            whom = ":".join(map(str, whom[:2]))
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(f"{event}\t{whom}\n")


sys.addaudithook(witness)

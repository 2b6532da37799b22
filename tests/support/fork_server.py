"""Starts proxies from a process that has imported everything already.

Most of a proxy's start is the import of mitmproxy. The suite starts hundreds of them;
forked from here each is the same program with the same command line, environment and
files, half a second instead of two and a half later. Tests of the start itself run the
real commands (``RunningProxy(forked=False)``).

One request on each connection to the socket: JSON of ``Order``, with the log as a file
descriptor. Two lines come back: the process id at once, the exit code at the end.
"""

from __future__ import annotations

import array
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

READY = b"ready\n"
MAX_ORDER = 1 << 20


def import_everything() -> None:
    """What any of the commands would import."""
    import mitmproxy.tools.main
    import mitmproxy.tools.web.master  # noqa: F401

    import anthropic_proxy

    for module in pkgutil.walk_packages(anthropic_proxy.__path__, "anthropic_proxy."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def entry_point(line: list[str]) -> Callable[[], Any]:
    """What a command line runs."""
    if line[1:3] == ["-m", "anthropic_proxy.cli"]:
        from anthropic_proxy.cli.main import main

        sys.argv = [line[2], *line[3:]]
        return main
    from mitmproxy.tools import main as tools

    sys.argv = line
    command: Callable[[], Any] = getattr(tools, os.path.basename(line[0]))
    return command


def become(order: dict[str, Any], log: int) -> NoReturn:
    """Be the process that was ordered."""
    code = 1
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        for ours, theirs in ((null, 0), (log, 1), (log, 2)):
            os.dup2(ours, theirs)
        os.closerange(3, 256)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        entry_point(order["line"])()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001  what an interpreter does with it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def oversee(connection: socket.socket) -> None:
    """In a process of its own: start what is ordered, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, ancillary, _, _ = connection.recvmsg(MAX_ORDER, socket.CMSG_SPACE(4))
    descriptors = array.array("i")
    descriptors.frombytes(ancillary[0][2][:4])
    while not text.endswith(b"\n"):
        text += connection.recv(MAX_ORDER)
    order = json.loads(text)
    pid = os.fork()
    if not pid:
        connection.close()
        become(order, descriptors[0])
    connection.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def serve(path: str) -> NoReturn:
    """Until somebody ends this process."""
    sys.stdout.reconfigure(line_buffering=True, write_through=True)  # type: ignore[union-attr]
    import_everything()
    gc.collect()
    gc.freeze()  # so that the children share this memory
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(32)
    os.write(1, READY)
    while True:
        connection, _ = listener.accept()
        if not os.fork():
            listener.close()
            oversee(connection)
            os._exit(0)
        connection.close()


if __name__ == "__main__":
    server = os.fork()
    if not server:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for overseers
        serve(sys.argv[1])
    os.close(1)  # so that its reader sees when the server could not start
    os.read(0, 1)  # closed when the tests are over, however they ended
    os.kill(server, signal.SIGKILL)

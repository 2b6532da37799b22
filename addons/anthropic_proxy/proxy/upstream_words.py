"""What a client is told when upstream did not answer: what happened, what to do."""

from __future__ import annotations

import re
from typing import Final

from .call import Call

UNREACHABLE: Final = (
    "Upstream ({}) cannot be reached: {}. Nothing was sent. Look at the network, and "
    "at the address of the upstream if you set one; then try again."
)
UNUSABLE: Final = "Upstream gave no answer that can be used: {}."
LATE: Final = "The request timed out: {}. Nothing was answered; try again."
_ERRNO: Final = re.compile(r"^\[Errno -?\d+\] ")


def sentence(call: Call | None, status: int, reason: str) -> str:
    """``reason``, which is mitmproxy's or ours, as a sentence for a person.

    Args:
        status: the one that the client gets; only 502 and 504 are about upstream.
    """
    if status == 504:
        return LATE.format(reason)
    if status != 502:
        return reason
    why = _ERRNO.sub("", reason).rstrip(". ")
    if call is None or call.target is None or _was_connected(call):
        return UNUSABLE.format(why)
    return UNREACHABLE.format(call.target[1], why)


def _was_connected(call: Call) -> bool:
    return call.flow.server_conn.timestamp_tcp_setup is not None

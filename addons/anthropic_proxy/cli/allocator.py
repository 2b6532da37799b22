"""Freed memory stays with the process for the next large request.

glibc gives tens of megabytes back to the system as soon as they are free, and the next
request of that size has the system clear every page anew. For a 10 MB request that took
longer than all that we do with it (docs/adr/0009).
"""

from __future__ import annotations

import ctypes
import sys
from typing import Final

KEPT_BYTES: Final = 48 * 1024 * 1024
"""What a 10 MB request needs at once, and some air."""

# <malloc.h>
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_LARGEST_MMAP_THRESHOLD: Final = 32 * 1024 * 1024


def keep_freed_memory() -> None:
    """Let glibc keep up to ``KEPT_BYTES``; other C libraries are left as they are."""
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
    mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)

"""The launcher's allocator keeps what it frees."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Page faults of what a 10 MB request allocates, from the second time on. ``bytearray``
# is written to once it is there: an untouched page costs nothing.
FAULTS = """
import resource, sys
from anthropic_proxy.cli.allocator import keep_freed_memory

def ask():
    held = [bytearray(b"x" * size) for size in (10_400_000, 10_300_000, 8_000_000)]
    del held

if "kept" in sys.argv:
    keep_freed_memory()
ask()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    ask()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*arguments: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, *arguments],
        capture_output=True, text=True, check=True,
        env={"PYTHONPATH": "addons", "PATH": ""},
    )  # fmt: skip
    return int(done.stdout)


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries are left as they are"
)
def test_freed_memory_is_used_again() -> None:
    assert faults() > 5_000
    assert faults("kept") < 500

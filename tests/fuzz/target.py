"""What a target is, and the form of most inputs."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

VECTORS: Final = Path(__file__).resolve().parents[1] / "vectors"

Mutate = Callable[[random.Random, bytes], bytes]
Check = Callable[[bytes], None]


@dataclass(frozen=True)
class Target:
    """One thing to fuzz."""

    name: str
    promise: str
    """What must hold for any input, for the table in the docs."""
    seeds: Sequence[bytes]
    mutate: Mutate
    check: Check
    """Raises when the promise is broken."""
    surroundings: Callable[[], AbstractContextManager[object]] = nullcontext
    """What has to run while inputs are tried."""
    in_process: bool = True
    """Whether the code under test runs here, where coverage can be seen."""


def switches(data: bytes) -> tuple[int, bytes]:
    """An input's first byte, whose bits are switches of the target, and the rest."""
    return (data[0], data[1:]) if data else (0, b"")


def with_switches(payloads: Sequence[bytes], values: Sequence[int]) -> list[bytes]:
    """Each payload with one of ``values`` in front, all of which are used."""
    return [
        bytes([values[number % len(values)]]) + payload
        for number, payload in enumerate(payloads)
    ]


def vectors(kind: str) -> list[dict[str, Any]]:
    """The golden pairs of that kind."""
    paths = sorted((VECTORS / kind).glob("*.json"))
    return [json.loads(path.read_bytes()) for path in paths]


def pieces(data: bytes, dice: random.Random) -> list[bytes]:
    """``data`` cut at some places."""
    cuts = sorted(dice.randint(0, len(data)) for _ in range(dice.randint(0, 12)))
    ends = [*cuts, len(data)]
    return [data[start:end] for start, end in zip([0, *cuts], ends, strict=True)]

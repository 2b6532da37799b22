"""Where inputs come from: blind mutation, or atheris guided by coverage."""

from __future__ import annotations

import faulthandler
import hashlib
import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .mutations import MOST_BYTES
from .target import Target

HANG_SECONDS = 60
"""An input that takes longer is a finding: the process ends with its stack."""


@dataclass(frozen=True)
class Outcome:
    """What became of one target's run."""

    tried: int
    seconds: float
    findings: Sequence[Path]
    """Inputs that broke the promise."""


def finding_of(folder: Path, data: bytes, target: Target) -> Path:
    """Keep an input that broke the promise."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target.name}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def smaller(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """A shorter input that still fails: pieces are cut out while that works."""
    size = len(data) // 2
    deadline = time.monotonic() + HANG_SECONDS
    while size and time.monotonic() < deadline:
        at = 0
        while at < len(data) and time.monotonic() < deadline:
            shorter = data[:at] + data[at + size :]
            if fails(shorter):
                data = shorter
            else:
                at += size
        size //= 2
    return data


def blind(
    target: Target,
    corpus: Sequence[bytes],
    seconds: float,
    seed: int,
    findings: Path,
    most: int = 5,
) -> Outcome:
    """Mutate what is known, one to three times over; no feedback.

    Args:
        most: findings after which it ends early.
    """
    dice = random.Random(seed)
    pool = [*target.seeds, *corpus]
    found: list[Path] = []
    kinds: set[str] = set()
    tried, began = 0, time.monotonic()
    with target.surroundings():
        for data in pool:
            tried += 1
            _try(target, data, findings, found, kinds)
        while time.monotonic() < began + seconds and len(found) < most:
            data = dice.choice(pool)
            for _ in range(dice.choice((1, 1, 2, 3))):
                data = target.mutate(dice, data)
            tried += 1
            _try(target, data, findings, found, kinds)
    return Outcome(tried, time.monotonic() - began, found)


def _try(
    target: Target, data: bytes, folder: Path, found: list[Path], kinds: set[str]
) -> None:
    broken = failure(target, data)
    if broken is None or (kind := place(broken)) in kinds:
        return
    kinds.add(kind)

    def fails(shorter: bytes) -> bool:
        wrong = failure(target, shorter)
        return wrong is not None and place(wrong) == kind

    data = smaller(data, fails)
    found.append(finding_of(folder, data, target))
    print(f"\n{target.name}: {kind}: {broken}\n  {found[-1]}\n  {data[:2000]!r}")


def place(broken: Exception) -> str:
    """What broke, and where: the same bug is reported once."""
    frames = traceback.extract_tb(broken.__traceback__)[-3:]
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
    return f"{type(broken).__name__} at {where}"


def failure(target: Target, data: bytes) -> Exception | None:
    """How the promise is broken; None when it is kept."""
    faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
    try:
        target.check(data)
    except Exception as broken:  # noqa: BLE001 - that is what is looked for
        return broken
    finally:
        faulthandler.cancel_dump_traceback_later()
    return None


def guided(name: str, seconds: int, folders: Sequence[Path], findings: Path) -> None:
    """Have atheris run a target; this process ends with it.

    It prints ``stat::number_of_executed_units`` and leaves what broke in ``findings``.

    Args:
        folders: of inputs; new ones that reach new code are put into the first.
    """
    import atheris

    with atheris.instrument_imports(include=["anthropic_proxy"]):
        from .targets import TARGETS

        target = TARGETS[name]

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        if seed % 4 == 0:
            return bytes(atheris.Mutate(data, most))
        return target.mutate(random.Random(seed), data)[:most]

    findings.mkdir(parents=True, exist_ok=True)
    arguments = [sys.argv[0], *map(str, folders), f"-max_total_time={seconds}"]
    arguments += [f"-artifact_prefix={findings / name}-", f"-timeout={HANG_SECONDS}"]
    arguments += ["-print_final_stats=1", "-rss_limit_mb=2048"]
    arguments += [f"-max_len={MOST_BYTES}", "-verbosity=0"]
    atheris.Setup(
        arguments,
        target.check,
        custom_mutator=mutate,
        internal_libfuzzer=True,
    )
    atheris.Fuzz()

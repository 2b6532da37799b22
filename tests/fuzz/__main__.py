"""``python -m fuzz [TARGET …]``, from tests/: run the targets, or one input again.

Which engine is used is said in each row. What breaks a promise is kept in
build/fuzz/findings, made as short as it gets, and printed; then the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .corpus import FINDINGS, folders, inputs, keep
from .engines import Outcome, blind, guided
from .target import Target

_UNITS = re.compile(r"stat::number_of_executed_units: *(\d+)")


def has_atheris() -> bool:
    """Whether inputs can be guided by coverage here."""
    return importlib.util.find_spec("atheris") is not None


def by_atheris(target: Target, seconds: float) -> Outcome:
    """In a process of its own: libFuzzer ends the one it runs in."""
    before = set(FINDINGS.glob(f"{target.name}-*"))
    began = time.monotonic()
    found = folders(target.name)[0]
    found.mkdir(parents=True, exist_ok=True)
    if not any(found.iterdir()):
        for number, seed in enumerate(target.seeds):
            (found / f"seed-{number:03}").write_bytes(seed)
    command = [sys.executable, "-m", "fuzz", target.name, "--in-process"]
    command += ["--minutes", str(seconds / 60)]
    done = subprocess.run(
        command, stderr=subprocess.PIPE, text=True, errors="replace", check=False
    )
    said = _UNITS.search(done.stderr)
    findings = sorted(set(FINDINGS.glob(f"{target.name}-*")) - before)
    if said is None or findings:
        print(done.stderr[-8_000:])
    if said is None and not findings:
        raise SystemExit(f"atheris did not run {target.name}")
    tried = int(said[1]) if said else 0
    return Outcome(tried, time.monotonic() - began, findings)


def run(target: Target, seconds: float, *, engine: str, seed: int) -> Outcome:
    """One target, for about that many seconds."""
    if engine == "atheris" and target.in_process:
        return by_atheris(target, seconds)
    corpus = [data for folder in folders(target.name) for data in inputs(folder)]
    return blind(target, corpus, seconds, seed, FINDINGS)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--minutes", type=float, default=10, help="for all together")
    parser.add_argument(
        "--engine", choices=("auto", "atheris", "blind"), default="auto"
    )
    parser.add_argument("--seed", type=int, help="of blind mutation; default: any")
    parser.add_argument("--again", type=Path, help="an input: check it, and no other")
    parser.add_argument(
        "--keep", action="store_true", help="put what was found into the repository"
    )
    parser.add_argument("--in-process", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 1 when a promise was broken."""
    wanted = _arguments(argv)
    if wanted.in_process:
        (name,) = wanted.targets
        there = [folder for folder in folders(name) if folder.is_dir()]
        guided(name, round(wanted.minutes * 60), there, FINDINGS)
    from .targets import TARGETS

    chosen = [TARGETS[name] for name in wanted.targets or TARGETS]
    if wanted.again is not None:
        for target in chosen:
            with target.surroundings():
                target.check(wanted.again.read_bytes())
            print(f"{target.name}: the promise is kept.")
        return 0
    if wanted.keep:
        for target in chosen:
            new = keep(target, inputs(folders(target.name)[0]))
            print(f"{target.name}: {new} kept.")
        return 0
    return fuzz(chosen, wanted)


def fuzz(chosen: Sequence[Target], wanted: argparse.Namespace) -> int:
    """Run the targets and print a row for each; the exit code."""
    engine = wanted.engine
    if engine == "auto":
        engine = "atheris" if has_atheris() else "blind"
    seed = random.randrange(2**32) if wanted.seed is None else wanted.seed
    seconds = wanted.minutes * 60 / len(chosen)
    print(f"{seconds:.0f} s for each target, seed {seed}\n")
    print("| Target | Engine | Inputs | Broken |\n| --- | --- | ---: | ---: |")
    tried = broken = 0
    for target in chosen:
        outcome = run(target, seconds, engine=engine, seed=seed)
        tried, broken = tried + outcome.tried, broken + len(outcome.findings)
        used = engine if target.in_process else "blind"
        found = len(outcome.findings)
        print(f"| {target.name} | {used} | {outcome.tried:,} | {found} |", flush=True)
    print(f"\n{tried:,} inputs tried, {broken} broke a promise.")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())

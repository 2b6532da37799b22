#!/usr/bin/env python3
"""Looks up known vulnerabilities of what the product needs at run time, with pip-audit.

    python scripts/audit.py [PIP_AUDIT]

Run it with the Python of the environment to be audited; PIP_AUDIT is the program,
which may live in another one. Ends with 1 if anything is found. Where the advisory data
cannot be had, it says so and ends with 0: pip-audit by itself finds no fault with
packages that its service does not know, and calls that a success.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

PRODUCT: Final = "anthropic-max-proxy"
ACCEPTED: Final = Path(__file__).with_name("audit-accepted")
"""Findings that stay for now: a line each, the id and then the reason."""

# One question that each service can answer, to see in a moment whether it is there.
PROBES: Final = {
    "pypi": "https://pypi.org/pypi/tornado/6.4.2/json",
    "osv": "https://api.osv.dev/v1/vulns/OSV-2020-111",
}
PROBE_SECONDS: Final = 5.0

NOT_AUDITED: Final = "advisory data cannot be reached: not audited"

NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
FOR_AN_EXTRA: Final = re.compile(r"\bextra\s*==")


def main(arguments: list[str], probes: Mapping[str, str] = PROBES) -> int:
    """The exit code: 0 also when nothing could be looked up."""
    there = (service for service, url in probes.items() if answers(url))
    service = next(there, None)
    if service is None:
        sys.stdout.write(f"{NOT_AUDITED}\n")
        return 0
    program = arguments[0] if arguments else "pip-audit"
    rows = audited(program, service, pinned(PRODUCT))
    lines, code = verdict(rows, accepted_findings(ACCEPTED.read_text("utf-8")))
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return code


def verdict(
    rows: Sequence[Mapping[str, Any]], accepted: Mapping[str, str]
) -> tuple[list[str], int]:
    """What to print, and the exit code.

    Args:
        rows: pip-audit's: ``name``, ``version``, ``vulns``, or ``skip_reason``.
        accepted: reasons by the id of a vulnerability.
    """
    skipped = [row["name"] for row in rows if "skip_reason" in row]
    if len(skipped) == len(rows):
        return [NOT_AUDITED], 0
    lines = bad = [line for row in rows for line in findings(row, accepted)]
    if skipped:
        lines = [*lines, f"not known there, so not audited: {', '.join(skipped)}"]
    total = f"{len(rows) - len(skipped)} packages audited, {len(bad)} findings"
    return [*lines, total], 1 if bad else 0


def pinned(product: str) -> dict[str, str]:
    """Name and version of all that ``product`` needs here, directly or not."""
    found: dict[str, str] = {}
    waiting = list(needs(product))
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # its marker is for another system
        waiting += needs(name)
    return found


def needs(name: str) -> Iterator[str]:
    """What a package names as its requirements, without those of its extras."""
    for requirement in metadata.requires(name) or ():
        given = NAME.match(requirement)
        if given is not None and not FOR_AN_EXTRA.search(requirement):
            yield re.sub(r"[-_.]+", "-", given[0]).lower()


def answers(url: str) -> bool:
    """Whether a service can be reached and gives what is asked of it."""
    try:
        with urllib.request.urlopen(url, timeout=PROBE_SECONDS) as reply:
            fact = json.load(reply)
    except (OSError, ValueError):
        return False
    return isinstance(fact, dict) and ("vulnerabilities" in fact or "id" in fact)


def audited(
    program: str, service: str, pins: Mapping[str, str]
) -> list[dict[str, Any]]:
    """pip-audit's rows for packages that are pinned."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        pairs = sorted(pins.items())
        file.writelines(f"{name}=={version}\n" for name, version in pairs)
        file.flush()
        line = [program, "--requirement", file.name, "--no-deps", "--disable-pip"]
        line += ["--vulnerability-service", service, "--format", "json"]
        line += ["--progress-spinner", "off"]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
    try:
        rows: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        sys.exit(f"{program} failed:\n{done.stderr}")
    return rows


def findings(row: Mapping[str, Any], accepted: Mapping[str, str]) -> Iterator[str]:
    """A line for each vulnerability that nobody has accepted."""
    for vulnerability in row.get("vulns", ()):
        names = [vulnerability["id"], *vulnerability.get("aliases", ())]
        if not any(name in accepted for name in names):
            mended = ", ".join(vulnerability.get("fix_versions", ())) or "no version"
            yield f"{row['name']} {row['version']}: {names[0]}, mended in {mended}"


def accepted_findings(text: str) -> dict[str, str]:
    """Id → reason, of the file's lines."""
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            if not reason.strip():
                sys.exit(f"{ACCEPTED.name}: {name} without a reason")
            found[name] = reason.strip()
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

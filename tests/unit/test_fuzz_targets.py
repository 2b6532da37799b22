"""The fuzz targets still run, and keep their promises for the inputs that are kept.

`make fuzz` is for finding; this is so that what it needs does not rot.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from anthropic_proxy.wire.sse import Decoder
from fuzz.corpus import KEPT, inputs
from fuzz.engines import blind, smaller
from fuzz.target import Target
from fuzz.targets import TARGETS, whole_proxy

MUTATIONS = 15
IN_PROCESS = [target for target in TARGETS.values() if target.in_process]


@pytest.mark.parametrize("target", IN_PROCESS, ids=lambda target: target.name)
def test_the_kept_inputs_break_nothing(target: Target) -> None:
    dice = random.Random(1)
    kept = [*target.seeds, *inputs(KEPT / target.name)]
    assert kept
    for data in kept:
        target.check(data)
    for _ in range(MUTATIONS):
        target.check(target.mutate(dice, dice.choice(kept)))


def test_the_inputs_for_a_whole_proxy_can_be_made() -> None:
    dice = random.Random(1)
    target = whole_proxy.TARGET
    for data in target.seeds:
        target.mutate(dice, data)
    requests = [whole_proxy.built(request) for request in whole_proxy.REQUESTS]
    assert all(requests)


def test_what_breaks_a_promise_is_found_made_short_and_kept(tmp_path: Path) -> None:
    def check(data: bytes) -> None:
        assert not any(event.data == "bad" for event in Decoder().feed(data))

    target = Target(
        name="broken",
        promise="no event says bad",
        seeds=[b"data: good\n\n" * 5],
        mutate=lambda dice, data: data.replace(b"good", b"bad", dice.randint(0, 1)),
        check=check,
    )
    outcome = blind(target, [], seconds=60, seed=1, findings=tmp_path, most=1)
    (finding,) = outcome.findings
    assert finding.read_bytes() in (b"data:bad\n\n", b"data: bad\n\n")
    assert outcome.tried > 1


def test_an_input_is_made_as_short_as_it_gets() -> None:
    assert (
        smaller(b"...x......y...", lambda data: b"x" in data and b"y" in data) == b"xy"
    )

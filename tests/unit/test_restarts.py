"""When a worker is replaced: at once, after a pause, or never."""

from __future__ import annotations

import pytest

from anthropic_proxy.cli.restarts import (
    LONGEST_PAUSE_SECONDS,
    MAX_FAILED_STARTS,
    SETTLED_SECONDS,
    Restarts,
    pause_seconds,
)

NOW = 1_000.0


def served() -> Restarts:
    restarts = Restarts()
    restarts.serves()
    return restarts


def test_who_has_lived_long_is_replaced_at_once_however_often() -> None:
    restarts = served()
    for _ in range(20):
        restarts.ended(NOW, lived=SETTLED_SECONDS, served=True)
        assert restarts.next_start == NOW
        assert not restarts.hopeless


def test_pauses_grow_while_lives_stay_short() -> None:
    restarts = served()
    pauses = []
    for _ in range(8):
        restarts.ended(NOW, lived=0.1, served=True)
        pauses.append(restarts.next_start - NOW)
    assert pauses == [0, 0.5, 1, 2, 4, 8, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]
    assert not restarts.hopeless  # they did serve: perhaps the next one stays
    restarts.ended(NOW, lived=SETTLED_SECONDS, served=True)
    restarts.ended(NOW, lived=0.1, served=True)
    assert restarts.next_start == NOW


def test_a_pause_has_a_limit() -> None:
    assert pause_seconds(10_000) == LONGEST_PAUSE_SECONDS


@pytest.mark.parametrize("lived", [0.1, 100.0])
def test_when_the_first_one_never_served_there_is_no_second(lived: float) -> None:
    restarts = Restarts()
    assert not restarts.hopeless
    restarts.ended(NOW, lived=lived, served=False)
    assert restarts.hopeless


def test_later_ones_may_fail_a_few_times_in_a_row() -> None:
    restarts = served()
    for _ in range(MAX_FAILED_STARTS - 1):
        restarts.ended(NOW, lived=0.1, served=False)
        assert not restarts.hopeless
    restarts.serves()
    for _ in range(MAX_FAILED_STARTS - 1):
        restarts.ended(NOW, lived=0.1, served=False)
    assert not restarts.hopeless
    restarts.ended(NOW, lived=0.1, served=False)
    assert restarts.hopeless

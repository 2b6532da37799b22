"""Times in words."""

from __future__ import annotations

import pytest

from anthropic_proxy.cli.auth_words import expiry, span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59.6, "1 minute"),
        (61, "1 minute 1 second"),
        (3_600, "1 hour"),
        (3_605, "1 hour"),
        (28_700, "7 hours 58 minutes"),
        (90_000, "1 day 1 hour"),
        (-120, "2 minutes"),
    ],
)
def test_the_two_largest_units(seconds: float, words: str) -> None:
    assert span(seconds) == words


@pytest.mark.parametrize(
    ("expires_at", "words"),
    [
        (None, "does not expire"),
        (1_060.0, "expires in 1 minute"),
        (1_000.0, "expired 0 seconds ago"),
        (940.0, "expired 1 minute ago"),
    ],
)
def test_expiry(expires_at: float | None, words: str) -> None:
    assert expiry(expires_at, 1_000.0) == words

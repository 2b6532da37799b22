from __future__ import annotations

import io

import pytest

from anthropic_proxy.cli import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "term", "shown"),
    [
        (Terminal(), "xterm", True),
        (Terminal(), "dumb", False),
        (Terminal(), "unknown", False),
        (io.StringIO(), "xterm", False),
    ],
    ids=["terminal", "dumb", "unknown", "pipe"],
)
def test_a_spinner_is_for_terminals(
    stream: io.StringIO, term: str, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress.sys, "stderr", stream)
    monkeypatch.setenv("TERM", term)
    with progress.waiting("Asking …"):
        pass
    assert ("Asking …" in stream.getvalue()) is shown
    assert stream.getvalue().endswith("\x1b[2K" if shown else "")


def test_what_fails_fails_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress.sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(ValueError, match="Oh"), progress.waiting("Asking …"):
        raise ValueError("Oh")

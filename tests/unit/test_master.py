"""The lean master leaves nothing out that does something."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from mitmproxy import exceptions
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

from anthropic_proxy.cli.master import LeanMaster, _NeedsMore

# With default options none of them does anything for a request of ours, or for the
# connection that it came on. A new one has to be looked at.
LEFT_OUT = {
    # what they do is asked for by an option that only they know
    *("anticache", "anticomp", "blocklist", "clientplayback", "dumper", "keepserving"),
    *("maplocal", "mapremote", "modifybody", "modifyheaders", "proxyauth"),
    *("readfilestdin", "savehar", "scriptloader", "serverplayback", "stickyauth"),
    *("stickycookie", "upstreamauth"),
    # commands, for which there is no prompt
    *("browser", "commandhistory", "comment", "cut", "export"),
    # DNS, a page for browsers, and headers that a request prepared by us does not have
    *("disableh2c", "dnsresolver", "onboarding", "stripdnshttpsrecords"),
    "updatealtsvc",
}


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Masters that are not run leave theirs behind."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    root.handlers[:] = before


def test_what_is_left_out() -> None:
    async def names() -> tuple[set[str], set[str]]:
        whole, lean = DumpMaster(Options()), LeanMaster(Options())
        return set(whole.addons.lookup), set(lean.addons.lookup)

    whole, lean = asyncio.run(names())
    assert whole - lean == LEFT_OUT
    assert lean <= whole


async def run(*options: str, confdir: Path) -> None:
    master = LeanMaster(Options())
    master.options.set(f"confdir={confdir}", "mode=reverse:http://127.0.0.1:1@")
    master.options.set(*options, defer=True)
    await master.run()


@pytest.mark.parametrize(
    "option", ["anticache=true", "flow_detail=2", "scripts=x.py", "no_such_option=1"]
)
def test_an_option_that_it_does_not_know_is_never_passed_over(
    option: str, tmp_path: Path
) -> None:
    before = logging.getLogger().handlers[:]
    with pytest.raises(_NeedsMore):
        asyncio.run(run("anthropic_strict=true", option, confdir=tmp_path))
    assert set(logging.getLogger().handlers) <= set(before)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("anthropic_strict=perhaps", "anthropic_strict: 'perhaps' is not valid"),
        ("anthropic_strikt=true", "Did you mean anthropic_strict?"),
    ],
)
def test_a_wrong_option_of_ours_stops_the_start(
    option: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        asyncio.run(run(option, confdir=tmp_path))
    assert stopped.value.code == 1
    assert words in capsys.readouterr().err


def test_an_option_of_an_addon_that_is_there_is_checked_by_it(tmp_path: Path) -> None:
    with pytest.raises(exceptions.OptionsError, match="stream_large_bodies"):
        asyncio.run(run("stream_large_bodies=1x", confdir=tmp_path))

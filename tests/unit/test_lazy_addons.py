"""What nobody uses is not loaded at the start, and all of it can be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ADDONS = Path(__file__).resolve().parents[2] / "addons"

PROGRAM = """
import sys
from anthropic_proxy.cli import lazy_addons
lazy_addons.install()
import anthropic_proxy.cli.master
costly = {"ldap3", "passlib", "flask", "werkzeug", "jinja2"}
later = {"anthropic_proxy.inspection.views", "httpx", "pybase64", "rich"}
loaded = (costly | later) & set(sys.modules)
assert not loaded, loaded
from mitmproxy import addons
addons.default_addons()
assert costly - {"passlib"} <= set(sys.modules), costly - set(sys.modules)
from mitmproxy.addons.view import View
from mitmproxy.addons import proxyauth
proxyauth.ProxyAuth()
"""


def test_an_addon_is_loaded_by_its_first_use() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONPATH": str(ADDONS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr

"""The search for canaries finds them in every disguise."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from support.canary import Search, canary

SECRET = canary("a secret", special=True)
OTHER = canary("another one")


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", content)
    return out.getvalue()


@pytest.mark.parametrize("before", ["", "x", "xy", "user:"])
@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: text.encode(),
        lambda text: quote(text, safe="").encode(),
        lambda text: quote_plus(text).encode(),
        lambda text: text.replace("/", "\\/").encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.urlsafe_b64encode(text.encode()),
        lambda text: text.encode().hex().encode(),
        lambda text: zipped(text.encode()),
    ],
)
def test_it_is_found(before: str, disguise: Callable[[str], bytes]) -> None:
    search = Search({"secret": SECRET, "other": OTHER})
    for part in (SECRET, SECRET[:12], SECRET[-12:]):
        assert search.found(disguise(f"{before}{part} after")) == {"secret"}


def test_nothing_is_found_in_what_is_harmless() -> None:
    assert Search({"secret": SECRET, "other": OTHER}).found(b"*** sk-ant-***") == set()

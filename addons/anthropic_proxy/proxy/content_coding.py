"""Bodies out of their content-encoding, with a bound: 1 MB of gzip can hold 1 GB."""

from __future__ import annotations

import zlib
from typing import Final

from mitmproxy import http

from .http_facts import value_of

_WINDOW_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class NotDecoded(ValueError):
    """The body cannot be read. ``str()`` is fit for a client."""


class TooLarge(NotDecoded):
    """The body is larger than it may be once it is decoded."""


def decoded(message: http.Request | http.Response, limit: int) -> bytes:
    """The body as it was before ``content-encoding``.

    Args:
        limit: bytes that the result may have.

    Raises:
        TooLarge: it has more.
        NotDecoded: an encoding that is not known here, or a body that is not in it.
    """
    body = message.raw_content or b""
    given = value_of(message.headers, b"content-encoding")
    coding = "identity" if given is None else given.strip().lower()
    if coding in ("", "identity"):
        plain = body
    elif coding in _WINDOW_BITS:
        plain = _inflated(body, _WINDOW_BITS[coding], limit)
    else:
        raise NotDecoded(f"The content-encoding {coding!r} is not understood.")
    if len(plain) > limit:
        raise TooLarge(f"The body is larger than {limit} bytes.")
    return plain


def _inflated(body: bytes, window_bits: int, limit: int) -> bytes:
    reader = zlib.decompressobj(window_bits)
    try:
        plain = reader.decompress(body, limit + 1)
    except zlib.error:
        raise NotDecoded("The body is not in its content-encoding.") from None
    if not reader.eof and len(plain) <= limit:
        raise NotDecoded("The body is not in its content-encoding.")
    return plain

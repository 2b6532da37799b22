"""JSON text in and out, with the failures that matter to a proxy named.

Client input may hold what strict decoders refuse (lone surrogate escapes) and what
lax ones accept (``NaN``, a hundred thousand brackets). One place decides both.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

import msgspec

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DECODER: Final = msgspec.json.Decoder(strict=True)
_ENCODER: Final = msgspec.json.Encoder()


class InvalidJSON(ValueError):
    """The bytes are not one JSON document. The message is fit for a client to read."""


def decode(text: bytes | str) -> Any:
    """Read one JSON document; lone UTF-16 surrogates become U+FFFD.

    Upstream refuses a body with lone surrogates (TRANSLATION B.4), and Python clients
    produce them from truncated emoji, so they are mended here rather than refused.

    Raises:
        InvalidJSON: not UTF-8, not JSON, ``NaN``/``Infinity``, or nested too deeply.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise InvalidJSON("the document is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeError) as strict_failure:
        return _decode_leniently(text, strict_failure)


def encode(value: Any) -> bytes:
    """Write compact UTF-8 JSON, key order kept; ``msgspec.Raw`` is spliced verbatim."""
    return _ENCODER.encode(value)


def without_surrogates(text: str) -> str:
    """``text`` with each lone surrogate replaced by U+FFFD, so that it encodes."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _decode_leniently(text: bytes | str, strict_failure: Exception) -> Any:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except InvalidJSON:
        raise
    except RecursionError:
        raise InvalidJSON("the document is nested too deeply") from None
    except ValueError:
        raise InvalidJSON(str(strict_failure)) from None
    return _mend(value)


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJSON(f"{name} is not a JSON value")


def _mend(value: Any) -> Any:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, list):
        return [_mend(item) for item in value]
    if isinstance(value, dict):
        return {without_surrogates(key): _mend(item) for key, item in value.items()}
    return value

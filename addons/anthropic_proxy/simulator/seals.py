"""Signatures of thinking blocks: what they cover and how they are checked.

A signature holds the conversation it was made in, the thinking block before it and
the model, sealed with an HMAC over these and the block's own text. So an altered
block, a changed prefix and a hole in a chain of blocks can each be told apart.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any, Final, NamedTuple

NO_LINK: Final = bytes(8)
"""Link of the first thinking block of a conversation."""

_PREFIX_BYTES: Final = 16
_LINK_BYTES: Final = 8
_MODEL_BYTES: Final = 8
_MAC_BYTES: Final = 16
_SIZE: Final = _PREFIX_BYTES + _LINK_BYTES + _MODEL_BYTES + _MAC_BYTES


class Seal(NamedTuple):
    """What a valid signature says."""

    prefix: bytes
    link: bytes
    model: bytes


def model_mark(model: str) -> bytes:
    """The model as seals hold it."""
    return hashlib.sha256(model.encode()).digest()[:_MODEL_BYTES]


def signature(key: bytes, text: str, *, prefix: bytes, link: bytes, model: str) -> str:
    """Sign a thinking block. For ``redacted_thinking`` this is ``data``, text empty."""
    claims = prefix + link + model_mark(model)
    return base64.b64encode(claims + _mac(key, claims, text)).decode()


def link_to(block: dict[str, Any]) -> bytes:
    """What the seal of the next thinking block says about this one."""
    return hashlib.sha256(sealed_text(block).encode()).digest()[:_LINK_BYTES]


def sealed_text(block: dict[str, Any]) -> str:
    """``signature`` or ``data``; empty when it is not a string."""
    name = "data" if block["type"] == "redacted_thinking" else "signature"
    value = block.get(name)
    return value if isinstance(value, str) else ""


def read_seal(key: bytes, block: dict[str, Any]) -> Seal | None:
    """The seal of a block; None when it was altered or made by somebody else."""
    try:
        raw = base64.b64decode(sealed_text(block), validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _SIZE:
        return None
    claims, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, claims, block.get("thinking", ""))):
        return None
    model_at = _PREFIX_BYTES + _LINK_BYTES
    return Seal(
        claims[:_PREFIX_BYTES], claims[_PREFIX_BYTES:model_at], claims[model_at:]
    )


def _mac(key: bytes, claims: bytes, text: str) -> bytes:
    return hmac.digest(key, claims + text.encode(), "sha256")[:_MAC_BYTES]

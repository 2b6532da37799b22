"""Token files of other programs, read once, for ``import``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from .oauth import TokenSet, is_token
from .token_store import SUBSCRIPTION, VERSION, Malformed, read_object

_LAST_PLAUSIBLE_SECOND: Final = 100_000_000_000
"""Above this (the year 5138) a time is in milliseconds."""


def parse_foreign(content: bytes, now: float) -> TokenSet:
    """Tokens from anthropic-max-router, from earlier proxies, or from ourselves.

    The first writes ``.oauth-tokens.json`` with ``expires_at`` in milliseconds, the
    others ``tokens.json`` with seconds; which it is, is told by the number's size.
    A file that does not say when its token ends is taken as expired at ``now``: the
    first use then refreshes.

    Raises:
        Malformed: none of these; the message names what is wrong, no values.
    """
    document = read_object(content)
    if document.get("version") == VERSION and document.get("type") == "subscription":
        return SUBSCRIPTION.decode(document)
    access_token = _text(document, "access_token")
    refresh_token = _text(document, "refresh_token")
    if not access_token:
        raise Malformed("holds no access_token")
    if not is_token(access_token):
        raise Malformed("has an unusable access_token")
    if access_token.startswith("sk-ant-api"):
        raise Malformed("holds an API key; store it with `login --api-key`")
    return TokenSet(
        access_token=access_token,
        refresh_token=refresh_token or None,
        expires_at=_expires_at(document, now),
        scope=_scope(document.get("scope")),
        account=_mapping(document.get("account")),
        organization=_mapping(document.get("organization")),
    )


def _expires_at(document: Mapping[str, Any], now: float) -> float:
    try:
        value = float(document["expires_at"])
    except (KeyError, TypeError, ValueError):
        return now
    if not math.isfinite(value):
        return now
    return value / 1000 if value > _LAST_PLAUSIBLE_SECOND else value


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value.strip() if isinstance(value, str) else ""


def _scope(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(item for item in value if isinstance(item, str))
    return value if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}

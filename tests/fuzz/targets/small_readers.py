"""What is read besides requests: options, the model map, pasted codes, tokens."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from anthropic_proxy.credentials.foreign import parse_foreign
from anthropic_proxy.credentials.oauth import Reply, TokenRequest, parse_token_reply
from anthropic_proxy.credentials.oauth_errors import OAuthError
from anthropic_proxy.credentials.pasted import PasteUnusable, parse_pasted
from anthropic_proxy.credentials.token_store import Malformed
from anthropic_proxy.models.user_map import MappingError, parse_user_map
from anthropic_proxy.proxy.option_table import OPTIONS

from ..mutations import Words, json_text, scratched
from ..target import Target, switches

NOW = 1_790_000_000.0
_REQUEST = TokenRequest("http://127.0.0.1/token", {}, ())
_STATUSES = (200, 400, 401, 429, 500, 302)

_TOKENS = {
    "access_token": "sk-ant-oat01-a",
    "refresh_token": "sk-ant-ort01-b",
    "expires_in": 28800,
    "expires_at": 1_790_000_000_000,
    "scope": "user:inference user:profile",
    "account": {"uuid": "u", "email_address": "a@b.test"},
    "organization": {"uuid": "o", "name": "n"},
    "version": 1,
    "type": "subscription",
}
_ERROR = {"error": "invalid_grant", "error_description": "Refresh token not found"}
_MAP = {"gpt-4o": "claude-sonnet-5-5", "o3*": "claude-opus-5-5"}
_TEXTS = (
    *("true", "32m", "0.5", "a,b", "https://api.anthropic.com/v1", "x=y,z=file", "*"),
    *("code#state", "http://127.0.0.1/callback?code=a&state=b", "?error=denied&x=%00"),
    *("http://[::1", "10", "1e400", "-1", "٣", "medium"),
)


def _options(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for option in OPTIONS:
        try:
            option.parse(text)
        except ValueError as wrong:
            assert str(wrong), option.name


def _map(data: bytes) -> None:
    try:
        found = parse_user_map(data.decode("utf-8", "replace"), "map.json")
    except MappingError as wrong:
        assert "map.json" in str(wrong)
    else:
        assert all(found.values())


def _pasted(data: bytes) -> None:
    try:
        assert parse_pasted(data.decode("utf-8", "replace")).code
    except PasteUnusable as wrong:
        assert str(wrong)


def _reply(data: bytes) -> None:
    chosen, body = switches(data)
    headers = {"retry-after": body[:8].decode("latin-1")}
    reply = Reply(_STATUSES[chosen % len(_STATUSES)], headers, body)
    try:
        assert parse_token_reply(_REQUEST, reply, now=NOW).access_token
    except OAuthError as wrong:
        assert str(wrong)


def _foreign(data: bytes) -> None:
    try:
        assert parse_foreign(data, NOW).access_token
    except Malformed as wrong:
        assert "sk-ant-o" not in str(wrong)


READERS: tuple[Callable[[bytes], None], ...] = (
    _options,
    _map,
    _pasted,
    _reply,
    _foreign,
)
_DOCUMENTS = [json.dumps(value).encode() for value in (_TOKENS, _ERROR, _MAP)]
_WORDS = Words([_TOKENS, _ERROR, _MAP])


def check(data: bytes) -> None:
    """A value, or the reader's own exception, which says something."""
    chosen, text = switches(data)
    READERS[chosen % len(READERS)](text)


def mutate(dice: random.Random, data: bytes) -> bytes:
    """Another text for the same reader."""
    head, text = data[:1], data[1:]
    if text[:1] == b"{":
        return head + json_text(dice, text, _WORDS)
    # The first byte of a token reply is its status.
    inner = text[:1] if head and READERS[head[0] % len(READERS)] is _reply else b""
    rest = text[len(inner) :]
    change = json_text(dice, rest, _WORDS) if rest[:1] == b"{" else scratched(dice, rest)
    return head + inner + change


_SEEDS = [bytes([reader]) + text.encode() for reader in (0, 2) for text in _TEXTS]
_SEEDS += [bytes([reader]) + text for reader in (1, 4) for text in _DOCUMENTS]
_SEEDS += [
    bytes([3, status]) + text for status in range(len(_STATUSES)) for text in _DOCUMENTS
]

TARGET = Target(
    name="small-readers",
    promise="any option, model map, pasted code, token file or token reply: a value, or "
    "the reader's own error",
    seeds=_SEEDS,
    mutate=mutate,
    check=check,
)

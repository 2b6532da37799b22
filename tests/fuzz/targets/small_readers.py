"""What is read besides requests: options, the model map, pasted codes, tokens."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterator

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
TOKEN = "sk-ant-oat01-" + "a1B2" * 8
_REQUEST = TokenRequest("http://127.0.0.1/token", {}, ())
_STATUSES = (200, 400, 401, 429, 500, 302)

_TOKENS = {
    "access_token": TOKEN,
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


def _options(text: str) -> Iterator[str]:
    for option in OPTIONS:
        try:
            option.parse(text)
        except ValueError as wrong:
            yield str(wrong)


def _map(text: str) -> Iterator[str]:
    try:
        parse_user_map(text, "map.json")
    except MappingError as wrong:
        yield str(wrong)


def _pasted(text: str) -> Iterator[str]:
    try:
        parse_pasted(text)
    except PasteUnusable as wrong:
        yield str(wrong)


def _reply(text: str) -> Iterator[str]:
    status = _STATUSES[zlib.crc32(text.encode()) % len(_STATUSES)]
    reply = Reply(status, {"retry-after": text[:8]}, text.encode())
    try:
        parse_token_reply(_REQUEST, reply, now=NOW)
    except OAuthError as wrong:
        yield str(wrong)


def _foreign(text: str) -> Iterator[str]:
    try:
        parse_foreign(text.encode(), NOW)
    except Malformed as wrong:
        yield str(wrong)


READERS: tuple[Callable[[str], Iterator[str]], ...] = (
    _options,
    _map,
    _pasted,
    _reply,
    _foreign,
)
_DOCUMENTS = [json.dumps(value).encode() for value in (_TOKENS, _ERROR, _MAP)]
_WORDS = Words([_TOKENS, _ERROR, _MAP])


def check(data: bytes) -> None:
    """A value, or the reader's own exception, which says something and no secret."""
    chosen, text = switches(data)
    read = READERS[chosen % len(READERS)]
    for said in read(text.decode("utf-8", "replace")):
        assert said
        assert TOKEN not in said or read is not _foreign


def mutate(dice: random.Random, data: bytes) -> bytes:
    """Another text for the same reader."""
    head, text = data[:1], data[1:]
    if text[:1] == b"{":
        return head + json_text(dice, text, _WORDS)
    return head + scratched(dice, text)


_SEEDS = [bytes([reader]) + text.encode() for reader in (0, 2) for text in _TEXTS]
_SEEDS += [bytes([reader]) + text for reader in (1, 3, 4) for text in _DOCUMENTS]

TARGET = Target(
    name="small-readers",
    promise="any option, model map, pasted code, token file or reply: a value, or the "
    "reader's own error",
    seeds=_SEEDS,
    mutate=mutate,
    check=check,
)

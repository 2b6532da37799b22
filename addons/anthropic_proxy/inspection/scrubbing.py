"""Takes out of a recording what says who somebody is, or lets one in.

What is taken out is overwritten with as many characters, so that sizes stay true, and
the same value always with the same characters, so that what was equal stays equal.
Headers and query parameters are kept by name; whatever is not known goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ..wire import jsontext
from .blanking import blanked, in_arguments
from .json_spans import Text, Value, values

MASK: Final = "***"
MIN_SECRET: Final = 6
"""Characters from which a value is also looked for where it is not expected."""

KEPT_HEADERS: Final = re.compile(
    r"""accept(-encoding|-language|-charset)? | content-(type|length|encoding|language)
      | transfer-encoding | connection | keep-alive | host | user-agent | server | date
      | vary | cache-control | expect | te | trailer | via | age | allow
      | retry-after(-ms)? | x-should-retry | request-id | x-request-id
      | anthropic-(version|beta|dangerous-direct-browser-access)
      | anthropic-(ratelimit|priority)-.+
      | x-ratelimit-.+ | x-stainless-.+ | x-translation-warnings | openai-(beta|version)
      | openai-processing-ms | x-app | content-security-policy | x-content-type-options
      | strict-transport-security | alt-svc | referrer-policy""",
    re.VERBOSE | re.IGNORECASE,
)
_REQUEST_IDS: Final = ("request-id", "x-request-id")
_KEPT_PARAMETERS: Final = ("beta", "limit", "before_id", "after_id")

# Members of JSON whose value names a person, an account or a secret.
_PERSONAL: Final = frozenset(
    {
        "user", "user_id", "safety_identifier", "prompt_cache_key", "email", "username",
        "email_address", "account", "account_id", "account_uuid", "organization",
        "organization_id", "organization_uuid", "org_id", "workspace_id", "device_id",
        "session_id", "access_token", "refresh_token", "id_token", "code_verifier",
        "authorization", "authorization_token", "client_secret", "password", "passwd",
        "secret", "api_key", "apikey", "x-api-key", "token", "cookie", "phone",
        "phone_number", "external_id",
    }
)  # fmt: skip
_NESTED: Final = re.compile(
    r'(?i)\\*"(?:%s)\\*"\s*:\s*\\*"(?P<value>[^"\\]+)'  # noqa: UP031  braces galore
    % "|".join(sorted(_PERSONAL))
)
_UUID: Final = re.compile(
    r"(?i)(?<![0-9a-f])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-f])"
)
# One of Anthropic's is one wherever it begins: behind "%3D", too.
_KEY: Final = re.compile(r"(?:\bsk-|sk-ant-)(?:ant-)?(?P<value>[A-Za-z0-9_-]{8,})")
_PATTERNS: Final = (
    re.compile(r"(?i)\bbearer\s+(?P<value>[A-Za-z0-9._~+/=-]{8,})"),
    re.compile(r"\b(?P<value>eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?)"),
    re.compile(
        r"(?i)[?&](?:key|api[_-]?key|access_token|token|code|state)="
        r"(?P<value>[^&\s\"'\\]+)"
    ),
    # Prefixed ids: org_01AbC…, user_0f3e…; a digit tells them from words.
    re.compile(
        r"\b(?:org|organization|user|acct|account|wrkspc|workspace|apikey|team|cus)"
        r"[-_](?P<value>(?=[A-Za-z]*\d)[0-9A-Za-z]{12,})"
    ),
    _NESTED,
)
_EMAIL: Final = re.compile(
    r"(?<![\w.+%-])(?P<value>[\w.+%-]{1,256}@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62})"
)
_FRAGMENTS: Final = frozenset(
    {
        "text", "partial_json", "thinking", "content", "arguments", "refusal",
        "reasoning_content", "signature", "completion",
    }
)  # fmt: skip
_DATA_LINE: Final = re.compile(r"^data: ?(?P<json>\{.*)$", re.MULTILINE)
_OTHER_LINE: Final = re.compile(r"^(?!data: ?\{)(?!event: ?[a-z_]*$).+$", re.MULTILINE)

# Where a body was cut, half of a secret could be left, which no pattern finds.
_LAST_WORD: Final = re.compile(r'[^\s"{}\[\],:]+\Z')

Header = tuple[str, str]


class Scrubber:
    """One bundle's: it remembers what stands for what."""

    def __init__(self, secrets: Iterable[str] = (), *, blank: bool = False) -> None:
        """Args:
        secrets: looked for everywhere, whatever they look like.
        blank: also overwrite what was said, by whomever.
        """
        self._blank = blank
        self._stands_for: dict[str, str] = {}
        self._sought = [secret for secret in secrets if len(secret) >= MIN_SECRET]

    def headers(self, fields: Iterable[Header]) -> list[Header]:
        """The fields, the values of those that are not known to be harmless masked."""
        kept = []
        for name, value in fields:
            if name.lower() in _REQUEST_IDS:
                kept.append((name, value))
            elif KEPT_HEADERS.fullmatch(name):
                kept.append((name, self.text(value)))
            else:
                kept.append((name, MASK))
        return kept

    def line(self, line: str) -> str:
        """A request's or status line, or a path."""
        path, mark, rest = line.partition("?")
        query, space, end = rest.partition(" ")
        pairs = (pair.partition("=") for pair in query.split("&"))
        shown = (
            name + equals + (self.text(value) if name in _KEPT_PARAMETERS else MASK)
            if value
            else name + equals
            for name, equals, value in pairs
        )
        return self.text(path) + mark + "&".join(shown) + space + end

    def text(self, text: str) -> str:
        """Prose: a comment, a reason, a header's value."""
        chars = list(text)
        for start, end in self._found(text):
            chars[start:end] = self._substitute(text[start:end])
        return "".join(chars)

    def plain(self, value: Any) -> Any:
        """JSON values; what is prose in them scrubbed as such."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.plain(key): (
                    self._named(part)
                    if key in _PERSONAL and isinstance(part, str) and part
                    else self.plain(part)
                )
                for key, part in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.plain(part) for part in value]
        if isinstance(value, bytes):  # nobody says how it was cut
            return self.body(value, cut=True)
        return value

    def body(self, body: bytes, *, cut: bool = False) -> bytes:
        """A decoded body: JSON, server-sent events, or text. Anything else is blanked.

        Args:
            cut: its end was not kept.
        """
        try:
            body[: -3 if cut else None].decode()
        except UnicodeDecodeError:
            return b"*" * len(body)
        out, raw = bytearray(body), body.decode("latin-1")
        if _is_events(body):
            self._events(out, raw)
        elif _is_json(body, cut=cut):
            found = values(raw, with_keys=True)
            self._strings(out, raw, ((value, ()) for value in found))
        elif self._blank:
            return b"x" * len(body)
        else:
            self._passage(Text(out, raw, [(0, len(raw))], escaped=False))
        if cut and (half := _LAST_WORD.search(raw, len(raw) - 200)):
            out[half.start() :] = b"*" * len(half[0])
        self._sweep(out)
        return bytes(out)

    def _sweep(self, out: bytearray) -> None:
        """What stands in no string, where it should: JSON may be broken."""
        raw = out.decode("latin-1")
        for start, end in self._keys(raw):
            out[start:end] = self._substitute(raw[start:end]).encode()

    def _events(self, out: bytearray, raw: str) -> None:
        """Server-sent events; the fragments of a block are read as one text."""
        found: list[tuple[Value, tuple[str, ...]]] = []
        for line in _DATA_LINE.finditer(raw):
            span = line.span("json")
            event = list(values(raw, *span, with_keys=True))
            place = tuple(
                raw[value.start : value.end] for value in event if value.key == "index"
            )
            found += [(value, place) for value in event]
        self._strings(out, raw, found)
        for line in _OTHER_LINE.finditer(raw):
            self._passage(Text(out, raw, [line.span()], escaped=False))

    def _strings(
        self,
        out: bytearray,
        raw: str,
        found: Iterable[tuple[Value, tuple[str, ...]]],
    ) -> None:
        joined: dict[tuple[Any, ...], list[Value]] = {}
        for value, place in found:
            if value.is_string and value.key in _FRAGMENTS and "delta" in value.path:
                joined.setdefault((value.path, place), []).append(value)
            else:
                self._value(out, raw, [value])
        for pieces in joined.values():
            self._value(out, raw, pieces)

    def _value(self, out: bytearray, raw: str, pieces: Sequence[Value]) -> None:
        first = pieces[0]
        if not first.is_string:
            if first.key in _PERSONAL or (self._blank and in_arguments(first.path)):
                size = first.end - first.start
                out[first.start : first.end] = b"1" * size
            return
        text = Text(out, raw, [(piece.start, piece.end) for piece in pieces])
        if first.is_key:
            self._clear(text)
        elif first.key in _PERSONAL:
            if text.text:
                text.overwrite(0, len(text.text), self._named(text.text))
        else:
            self._passage(text, first.path)

    def _passage(self, text: Text, path: tuple[str, ...] = ()) -> None:
        self._clear(text)
        if self._blank:
            for start, end, new in blanked(text.text, path):
                text.overwrite(start, end, new)

    def _clear(self, text: Text) -> None:
        for start, end in self._found(text.text):
            text.overwrite(start, end, self._substitute(text.text[start:end]))

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Where something has to go; places may overlap."""
        yield from self._keys(text)
        for pattern in _PATTERNS:
            for found in pattern.finditer(text):
                yield found.span("value")
        for found in _UUID.finditer(text):
            yield found.span()
        if "@" in text:
            for found in _EMAIL.finditer(text):
                yield found.span("value")

    def _keys(self, text: str) -> Iterator[tuple[int, int]]:
        """What is known to be a secret, and what can be nothing else."""
        for known in self._sought:
            at = text.find(known)
            while at >= 0:
                yield at, at + len(known)
                at = text.find(known, at + len(known))
        for found in _KEY.finditer(text):
            yield found.span("value")

    def _named(self, value: str) -> str:
        """What stands for a personal member's value, which may be elsewhere, too."""
        if len(value) >= MIN_SECRET and value not in self._sought:
            self._sought.append(value)
        return self._substitute(value)

    def _substitute(self, value: str) -> str:
        """As many characters, the same for the same value; none is special anywhere."""
        if value not in self._stands_for:
            number = str(len(self._stands_for) + 1)
            if _UUID.fullmatch(value):
                new = f"00000000-0000-0000-0000-{number.zfill(12)}"
            else:
                new = ("*" * len(value) + number)[-len(value) :]
                if len(value) <= len(number):
                    new = "*" * len(value)
            self._stands_for[value] = new
        return self._stands_for[value]


def _is_events(body: bytes) -> bool:
    return body.lstrip().startswith((b"event:", b"data:", b"id:", b"retry:", b":"))


def _is_json(body: bytes, *, cut: bool) -> bool:
    """Whether strings in it can be trusted to be JSON's."""
    if cut:
        return body.lstrip().startswith((b"{", b"["))
    try:
        jsontext.decode(body)
    except jsontext.InvalidJSON:
        return False
    return True

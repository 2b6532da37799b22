"""Small facts about requests and errors, read from mitmproxy's objects."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any, Final, TypeVar

from mitmproxy import http
from mitmproxy.net.http.status_codes import NO_RESPONSE
from mitmproxy.proxy.layers.http._events import ResponseHeaders, ResponseProtocolError

_Message = TypeVar("_Message", http.Request, http.Response)

INTERNAL: Final = "The proxy failed to handle this request; nothing was sent upstream."

BROKEN_ANSWER: Final = "The proxy failed to handle upstream's answer."

CREDENTIAL_HEADERS: Final = (
    "x-api-key",
    "api-key",
    "authorization",
    "proxy-authorization",
    "cookie",
)
_CREDENTIAL_NAMES: Final = frozenset(name.encode() for name in CREDENTIAL_HEADERS)

Fields = tuple[tuple[bytes, bytes], ...]
"""Headers as they are on the wire."""


NOT_CLEAN: Final = "The request holds control characters and is not sent on."
NOT_HTTP: Final = "The request is not valid HTTP/1.1."
NOT_OURS: Final = "The request was redirected after it was prepared; it is not sent."

CLOSED_BY_UPSTREAM: Final = "server closed connection"
"""mitmproxy's words for an upstream that closed before the head of its answer."""

_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_CONTROL_OR_SPACE: Final = re.compile(rb"[\x00-\x20\x7f]")
_QUOTED_BYTES: Final = re.compile(r"""b(?P<quote>['"]).*""", re.DOTALL)


def is_clean(request: http.Request) -> bool:
    """Whether nothing in the head could end a line, and so begin another request.

    An HTTP/2 client can send what no line of HTTP/1 may hold, and mitmproxy 11 passes
    it on: a request of the client's own making, with our credential on it.
    """
    data = request.data
    names = [name for name, _ in data.headers.fields]
    values = [value for _, value in data.headers.fields]
    return not (
        _CONTROL_OR_SPACE.search(
            b"".join([data.method, data.path, data.authority, *names])
        )
        or _CONTROL.search(b"".join(values).replace(b"\t", b""))
    )


def is_html_refusal(data: bytes) -> bool:
    """Whether these are mitmproxy's own words to a client whose head it cannot read."""
    head = data[:200].lower()
    return head.startswith(b"http/1.1 4") and b"\r\nserver: mitmproxy" in head


def without_bytes(text: str) -> str:
    """mitmproxy's reason without the raw bytes that it quotes: they may be a secret."""
    return _QUOTED_BYTES.sub("(bytes not shown)", text)


def scrub(headers: http.Headers) -> None:
    """Take every header out that may hold a credential."""
    headers.fields = without_credentials(headers)


def without_credentials(headers: http.Headers) -> Fields:
    """The headers that cannot hold a credential, as they are on the wire."""
    fields = headers.fields
    return tuple([one for one in fields if one[0].lower() not in _CREDENTIAL_NAMES])


def headers_of(fields: Fields) -> http.Headers:
    """mitmproxy's headers; its own way to make them looks at each part's type."""
    headers = http.Headers.__new__(http.Headers)
    headers.fields = fields
    return headers


def request_of(
    *, address: tuple[str, int], method: bytes, path: bytes, fields: Fields, body: bytes
) -> http.Request:
    """A request as it was read, of scheme http. Quick, like ``headers_of``."""
    now = time.time()
    return _like(
        _REQUEST, host=address[0], port=address[1], method=method, path=path,
        headers=headers_of(fields), content=body, timestamp_start=now,
        timestamp_end=now,
    )  # fmt: skip


def response_of(
    *, version: bytes, status: int, reason: bytes, fields: Fields
) -> http.Response:
    """The head of a response as it was read. Quick, like ``headers_of``."""
    return _like(
        _RESPONSE, http_version=version, status_code=status, reason=reason,
        headers=headers_of(fields), timestamp_start=time.time(),
    )  # fmt: skip


def _like(message: _Message, **data: Any) -> _Message:
    kind, kind_of_data = type(message), type(message.data)
    made: _Message = kind.__new__(kind)
    made.data = kind_of_data.__new__(kind_of_data)
    vars(made.data).update(vars(message.data), **data)
    return made


_REQUEST: Final = http.Request(
    "", 0, b"", b"http", b"", b"", b"HTTP/1.1", http.Headers(), None, None, 0.0, None
)
_RESPONSE: Final = http.Response(
    b"HTTP/1.1", 0, b"", http.Headers(), None, None, 0.0, None
)


def value_of(headers: http.Headers, name: bytes) -> str | None:
    """As ``headers.get`` with a name in lower case, which takes four times as long."""
    found: bytes | None = None
    size = len(name)  # tells most names apart before their case is folded
    for given, value in headers.fields:
        if len(given) == size and given.lower() == name:
            found = value if found is None else b"%b, %b" % (found, value)
    return None if found is None else found.decode("utf-8", "surrogateescape")


def texts_of(headers: http.Headers) -> list[tuple[str, str]]:
    """As ``headers.items(multi=True)``, which takes four times as long."""
    return [
        (
            name.decode("utf-8", "surrogateescape"),
            value.decode("utf-8", "surrogateescape"),
        )
        for name, value in headers.fields
    ]


def with_fields(fields: Fields, added: Iterable[tuple[str, str]]) -> Fields:
    """``fields``, with each of ``added`` in place of what has its name.

    As setting one after the other does, but ``fields`` are walked only once.
    """
    wanted = {
        name.lower().encode(): (name.encode(), value.encode("utf-8", "surrogateescape"))
        for name, value in added
    }
    left, whole = dict(wanted), []
    for field in fields:
        key = field[0].lower()
        if key not in wanted:
            whole.append(field)
        elif key in left:
            whole.append((field[0], left.pop(key)[1]))
    return (*whole, *left.values())


def is_interim(event: ResponseHeaders) -> bool:
    """Whether this is a 1xx, with the real head still to come."""
    return 100 <= event.response.status_code < 200


def status_of(event: ResponseProtocolError) -> int | None:
    """HTTP status of an error; None when no answer is wanted."""
    code: Any = event.code
    if isinstance(code, int):  # mitmproxy 11
        return None if code == NO_RESPONSE else code
    status: int | None = code.http_status_code()
    return status


def declared_length(message: http.Request | http.Response) -> int:
    """What ``content-length`` says; 0 when it says nothing that can be read."""
    length = value_of(message.headers, b"content-length") or ""
    return int(length) if length.isdecimal() else 0

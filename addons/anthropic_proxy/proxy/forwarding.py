"""Makes a flow's request ready for upstream, and says which headers travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from mitmproxy import http
from mitmproxy.net.http import url
from mitmproxy.net.http.http1 import connection_close
from mitmproxy.proxy.mode_specs import ReverseMode

from ..credentials.credential import Credential
from ..wire.anthropic import BETA_HEADER
from .answers import as_headers
from .call import Call
from .http_facts import headers_of, value_of, with_fields
from .options import Upstream

PLACEHOLDER: Final = "***"
REDIRECTED: Final = (
    "it redirects to another place, which Anthropic's API never does, and where a "
    "client would take its key. Look at the address of the upstream"
)

# Not the next hop's business (RFC 9110 7.6.1), or about this hop alone.
HOP_BY_HOP: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect",
        "host", "content-length", "forwarded", "via",
    }
)  # fmt: skip

# Which page asked is between the browser and us (``web_guard``). Anthropic refuses
# requests of pages, and organizations can forbid them; this one is the proxy's.
BROWSERS_OWN: Final = ("origin", "referer", "sec-", "access-control-", "x-forwarded-")

# Of an answer: about upstream's connection, or about upstream as a site.
_UPSTREAMS_OWN: Final = frozenset(
    {
        b"connection", b"keep-alive", b"te", b"trailer", b"upgrade", b"set-cookie",
        b"alt-svc", b"strict-transport-security", b"clear-site-data", b"nel",
        b"report-to", b"reporting-endpoints", b"timing-allow-origin",
    }
)  # fmt: skip
_NOT_PASSED_ON: Final = (b"access-control-", b"proxy-")
_FRAMING: Final = frozenset({"content-length", "transfer-encoding"})


def upstream_of(call: Call, chosen: Upstream | None) -> Upstream:
    """The upstream by option, else the target of the mode that took the request."""
    if chosen is not None:
        return chosen
    mode = call.flow.client_conn.proxy_mode
    assert isinstance(mode, ReverseMode)  # options are checked at the start
    return target_of(mode)


def target_of(mode: ReverseMode) -> Upstream:
    """What ``--mode reverse:…`` points at."""
    scheme = "https" if mode.scheme == "https" else "http"
    return Upstream(scheme, mode.address[0], mode.address[1], "")


def end_to_end(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers that may travel on: not the hop-by-hop ones, not a proxy's notes."""
    fields = list(fields)
    options = [value for name, value in fields if name.lower() == "connection"]
    gone = HOP_BY_HOP | _named(options)
    return [
        (name, value)
        for name, value in fields
        if name.lower() not in gone and not name.lower().startswith(BROWSERS_OWN)
    ]


def _named(options: Iterable[str]) -> set[str]:
    """The headers that ``Connection`` names (RFC 9110 7.6.1)."""
    return {token.strip().lower() for value in options for token in value.split(",")}


def is_redirect(status: int | None) -> bool:
    """Whether a client would go somewhere else for its answer; 304 is an answer."""
    return status is not None and 300 <= status < 400 and status != 304


def for_the_client(response: http.Response) -> http.Response:
    """Upstream's head without what is not the client's business.

    Upstream does not decide which web pages may read our answers. What it says of its
    connection stays in the old object, where mitmproxy looks for it.
    """
    gone, fields = _UPSTREAMS_OWN, response.headers.fields
    speaks = value_of(response.headers, b"connection") is not None
    if speaks:
        named = _named(response.headers.get_all("connection")) - _FRAMING
        gone = gone.union(name.encode(errors="replace") for name in named)
    kept = [
        (name, value)
        for name, value in fields
        if (lower := name.lower()) not in gone and not lower.startswith(_NOT_PASSED_ON)
    ]
    says = speaks or response.http_version != "HTTP/1.1"
    if says and connection_close(response.http_version, response.headers):
        response = response.copy()
    if response.http_version == "HTTP/1.0":
        response.http_version = "HTTP/1.1"
    response.headers = headers_of(tuple(kept))
    return response


def frame(response: http.Response, method: str, http_version: str) -> None:
    """Say how long the body is, in a way that this client understands.

    An HTTP/1.0 client knows no chunks: what has no length ends with the connection.
    """
    headers = response.headers
    if method == "HEAD" or response.status_code in (204, 304):
        return
    if not response.stream:
        if response.raw_content is None:
            return  # its body has not come yet
        length = str(len(response.raw_content))
        if value_of(headers, b"transfer-encoding") is not None:
            headers.pop("transfer-encoding")
        if value_of(headers, b"content-length") != length:
            headers["content-length"] = length
    elif http_version == "HTTP/1.1" and not _FRAMING.intersection(
        name.lower() for name in headers
    ):
        headers["transfer-encoding"] = "chunked"
    if http_version == "HTTP/1.0":
        headers.pop("transfer-encoding", None)
        has_length = "content-length" in headers
        headers["connection"] = "keep-alive" if has_length else "close"


def merged_betas(present: str | None, wanted: Iterable[str]) -> str | None:
    """``anthropic-beta`` with the wanted values added; what is there stays in front."""
    values = [value.strip() for value in (present or "").split(",") if value.strip()]
    values += [value for value in wanted if value not in values]
    return ",".join(values) or None


def credential_mark(betas: str | None, credential: Credential) -> list[tuple[str, str]]:
    """The placeholder that egress swaps on the wire, and the betas that go with it."""
    name, _ = credential.header
    fields = [(name, f"Bearer {PLACEHOLDER}" if credential.oauth else PLACEHOLDER)]
    merged = merged_betas(betas, credential.betas)
    if merged is not None:
        fields.append((BETA_HEADER, merged))
    return fields


def forward(
    call: Call,
    upstream: Upstream,
    *,
    method: str,
    path: str,
    headers: Mapping[str, str] | http.Headers,
    content: bytes,
) -> None:
    """Rewrite the flow's request; admitting it to upstream is the last step."""
    assert call.credential is not None
    request = call.flow.request
    added = credential_mark(headers.get(BETA_HEADER), call.credential)
    if _has_length(method, content):
        added.append(("content-length", str(len(content))))
    host = url.hostport(upstream.scheme, upstream.host, upstream.port)
    # Not by the properties: each of them looks through all headers for the host.
    data = request.data
    if request.is_http2 or request.is_http3:
        request.authority = host
    else:
        added.append(("Host", host))
        data.http_version, data.authority = b"HTTP/1.1", b""
    if not isinstance(headers, http.Headers):
        headers = as_headers(headers.items())
    data.headers = headers_of(with_fields(headers.fields, added))
    data.trailers, data.content = None, content
    request.method, request.path = method, upstream.path + path
    request.scheme, data.host, data.port = upstream.scheme, upstream.host, upstream.port
    call.target = (upstream.scheme, upstream.host, upstream.port)
    call.admitted = True


def set_content(request: http.Request, content: bytes) -> None:
    """The body as it goes on the wire, with its length."""
    request.data.content = content
    if _has_length(request.method, content):
        request.headers["content-length"] = str(len(content))


def _has_length(method: str, content: bytes) -> bool:
    return bool(content) or method in ("POST", "PUT", "PATCH")

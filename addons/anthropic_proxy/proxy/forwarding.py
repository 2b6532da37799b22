"""Makes a flow's request ready for upstream, and says which headers travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from mitmproxy import http
from mitmproxy.net.http import url
from mitmproxy.proxy.mode_specs import ReverseMode

from ..credentials.credential import Credential
from ..wire.anthropic import BETA_HEADER
from .answers import as_headers
from .call import Call
from .options import Upstream

PLACEHOLDER: Final = "***"

# Not the next hop's business (RFC 9110 7.6.1), or about this hop alone.
HOP_BY_HOP: Final = frozenset(
    {
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect",
        "host", "content-length", "forwarded", "via",
    }
)  # fmt: skip


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
    named = {
        token.strip().lower()
        for name, value in fields
        if name.lower() == "connection"
        for token in value.split(",")
    }
    gone = HOP_BY_HOP | named
    return [
        (name, value)
        for name, value in fields
        if name.lower() not in gone and not name.lower().startswith("x-forwarded-")
    ]


def merged_betas(present: str | None, wanted: Iterable[str]) -> str | None:
    """``anthropic-beta`` with the wanted values added; what is there stays in front."""
    values = [value.strip() for value in (present or "").split(",") if value.strip()]
    values += [value for value in wanted if value not in values]
    return ",".join(values) or None


def with_credential_mark(headers: http.Headers, credential: Credential) -> None:
    """The placeholder that egress swaps on the wire, and the betas that go with it."""
    name, _ = credential.header
    headers[name] = f"Bearer {PLACEHOLDER}" if credential.oauth else PLACEHOLDER
    betas = merged_betas(headers.get(BETA_HEADER), credential.betas)
    if betas is not None:
        headers[BETA_HEADER] = betas


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
    request.headers = (
        headers if isinstance(headers, http.Headers) else as_headers(headers.items())
    )
    with_credential_mark(request.headers, call.credential)
    request.method = method
    request.path = upstream.path + path
    request.trailers = None
    set_content(request, content)
    request.scheme = upstream.scheme
    request.host = upstream.host
    request.port = upstream.port
    request.host_header = url.hostport(upstream.scheme, upstream.host, upstream.port)
    if not (request.is_http2 or request.is_http3):
        request.http_version = "HTTP/1.1"
        request.authority = ""
    call.target = (upstream.scheme, upstream.host, upstream.port)
    call.admitted = True


def set_content(request: http.Request, content: bytes) -> None:
    """The body as it goes on the wire, with its length."""
    request.data.content = content
    if content or request.method in ("POST", "PUT", "PATCH"):
        request.headers["content-length"] = str(len(content))

"""A copy of a flow without what says who somebody is, or lets one in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mitmproxy import http
from mitmproxy.flow import Flow

from ..inspection.scrubbing import MASK, Scrubber
from .answers import as_headers
from .call import FLOW_KEY
from .content_coding import NotDecoded, decoded
from .endpoints import ENDPOINTS, MODEL
from .recording import MAX_DECODED_BYTES

_NOBODY: Final = ("127.0.0.1", 0)
_SHOWN: Final = frozenset(
    endpoint.name for endpoint in (*ENDPOINTS.values(), MODEL) if endpoint.shown
)


def scrubbed(flow: http.HTTPFlow, scrubber: Scrubber) -> http.HTTPFlow:
    """The copy has the flow's id and can be saved.

    Bodies of endpoints that carry files or secrets by their nature are overwritten
    whole, as are those of flows that are none of ours.
    """
    # Without the backup: that is the flow before somebody edited it.
    copy: Any = Flow.from_state(flow.get_state() | {"backup": None})
    facts = copy.metadata.get(FLOW_KEY)
    facts = facts if isinstance(facts, Mapping) else {}
    shown = facts.get("endpoint") in _SHOWN
    kept = facts.get("kept")
    kept = kept if isinstance(kept, Mapping) else {}
    copy.metadata = {FLOW_KEY: _facts(facts, scrubber, shown)} if facts else {}
    copy.comment = scrubber.text(copy.comment)
    copy.websocket = None
    if copy.error is not None:
        copy.error.msg = scrubber.text(copy.error.msg)
    for connection in (copy.client_conn, copy.server_conn):
        connection.peername = connection.sockname = _NOBODY
    copy.request.path = scrubber.line(copy.request.path)
    _message(copy.request, scrubber, shown, cut="request" in kept)
    if copy.response is not None:
        _message(copy.response, scrubber, shown, cut="response" in kept)
    result: http.HTTPFlow = copy
    return result


def _message(
    message: http.Request | http.Response, scrubber: Scrubber, shown: bool, *, cut: bool
) -> None:
    content = message.raw_content
    if content is not None:
        try:
            content = decoded(message, MAX_DECODED_BYTES)
        except NotDecoded:
            shown = False
        message.data.content = _body(content, scrubber, shown, cut=cut)
        if message.headers.pop("content-encoding", None) and "content-length" in (
            message.headers
        ):
            message.headers["content-length"] = str(len(content))
    fields = message.headers.items(multi=True)
    message.headers = as_headers(scrubber.headers(fields))
    message.trailers = None


def _facts(facts: Mapping[str, Any], scrubber: Scrubber, shown: bool) -> dict[str, Any]:
    return {str(name): _fact(fact, scrubber, shown) for name, fact in facts.items()}


def _fact(fact: Any, scrubber: Scrubber, shown: bool) -> Any:
    if _is_message(fact):
        return _kept_message(fact, scrubber, shown)
    if isinstance(fact, list | tuple) and any(map(_is_exchange, fact)):
        return [_facts(each, scrubber, shown) for each in filter(_is_exchange, fact)]
    return scrubber.plain(fact)


def _is_message(fact: Any) -> bool:
    return isinstance(fact, Mapping) and isinstance(fact.get("body"), bytes)


def _is_exchange(fact: Any) -> bool:
    """A request that was followed by another one, and its answer."""
    return isinstance(fact, Mapping) and any(map(_is_message, fact.values()))


def _kept_message(
    kept: Mapping[str, Any], scrubber: Scrubber, shown: bool
) -> dict[str, Any]:
    body, size = kept["body"], kept.get("size")
    cut = isinstance(size, int) and size > len(body)
    fields = [(str(name), str(value)) for name, value in kept.get("headers") or []]
    return {
        "line": scrubber.line(str(kept.get("line") or "")),
        "headers": [list(field) for field in scrubber.headers(fields)],
        "body": _body(body, scrubber, shown, cut=cut),
        "size": size,
    }


def _body(body: bytes, scrubber: Scrubber, shown: bool, *, cut: bool) -> bytes:
    if not shown:
        return MASK[:1].encode() * len(body)
    return scrubber.body(body, cut=cut)

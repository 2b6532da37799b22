"""What is kept of a request for whoever looks at it later, in the flow's metadata.

``recorded`` reads it back, also from a flow that was saved and loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mitmproxy import http

from ..inspection.recorded import Message, Recorded
from .call import FLOW_KEY
from .content_coding import NotDecoded, TooLarge, decoded

MAX_DECODED_BYTES: Final = 32 * 1024 * 1024
"""How large a compressed body may become to be looked at."""


def recorded(flow: Any) -> Recorded:
    """The four messages of a flow, and the facts about it.

    Takes any flow and never raises: one that is not ours, or that was saved by another
    version, has fewer facts and messages, perhaps none. It may be under way: then the
    messages that have not come are None.
    """
    kept = flow.metadata.get(FLOW_KEY)
    facts: Mapping[str, Any] = kept if isinstance(kept, Mapping) else {}
    if not facts or not isinstance(flow, http.HTTPFlow):
        return Recorded({})
    client_response = _message(facts.get("client_response")) or _answer(flow, facts)
    outcome = _mapping(facts, "outcome")
    given = _message(facts.get("upstream_response"))
    answered = outcome.get("upstream_status") is not None
    return Recorded(
        facts,
        client_request=_message(facts.get("client_request")),
        upstream_request=_request(flow, facts) if facts.get("upstream") else None,
        upstream_response=given or (client_response if answered else None),
        client_response=client_response,
    )


def _request(flow: http.HTTPFlow, facts: Mapping[str, Any]) -> Message:
    request = flow.request
    line = f"{request.method} {request.path} {request.http_version}"
    whole = _mapping(facts, "kept").get("request")
    return _of(request, line, whole)


def _answer(flow: http.HTTPFlow, facts: Mapping[str, Any]) -> Message | None:
    response = flow.response
    if response is None or response.raw_content is None:
        return None
    line = f"{response.http_version} {response.status_code} {response.reason}".rstrip()
    whole = _mapping(facts, "kept").get("response")
    return _of(response, line, whole)


def _of(message: http.Request | http.Response, line: str, whole: Any) -> Message:
    """A message that is in the flow itself; ``whole``: its size before it was cut."""
    body = plain(message)
    size = max(len(body), whole) if isinstance(whole, int) else len(body)
    return Message(line, list(message.headers.items(multi=True)), body, size)


def plain(message: http.Request | http.Response) -> bytes:
    """The body without its content coding; as it is when that cannot be undone."""
    try:
        return decoded(message, MAX_DECODED_BYTES)
    except TooLarge:
        return message.raw_content or b""
    except NotDecoded:  # mitmproxy knows more of them
        return message.get_content(strict=False) or b""


def _message(kept: Any) -> Message | None:
    """A message out of the metadata; None when it is not in the form we write."""
    match kept:
        case {
            "line": str(line),
            "headers": [*fields],
            "body": bytes(body),
            "size": int(size),
        }:
            headers = [pair for field in fields for pair in _pair(field)]
            return Message(line, headers, body, max(size, len(body)))
    return None


def _pair(field: Any) -> list[tuple[str, str]]:
    match field:
        case [str(name), str(value)]:
            return [(name, value)]
    return []


def _mapping(facts: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = facts.get(key)
    return found if isinstance(found, Mapping) else {}

"""Answers made here, in the words of the dialect that asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from mitmproxy import http
from mitmproxy.net.http import status_codes

from .. import __version__
from ..dialects.chat_completions.errors import error_body as openai_error
from ..dialects.messages.errors import error_for as anthropic_error
from ..wire import jsontext
from .http_facts import headers_of

Dialect = Literal["openai", "anthropic"]

USER_AGENT: Final = f"anthropic-max-proxy/{__version__}"

# OpenAI's type and code by HTTP status (rules H.1), for errors that are ours.
_OPENAI_ERRORS: Final[Mapping[int, tuple[str, str | None]]] = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "permission_denied"),
    404: ("invalid_request_error", "unknown_url"),
    413: ("invalid_request_error", "request_too_large"),
    415: ("invalid_request_error", "unsupported_content_type"),
    500: ("server_error", "internal_error"),
    502: ("server_error", "upstream_unreachable"),
    503: ("server_error", "overloaded"),
    504: ("server_error", "timeout"),
}


def json_answer(
    status: int, body: Any, request_id: str, headers: Mapping[str, str] | None = None
) -> http.Response:
    """A JSON response that carries the request's id in both vendors' headers."""
    fields = {
        "content-type": "application/json",
        "request-id": request_id,
        "x-request-id": request_id,
        "server": USER_AGENT,
        **(headers or {}),
    }
    return http.Response.make(status, jsontext.encode(body), fields)


def error_answer(
    dialect: Dialect, status: int, message: str, request_id: str
) -> http.Response:
    """An error of ours. Clients may retry 5xx; 4xx of ours never get better."""
    if dialect == "anthropic":
        body = anthropic_error(status, message) | {"request_id": request_id}
    else:
        fallback = (
            _OPENAI_ERRORS[400] if status < 500 else ("server_error", "bad_gateway")
        )
        type_, code = _OPENAI_ERRORS.get(status, fallback)
        body = openai_error(message, type_, None, code)
    headers = {"x-should-retry": "false"} if status < 500 else {}
    return json_answer(status, body, request_id, headers)


def as_headers(fields: Iterable[tuple[str, str]]) -> http.Headers:
    """mitmproxy's headers from pairs of text.

    Bytes that are not UTF-8 come as surrogates, and go back as the bytes they were.
    """
    return headers_of(
        tuple(
            [
                (
                    name.encode("utf-8", "surrogateescape"),
                    value.encode("utf-8", "surrogateescape"),
                )
                for name, value in fields
            ]
        )
    )


# About a body that is not there any more.
_OF_THE_BODY: Final = frozenset({"content-type", "content-encoding", "content-length"})


def replace(
    response: http.Response,
    status: int,
    fields: Iterable[tuple[str, str]],
    body: Any,
) -> None:
    """The client's JSON in place of upstream's, in the same flow."""
    content = jsontext.encode(body)
    kept = [(name, text) for name, text in fields if name.lower() not in _OF_THE_BODY]
    response.status_code = status
    response.reason = status_codes.RESPONSES.get(status, "")
    kept += [
        ("content-type", "application/json"),
        ("content-length", str(len(content))),
    ]
    response.headers = as_headers(kept)
    response.trailers = None
    response.data.content = content

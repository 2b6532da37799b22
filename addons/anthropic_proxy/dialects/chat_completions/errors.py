"""Errors as OpenAI's API words them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...wire import jsontext
from ..report import Report
from .answer import as_mapping, as_text


def error_body(
    message: str, type_: str, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """The JSON object that every OpenAI error answer holds."""
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}


class RequestError(Exception):
    """The request cannot be translated; answered here, nothing goes upstream."""

    def __init__(
        self,
        message: str,
        param: str | None,
        code: str | None = None,
        *,
        status: int = 400,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status
        self.report: Report | None = None
        """What became of the request up to here, once translation has given up."""

    def body(self) -> dict[str, Any]:
        """The error as the client gets it."""
        return error_body(self.message, "invalid_request_error", self.param, self.code)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How OpenAI words one kind of failure."""

    type: str
    code: str | None = None
    status: int | None = None
    """Sent in place of upstream's status."""
    retry: str | None = None
    """Sent as ``x-should-retry`` in place of upstream's word."""


_INVALID: Final = _Kind("invalid_request_error")
_TOO_LONG: Final = _Kind("invalid_request_error", "context_length_exceeded")
_SPENT: Final = _Kind("invalid_request_error", "insufficient_quota")
_BAD_KEY: Final = _Kind("invalid_request_error", "invalid_api_key")
_FORBIDDEN: Final = _Kind("invalid_request_error", "permission_denied")
_NOT_FOUND: Final = _Kind("invalid_request_error")
_NO_MODEL: Final = _Kind("invalid_request_error", "model_not_found")
_TOO_LARGE: Final = _Kind("invalid_request_error", "request_too_large")
_REQUEST_RATE: Final = _Kind("requests", "rate_limit_exceeded")
_TOKEN_RATE: Final = _Kind("tokens", "rate_limit_exceeded")
# OpenAI's clients know no 402; as a 429 without retries it is their RateLimitError.
_QUOTA: Final = _Kind("insufficient_quota", "insufficient_quota", 429, "false")
_SERVER: Final = _Kind("server_error")
_TIMEOUT: Final = _Kind("server_error", "timeout")
_OVERLOADED: Final = _Kind("server_error", "overloaded")

# Rules H.1. A status that is not here goes by the error's type, then by its hundred.
_BY_STATUS: Final[Mapping[int, _Kind]] = {
    400: _INVALID,
    401: _BAD_KEY,
    402: _QUOTA,
    403: _FORBIDDEN,
    404: _NOT_FOUND,
    408: _TIMEOUT,
    413: _TOO_LARGE,
    429: _REQUEST_RATE,
    499: _SERVER,
    504: _TIMEOUT,
    529: _Kind("server_error", "overloaded", 503),
}
_BY_TYPE: Final[Mapping[str, _Kind]] = {
    "invalid_request_error": _INVALID,
    "authentication_error": _BAD_KEY,
    "billing_error": _QUOTA,
    "permission_error": _FORBIDDEN,
    "not_found_error": _NOT_FOUND,
    "request_too_large": _TOO_LARGE,
    "rate_limit_error": _REQUEST_RATE,
    "api_error": _SERVER,
    "timeout_error": _TIMEOUT,
    "overloaded_error": _OVERLOADED,
}
# What upstream's words (its message, then its error code) tell beyond that.
_TELLTALES: Final[tuple[tuple[_Kind, re.Pattern[str], _Kind], ...]] = (
    (_NOT_FOUND, re.compile(r"\Amodel:"), _NO_MODEL),
    (_INVALID, re.compile(r"prompt is too long|exceed context limit"), _TOO_LONG),
    (
        _INVALID,
        re.compile(
            r"(?i)specified API usage limits|credit balance is too low"
            r"|\bspend(ing)? limit|spend_limit_reached"
        ),
        _SPENT,
    ),
    # Limits that waiting does not lift, unlike ramp_limit_exceeded.
    (
        _REQUEST_RATE,
        re.compile(r"\n(enforced|contract)_spend_limit_reached\Z"),
        _QUOTA,
    ),
    (_REQUEST_RATE, re.compile(r"(?i)\btokens?\b"), _TOKEN_RATE),
)
_MARKUP: Final = re.compile(r"(?i)\s*<(!doctype|\?xml|html|head|body)\b")
_PATH: Final = re.compile(r"([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)*): ")
_MAX_BODY_BYTES: Final = 1024 * 1024  # no error of Anthropic's comes near
_MAX_MESSAGE: Final = 8192  # code points


@dataclass(frozen=True, slots=True)
class _Reported:
    """What upstream said of an error."""

    message: str
    type: str
    error_code: str


def from_anthropic(
    status: int, headers: Iterable[tuple[str, str]], body: bytes
) -> tuple[int, list[tuple[str, str]], dict[str, Any]]:
    """Status, headers and body for the client (rules H.1).

    The headers returned are to be set over those that ``openai_headers`` maps.

    Args:
        status: Upstream's. What is not an error is told as a bad gateway.
        headers: Upstream's; they may tell which rate limit was hit.
        body: Upstream's, decompressed. Markup is never handed on.
    """
    if not 400 <= status <= 599:
        message = f"Upstream returned HTTP {status}, which the proxy did not expect."
        return 502, [], mid_stream_error(message, "bad_gateway")
    reported = _read(body)
    if isinstance(reported, str):
        kind = _kind(status, "")
        message = f"Upstream returned HTTP {status} with {reported}."
        answer = error_body(message, kind.type, None, kind.code or "bad_gateway")
    else:
        kind = _refined(_kind(status, reported.type), reported)
        if kind is _REQUEST_RATE and _tokens_are_out(headers):
            kind = _TOKEN_RATE
        answer = _worded(kind, reported.message)
    extra = [("x-should-retry", kind.retry)] if kind.retry else []
    return kind.status or status, extra, answer


def upstream_message(body: bytes) -> str:
    """What upstream says in the body of an error; empty when it says nothing usable."""
    reported = _read(body)
    return "" if isinstance(reported, str) else reported.message


def from_stream_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """The error event for the client, of an ``error`` event of upstream's (G.6)."""
    reported = _reported(event)
    if reported is None:
        return mid_stream_error("Upstream reported an error without a message.", None)
    kind = _BY_TYPE.get(reported.type, _SERVER)
    return _worded(_refined(kind, reported), reported.message)


TRUNCATED: Final = "stream_truncated"
"""Code of the error that ends a stream which upstream did not complete."""


def mid_stream_error(message: str, code: str | None) -> dict[str, Any]:
    """An error of ours once the answer's status is out (G.6)."""
    return error_body(message, _SERVER.type, None, code)


def truncated() -> dict[str, Any]:
    """The error event for a stream that ended before it was complete (G.6)."""
    return mid_stream_error(
        "Upstream's stream ended before the answer was complete.", TRUNCATED
    )


def _kind(status: int, type_: str) -> _Kind:
    by_hundred = _INVALID if status < 500 else _SERVER
    by_type = _BY_TYPE.get(type_, by_hundred)
    # A type that contradicts the status is not believed: clients act on the status.
    agrees = (by_type.type == _SERVER.type) == (status >= 500)
    return _BY_STATUS.get(status) or (by_type if agrees else by_hundred)


def _refined(kind: _Kind, reported: _Reported) -> _Kind:
    words = f"{reported.message}\n{reported.error_code}"
    for general, telltale, special in _TELLTALES:
        if kind is general and telltale.search(words):
            return special
    return kind


def _tokens_are_out(headers: Iterable[tuple[str, str]]) -> bool:
    return any(
        value.strip() == "0" and name.lower().endswith("tokens-remaining")
        for name, value in headers
    )


def _worded(kind: _Kind, message: str) -> dict[str, Any]:
    param = _param(message) if kind.type == _INVALID.type else None
    if len(message) > _MAX_MESSAGE:
        message = message[:_MAX_MESSAGE] + "…"
    return error_body(message, kind.type, param, kind.code)


def _param(message: str) -> str | None:
    """The path that a message of upstream's begins with, as OpenAI writes paths."""
    match = _PATH.match(message)
    if match is None:
        return None
    steps = match[1].split(".")
    return ".".join(f"[{step}]" if step.isdecimal() else step for step in steps)


def _read(body: bytes) -> _Reported | str:
    """The error in ``body``, or a phrase that describes a body without one."""
    if not body.strip():
        return "an empty body"
    try:
        value = jsontext.decode(body) if len(body) <= _MAX_BODY_BYTES else None
    except jsontext.InvalidJSON:
        return "a non-JSON body"
    return _reported(as_mapping(value)) or "an unexpected body"


def _reported(body: Mapping[str, Any]) -> _Reported | None:
    error = body.get("error")
    # Gateways in between have shapes of their own; a message is worth handing on.
    source = error if isinstance(error, Mapping) else body
    candidates = (source.get("message"), error, body.get("detail"))
    message = next((text for text in candidates if as_text(text).strip()), None)
    if message is None or _MARKUP.match(message):
        return None
    details = as_mapping(source.get("details"))
    return _Reported(
        message, as_text(source.get("type")), as_text(details.get("error_code"))
    )

"""The errors that the stand-in answers with, in the Messages API's own shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ERROR_TYPES: Final[Mapping[int, str]] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    502: "api_error",
    503: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""``error.type`` for each HTTP status; what is not here is an ``api_error``."""

DEFAULT_MESSAGES: Final[Mapping[str, str]] = {
    "invalid_request_error": "The request was refused.",
    "authentication_error": "invalid x-api-key",
    "billing_error": "Your credit balance is too low.",
    "permission_error": "Your API key may not use this resource.",
    "not_found_error": "Not found",
    "timeout_error": "The request timed out.",
    "conflict_error": "The request conflicts with another one.",
    "request_too_large": "Request exceeds the maximum size",
    "rate_limit_error": "This request would exceed your rate limit.",
    "api_error": "Internal server error",
    "overloaded_error": "Overloaded",
}

_RETRYABLE_4XX: Final = frozenset({408, 409, 429})


class ApiError(Exception):
    """A request is refused. ``str()`` is the message with its path in front."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        path: str = "",
        error_code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.status = status
        self.type = ERROR_TYPES.get(status, "api_error")
        self.path = path
        """Dotted path of the offending value, ``messages.0.content``; may be empty."""
        self.error_code = error_code
        """Goes into ``error.details``, as spend limits have it."""
        self.headers = dict(headers or {})
        self.rule: int | None = None
        """Number of the rule that refused the request; None for scripted errors."""

    @property
    def should_retry(self) -> bool | None:
        """Value of ``x-should-retry``; None when the header is not sent."""
        if self.error_code is not None and self.error_code != "ramp_limit_exceeded":
            return False
        if 400 <= self.status < 500:
            return self.status in _RETRYABLE_4XX
        return None

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON object of the answer (rules H.1)."""
        error: dict[str, Any] = {"type": self.type, "message": str(self)}
        if self.error_code is not None:
            error["details"] = {"error_code": self.error_code}
        return {"type": "error", "error": error, "request_id": request_id}


def invalid(path: str, message: str) -> ApiError:
    """A 400 about the value at ``path``."""
    return ApiError(400, message, path=path)

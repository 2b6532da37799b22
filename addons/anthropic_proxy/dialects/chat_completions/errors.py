"""Errors as OpenAI's API words them."""

from __future__ import annotations

from typing import Any


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

    def body(self) -> dict[str, Any]:
        """The error as the client gets it."""
        return error_body(self.message, "invalid_request_error", self.param, self.code)

"""The judge of the stand-in, usable without it: would this request be accepted?

Pure, and free of tornado, so that other tests can use it as their oracle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api_error import ApiError
from .profile import Profile
from .request import Endpoint, Request
from .rules import RULES, Stage


def validate_request(
    headers: Mapping[str, str],
    body: bytes,
    profile: Profile | None = None,
    *,
    endpoint: Endpoint = "messages",
) -> dict[str, Any]:
    """The decoded body of a request that the Messages API would take.

    Args:
        headers: names in any case; several values of one name joined by commas.

    Raises:
        ApiError: with the status, the error type, the path and the rule's number.
    """
    request = checked(headers, body, profile or Profile(), endpoint)
    accepted: dict[str, Any] = request.body
    return accepted


def checked(
    headers: Mapping[str, str], body: bytes, profile: Profile, endpoint: Endpoint
) -> Request:
    """Run every rule that applies to ``endpoint``; what they computed comes along.

    Raises:
        ApiError: see ``validate_request``.
    """
    request = Request(headers, body, profile, endpoint)
    last = Stage.ENVELOPE if endpoint == "models" else Stage.MEANING
    for rule in RULES:
        if rule.stage > last:
            continue
        try:
            rule.check(request)
        except ApiError as error:
            error.rule = rule.number
            raise
    return request

"""Rules about ``temperature``, ``top_p`` and ``top_k``: version, model, ranges."""

from __future__ import annotations

from typing import Final

from .api_error import invalid
from .profile import SAMPLING_VERSION
from .request import Request

_SAMPLING: Final = ("temperature", "top_p", "top_k")
_NEUTRAL: Final = {"temperature": 1, "top_p": 0.99}


def not_on_new_version(request: Request) -> None:
    """Rule 5. Even the default value is a key too many."""
    if request.version == SAMPLING_VERSION or not isinstance(request.body, dict):
        return
    for name in _SAMPLING:
        if name in request.body:
            raise invalid(name, "Extra inputs are not permitted")


def not_on_new_models(request: Request) -> None:
    """Rule 6."""
    if request.model.sampling:
        return
    given = [name for name in _SAMPLING if name in request.body]
    for name in given:
        if request.body[name] != _NEUTRAL.get(name):
            raise invalid(name, f"`{name}` is not supported on this model")
    if len(given) > 1:
        text = "`temperature` and `top_p` cannot both be specified for this model"
        raise invalid("temperature", text)


def within_range(request: Request) -> None:
    """Rule 7."""
    body = request.body
    for name in ("temperature", "top_p"):
        if name in body and not 0 <= body[name] <= 1:
            raise invalid(name, "Input should be between 0 and 1")
    if body.get("top_k", 0) < 0:
        raise invalid("top_k", "Input should be greater than or equal to 0")
    if request.model.sampling and "temperature" in body and "top_p" in body:
        text = "`temperature` and `top_p` cannot both be specified for this model"
        raise invalid("temperature", text)

"""Rules about the body as a whole: shape, model, limits, small fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, Literal

from .api_error import ApiError, invalid
from .capabilities import BY_NAME
from .conversation import as_blocks, placed_blocks
from .profile import FAST_MODE_BETA
from .request import Request
from .tokens import input_tokens

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE: Final = re.compile(r"\+?[\d\s().-]{7,20}")
_MAX_USER_ID: Final = 256
_MAX_MARKERS: Final = 4
_FAST_MODELS: Final = frozenset({"claude-opus-5-5"})


def _first_issue(request: Request, kind: Literal["missing", "extra", "type"]) -> None:
    for issue in request.issues:
        if issue.kind == kind:
            raise invalid(issue.path, issue.message)


def required_fields(request: Request) -> None:
    """Rule 3."""
    _first_issue(request, "missing")


def no_extra_keys(request: Request) -> None:
    """Rule 4."""
    _first_issue(request, "extra")


def json_types(request: Request) -> None:
    """Rule 36."""
    _first_issue(request, "type")


def model_exists(request: Request) -> None:
    """Rule 39."""
    name = request.body["model"]
    if name not in BY_NAME:
        raise ApiError(404, str(name), path="model")


def max_tokens(request: Request) -> None:
    """Rule 8. Zero is legal: it fills the cache."""
    if request.endpoint == "count_tokens":
        return
    value = request.body["max_tokens"]
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid("max_tokens", "Input should be a valid integer")
    if value < 0:
        text = "Input should be greater than or equal to 0"
        raise invalid("max_tokens", text)
    if value > request.model.max_output:
        limit = f"{value} > {request.model.max_output}, which is the maximum allowed"
        text = f"{limit} number of output tokens for {request.model.id}"
        raise invalid("max_tokens", text)


def stop_sequences(request: Request) -> None:
    """Rule 32."""
    for stop in request.body.get("stop_sequences") or []:
        if not stop.strip():
            text = "each stop sequence must contain non-whitespace"
            raise invalid("stop_sequences", text)


def user_id_opaque(request: Request) -> None:
    """Rule 41."""
    user_id = (request.body.get("metadata") or {}).get("user_id")
    if user_id is None:
        return
    if len(user_id) > _MAX_USER_ID:
        text = f"String should have at most {_MAX_USER_ID} characters"
        raise invalid("metadata.user_id", text)
    if _EMAIL.search(user_id) or _PHONE.fullmatch(user_id):
        text = "user_id appears to contain an email address or a phone number"
        raise invalid("metadata.user_id", text)


def prompt_fits(request: Request) -> None:
    """Rule 37."""
    used, window = input_tokens(request.body), request.model.context_window
    if used > window:
        raise ApiError(400, f"prompt is too long: {used} tokens > {window} maximum")


def cache_markers(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and value of every marker, in the order of the cache: tools first."""
    for index, tool in enumerate(body.get("tools") or []):
        yield from _marker(f"tools.{index}", tool)
    for index, block in enumerate(as_blocks(body.get("system"))):
        yield from _marker(f"system.{index}", block)
    for placed in placed_blocks(body):
        if placed.block.get("type") == "tool_result":
            inner = as_blocks(placed.block.get("content"))
            for index, block in enumerate(inner):
                yield from _marker(f"{placed.path}.content.{index}", block)
        yield from _marker(placed.path, placed.block)
    yield from _marker("", body)


def _marker(path: str, holder: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if (marker := holder.get("cache_control")) is not None:
        yield f"{path}.cache_control".lstrip("."), marker


def marker_count(request: Request) -> None:
    """Rule 31. Markers on thinking fall to rule 4, on empty text to rule 12."""
    found = len(list(cache_markers(request.body)))
    if found > _MAX_MARKERS:
        text = f"A maximum of {_MAX_MARKERS} blocks with cache_control may be provided."
        raise ApiError(400, f"{text} Found {found}.")


def marker_lifetimes(request: Request) -> None:
    """Rule 105."""
    short = False
    for path, marker in cache_markers(request.body):
        if marker.get("ttl") != "1h":
            short = True
        elif short:
            text = "a ttl='1h' cache_control block must not come after a ttl='5m' one."
            order = "The order is: tools, system, messages."
            raise invalid(f"{path}.ttl", f"{text} {order}")


def fast_mode(request: Request) -> None:
    """Rule 106."""
    if request.body.get("speed") != "fast" or request.model.id in _FAST_MODELS:
        return
    if FAST_MODE_BETA not in request.betas:
        raise invalid("speed", f"not available on {request.model.id}")

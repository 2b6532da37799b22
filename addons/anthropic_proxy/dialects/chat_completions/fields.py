"""Parameters that become one field of the body, whatever else the request holds.

Rules A.1. The checked values come from `parameters.read`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from ...models.catalog import Model
from ..report import Report
from . import checks
from .errors import RequestError
from .exchange import Settings
from .parameter import ignore_parts
from .parameters import Values

MAX_USER_ID: Final = 256
"""Characters of ``metadata.user_id``."""

_PHONE_NUMBER: Final = re.compile(r"\+?[\d\s().-]{7,}")
_MAX_TOKENS: Final = ("max_completion_tokens", "max_tokens")
_USER: Final = ("safety_identifier", "user")

_SERVICE_TIERS: Final[Mapping[str, tuple[str, str | None]]] = {
    # OpenAI's tier → (Anthropic's, why that is not the same)
    "auto": ("auto", None),
    "default": ("standard_only", None),
    "flex": ("standard_only", "there is no cheaper, slower tier"),
    "scale": ("auto", "capacity is reserved with Anthropic, not per request"),
    "priority": ("auto", "capacity is reserved with Anthropic, not per request"),
    "fast": ("auto", "speed costs more upstream, so it is not chosen unasked"),
}


def max_tokens(values: Values, model: Model, settings: Settings, report: Report) -> int:
    """The limit to send; upstream wants one always."""
    present = [name for name in _MAX_TOKENS if name in values]
    if not present:
        return min(settings.default_max_tokens, model.max_output)
    field = present[0]
    asked: int = values[field]
    sent = min(asked, model.max_output)
    if sent < asked:
        reason = f"{model.id} writes {model.max_output} tokens at most"
        report.altered(
            field, f"max_tokens: {sent}", "A.1", reason, "max_tokens:clamped"
        )
    else:
        report.mapped(field, "max_tokens", "A.1")
    for other in present[1:]:
        if values[other] == asked:
            report.mapped(other, "max_tokens", "A.1")
        else:
            report.ignored(other, "A.1", f"{field} wins")
    return sent


def stop_sequences(values: Values, report: Report) -> list[str]:
    """The stop sequences that upstream accepts."""
    asked: list[str] = values.get("stop", [])
    sent = [sequence for sequence in asked if sequence.strip()]
    if len(sent) < len(asked):
        reason = "a stop sequence needs a character that is not whitespace"
        became = "stop_sequences" if sent else "nothing"
        report.altered("stop", became, "A.1", reason, "stop:whitespace_dropped")
    elif sent:
        report.mapped("stop", "stop_sequences", "A.1")
    return sent


def user_id(values: Values, report: Report) -> str | None:
    """``metadata.user_id``: opaque, as upstream refuses what identifies a person."""
    present = [name for name in _USER if name in values]
    if not present:
        return None
    field = present[0]
    identifier: str = values[field]
    for other in present[1:]:
        report.mapped(other, f"nothing: {field} says who the user is", "A.1")
    if not _looks_personal(identifier):
        report.mapped(field, "metadata.user_id", "A.1")
        return identifier
    became = "metadata.user_id, as its SHA-256"
    reason = "e-mail addresses, phone numbers and long identifiers are refused"
    report.altered(field, became, "A.1", reason, "user:hashed")
    return hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()


def service_tier(values: Values, report: Report) -> str | None:
    """Anthropic's name for the tier, or for the nearest."""
    asked = values.get("service_tier")
    if asked is None:
        return None
    tier, difference = _SERVICE_TIERS[asked]
    became = f"service_tier: {tier}"
    if difference is None:
        report.mapped("service_tier", became, "A.1")
    else:
        token = f"service_tier:{asked}_to_{tier}"
        report.altered("service_tier", became, "A.1", difference, token)
    return tier


def include_usage(values: Values, report: Report) -> bool:
    """Whether the stream ends with a chunk of usage.

    Raises:
        RequestError: options for a stream, and no stream.
    """
    options: dict[str, Any] | None = values.get("stream_options")
    if options is None:
        return False
    field = "stream_options"
    if "stream" not in values:
        message = (
            "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        )
        raise RequestError(message, field)
    wanted = checks.optional(options, "include_usage", field, checks.boolean)
    checks.optional(options, "include_obfuscation", field, checks.boolean)
    report.mapped(field, "the usage chunk" if wanted else "nothing", "A.1")
    ignore_parts(options, ("include_usage", "include_obfuscation"), field, report)
    return bool(wanted)


def _looks_personal(identifier: str) -> bool:
    return (
        "@" in identifier
        or len(identifier) > MAX_USER_ID
        or _PHONE_NUMBER.fullmatch(identifier) is not None
    )

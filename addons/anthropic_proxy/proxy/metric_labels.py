"""Label values for ``metrics``, each out of a set that no client can make longer.

What a client or upstream wrote never becomes a label by itself: it is looked up, and
what is not found is ``other``. ``none`` stands where there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from mitmproxy.flow import Error

from ..dialects.chat_completions.parameters import PARAMETERS

if TYPE_CHECKING:
    from ..models.catalog import Catalog
    from .call import Call
    from .stages import End

OTHER: Final = "other"
NONE: Final = "none"

# --- models ---

_MODEL_LENGTH: Final = 100
"""No id in a catalogue is longer; a client's text may be."""


def model_label(catalog: Catalog, name: Any) -> str:
    """The id of a model in the catalogue."""
    if not isinstance(name, str) or not name:
        return NONE
    return _known_model(catalog, name) if len(name) <= _MODEL_LENGTH else OTHER


@lru_cache(maxsize=256)
def _known_model(catalog: Catalog, name: str) -> str:
    model = catalog.get(name)
    return model.id if model.known else OTHER


def model_used(call: Call) -> Any:
    """The model that a request went to, or was meant for; not yet a label."""
    if call.translation is not None:
        return call.translation.exchange.model_used
    return call.model


# --- HTTP statuses ---


def status_label(status: int | None) -> str:
    """Three digits; ``none`` for a client that got no answer."""
    if status is None:
        return NONE
    return str(status) if 100 <= status <= 599 else OTHER


# --- translation warnings ---

WARNINGS: Final = frozenset(
    {
        "cache_control.ttl:shortened",
        "cache_control:last_4_kept",
        "function_call:extra_calls_dropped",
        "image_url.detail:ignored",
        "max_tokens:clamped",
        "messages:assistant_prefill_converted",
        "messages:empty_dropped",
        "messages:first_user_inserted",
        "messages:tool_result_inserted",
        "model:retired",
        "model:retires_soon",
        "pause_turn:not_continued",
        "prompt_cache_breakpoint.ttl:12h_to_1h",
        "stop:whitespace_dropped",
        "stop_reason:tool_use_without_call",
        "stop_reason:unknown",
        "system:folded_into_user",
        "system:only_message_sent_as_user",
        "temperature:clamped_to_1",
        "thinking:reduced_small_max_tokens",
        "thinking_blocks:dropped",
        "thinking_blocks:prefix_binding_mismatch",
        "thinking_blocks:unsigned_dropped",
        "tool_calls.arguments:invalid_json",
        "tool_calls.arguments:not_an_object",
        "tool_choice:emulated_by_schema",
        "tool_choice:emulated_output_not_json",
        "tool_choice:required_not_enforced",
        "tools.custom.format:not_enforced",
        "tools.name:sanitised",
        "tools.strict:downgraded",
        "tools:filtered_by_allowed_tools",
        "tools:synthesised",
        "user:hashed",
    }
)
"""Tokens that are the same in every request."""

WHAT_HAPPENED: Final = frozenset(
    {"ignored", "schema_not_enforced", "budget_to_effort", "none_to_low"}
    | {token.partition(":")[2] for token in WARNINGS}
)
"""Second halves of the tokens whose first half is a field of the request."""


def warning_label(token: str) -> str:
    """The token, or its parameter's: ``messages.name:ignored`` → ``messages:ignored``.

    A token names members that the client made up too: those are cut off.
    """
    if token in WARNINGS:
        return token
    field, _, what = token.partition(":")
    parameter = field.partition(".")[0]
    if what not in WHAT_HAPPENED:
        return OTHER
    return f"{parameter if parameter in PARAMETERS else OTHER}:{what}"


# --- what upstream did wrong ---

_STATUS_KINDS: Final[Mapping[int, str]] = {429: "rate_limited", 529: "overloaded"}

UPSTREAM_FAILURES: Final = (
    "unreachable", "timeout", "no_answer", "rate_limited", "overloaded", "refused",
    "server_error", "unusable", "cut", "stream_error",
)  # fmt: skip


def upstream_failure(call: Call, end: End) -> str | None:
    """How upstream failed a request; None when it did not, or was not asked."""
    error, given = call.flow.error, call.upstream_status
    if not call.admitted or call.local or end.client_gone:
        return None
    if given is not None and given >= 400:
        by_hundred = "server_error" if given >= 500 else "refused"
        return _STATUS_KINDS.get(given, by_hundred)
    if error is not None:
        killed = error.msg == Error.KILLED_MESSAGE
        return None if killed else _broken_off(call, end)
    if call.finish == "error":
        return "stream_error"
    return "unusable" if end.status == 502 else None


def _broken_off(call: Call, end: End) -> str | None:
    if end.own_status == 504:
        return "timeout"
    if end.own_status not in (None, 502):  # our own refusal, or we were stopped
        return None
    if call.upstream_status is not None:
        return "cut"
    connected = call.flow.server_conn.timestamp_tcp_setup is not None
    return "no_answer" if connected else "unreachable"

"""What the log shows of each request, by ``anthropic_log_level``. Never a secret.

quiet: what failed. minimal: a line for each request. medium: what was asked, what was
done to it, and what came of it. verbose: the bodies too.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from mitmproxy.log import ALERT

from ..wire import jsontext
from . import log_bodies
from .forwarding import upstream_of
from .log_output import Entry, Line, tell
from .masking import masked, one_line

if TYPE_CHECKING:
    from ..dialects.report import Report
    from .call import Call
    from .runtime import Runtime

logger = logging.getLogger(__name__)

_TAGS: Final = {"openai": "OpenAI", "anthropic": "Anthropic"}
_DETAILED: Final = ("medium", "verbose")
_ROUTINE: Final = ("health", "status page", "options", "metrics")
"""Kinds whose successes would only fill the log (health checks, scrapes)."""
_INPUT: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)
_MESSAGE_LENGTH: Final = 400


def incoming(call: Call, runtime: Runtime, sent: bytes | None) -> None:
    """What was asked for and where it goes.

    Args:
        sent: the client's body, when ``log_bodies.wanted``.
    """
    if runtime.options["log_level"] in _DETAILED and call.admitted:
        call.logged = _asked(call)
        facts = call.logged | {
            "injected": _injected(call),
            "upstream": str(upstream_of(call, runtime.upstream)),
        }
        lines = [
            Line(
                f"[{call.id}] Incoming request [{_TAGS[call.endpoint.dialect]}] "
                f"{facts['method']} {facts['path']}"
            ),
            *_request_lines(call, facts),
        ]
        if runtime.options["log_level"] == "verbose" and call.translation is not None:
            facts["report"] = call.translation.report.as_dict()["entries"]
            lines += _report_lines(call, call.translation.report)
        tell(logger, ALERT, Entry("request", tuple(lines), facts, full_time=True))
    if sent is not None:
        log_bodies.show_request(call, sent)


def finished(call: Call, runtime: Runtime) -> None:
    """What came of an exchange that was answered."""
    response, level = call.flow.response, runtime.options["log_level"]
    if response is None or level == "quiet":
        return
    good = response.status_code < 400 and call.finish != "error"
    if good and call.local and call.endpoint.kind in _ROUTINE and level != "verbose":
        return
    facts = _result(call, runtime) | {"status": response.status_code, "ok": good}
    if not good and (error := _error_of(call)):
        facts["error"] = error
    tone = "good" if good else "bad"
    if level in _DETAILED and call.admitted:
        word = "Success" if good else "Failed"
        head = f"[{call.id}] {_mark(good)} {word} ({response.status_code})"
        head += f" in {facts['duration_s']:.2f}s"
        entry = Entry(
            "response", (Line(head, tone), *_result_lines(facts)), facts, full_time=True
        )
    else:
        text = _short(call, facts, good)
        if level in _DETAILED and "error" in facts:
            text += f" {facts['error']}"
        entry = Entry("response", (Line(text, tone),), facts)
    tell(logger, ALERT, entry)


def failed(call: Call, runtime: Runtime) -> None:
    """An exchange that broke off; the reason is mitmproxy's."""
    reason = call.flow.error.msg if call.flow.error else "failed"
    reason = _safe(call.secrets, reason)
    facts = _result(call, runtime) | {"status": None, "ok": False, "error": reason}
    text = f"[{call.id}] [{_TAGS[call.endpoint.dialect]}] ✗ {reason} {_what(facts)}"
    line = Line(f"{text} {facts['duration_s']:.2f}s", "bad")
    tell(logger, logging.WARNING, Entry("response", (line,), facts))


def _mark(good: bool) -> str:
    return "✓" if good else "✗"


# -- facts: plain values, fit to print ---------------------------------------------


def _asked(call: Call) -> dict[str, Any]:
    asked: Mapping[str, Any] = call.asked
    if call.translation is not None:
        exchange, body = call.translation.exchange, call.translation.body
        asked = {
            "model": exchange.model_asked,
            "max_tokens": body.get("max_tokens"),
            "stream": exchange.stream,
        }
    secrets = call.secrets
    return {
        "request_id": call.id,
        "dialect": call.endpoint.dialect,
        "method": one_line(call.method),
        "path": _safe(secrets, call.path),
        "model_asked": _optional(secrets, asked.get("model")),
        "model": _optional(secrets, call.model),
        "max_tokens": asked.get("max_tokens"),
        "stream": bool(asked.get("stream")),
        "credential": call.credential.source if call.credential else None,
    }


def _injected(call: Call) -> bool:
    """Translated requests with such a credential always have the sentence."""
    needed = call.credential is not None and call.credential.needs_identity
    return call.injected or (needed and call.translation is not None)


def _result(call: Call, runtime: Runtime) -> dict[str, Any]:
    now, secrets = runtime.monotonic(), call.secrets
    asked = call.logged or _asked(call)
    facts = asked | {
        "model": _optional(secrets, call.model),
        "upstream_request_id": _optional(secrets, call.upstream_id),
        "finish_reason": _optional(secrets, call.finish),
        "duration_s": round(now - call.started, 3),
        "first_byte_s": (
            round(call.first_byte - call.started, 3) if call.first_byte else None
        ),
        "warnings": _warnings(call),
    }
    if isinstance(call.usage, Mapping):
        counts = {key: _count(call.usage.get(key)) for key in _INPUT}
        facts |= counts | {
            "input_tokens_all": sum(counts.values()),
            "output_tokens": _count(call.usage.get("output_tokens")),
        }
    return facts


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _warnings(call: Call) -> list[str]:
    translated = call.translation.report.warnings if call.translation else []
    secrets = call.secrets
    return [_safe(secrets, warning) for warning in (*translated, *call.warnings)]


def _error_of(call: Call) -> str | None:
    """The message of the error that the client got, if it cannot be a secret."""
    response, endpoint = call.flow.response, call.endpoint
    may_tell = endpoint.shown or (call.local and endpoint.kind != "auth")
    if not may_tell or response is None or len(response.raw_content or b"") > 64 * 1024:
        return None
    try:
        body = jsontext.decode(log_bodies.decoded(response))
    except ValueError:
        return None
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return _safe(call.secrets, message) if isinstance(message, str) else None


def _optional(secrets: tuple[str, ...], value: Any) -> str | None:
    return _safe(secrets, value) if isinstance(value, str) else None


def _safe(secrets: tuple[str, ...], text: str) -> str:
    text = one_line(masked(text, secrets))
    return text if len(text) <= _MESSAGE_LENGTH else f"{text[:_MESSAGE_LENGTH]}…"


# -- words -------------------------------------------------------------------------


def _short(call: Call, facts: Mapping[str, Any], good: bool) -> str:
    """``[OpenAI] ✓ 200 gpt-4o → claude-sonnet-5-5 (in:28 out:19) 1.23s``."""
    tokens = ""
    if "output_tokens" in facts:
        tokens = f"(in:{facts['input_tokens_all']} out:{facts['output_tokens']})"
    parts = [
        f"[{_TAGS[call.endpoint.dialect]}] {_mark(good)} {facts['status']}",
        _what(facts),
        tokens,
        f"{facts['duration_s']:.2f}s",
    ]
    return " ".join(part for part in parts if part)


def _what(facts: Mapping[str, Any]) -> str:
    asked, used = facts["model_asked"], facts["model"]
    if asked and used and asked != used:
        return f"{asked} → {used}"
    return used or asked or f"{facts['method']} {facts['path']}"


def _request_lines(call: Call, facts: Mapping[str, Any]) -> list[Line]:
    lines = []
    if facts["model_asked"]:
        lines.append(Line(f"  Model: {_what(facts)}"))
    if facts["max_tokens"] is not None:
        streamed = ", streamed" if facts["stream"] else ""
        lines.append(Line(f"  Max tokens: {facts['max_tokens']}{streamed}"))
    if facts["injected"]:
        lines.append(Line("  ✓ Injected required system prompt", "good"))
    lines.append(Line(f"  ✓ Credential: {facts['credential']}", "good"))
    lines.append(Line(f"  → Forwarding to {facts['upstream']}"))
    return lines


def _report_lines(call: Call, report: Report) -> list[Line]:
    """What became of each field: ``max_tokens: altered → 64000 (the most …) [A.1]``."""
    lines = []
    for entry in report.entries:
        text = f"  {entry.field}: {entry.disposition.value}"
        if entry.became:
            text += f" → {entry.became}"
        if entry.reason:
            text += f" ({entry.reason})"
        tone = "warning" if entry.warning else "dim"
        lines.append(Line(_safe(call.secrets, f"{text} [{entry.rule}]"), tone))
    return lines


def _result_lines(facts: Mapping[str, Any]) -> list[Line]:
    lines = []
    if facts["model"] and facts["model"] != facts["model_asked"]:
        lines.append(Line(f"  Model: {facts['model']}"))
    if "output_tokens" in facts:
        lines.append(Line(f"  Tokens: {_tokens(facts)}"))
    if facts["finish_reason"]:
        lines.append(Line(f"  Finish: {facts['finish_reason']}"))
    if facts.get("error"):
        lines.append(Line(f"  Error: {facts['error']}", "bad"))
    if facts["warnings"]:
        lines.append(Line(f"  Warnings: {', '.join(facts['warnings'])}", "warning"))
    if facts["upstream_request_id"]:
        lines.append(Line(f"  Upstream's id: {facts['upstream_request_id']}"))
    return lines


def _tokens(facts: Mapping[str, Any]) -> str:
    text = f"input={facts['input_tokens_all']}, output={facts['output_tokens']}"
    written, read = (facts[key] for key in _INPUT[1:])
    if written or read:
        text += f" (of the input {read} read from the cache, {written} written to it)"
    return text

"""What the log shows of each request. Never a secret, never a body."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from mitmproxy.log import ALERT

if TYPE_CHECKING:
    from .call import Call
    from .runtime import Runtime

logger = logging.getLogger(__name__)

_TAGS: Final = {"openai": "OpenAI", "anthropic": "Anthropic"}


def finished(call: Call, runtime: Runtime) -> None:
    """One line for an exchange that was answered."""
    response = call.flow.response
    if runtime.options["log_level"] == "quiet" or response is None:
        return
    good = response.status_code < 400 and call.finish != "error"
    _line(call, runtime, "✓" if good else "✗", str(response.status_code))


def failed(call: Call, runtime: Runtime) -> None:
    """One line for an exchange that broke off; the reason is mitmproxy's."""
    reason = call.flow.error.msg if call.flow.error else "failed"
    _line(call, runtime, "✗", reason, level=logging.WARNING)


def _line(
    call: Call, runtime: Runtime, mark: str, outcome: str, level: int = ALERT
) -> None:
    parts = [
        f"[{_TAGS[call.endpoint.dialect]}] {mark} {outcome}",
        _models(call),
        _tokens(call.usage),
        f"{runtime.monotonic() - call.started:.2f}s",
    ]
    if runtime.options["log_level"] in ("medium", "verbose"):
        parts += _details(call)
    logger.log(level, " ".join(part for part in parts if part))


def _models(call: Call) -> str:
    asked = call.translation.exchange.model_asked if call.translation else None
    if asked and call.model and asked != call.model:
        return f"{asked} → {call.model}"
    if call.model:
        return call.model
    return f"{call.flow.request.method} {call.flow.request.path.partition('?')[0]}"


def _tokens(usage: Any) -> str:
    if not isinstance(usage, dict):
        return ""
    sent = sum(
        usage.get(key) or 0
        for key in (
            "input_tokens",
            "cache_creation_input_tokens",
            "cache_read_input_tokens",
        )
    )
    return f"(in:{sent} out:{usage.get('output_tokens') or 0})"


def _details(call: Call) -> list[str]:
    details = [call.finish] if call.finish else []
    if call.credential is not None:
        details.append(f"credential={call.credential.source}")
    warnings = [*call.translation.report.warnings] if call.translation else []
    if warnings or call.warnings:
        details.append("warnings=" + ",".join([*warnings, *call.warnings]))
    details.append(call.id)
    return details

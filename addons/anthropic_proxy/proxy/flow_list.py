"""What the list of flows in mitmweb and the console shows of a request, and how many.

mitmproxy keeps every flow for ever; of those that came through here the oldest go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from mitmproxy import flow, http
from mitmproxy.utils.human import pretty_size

from .masking import one_line

WARNING: Final = ":warning:"
ERROR: Final = ":red_circle:"
"""Names of emoji that both lines of mitmproxy know."""

_SEPARATOR: Final = " · "
_NAME_LENGTH: Final = 100
_LENGTH: Final = 1_000
_INPUT: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)


def comment(facts: Mapping[str, Any]) -> str:
    """``gpt-4o → claude-opus-5 · in 12 (cached 10) · out 34 · stop · ⚠ seed:ignored``.

    Args:
        facts: as ``inspection.recorded`` lists them.
    """
    outcome = facts.get("outcome", {})
    parts = [
        _models(facts),
        *_tokens(outcome.get("usage")),
        _failure(outcome) or outcome.get("finish") or "",
        _cut(facts.get("kept", {})),
        _warnings(facts),
    ]
    text = _SEPARATOR.join(one_line(part) for part in parts if part)
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}…"


def mark(facts: Mapping[str, Any]) -> str:
    """The name of the emoji in front of a flow; empty for none."""
    outcome = facts.get("outcome", {})
    if _failure(outcome) or outcome.get("finish") == "error":
        return ERROR
    return WARNING if outcome.get("warnings") else ""


def _models(facts: Mapping[str, Any]) -> str:
    asked, used = (_short(facts.get(key)) for key in ("model_asked", "model_used"))
    if asked and used and asked != used:
        return f"{asked} → {used}"
    return used or asked or str(facts.get("endpoint", ""))


def _short(name: Any) -> str:
    return name[:_NAME_LENGTH] if isinstance(name, str) else ""


def _tokens(usage: Any) -> list[str]:
    if not isinstance(usage, Mapping):
        return []
    counts = {key: _count(usage.get(key)) for key in (*_INPUT, "output_tokens")}
    read = counts["cache_read_input_tokens"]
    cached = f" (cached {read})" if read else ""
    whole = sum(counts[key] for key in _INPUT)
    return [f"in {whole}{cached}", f"out {counts['output_tokens']}"]


def _count(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _failure(outcome: Mapping[str, Any]) -> str:
    """The status of an error, or why there was no answer."""
    status, error = outcome.get("status"), outcome.get("error")
    words = []
    if isinstance(status, int) and status >= 400:
        words.append(str(status))
    if isinstance(error, str) and error:
        words.append(error)
    return " ".join(words)


def _cut(kept: Mapping[str, Any]) -> str:
    """What the flow does not hold to its end, and how large it was: 1024 k = 1 m."""
    cut = [f"{which} cut ({pretty_size(size)})" for which, size in kept.items()]
    return ", ".join(cut)


def _warnings(facts: Mapping[str, Any]) -> str:
    tokens = facts.get("outcome", {}).get("warnings") or []
    return f"⚠ {', '.join(tokens)}" if tokens else ""


class View(Protocol):
    """What is used of ``mitmproxy.addons.view.View``."""

    def remove(self, flows: list[flow.Flow]) -> None:
        """Out of the list; one that is under way is killed."""

    def update(self, flows: list[flow.Flow]) -> None:
        """Show them as they are now."""


class FlowList:
    """Keeps the list of flows at a bounded length."""

    def __init__(self, view: Callable[[], View | None]) -> None:
        """``view``: the list of mitmweb and the console; None where there is none."""
        self._view = view
        self._ours: deque[http.HTTPFlow] = deque()

    def changed(self, flow: http.HTTPFlow) -> None:
        """Show what is known of a flow now."""
        if (view := self._view()) is not None:
            view.update([flow])

    def ended(self, flow: http.HTTPFlow, most: int) -> None:
        """A flow has come to its end; the oldest ones beyond ``most`` go.

        Flows that are under way again (replayed, or held back by the user) stay: to
        remove one would kill it. Flows loaded from a file are not counted.
        """
        view = self._view()
        if view is None:
            self._ours.clear()
            return
        self._ours.append(flow)
        for _ in range(len(self._ours) - most):
            oldest = self._ours.popleft()
            if oldest.live or oldest.intercepted:
                self._ours.append(oldest)
            else:
                view.remove([oldest])

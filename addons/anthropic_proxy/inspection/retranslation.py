"""A saved request, translated again by today's rules, beside what was sent then."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ..dialects.messages.identity import IDENTITY
from ..wire import jsontext
from ..wire.anthropic import BETA_HEADER, VERSION_HEADER
from .recorded import Recorded
from .translating import Outcome, Rules, translated

MAX_LINE: Final = 500
"""Characters of a line that are shown; a digest tells apart what follows."""

_NOT_OURS: Final = (
    "There is nothing to translate: this is a request of Anthropic's own API, whose "
    "bytes are passed through as they are."
)
_NO_FACTS: Final = (
    "This request was not recorded by anthropic-max-proxy, so there is nothing to "
    "translate again."
)
_NO_REQUEST: Final = "What the client sent was not recorded."
_CUT: Final = (
    "Only {kept} of the {size} bytes that the client sent were kept, so they cannot be "
    "translated again. Set anthropic_keep_bytes higher to keep more of later requests."
)
_NOT_JSON: Final = "What the client sent is not JSON ({}): it was refused then, too."
NO_DIFFERENCE: Final = (
    "No difference: today's code, model mapping and options make the same request and "
    "the same report of it."
)
_OTHER: Final = "Only chat completions are translated; this was: {}."


@dataclass(frozen=True, slots=True)
class _Remembered:
    """The thinking that the proxy put back into the request when it was sent."""

    answers: Mapping[str, Sequence[Mapping[str, Any]]]

    def recall(self, tool_use_id: str) -> Sequence[Mapping[str, Any]] | None:
        return self.answers.get(tool_use_id)


def retranslated(recorded: Recorded, rules: Rules) -> str:
    """The differences of body, headers and report, as unified diffs.

    What belongs to the credential (``rules.identity``, ``rules.betas``) is added when
    it was there then, whatever the credential is now. Thinking that was put back from
    memory then is put back again.
    """
    chat, impossible = _chat(recorded)
    if impossible:
        return impossible
    assert recorded.client_request is not None
    before = _before(recorded)
    betas = before.headers.get(BETA_HEADER, "").split(",")
    rules = replace(
        rules,
        identity=rules.identity if _is_identified(before, rules) else None,
        betas=tuple(beta for beta in rules.betas if beta in betas),
    )
    after = translated(
        chat, rules, recorded.client_request.headers, _memory(before.request)
    )
    if after.request is not None:  # as it is on the wire: no Raw parts, no tuples
        body = jsontext.decode(jsontext.encode(after.request))
        after = replace(after, request=body)
    return _compared(before, after, cut=_is_cut(recorded))


def _chat(recorded: Recorded) -> tuple[Any, str]:
    """The client's request, decoded; or why there is none."""
    facts, sent = recorded.facts, recorded.client_request
    if not facts:
        return None, _NO_FACTS
    if facts.get("endpoint") != "chat completions":
        native = facts.get("dialect") == "anthropic"
        return None, _NOT_OURS if native else _OTHER.format(facts.get("endpoint"))
    if sent is None:
        return None, _NO_REQUEST
    if sent.cut:
        return None, _CUT.format(kept=len(sent.body), size=sent.size)
    try:
        return jsontext.decode(sent.body), ""
    except jsontext.InvalidJSON as wrong:
        return None, _NOT_JSON.format(wrong)


def _before(recorded: Recorded) -> Outcome:
    """What was made of the request then, as far as it was kept."""
    report = recorded.facts.get("report") or {"entries": [], "warnings": []}
    sent = recorded.upstream_request
    if sent is None:
        answer = recorded.client_response
        status = (recorded.facts.get("outcome") or {}).get("status") or 0
        return Outcome(
            None,
            report=report,
            status=status,
            error=_decoded(answer.body) if answer else None,
        )
    headers = {
        name: value
        for name in (VERSION_HEADER, BETA_HEADER)
        if (value := sent.header(name))
    }
    return Outcome(_decoded(sent.body), headers, report)


def _decoded(body: bytes) -> Any:
    try:
        return jsontext.decode(body)
    except jsontext.InvalidJSON:
        return None


def _is_cut(recorded: Recorded) -> bool:
    return recorded.upstream_request is not None and recorded.upstream_request.cut


def _is_identified(before: Outcome, rules: Rules) -> bool:
    system = (before.request or {}).get("system")
    first = system[0] if isinstance(system, list) and system else None
    sentence = first.get("text") if isinstance(first, dict) else None
    return sentence is not None and sentence in (IDENTITY, rules.identity)


def _memory(request: Mapping[str, Any] | None) -> _Remembered:
    """The answers with thinking in a request, by the id of their first tool call."""
    answers = {}
    messages = (request or {}).get("messages")
    for message in messages if isinstance(messages, list) else []:
        content = message.get("content") if isinstance(message, dict) else None
        blocks = [
            block
            for block in (content if isinstance(content, list) else [])
            if isinstance(block, dict)
        ]
        calls = [block for block in blocks if block.get("type") == "tool_use"]
        if calls and any("thinking" in str(block.get("type")) for block in blocks):
            answers[str(calls[0].get("id"))] = blocks
    return _Remembered(answers)


def _compared(before: Outcome, after: Outcome, *, cut: bool) -> str:
    sections = {
        "Request to upstream": (_body_lines(before), _body_lines(after)),
        "Headers": (_header_lines(before), _header_lines(after)),
        "Report": (entry_lines(before.report), entry_lines(after.report)),
    }
    notes = []
    if cut:
        del sections["Request to upstream"]
        notes.append("(The request that went upstream was kept in part only: no diff.)")
    diffs = [
        f"{title}\n{diff}"
        for title, (then, now) in sections.items()
        if (diff := "\n".join(_diff(then, now)))
    ]
    return "\n\n".join([*(diffs or [NO_DIFFERENCE]), *notes])


def _diff(then: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    if then == now:
        return
    lines = difflib.unified_diff(then, now, "then", "now", lineterm="")
    yield from (_short(line) for line in lines)


def _short(line: str) -> str:
    if len(line) <= MAX_LINE:
        return line
    digest = hashlib.sha256(line[1:].encode("utf-8", "surrogatepass")).hexdigest()
    return f"{line[:MAX_LINE]}… ({len(line) - 1} characters, SHA-256 {digest[:12]}…)"


def _body_lines(outcome: Outcome) -> list[str]:
    if outcome.request is not None:
        return json.dumps(outcome.request, indent=2, ensure_ascii=False).splitlines()
    refused = f"nothing: the client got the error {outcome.status}"
    shown = json.dumps(outcome.error, indent=2, ensure_ascii=False).splitlines()
    return [refused, *shown]


def _header_lines(outcome: Outcome) -> list[str]:
    return [f"{name}: {value}" for name, value in sorted(outcome.headers.items())]


def entry_lines(report: Mapping[str, Any]) -> list[str]:
    """``max_tokens: altered → max_tokens: 64000 (the most …) [A.1] clamped``."""
    lines = []
    for entry in report.get("entries") or []:
        line = f"{entry.get('field')}: {entry.get('disposition')}"
        line += f" → {entry['became']}" if entry.get("became") else ""
        line += f" ({entry['reason']})" if entry.get("reason") else ""
        line += f" [{entry.get('rule')}]"
        lines.append(line + (f" {entry['warning']}" if entry.get("warning") else ""))
    return lines

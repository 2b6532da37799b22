"""The response side of a translation: what Anthropic said, and what was made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..dialects.chat_completions.answer import as_mapping
from ..dialects.chat_completions.usage import completion_usage
from . import facts
from .answers import Answer, answer_of
from .bodies import read
from .json_text import compact, value_line
from .recorded import Message, Recorded
from .text import WARN, count, hanging, one_line, pairs, plural, shortened, table

_MESSAGE_LIMIT: Final = 600
_RETRY_HEADERS: Final = ("retry-after", "retry-after-ms", "x-should-retry")


def response_lines(recorded: Recorded) -> list[str]:
    """Everything that is known of an answer, each line with the rule it rests on."""
    upstream = answer_of(read(recorded.upstream_response))
    client = answer_of(read(recorded.client_response))
    rows = [*_status(recorded)]
    if upstream.error is not None or client.error is not None:
        rows += [*_error(upstream, client), *_retry(recorded.client_response)]
    rows += _ended(recorded, upstream, client)
    rows += _identity(recorded, upstream, client)
    asked = facts.texts(recorded, "report", "warnings")
    for token in facts.texts(recorded, "outcome", "warnings"):
        if token not in asked:
            rows.append(("warning", "F", token))
    rows += _earlier(recorded)
    if not facts.is_translated(recorded):
        rows = [(name, "", told) for name, _, told in rows]
    return [*table(rows, [26, 4]), *_usage(recorded, upstream, client)]


def _earlier(recorded: Recorded) -> list[tuple[str, str, str]]:
    """What the proxy asked before, for the same request of the client's."""
    rows, paused = [], 0
    for _, response in facts.earlier(recorded):
        error = answer_of(read(response)).error
        if error is None:
            paused += 1
        else:
            said = shortened(one_line(error.get("message")), _MESSAGE_LIMIT)
            rows.append(("asked again", "", f"after {_code(response)}: {said}"))
    if paused:
        told = f"{plural(paused, 'time')}; the parts are told as one answer"
        rows.append(("paused", "F.1", told))
    return rows


def _status(recorded: Recorded) -> list[tuple[str, str, str]]:
    given = _code(recorded.client_response) or facts.value(
        recorded, "outcome", "status"
    )
    upstream = facts.value(recorded, "outcome", "upstream_status")
    if upstream is None and recorded.upstream_response is not None:
        upstream = _code(recorded.upstream_response)
    if upstream is None:
        return [("status", "", f"{one_line(given)}, made by the proxy itself")]
    rule = "H.1" if str(upstream) != "200" else ""
    return [("status", rule, f"{one_line(upstream)} → {one_line(given)}")]


def _code(message: Message | None) -> str:
    """The status in a status line."""
    words = message.line.split() if message is not None else []
    return words[1] if len(words) > 1 else ""


def _error(upstream: Answer, client: Answer) -> list[tuple[str, str, str]]:
    theirs, ours = as_mapping(upstream.error), as_mapping(client.error)
    rows = []
    for key in ("type", "code", "param"):
        before, after = theirs.get(key), ours.get(key)
        if before is not None or after is not None:
            told = one_line(after) if not theirs else _became(before, after)
            rows.append((f"error.{key}", "H.1", told))
    for whose, error in (("Anthropic said", theirs), ("the client was told", ours)):
        if error and not (
            error is ours and ours.get("message") == theirs.get("message")
        ):
            said = shortened(one_line(error.get("message")), _MESSAGE_LIMIT)
            rows.append((whose, "", said))
    return rows


def _retry(client: Message | None) -> list[tuple[str, str, str]]:
    if client is None:
        return []
    given = [(name, client.header(name)) for name in _RETRY_HEADERS]
    return [(name, "H.2", value) for name, value in given if value]


def _ended(
    recorded: Recorded, upstream: Answer, client: Answer
) -> list[tuple[str, str, str]]:
    reason = upstream.ended or facts.text(recorded, "outcome", "stop_reason")
    if not reason and not client.ended:
        return []
    if client.ended == reason:
        return [("stop_reason", "", reason)]
    return [("stop_reason", "F.1", _became(reason, client.ended, "finish_reason"))]


def _identity(
    recorded: Recorded, upstream: Answer, client: Answer
) -> list[tuple[str, str, str]]:
    rows = []
    for name, before, after, rule in (
        ("id", upstream.id, client.id, "F"),
        ("model", upstream.model, client.model, "E.3"),
    ):
        if before or after:
            rows.append((name, rule if before != after else "", _became(before, after)))
    ids = (
        ("request-id", "upstream_request_id", "Anthropic's, for its support"),
        ("our id", "request_id", "in the proxy's log"),
    )
    for name, key, whose in ids:
        if given := facts.text(recorded, key):
            rows.append((name, "", f"{given} ({whose})"))
    return rows


def _became(before: Any, after: Any, name: str = "") -> str:
    if before == after:
        return one_line(before)
    return " ".join(
        filter(None, (one_line(before or None), "→", name, _or_dash(after)))
    )


def _or_dash(value: Any) -> str:
    return one_line(value if value != "" else None)


# -- usage -------------------------------------------------------------------------


def _usage(recorded: Recorded, upstream: Answer, client: Answer) -> list[str]:
    noted = facts.mapping(recorded, "outcome", "usage") or as_mapping(upstream.usage)
    if not noted:
        return []
    if not facts.is_translated(recorded):
        return ["", "Usage, in Anthropic's words", *pairs(_flat(noted), cap=46)]
    made = completion_usage(noted)
    prompt = made["prompt_tokens"]
    details = made["prompt_tokens_details"]
    read_, written = details["cached_tokens"], details["cache_write_tokens"]
    thought = made["completion_tokens_details"]["reasoning_tokens"]
    rows = [
        ("prompt_tokens", prompt, _sum(prompt - read_ - written, written, read_)),
        ("└ cached_tokens", read_, "cache_read_input_tokens"),
        ("└ cache_write_tokens", written, "cache_creation_input_tokens"),
        ("completion_tokens", made["completion_tokens"], "output_tokens"),
        ("└ reasoning_tokens", thought, "output_tokens_details.thinking_tokens"),
        (
            "total_tokens",
            made["total_tokens"],
            f"{count(prompt)} + {count(made['completion_tokens'])}",
        ),
    ]
    shown = [(name, count(value), "=", how) for name, value, how in rows]
    lines = ["", "Usage (rules F.2)"]
    lines += table(shown, [24, 14, 1], right=[1])
    if "iterations" in noted:
        lines.append("  Each count is the sum of those in iterations.")
    return [*lines, *_told(made, client)]


def tokens_told(usage: Mapping[str, Any]) -> str:
    """The counts in a few words."""
    made = completion_usage(usage)
    cached = made["prompt_tokens_details"]["cached_tokens"]
    told = f"{count(made['prompt_tokens'])} tokens in"
    if cached:
        told += f" ({count(cached)} cached)"
    return f"{told}, {count(made['completion_tokens'])} out"


def _sum(fresh: int, written: int, read_: int) -> str:
    return (
        f"{count(fresh)} input + {count(written)} cache_creation_input"
        f" + {count(read_)} cache_read_input"
    )


def _told(made: Mapping[str, Any], client: Answer) -> list[str]:
    """Says when the client was told something else, or nothing."""
    if client.usage is None:
        untold = "  The client was not told: it did not ask for stream usage."
        return [untold] if client.ended else []
    names = ("prompt_tokens", "completion_tokens", "total_tokens")
    told = {name: client.usage.get(name) for name in names}
    if all(told[name] == made[name] for name in names):
        return []
    return hanging(f"  {WARN} The client was told {value_line(compact(told))}.", 4)


def _flat(usage: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Counts by name, those of inner objects too."""
    found = []
    for name, value in usage.items():
        if isinstance(value, Mapping):
            found += [(f"{name}.{key}", _value(inner)) for key, inner in value.items()]
        else:
            found.append((name, _value(value)))
    return found


def _value(value: Any) -> str:
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return count(value) if is_count else value_line(compact(value))

"""The view *Translation*: what one must know stands first."""

from __future__ import annotations

from typing import Any

import pytest

from anthropic_proxy.inspection.recorded import Recorded
from anthropic_proxy.inspection.translation import render
from inspection_support import (
    BODY,
    COMPLETION,
    DONE,
    END,
    EVENTS,
    FACTS,
    FINISH,
    MESSAGE,
    OUTCOME,
    ROLE,
    START,
    USAGE,
    answer,
    chat,
    event,
    lines,
    message,
    native,
    with_facts,
)


def shown(recorded: Recorded, side: Any = "request") -> list[str]:
    return lines(render(recorded, side))


def entry(field: str, disposition: str, **more: Any) -> dict[str, Any]:
    nothing = {"became": None, "reason": "", "rule": "A.1", "warning": None}
    return {"field": field, "disposition": disposition, **nothing, **more}


def report(*entries: dict[str, Any], warnings: Any = ()) -> dict[str, Any]:
    return {"entries": list(entries), "warnings": list(warnings)}


def test_one_look_at_a_chat() -> None:
    assert shown(chat()) == [
        "chat completions · gpt-4o → claude-sonnet-5-5 · with the credential api_key",
        "status 200 · stop · 1,037 tokens in (1,000 cached), 56 out · 2.50 s",
        "⚠ seed:ignored",
        "",
        "── The request: 1 ignored, 1 mapped",
        "",
        "Fate Field Became Rule Why",
        "──── ───── ────── ──── ───",
        "⚠ ignored seed nothing A.1 Claude's sampling takes no seed.",
        "mapped model model: claude-sonnet-5-5 E.3 pattern *",
        "",
        "── The answer",
        "",
        "status 200 → 200",
        "stop_reason F.1 end_turn → finish_reason stop",
        "id F msg_01abc → chatcmpl-01abc",
        "model claude-sonnet-5-5",
        "request-id req_theirs (Anthropic's, for its support)",
        "our id req_ours (in the proxy's log)",
        "",
        "Usage (rules F.2)",
        "prompt_tokens 1,037 = 25 input + 12 cache_creation_input"
        " + 1,000 cache_read_input",
        "└ cached_tokens 1,000 = cache_read_input_tokens",
        "└ cache_write_tokens 12 = cache_creation_input_tokens",
        "completion_tokens 56 = output_tokens",
        "└ reasoning_tokens 7 = output_tokens_details.thinking_tokens",
        "total_tokens 1,093 = 1,037 + 56",
    ]


def test_beside_the_answer_the_answer_comes_first() -> None:
    text = render(chat(), "response")
    assert text.index("── The answer") < text.index("── The request")


def test_what_was_lost_stands_before_what_arrived() -> None:
    entries = report(
        entry("model", "mapped", became="model"),
        entry("stop", "altered", became="stop_sequences"),
        entry("seed", "ignored"),
        entry("n", "rejected"),
        entry("new", "invented"),
    )
    found = shown(with_facts(chat(), report=entries))
    table = found[found.index("──── ───── ────── ──── ───") + 1 :][:5]
    assert [row.split()[:2] for row in table] == [
        ["✗", "rejected"],
        ["⚠", "altered"],
        ["⚠", "ignored"],
        ["?", "invented"],
        ["mapped", "model"],
    ]


def test_a_long_history_is_one_row() -> None:
    turns = [
        entry(f"messages.[{n}]", "mapped", became=f"messages[{n}]", rule="B.3")
        for n in range(40)
    ]
    found = shown(with_facts(chat(), report=report(*turns)))
    assert (
        "mapped messages.[0] … [39] messages[0] … [39] B.3"
        " 40 messages, one after the other" in found
    )


def test_a_message_with_a_reason_is_not_folded_away() -> None:
    turns = [
        entry(f"messages.[{n}]", "mapped", became=f"messages[{n}]") for n in range(12)
    ]
    turns[3]["reason"] = "this one is special"
    text = "\n".join(shown(with_facts(chat(), report=report(*turns))))
    assert "this one is special" in text
    assert "messages.[4] … [11]" in text
    assert "mapped messages.[1] messages[1]" in text


def test_a_client_that_was_told_other_counts_is_pointed_out() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 56, "total_tokens": 57}
    told = chat(client_response=answer({**COMPLETION, "usage": usage}))
    assert (
        '⚠ The client was told {"prompt_tokens":1,"completion_tokens":56,'
        '"total_tokens":57}.' in shown(told)
    )


def test_a_stream_without_usage_says_that_it_was_not_asked_for() -> None:
    streamed = chat(
        upstream_response=answer(START + END, headers=EVENTS),
        client_response=answer(ROLE + FINISH + DONE, headers=EVENTS),
    )
    found = shown(streamed)
    assert "The client was not told: it did not ask for stream usage." in found
    assert "id F msg_01abc → chatcmpl-01abc" in found


def test_the_counts_of_iterations_are_summed() -> None:
    usage = {**USAGE, "iterations": [USAGE, USAGE]}
    found = shown(with_facts(chat(), outcome={"usage": usage}))
    assert "Each count is the sum of those in iterations." in found
    assert "completion_tokens 112 = output_tokens" in found


def test_an_error_of_upstreams() -> None:
    theirs = {"error": {"type": "rate_limit_error", "message": "Slow down."}}
    ours = {"type": "requests", "code": "rate_limit_exceeded", "message": "Slow down."}
    headers = [("content-type", "application/json"), ("retry-after", "7")]
    failed = with_facts(
        chat(
            upstream_response=answer(theirs, "429 Too Many Requests"),
            client_response=answer({"error": ours}, "429 Too Many Requests", headers),
        ),
        outcome={
            **dict.fromkeys(("finish", "stop_reason", "usage")),
            "status": 429,
            "upstream_status": 429,
            "error": "Slow down.",
        },
    )
    found = shown(failed, "response")
    assert found[:4] == [
        "chat completions · gpt-4o → claude-sonnet-5-5 · with the credential api_key",
        "status 429 · 2.50 s",
        "⚠ seed:ignored",
        "✗ Slow down.",
    ]
    assert "status H.1 429 → 429" in found
    assert "error.type H.1 rate_limit_error → requests" in found
    assert "error.code H.1 – → rate_limit_exceeded" in found
    assert "Anthropic said Slow down." in found
    assert "retry-after H.2 7" in found
    assert not any(line.startswith("the client was told") for line in found)


def test_an_error_that_was_reworded_is_shown_in_both_words() -> None:
    failed = chat(
        upstream_response=answer({"error": {"message": "theirs"}}, "502 Bad Gateway"),
        client_response=answer({"error": {"message": "ours"}}, "502 Bad Gateway"),
    )
    found = shown(failed)
    assert "Anthropic said theirs" in found
    assert "the client was told ours" in found


def test_an_error_in_the_middle_of_a_stream_is_in_the_summary() -> None:
    frame = event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    told = b'data: {"error": {"type": "server_error", "message": "Overloaded"}}\n\n'
    failed = with_facts(
        chat(
            upstream_response=answer(START + frame, headers=EVENTS),
            client_response=answer(ROLE + told, headers=EVENTS),
        ),
        outcome={"finish": "error"},
    )
    assert "✗ Overloaded" in shown(failed)


def test_a_refusal_of_the_proxys_own() -> None:
    refused = {
        "error": {"message": "no n", "type": "invalid_request_error", "param": "n"}
    }
    local = with_facts(
        chat(
            upstream_request=None,
            upstream_response=None,
            client_response=answer(refused, "400 Bad Request"),
        ),
        report=report(entry("n", "rejected", reason="no n", rule="H.1")),
        outcome={"status": 400, "upstream_status": None, "usage": None},
    )
    found = shown(local)
    assert "✗ rejected n an error H.1 no n" in found
    assert "status 400, made by the proxy itself" in found
    assert "error.param H.1 n" in found
    assert "the client was told no n" in found


def test_an_answer_without_a_report_was_made_here() -> None:
    facts = {"endpoint": "unknown", "dialect": "openai", "outcome": {"status": 404}}
    found = shown(
        Recorded(facts, message("POST /v1/responses HTTP/1.1"), None, None, answer({}))
    )
    assert found[0] == "unknown"
    assert "Nothing was sent to Anthropic: the proxy answered by itself." in found


def test_warnings_of_the_answer_are_told_apart() -> None:
    outcome = {"warnings": ["seed:ignored", "stop_reason:unknown"]}
    found = shown(with_facts(chat(), outcome=outcome))
    assert "⚠ seed:ignored, stop_reason:unknown" in found
    assert "warning F stop_reason:unknown" in found
    assert "warning F seed:ignored" not in found


def test_what_was_asked_before_is_told() -> None:
    def kept(line: str, body: bytes) -> dict[str, Any]:
        return {"line": line, "headers": [], "body": body, "size": len(body)}

    refused = kept("HTTP/1.1 400", b'{"error": {"message": "schema too deep"}}')
    paused = kept("HTTP/1.1 200 OK", b'{"stop_reason": "pause_turn"}')
    earlier = [{"response": refused}, {"response": paused}, {"response": None}]
    found = shown(with_facts(chat(), earlier=earlier))
    assert "asked again after 400: schema too deep" in found
    assert "paused F.1 2 times; the parts are told as one answer" in found


def test_a_request_under_way() -> None:
    facts = {key: value for key, value in FACTS.items() if key != "outcome"}
    waiting = chat(facts=facts, upstream_response=None, client_response=None)
    found = shown(waiting)
    assert found[1] == "under way"
    assert found[-1].startswith("Nothing yet: the request is under way.")


def test_a_broken_connection() -> None:
    outcome = {**dict.fromkeys(OUTCOME), "error": "connection refused", "duration": 0.1}
    failed = chat(upstream_response=None, client_response=None)
    found = shown(with_facts(failed, outcome=outcome))
    assert found[1] == "no answer · 100 ms"
    assert "Nothing: connection refused" in found


# -- native ------------------------------------------------------------------------


def test_a_native_request_shows_what_was_changed() -> None:
    found = shown(native())
    assert "What The client sent Anthropic received" in found
    assert "authorization *** –" in found
    assert "host 127.0.0.1:8100 api.anthropic.com" in found
    assert "x-api-key – ***" in found
    assert "stop_reason end_turn" in found
    assert "cache_read_input_tokens 1,000" in found
    assert "output_tokens_details.thinking_tokens 7" in found
    assert not any(" F.1 " in line or " H.1 " in line for line in found)


def test_a_sentence_in_the_system_prompt_is_a_change() -> None:
    system = [{"type": "text", "text": "You are Claude Code."}]
    with_sentence = message("POST /v1/messages HTTP/1.1", {**BODY, "system": system})
    found = shown(native(upstream_request=with_sentence))
    assert (
        'body: system "You are terse." [{"type":"text","text":"You are Claude Code."}]'
        in found
    )


def test_a_native_request_may_stay_as_it_is() -> None:
    sent = message("POST /v1/messages HTTP/1.1", BODY)
    found = shown(native(client_request=sent, upstream_request=sent))
    assert any(line.endswith("nothing translated, nothing changed.") for line in found)


def test_another_spelling_of_the_same_body_is_said() -> None:
    sent = message("POST /v1//v1/messages HTTP/1.1", b'{"a": 1}')
    received = message("POST /v1/messages HTTP/1.1", b'{"a":1}')
    found = shown(native(client_request=sent, upstream_request=received))
    assert "body 8 bytes 7 bytes, same meaning" in found
    assert (
        "request line POST /v1//v1/messages HTTP/1.1 POST /v1/messages HTTP/1.1"
        in found
    )


def test_a_body_that_is_no_json_is_not_said_to_mean_the_same() -> None:
    sent = message("POST /v1/messages HTTP/1.1", b"nonsense")
    received = message("POST /v1/messages HTTP/1.1", b"noise")
    found = shown(native(client_request=sent, upstream_request=received))
    assert "body 8 bytes 5 bytes, other bytes" in found


def test_without_what_the_client_sent_nothing_is_compared() -> None:
    found = shown(native(client_request=None))
    assert any(line.startswith("Passed on. What the client sent was") for line in found)


@pytest.mark.parametrize("kept", [{}, {"endpoint": "messages"}])
def test_an_older_file_still_shows_what_it_has(kept: dict[str, Any]) -> None:
    text = render(Recorded(kept, client_response=answer(MESSAGE)))
    assert "msg_01abc" in text

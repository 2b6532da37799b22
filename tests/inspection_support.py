"""Recorded requests, made by hand: what the tests of the views look at."""

from __future__ import annotations

import json
from typing import Any

from anthropic_proxy.inspection.recorded import Message, Recorded

JSON = [("content-type", "application/json")]
EVENTS = [("content-type", "text/event-stream; charset=utf-8")]

CHAT = {
    "model": "gpt-4o",
    "messages": [
        {"role": "system", "content": "You are terse."},
        {"role": "user", "content": "What is the weather in Paris?"},
    ],
    "seed": 3,
}
BODY = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 32000,
    "system": "You are terse.",
    "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
}
USAGE = {
    "input_tokens": 25,
    "cache_creation_input_tokens": 12,
    "cache_read_input_tokens": 1000,
    "output_tokens": 56,
    "output_tokens_details": {"thinking_tokens": 7},
}
MESSAGE = {
    "id": "msg_01abc",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": "Sunny."}],
    "stop_reason": "end_turn",
    "usage": USAGE,
}
COMPLETION = {
    "id": "chatcmpl-01abc",
    "object": "chat.completion",
    "created": 1795338801,
    "model": "claude-sonnet-5-5",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Sunny."},
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 1037,
        "completion_tokens": 56,
        "total_tokens": 1093,
    },
}
REPORT = {
    "entries": [
        {
            "field": "model",
            "disposition": "mapped",
            "became": "model: claude-sonnet-5-5",
            "reason": "pattern *",
            "rule": "E.3",
            "warning": None,
        },
        {
            "field": "seed",
            "disposition": "ignored",
            "became": None,
            "reason": "Claude's sampling takes no seed.",
            "rule": "A.1",
            "warning": "seed:ignored",
        },
    ],
    "warnings": ["seed:ignored"],
}
OUTCOME = {
    "status": 200,
    "upstream_status": 200,
    "finish": "stop",
    "stop_reason": "end_turn",
    "usage": USAGE,
    "warnings": ["seed:ignored"],
    "first_byte": 0.3,
    "duration": 2.5,
    "error": None,
}
FACTS = {
    "request_id": "req_ours",
    "upstream_request_id": "req_theirs",
    "endpoint": "chat completions",
    "dialect": "openai",
    "credential": "api_key",
    "model_asked": "gpt-4o",
    "model_used": "claude-sonnet-5-5",
    "report": REPORT,
    "outcome": OUTCOME,
}


def message(
    line: str,
    body: Any = b"",
    headers: list[tuple[str, str]] | None = None,
    *,
    size: int = 0,
) -> Message:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    if headers is None:
        headers = JSON
    return Message(line, headers, content, max(size, len(content)))


def answer(
    body: Any = b"", status: str = "200 OK", headers: Any = None, **more: Any
) -> Message:
    return message(f"HTTP/1.1 {status}", body, headers, **more)


def chat(**changed: Any) -> Recorded:
    """A translated request with a whole answer; any of its parts may be replaced."""
    parts: dict[str, Any] = {
        "facts": FACTS,
        "client_request": message("POST /v1/chat/completions HTTP/1.1", CHAT),
        "upstream_request": message("POST /v1/messages HTTP/1.1", BODY),
        "upstream_response": answer(MESSAGE),
        "client_response": answer(COMPLETION),
    }
    return Recorded(**(parts | changed))


def with_facts(recorded: Recorded, **facts: Any) -> Recorded:
    outcome = recorded.facts["outcome"] | facts.pop("outcome", {})
    changed = {**recorded.facts, **facts, "outcome": outcome}
    return Recorded(
        changed,
        recorded.client_request,
        recorded.upstream_request,
        recorded.upstream_response,
        recorded.client_response,
    )


def native(**changed: Any) -> Recorded:
    """A native request, passed on as it came."""
    same = answer(MESSAGE)
    facts = {
        **{key: FACTS[key] for key in ("request_id", "credential", "outcome")},
        "endpoint": "messages",
        "dialect": "anthropic",
        "model_used": "claude-sonnet-5-5",
    }
    sent = [*JSON, ("authorization", "***"), ("host", "127.0.0.1:8100")]
    received = [*JSON, ("x-api-key", "***"), ("host", "api.anthropic.com")]
    parts: dict[str, Any] = {
        "facts": facts,
        "client_request": message("POST /v1/messages HTTP/1.1", BODY, sent),
        "upstream_request": message("POST /v1/messages HTTP/1.1", BODY, received),
        "upstream_response": same,
        "client_response": same,
    }
    return Recorded(**(parts | changed))


# -- streams -----------------------------------------------------------------------


def event(type_: str, **parts: Any) -> bytes:
    data = json.dumps({"type": type_, **parts})
    return f"event: {type_}\ndata: {data}\n\n".encode()


def delta(type_: str, index: int = 0, **parts: Any) -> bytes:
    return event("content_block_delta", index=index, delta={"type": type_, **parts})


def text_delta(text: str) -> bytes:
    return delta("text_delta", text=text)


def chunk(change: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": change, "finish_reason": finish}
    shared = {"id": "chatcmpl-01abc", "object": "chat.completion.chunk", "created": 1}
    data = json.dumps({**shared, "model": "claude-sonnet-5-5", "choices": [choice]})
    return f"data: {data}\n\n".encode()


PING = b": ping\n\n"
DONE = b"data: [DONE]\n\n"
START = event(
    "message_start",
    message={"id": "msg_01abc", "model": "claude-sonnet-5-5", "usage": USAGE},
)
TEXT_START = event(
    "content_block_start", index=0, content_block={"type": "text", "text": ""}
)
END = (
    event("content_block_stop", index=0)
    + event("message_delta", delta={"stop_reason": "end_turn"}, usage=USAGE)
    + event("message_stop")
)
ROLE = chunk({"role": "assistant", "content": ""})
FINISH = chunk({}, "stop")


class Stream:
    """A stream that is recorded read by read."""

    def __init__(self) -> None:
        self.upstream = self.client = b""
        self.marks: list[list[Any]] = []

    def read(self, at: float, upstream: bytes, client: bytes) -> Stream:
        self.upstream += upstream
        self.client += client
        self.marks.append([at, len(self.upstream), len(self.client)])
        return self

    def recorded(self, **facts: Any) -> Recorded:
        return with_facts(
            chat(
                upstream_response=answer(self.upstream, headers=EVENTS),
                client_response=answer(self.client, headers=EVENTS),
            ),
            marks=self.marks,
            **facts,
        )


def words(count: int, *, every: float = 0.01) -> Stream:
    """A stream of that many words, each in a read of its own."""
    stream = Stream().read(0.3, START + TEXT_START, ROLE)
    for number in range(count):
        text = f"word{number} "
        at = round(0.4 + number * every, 3)
        stream.read(at, text_delta(text), chunk({"content": text}))
    return stream.read(round(0.5 + count * every, 3), END, FINISH + DONE)


def lines(text: str) -> list[str]:
    """The lines of a view, with single spaces and without the rule of a heading."""
    found = [" ".join(line.split()) for line in text.split("\n")]
    return [line.rstrip("─ ") if line.startswith("── ") else line for line in found]

"""Flows as the proxy leaves them, without a proxy."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

from mitmproxy import http
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.inspection.translating import Rules, translated
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.models.mapping import ModelMapping
from anthropic_proxy.proxy.call import FLOW_KEY

NOW = 1_790_000_000.0
CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "user": "alice@example.com",
    "messages": [{"role": "user", "content": "I am bob@example.com"}],
    "seed": 4,
}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": "Hello bob@example.com"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 4},
}
COMPLETION: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": int(NOW),
    "model": "claude-sonnet-5-5",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Hello bob@example.com"},
        }
    ],
}


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def kept(line: str, document: Any, **headers: str) -> dict[str, Any]:
    body = encoded(document)
    fields = [[name.replace("_", "-"), value] for name, value in headers.items()]
    return {"line": line, "headers": fields, "body": body, "size": len(body)}


def recorded_flow(
    request_id: str = "req_one", chat: dict[str, Any] | None = None
) -> http.HTTPFlow:
    """A chat completion that was answered."""
    chat = CHAT if chat is None else chat
    rules = Rules(ModelMapping(Catalog.load()), Settings(), NOW)
    outcome = translated(chat, rules)
    flow = tflow.tflow(resp=True)
    assert flow.response is not None
    flow.request = http.Request.make(
        "POST",
        "https://api.anthropic.com/v1/messages",
        encoded(outcome.request),
        {**outcome.headers, "x-api-key": "***", "content-type": "application/json"},
    )
    flow.request.timestamp_start = NOW
    flow.response = http.Response.make(
        200,
        encoded(COMPLETION),
        {
            "content-type": "application/json",
            "anthropic-organization-id": "6f1c0c2e-1111-4222-8333-123456789abc",
            "request-id": "req_upstream",
        },
    )
    flow.comment = "for bob@example.com"
    flow.metadata[FLOW_KEY] = {
        "request_id": request_id,
        "upstream_request_id": "req_upstream",
        "endpoint": "chat completions",
        "dialect": "openai",
        "credential": "api_key",
        "upstream": "https://api.anthropic.com",
        "model_asked": outcome.model_asked,
        "model_used": outcome.model_used,
        "report": outcome.report,
        "client_request": kept(
            "POST /v1/chat/completions?key=k HTTP/1.1",
            chat,
            host="127.0.0.1:8100",
            authorization="Bearer ***",
            content_type="application/json",
        ),
        "upstream_response": kept(
            "HTTP/1.1 200 OK", MESSAGE, request_id="req_upstream"
        ),
        "outcome": {
            "status": 200,
            "upstream_status": 200,
            "finish": "stop",
            "stop_reason": "end_turn",
            "usage": MESSAGE["usage"],
            "warnings": list(outcome.report["warnings"]),
            "first_byte": 0.25,
            "duration": 0.5,
            "error": None,
        },
    }
    return flow


def foreign_flow() -> http.HTTPFlow:
    """One that some other proxy recorded."""
    flow = tflow.tflow(resp=True)
    flow.request.content = b"to carol@example.com"
    return flow


def saved(flows: Sequence[http.HTTPFlow]) -> bytes:
    """As ``-w`` writes them."""
    out = io.BytesIO()
    writer = FlowWriter(out)
    for flow in flows:
        writer.add(flow)
    return out.getvalue()

"""What the tests of answers share: vectors, upstream's events, the SDK's reading."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from anthropic_proxy.dialects.chat_completions.exchange import Exchange, Settings
from anthropic_proxy.dialects.chat_completions.stream import ChunkStream, Transcoder

VECTORS = Path(__file__).parent / "vectors"
USAGE = {"input_tokens": 10, "output_tokens": 1}


def vectors(kind: str) -> list[Any]:
    """The golden pairs of a kind, as parameters named after them."""
    paths = sorted((VECTORS / kind).glob("*.json"))
    assert paths
    loaded = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return [pytest.param(v["input"], v["expected"], id=v["name"]) for v in loaded]


def exchange(**fields: Any) -> Exchange:
    """An exchange whose model and instant are those of the vectors."""
    given = {
        "created": 1700000000,
        "model_asked": "gpt-5",
        "model_used": "claude-sonnet-5-5",
    }
    return Exchange(**given | fields)


def exchange_of(given: Mapping[str, Any]) -> Exchange:
    """The exchange that a vector's input describes."""
    fields = dict(given.get("exchange", {}))
    if "custom_tools" in fields:
        fields["custom_tools"] = frozenset(fields["custom_tools"])
    if "settings" in fields:
        fields["settings"] = Settings(**fields["settings"])
    return exchange(
        created=given["now"],
        include_usage=given.get("include_usage", False),
        tool_names=given.get("name_map", {}),
        legacy_functions=given.get("request_used") == "functions",
        **fields,
    )


# -- upstream's events -----------------------------------------------------------


def message_start(**fields: Any) -> dict[str, Any]:
    message = {
        "id": "msg_01X",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": USAGE,
    }
    return {"type": "message_start", "message": message | fields}


def block_start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def block_delta(index: int, type_: str, **fields: Any) -> dict[str, Any]:
    delta = {"type": type_, **fields}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def block_stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def text_block(index: int, *pieces: str) -> list[dict[str, Any]]:
    deltas = [block_delta(index, "text_delta", text=piece) for piece in pieces]
    return [block_start(index, type="text", text=""), *deltas, block_stop(index)]


def tool_block(
    index: int, *pieces: str, name: str = "f", id_: str = "toolu_1"
) -> list[dict[str, Any]]:
    start = block_start(index, type="tool_use", id=id_, name=name, input={})
    deltas = [
        block_delta(index, "input_json_delta", partial_json=piece) for piece in pieces
    ]
    return [start, *deltas, block_stop(index)]


def message_end(stop_reason: str | None = "end_turn", **fields: Any) -> list[Any]:
    delta = {"stop_reason": stop_reason, "stop_sequence": None, **fields}
    usage = {"output_tokens": 5}
    return [
        {"type": "message_delta", "delta": delta, "usage": usage},
        {"type": "message_stop"},
    ]


def events_of(message: Mapping[str, Any], cut: int = 3) -> list[dict[str, Any]]:
    """How upstream would stream a whole Message, texts in pieces of ``cut``."""
    events = [message_start(id=message["id"], usage=message["usage"])]
    for index, block in enumerate(message["content"]):
        events += _block_events(index, block, cut)
    delta = {name: message.get(name) for name in ("stop_reason", "stop_details")}
    stop = {"type": "message_delta", "delta": delta, "usage": message["usage"]}
    return [*events, stop, {"type": "message_stop"}]


_TEXTS = {
    "text": [("text", "text_delta")],
    "thinking": [("thinking", "thinking_delta")],
}


def _block_events(
    index: int, block: Mapping[str, Any], cut: int
) -> list[dict[str, Any]]:
    start = dict(block)
    deltas = []
    for field, type_ in _TEXTS.get(block["type"], []):
        start[field] = ""
        for piece in _pieces(block[field], cut):
            deltas.append(block_delta(index, type_, **{field: piece}))
    if block["type"] == "thinking":
        start["signature"] = ""
        signature = block["signature"]
        deltas.append(block_delta(index, "signature_delta", signature=signature))
    if block["type"] == "text" and "citations" in start:
        for citation in start.pop("citations"):
            deltas.append(block_delta(index, "citations_delta", citation=citation))
    if block["type"].endswith("tool_use"):
        start["input"] = {}
        text = json.dumps(block["input"], separators=(",", ":"), ensure_ascii=False)
        for piece in _pieces("" if text == "{}" else text, cut):
            deltas.append(block_delta(index, "input_json_delta", partial_json=piece))
    return [block_start(index, **start), *deltas, block_stop(index)]


def _pieces(text: str, cut: int) -> list[str]:
    return [text[at : at + cut] for at in range(0, len(text), cut)]


def sse_bytes(events: Iterable[Mapping[str, Any]]) -> bytes:
    """Upstream's events as upstream sends them."""
    frames = (
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events
    )
    return "".join(frames).encode()


# -- the client's side -----------------------------------------------------------


def run(
    events: Iterable[Mapping[str, Any]],
    stream: ChunkStream | None = None,
    **fields: Any,
) -> list[Any]:
    """The chunks that events make, through to the end of upstream's body."""
    stream = stream or ChunkStream(exchange(**fields))
    chunks = [chunk for event in events for chunk in stream.receive(event)]
    return chunks + stream.close()


def transcoded(
    pieces: Iterable[bytes], exchange_: Exchange, *, pauses_left: int = 0
) -> bytes:
    transcoder = Transcoder(ChunkStream(exchange_, pauses_left=pauses_left))
    return b"".join([transcoder.feed(piece) for piece in pieces]) + transcoder.end()


def frames(data: bytes) -> tuple[list[dict[str, Any]], bool]:
    """The objects in the client's stream, and whether ``[DONE]`` ended it."""
    assert data == b"" or data.endswith(b"\n\n")
    parts = data.decode().split("\n\n")[:-1]
    payloads = [part for part in parts if not part.startswith(":")]
    assert all(part.startswith("data: ") for part in payloads)
    values = [part.removeprefix("data: ") for part in payloads]
    done = values[-1:] == ["[DONE]"]
    return [json.loads(value) for value in values[: -1 if done else None]], done


def deltas(chunks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk.get("choices")]


def finish(chunks: Iterable[Mapping[str, Any]]) -> list[str]:
    choices = [choice for chunk in chunks for choice in chunk.get("choices", ())]
    reasons = [choice["finish_reason"] for choice in choices]
    return [reason for reason in reasons if reason is not None]


def replayed(chunks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer as OpenAI's own client puts it together. Chunks must be valid."""
    state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)
        list(state.handle_chunk(ChatCompletionChunk.construct(**chunk)))
    # The type of a parsed answer shifts between versions; its values do not.
    return json.loads(state.current_completion_snapshot.to_json())


def checked(completion: Mapping[str, Any]) -> dict[str, Any]:
    """The only choice of an answer that OpenAI's client finds valid."""
    ChatCompletion.model_validate(completion, strict=True)
    (choice,) = completion["choices"]
    assert choice["index"] == 0
    assert choice["logprobs"] is None
    return choice

"""A streamed answer for OpenAI's clients: Anthropic's events in, chunks out."""

from __future__ import annotations

import random
import zlib
from typing import Any

from answer_support import events_of, frames, replayed, sse_bytes
from anthropic_proxy.dialects.chat_completions.exchange import Exchange, Settings
from anthropic_proxy.dialects.chat_completions.response import chat_completion
from anthropic_proxy.dialects.chat_completions.stream import ChunkStream, Transcoder
from anthropic_proxy.inspection.bodies import data_of
from anthropic_proxy.wire import jsontext
from anthropic_proxy.wire.sse import Decoder

from ..mutations import Words, event_stream
from ..target import Target, pieces, switches, vectors, with_switches

NOW = 1_790_000_000
PAUSES = 2
_CUSTOM, _EMULATED, _UNFENCE = 4, 8, 16
_STREAMS = [vector["input"]["sse"].encode() for vector in vectors("stream")]
_STREAMS += [
    sse_bytes(events_of(vector["input"]["body"])) for vector in vectors("response")
]
_FRAMES = [frame for stream in _STREAMS for frame in stream.split(b"\n\n")]
_WORDS = Words(
    data_of(event)
    for stream in _STREAMS
    for event in Decoder(len(stream) + 1).feed(stream)
)


def exchange(chosen: int) -> Exchange:
    """One of the requests that may stand before the answer, by eight switches."""
    return Exchange(
        created=NOW,
        model_asked="gpt-5",
        model_used="claude-sonnet-5-5",
        stream=True,
        include_usage=bool(chosen & 1),
        legacy_functions=bool(chosen & 2),
        tool_names={"get_weather": "get.weather", "f": "g/f"},
        custom_tools=frozenset({"f", "code"}) if chosen & _CUSTOM else frozenset(),
        emulated_tool="get_weather" if chosen & _EMULATED else None,
        unfence_json=bool(chosen & _UNFENCE),
        settings=Settings(
            anthropic_content=bool(chosen & 32),
            reasoning_content=not chosen & 64,
            echo_model=bool(chosen & 128),
        ),
    )


def transcoded(stream: list[bytes], chosen: int) -> tuple[bytes, ChunkStream]:
    """What the client gets; a paused turn goes on with the same bytes once more."""
    machine = ChunkStream(exchange(chosen), pauses_left=PAUSES if chosen & 1 else 0)
    transcoder = Transcoder(machine)
    out = []
    for _ in range(1 + PAUSES):
        out += [transcoder.feed(piece) for piece in stream]
        if machine.paused is None:
            break
        assert machine.paused
        machine.resume()
    out += [transcoder.end(), transcoder.feed(b"data: {}\n\n"), transcoder.end()]
    assert out[-2:] == [b"", b""], "something came after the end"
    return b"".join(out), machine


def check(data: bytes) -> None:
    """Valid chunks, one end, the same whatever the pieces, and what JSON would say."""
    chosen, stream = switches(data)
    out, machine = transcoded([stream], chosen)
    cut, _ = transcoded(pieces(stream, random.Random(zlib.crc32(data))), chosen)
    assert cut == out
    chunks, done = frames(out)
    errors = [chunk for chunk in chunks if "error" in chunk]
    assert machine.finished
    assert done == (not machine.failed)
    assert out.count(b"data: [DONE]\n\n") == done
    assert len(errors) == machine.failed
    assert chunks[-1:] == errors or not errors
    if done and not chosen & _CUSTOM:  # OpenAI's client has no type for these, streamed
        read = replayed(chunks)["choices"][0]
        if machine.stop_reason != "refusal" and in_order(stream):
            _compare(read, machine, chosen)


def in_order(stream: bytes) -> bool:
    """Whether each block is finished before the next begins, as upstream does it."""
    current: Any = None
    for event in Decoder(len(stream) + 1).feed(stream):
        value = data_of(event)
        if not isinstance(value, dict):
            return False
        index = value.get("index")
        if value.get("type") == "content_block_start":
            current = index
        elif value.get("type") == "content_block_delta" and index != current:
            return False
    return True


def _compare(read: dict[str, Any], machine: ChunkStream, chosen: int) -> None:
    """What OpenAI's client has read is what an unstreamed answer would have held."""
    message = {
        "id": machine.message_id,
        "model": machine.model,
        "content": machine.raw_content,
        "stop_reason": machine.stop_reason,
        "usage": machine.usage,
    }
    whole, _ = chat_completion(message, exchange(chosen))
    choice = jsontext.decode(jsontext.encode(whole))["choices"][0]
    assert read["finish_reason"] == choice["finish_reason"]
    if chosen & (_UNFENCE | _EMULATED):
        return  # what is left out of a whole answer's text is out in a stream
    said = choice["message"]
    assert (read["message"].get("content") or "") == (said.get("content") or "")
    streamed = [_call(call) for call in read["message"].get("tool_calls") or ()]
    for told, call in zip(streamed, said.get("tool_calls") or (), strict=True):
        # Arguments that are no JSON are told as they came, in pieces.
        assert told == _call(call) or (told[:2] == _call(call)[:2] and told[2] is None)


def _call(call: dict[str, Any]) -> tuple[Any, Any, Any]:
    try:
        arguments = jsontext.decode(call["function"]["arguments"])
    except jsontext.InvalidJSON:
        arguments = None
    return call["id"], call["function"]["name"], arguments


def mutate(dice: random.Random, data: bytes) -> bytes:
    """Other events, sometimes another request before them."""
    chosen, stream = switches(data)
    if dice.random() < 0.2:
        chosen = dice.randrange(256)
    return bytes([chosen]) + event_stream(dice, stream, _WORDS, _FRAMES)


TARGET = Target(
    name="chat-stream",
    promise="any events: valid chunks, `[DONE]` or one error at the end, never both; "
    "OpenAI's client reads what the unstreamed answer would hold",
    seeds=with_switches(_STREAMS, (0, 1, 2, 4, 8, 16, 32, 65)),
    mutate=mutate,
    check=check,
)

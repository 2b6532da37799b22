"""The first delta of a stream is noticed once, wherever its bytes are cut."""

from __future__ import annotations

import pytest
from mitmproxy.http import Response

from anthropic_proxy.proxy.first_token import FirstToken

START = b'event: message_start\ndata: {"type": "message_start"}\n\n'
DELTA = b'event: content_block_delta\ndata: {"type": "content_block_delta"}\n\n'
STREAM = START + DELTA + DELTA


def feed(data: bytes) -> list[bytes]:
    return [data] if data else []


@pytest.mark.parametrize("size", range(1, len(STREAM) + 1))
def test_a_delta_is_noticed_once_at_any_size_of_fragment(size: int) -> None:
    response = Response.make(200)
    seen_at: list[int] = []
    passed = bytearray()
    response.stream = FirstToken(response, feed, lambda: seen_at.append(len(passed)))
    for start in range(0, len(STREAM), size):
        assert callable(response.stream)
        passed += STREAM[start : start + size]
        assert (
            b"".join(response.stream(STREAM[start : start + size]))
            == (STREAM[start : start + size])
        )
    named = len(START) + len(b"event: content_block_delta")
    assert len(seen_at) == 1
    assert named <= seen_at[0] < named + size
    assert response.stream is feed


def test_a_stream_without_a_delta_has_no_first_token() -> None:
    response = Response.make(200)
    seen: list[None] = []
    tap = FirstToken(response, feed, lambda: seen.append(None))
    for data in (START, b""):
        tap(data)
    assert seen == []

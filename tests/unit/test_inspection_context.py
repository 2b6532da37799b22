"""The view *Context*: what fills the window, and what the cache did."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from anthropic_proxy.inspection.context import render
from anthropic_proxy.inspection.context_parts import parts_of
from anthropic_proxy.inspection.pictures import media_of
from anthropic_proxy.inspection.recorded import Recorded
from anthropic_proxy.inspection.text import WIDTH, columns
from inspection_support import BODY, CHAT, chat, lines, message, with_facts

TOOL = {"name": "read", "description": "d" * 400, "input_schema": {"type": "object"}}
MARK = {"type": "ephemeral"}


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height)
    return base64.b64encode(head + b"\0" * 2000).decode()


def picture(data: str, media_type: str = "image/png") -> dict[str, Any]:
    source = {"type": "base64", "media_type": media_type, "data": data}
    return {"type": "image", "source": source}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def said(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def of(body: dict[str, Any], **facts: Any) -> Recorded:
    request = message("POST /v1/messages HTTP/1.1", body)
    return with_facts(chat(upstream_request=request), **facts)


def shown(recorded: Recorded) -> list[str]:
    return lines(render(recorded))


def test_tools_system_and_history_have_their_share() -> None:
    found = shown(of({**BODY, "tools": [TOOL, TOOL | {"name": "write"}]}))
    assert found[0] == "claude-sonnet-5-5 · 1,037 tokens in · 1,113 bytes"
    heads = ("tools (2)", "system (1)", "messages (1)", "[0] read", "[1] write")
    rows = [line for line in found if line.startswith(heads)]
    assert [row.split(" ")[-2] for row in rows] == ["%"] * 5
    assert [row.rpartition(" %")[0].split()[-1] for row in rows[:3]] == [
        "92.7",
        "1.6",
        "5.7",
    ]
    assert '"You are terse." 16 17 1.6 % ▍' in found
    assert '[0] user "What is the weather in Paris?" 57 59 5.7 % █▏' in found


def test_the_tokens_of_the_parts_add_up_to_anthropics_count() -> None:
    found = shown(of({**BODY, "tools": [TOOL]}))
    rows = [
        line.rpartition(" %")[0].split()
        for line in found
        if line.startswith(("tools (", "system (", "messages ("))
    ]
    assert abs(sum(int(row[-2]) for row in rows) - 1037) <= 2


def test_without_a_count_sizes_are_left() -> None:
    unknown = with_facts(
        chat(upstream_response=None), outcome={"usage": None, "stop_reason": None}
    )
    found = shown(unknown)
    assert "Anthropic gave no token counts." in found
    assert any(line.startswith("Anthropic gave no count:") for line in found)


def test_what_the_cache_did() -> None:
    found = shown(of(BODY))
    assert "read from the cache 1,000 96.4 % ███████████████████▎" in found
    assert "written to the cache 12 1.2 % ▎" in found
    assert "neither 25 2.4 % ▌" in found
    assert any(
        line.startswith("marks nothing is marked (cache_control)") for line in found
    )


def test_cache_marks_say_where_they_are_and_for_how_long() -> None:
    result = {"type": "tool_result", "content": [said("x") | {"cache_control": MARK}]}
    body = {
        "tools": [TOOL | {"cache_control": MARK | {"ttl": "1h"}}],
        "system": [said("a"), said("b") | {"cache_control": MARK}],
        "messages": [user(result)],
        "cache_control": MARK,
    }
    found = " ".join(shown(of(body)))
    assert (
        "marks tools.[0] (1h), system.[1] (5m),"
        " messages.[0].content.[0].content.[0] (5m), automatic (5m)" in found
    )


@pytest.mark.parametrize(
    ("differs", "told"),
    [
        ("system", 'at system, "You are terse.": 3 of its 9 parts are the same'),
        ("messages.[0].content", 'at messages.[0].content, user "What'),
        ("thinking", 'at thinking, user "What is the weather in Paris?": 3 of its 9'),
        ("model", 'at model, "You are terse.": 3 of its 9'),
        ("tools.[7]", "at tools.[7]: 3 of its 9"),
    ],
)
def test_where_the_prefix_breaks(differs: str, told: str) -> None:
    prefix = {"previous": "req_0", "same": 3, "of": 9, "differs": differs}
    text = " ".join(shown(of(BODY, prefix=prefix)))
    assert f"prefix differs from req_0 {told}" in text


def test_what_a_broken_prefix_costs() -> None:
    prefix = {"previous": "req_0", "same": 0, "of": 9, "differs": "system"}
    text = " ".join(shown(of(BODY, prefix=prefix)))
    assert (
        "⚠ cost about 1,037 of 1,037 tokens, from there to the end,"
        " cannot come from the cache" in text
    )


def test_where_nothing_is_cached_a_broken_prefix_costs_nothing() -> None:
    prefix = {"previous": "req_0", "same": 0, "of": 9, "differs": "system"}
    usage = {"input_tokens": 50, "output_tokens": 5}
    text = " ".join(shown(of(BODY, prefix=prefix, outcome={"usage": usage})))
    assert "could not come from the cache, which nothing here uses" in text
    assert "⚠ cost" not in text


@pytest.mark.parametrize(
    ("same", "told"),
    [
        (9, "goes on where req_0 ended: all its 9 parts are here unchanged"),
        (4, "is the beginning of req_0: 4 of its 9 parts, unchanged"),
    ],
)
def test_a_prefix_that_holds(same: int, told: str) -> None:
    prefix = {"previous": "req_0", "same": same, "of": 9, "differs": None}
    assert f"prefix {told}" in " ".join(shown(of(BODY, prefix=prefix)))


def test_pictures_count_by_their_pixels_and_not_by_their_base64() -> None:
    body = {"messages": [user(said("Look"), picture(png(640, 480)))]}
    found = shown(of(body, outcome={"usage": None}))
    (row,) = (line for line in found if line.startswith("[0] user"))
    assert row.startswith("[0] user text · image png 640 × 480 2.0 kB")
    (part,) = parts_of(body)
    assert part.size < 250
    assert 409 < part.weight < 480


def test_what_cannot_be_weighed_is_said() -> None:
    pdf = picture("JVBERi0=", "application/pdf") | {"type": "document"}
    link = {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}
    found = shown(of({"messages": [user(pdf), user(link)]}))
    assert "2 parts with documents or links: the count is too low." in found
    assert any("document pdf 0.0 kB" in line and "+ ?" in line for line in found)
    assert any("image by a link" in line for line in found)


def test_a_message_is_told_by_its_blocks() -> None:
    call = {"type": "tool_use", "name": "read", "input": {}}
    body = {
        "messages": [
            {"role": "assistant", "content": [said("a"), call, call]},
            user({"type": "tool_result", "content": [picture(png(2, 2))]}),
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"function": {"name": "f"}}],
            },
            user(),
            7,
        ]
    }
    assert [part.told for part in parts_of(body)] == [
        "assistant text, tool_use read ×2",
        "user tool_result",
        "assistant call f",
        "user empty",
        "– empty",
    ]


def test_blocks_in_blocks_are_not_looked_at_for_ever() -> None:
    block: dict[str, Any] = {"type": "text", "cache_control": MARK}
    for _ in range(30):
        block = {"type": "tool_result", "content": [block]}
    (part,) = parts_of({"messages": [user(block)]})
    assert part.marks == ()


def test_a_request_that_went_nowhere_is_the_clients() -> None:
    local = chat(upstream_request=None, upstream_response=None)
    found = shown(with_facts(local, outcome={"usage": None}))
    assert "Nothing was sent to Anthropic: this is the client's own request." in found
    assert f"messages ({len(CHAT['messages'])})" in " ".join(found)  # type: ignore[arg-type]
    assert not any("cache" in line.lower() for line in found)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"a": 1}'])
def test_a_body_without_a_prompt(body: bytes) -> None:
    request = message("POST / HTTP/1.1", body)
    text = render(chat(upstream_request=request))
    assert text.startswith("The request holds neither tools nor system nor messages")


def test_no_request_at_all() -> None:
    assert render(Recorded({})) == "There is no request to take apart."


def test_a_request_that_was_cut_counts_what_is_there() -> None:
    content = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assis'
    request = message("POST / HTTP/1.1", content, size=5_000_000)
    found = shown(chat(upstream_request=request))
    assert any(line.startswith("⚠ first 63 bytes of 5.0 MB kept") for line in found)
    assert any(line.startswith('[0] user "a"') for line in found)


def test_no_line_is_too_long() -> None:
    tools = [TOOL | {"name": "n" * 150}]
    body = {"tools": tools, "messages": [user(*[picture(png(3, 3))] * 9)]}
    text = render(of(body))
    assert all(columns(line) <= WIDTH for line in text.split("\n"))


# -- pictures ----------------------------------------------------------------------


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


JPEG = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc2\0\x0b\x08" + struct.pack(">HH", 48, 64)
WEBP = b"RIFF\0\0\0\0WEBP"


@pytest.mark.parametrize(
    ("data", "pixels"),
    [
        (b"GIF89a" + struct.pack("<HH", 64, 48), "64 × 48"),
        (JPEG, "64 × 48"),
        (WEBP + b"VP8X" + b"\0" * 8 + b"\x3f\0\0\x2f\0\0", "64 × 48"),
        (WEBP + b"VP8L" + b"\0" * 5 + struct.pack("<I", 63 | 47 << 14), "64 × 48"),
        (WEBP + b"VP8 " + b"\0" * 10 + struct.pack("<HH", 64, 48), "64 × 48"),
        (WEBP + b"what" + b"\0" * 20, None),
        (b"\xff\xd8\xff\xe0\0\x01", None),
        (b"\xff\xd8\0\0\0\0\0\0", None),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"nothing known", None),
    ],
)
def test_the_pixels_of_a_picture(data: bytes, pixels: str | None) -> None:
    media = media_of(picture(encoded(data), "image/x"))
    assert media is not None
    assert (pixels is None) == (media.tokens is None)
    assert pixels is None or pixels in media.told


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({"type": "image_url", "image_url": {"url": "https://x"}}, "image by a link"),
        (
            {"type": "image_url", "image_url": "data:image/gif;base64,R0"},
            "image gif 0.0 kB",
        ),
        (
            {"type": "document", "source": {"type": "text", "data": "x"}},
            "document as text",
        ),
        ({"type": "document", "source": {"type": "file"}}, "document file"),
        ({"type": "image"}, "image"),
        (
            {"type": "image", "source": {"type": "base64", "data": "A%%%"}},
            "image 0.0 kB",
        ),
    ],
)
def test_other_media(block: dict[str, Any], told: str) -> None:
    media = media_of(block)
    assert media is not None
    assert media.told == told


def test_text_is_no_media() -> None:
    assert media_of(said("x")) is None

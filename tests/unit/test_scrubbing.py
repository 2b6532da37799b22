"""What is taken out of a recording, and what stays."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.inspection.scrubbing import Scrubber

UUID = "6f1c0c2e-1111-4222-8333-123456789abc"


def body(document: Any, **settings: Any) -> Any:
    raw = json.dumps(document).encode()
    clean = Scrubber(**settings).body(raw)
    assert len(clean) == len(raw)
    return json.loads(clean)


@pytest.mark.parametrize(
    "secret",
    [
        "sk-ant-api03-AbCdEf012345",
        "sk-proj-0123456789abcdef",
        "john.doe+tag@mail.example.com",
        "jürgen@exämple.de",
        UUID,
        UUID.upper(),
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "org_01AbCdEfGhIjKlMn",
        "user_0f3e2d1c0b9a8f7e6d5c",
    ],
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_secrets_and_people_are_overwritten_wherever_they_are(
    secret: str, ascii_only: bool
) -> None:
    document = {"messages": [{"role": "user", "content": f"It is ({secret})!\n"}]}
    raw = json.dumps(document, ensure_ascii=ascii_only).encode()
    clean = Scrubber().body(raw)
    said = json.loads(clean)["messages"][0]["content"]
    assert len(clean) == len(raw)
    assert said.startswith("It is (")
    assert said.endswith(")!\n")
    distinctive = secret.partition("_")[2] or secret.removeprefix("sk-")
    assert distinctive not in said
    assert distinctive not in Scrubber().text(f"It is ({secret})!")


@pytest.mark.parametrize(
    "secret",
    ["sk-ant-api03-AbCdEf012345", "john.doe@mail.example.com", "the-local-key"],
)
def test_names_of_members_are_looked_through_as_well(secret: str) -> None:
    scrubber = Scrubber(["the-local-key"], blank=True)
    raw = json.dumps({"input": {f"é {secret}": 1, "file_name": {}}}).encode()
    event = b"data: " + raw + b"\n\n"
    clean = json.loads(scrubber.body(raw))
    assert list(clean) == ["input"]
    assert list(clean["input"])[1:] == ["file_name"]
    assert secret.removeprefix("sk-ant-") not in next(iter(clean["input"]))
    assert scrubber.body(event) == b"data: " + scrubber.body(raw) + b"\n\n"


def test_a_key_of_anthropics_is_found_inside_a_word() -> None:
    key = "sk-ant-api03-AbCdEf012345"
    assert "AbCdEf" not in Scrubber().text(f"a%3D{key} and a_{key}")


@pytest.mark.parametrize(
    "text",
    [
        "user_authentication and account-management are words",
        "mail @someone, 3@4, a@b",
        "msg_01AbCdEfGhIjKlMn toolu_0123456789abcdef req_011CSHoEeqs5C35K2UUqR7Fy",
        "sk-short",
        "the bearer of news",
    ],
)
def test_what_only_looks_alike_stays(text: str) -> None:
    assert body({"text": text}) == {"text": text}
    assert Scrubber().text(text) == text


def test_members_that_name_somebody_are_overwritten_whole() -> None:
    given = {
        "user": "customer 4711",
        "metadata": {"user_id": "bob"},
        "account_id": 4711,
        "messages": [{"role": "user", "content": "ok"}],
        "tools": [{"input_schema": {"properties": {"user": {"type": "string"}}}}],
    }
    clean = body(given)
    assert clean["user"] == "************1"
    assert clean["metadata"]["user_id"] == "**2"
    assert clean["account_id"] == 1111
    assert clean["messages"] == given["messages"]
    assert clean["tools"] == given["tools"]


def test_what_named_somebody_is_found_elsewhere_too() -> None:
    scrubber = Scrubber()
    scrubber.body(b'{"user": "customer-4711"}')
    assert scrubber.text("seen: customer-4711") == "seen: ************1"


def test_members_in_the_arguments_of_a_tool_count_too() -> None:
    call = {"arguments": json.dumps({"email": "x", "user_id": "some-one", "n": 1})}
    arguments = json.loads(
        body({"tool_calls": [{"function": call}]})["tool_calls"][0]["function"][
            "arguments"
        ]
    )
    assert arguments == {"email": "*", "user_id": "*******2", "n": 1}


def test_equal_things_stay_equal_and_others_apart() -> None:
    said = body({"a": "a@example.com b@example.com a@example.com", "b": UUID})
    first, second, third = said["a"].split()
    assert first == third != second
    assert said["b"] == "00000000-0000-0000-0000-000000000003"


def events(*fragments: str) -> bytes:
    lines = [
        {"type": "content_block_delta", "index": 1, "delta": {"text": fragment}}
        for fragment in fragments
    ]
    return b"".join(
        b"event: content_block_delta\ndata: " + json.dumps(line).encode() + b"\n\n"
        for line in lines
    )


def fragments(stream: bytes) -> list[str]:
    return [
        json.loads(line.removeprefix("data: "))["delta"]["text"]
        for line in stream.decode().splitlines()
        if line.startswith("data: ")
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=6))
def test_a_secret_that_a_stream_cuts_in_pieces_is_found(cuts: list[int]) -> None:
    text = "Write to é\njohn.doe@example.com or not."
    ends = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[a:b] for a, b in itertools.pairwise(ends)]
    raw = events(*pieces)
    clean = Scrubber().body(raw)
    assert len(clean) == len(raw)
    assert "".join(fragments(clean)) == "Write to é\n*******************1 or not."
    assert [len(part) for part in fragments(clean)] == [len(part) for part in pieces]


def test_blocks_of_a_stream_are_not_mixed_up() -> None:
    def delta(index: int, text: str) -> bytes:
        event = {"index": index, "delta": {"text": text}}
        return b"data: " + json.dumps(event).encode() + b"\n\n"

    raw = delta(0, "a@exam") + delta(1, "b@exam") + delta(0, "ple.com") + delta(1, "!")
    assert fragments(Scrubber().body(raw)) == ["******", "b@exam", "******1", "!"]


def test_a_body_that_was_cut_is_scrubbed_to_its_end() -> None:
    raw = b'{"messages":[{"content":"I am john@example.com and m'
    assert Scrubber().body(raw, cut=True) == (
        b'{"messages":[{"content":"I am ***************1 and *'
    )
    key = b'{"content":"It is sk-ant-a'
    assert Scrubber().body(key, cut=True) == b'{"content":"It is ********'
    half = '{"content":"john@example.com é'.encode()[:-1]
    assert b"john" not in Scrubber().body(half, cut=True)


@pytest.mark.parametrize("raw", [b"\xff\xfe binary", b"\x89PNG\r\n"])
def test_what_is_no_text_is_overwritten_whole(raw: bytes) -> None:
    assert Scrubber().body(raw) == b"*" * len(raw)


def test_text_that_is_no_json_is_scrubbed_as_prose() -> None:
    assert Scrubber().body(b"<p>mail a@example.com") == b"<p>mail ************1"
    assert Scrubber().body(b'{"broken: a@example.com') == b'{"broken: ************1'


def test_given_secrets_are_found_in_any_form() -> None:
    scrubber = Scrubber(["open sesame"])
    assert scrubber.body(b'{"x": "open\\u0020sesame!"}') == (
        b'{"x": "****' + b"*" * 6 + b'*****1!"}'
    )


def test_headers_are_kept_by_name() -> None:
    clean = Scrubber().headers(
        [
            ("Content-Type", "application/json"),
            ("anthropic-organization-id", UUID),
            ("Set-Cookie", "session=1"),
            ("x-forwarded-for", "10.0.0.1"),
            ("authorization", "Bearer ***"),
            ("helicone-auth", "Bearer sk-helicone"),
            ("request-id", "req_011CSHoEeqs5C35K2UUqR7Fy"),
            ("x-request-id", UUID),
            ("user-agent", "MyApp (me@example.com)"),
            ("anthropic-ratelimit-tokens-limit", "100"),
        ]
    )
    assert clean == [
        ("Content-Type", "application/json"),
        ("anthropic-organization-id", "***"),
        ("Set-Cookie", "***"),
        ("x-forwarded-for", "***"),
        ("authorization", "***"),
        ("helicone-auth", "***"),
        ("request-id", "req_011CSHoEeqs5C35K2UUqR7Fy"),
        ("x-request-id", UUID),
        ("user-agent", "MyApp (*************1)"),
        ("anthropic-ratelimit-tokens-limit", "100"),
    ]


def test_a_query_keeps_what_is_known_to_be_harmless() -> None:
    line = "GET /v1/models?limit=5&beta=true&email=me&key=x HTTP/1.1"
    assert Scrubber().line(line) == (
        "GET /v1/models?limit=5&beta=true&email=***&key=*** HTTP/1.1"
    )


def test_plain_values_are_scrubbed_at_every_depth() -> None:
    given = {"a": ["x@example.com", {"email": "b"}], "n": 1, "none": None, "t": True}
    assert Scrubber().plain(given) == {
        "a": ["************1", {"email": "*"}],
        "n": 1,
        "none": None,
        "t": True,
    }

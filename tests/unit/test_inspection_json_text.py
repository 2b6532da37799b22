"""JSON for people: as it was sent, on lines that fit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.inspection.json_text import compact, folded, json_lines, value_line
from anthropic_proxy.inspection.text import WIDTH, fits
from anthropic_proxy.wire.jsontext import InvalidJSON

DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=300),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=30), inner),
    max_leaves=20,
)


def shown(value: object) -> list[str]:
    return json_lines(json.dumps(value, ensure_ascii=False).encode())


def test_small_containers_stand_on_one_line() -> None:
    assert shown({"messages": [{"role": "user", "content": "Hi"}], "stop": []}) == [
        "{",
        '  "messages": [',
        '    { "role": "user", "content": "Hi" }',
        "  ],",
        '  "stop": []',
        "}",
    ]


def test_a_long_text_is_broken_after_its_own_line_ends() -> None:
    text = "First.\n\n- one\n" + "word " * 30
    lines = shown({"content": text})
    assert lines[1:4] == [
        '  "content": "First.\\n',
        "              \\n",
        "              - one\\n",
    ]
    assert all(fits(line, WIDTH) for line in lines)


def test_an_escaped_backslash_is_no_line_end() -> None:
    text = "C:\\new\\" * 20
    assert "\\n\n" not in "\n".join(shown({"path": text})).replace("\\\\", "")


def test_what_was_sent_is_shown_and_not_what_it_means() -> None:
    body = b'{"a": 1.0, "a": 1e5, "b": "\\u4f60\\/"}'
    assert json_lines(body) == ['{ "a": 1.0, "a": 1e5, "b": "\\u4f60\\/" }']


def test_pictures_are_folded_and_texts_are_not() -> None:
    picture = "data:image/png;base64," + "iVBORw0KGgo" * 200 + "=="
    line = "".join(part.strip() for part in shown({"url": picture}))
    assert "2,136 more characters" in line
    assert line.endswith('0KGgo=="}')
    prose = "word " * 500
    assert "more characters" not in "".join(shown({"text": prose}))


def test_a_document_with_half_a_surrogate_is_still_shown() -> None:
    assert json_lines(b'{"a": "\\ud83d"}') == ['{ "a": "\ufffd" }']


def test_a_byte_order_mark_does_no_harm() -> None:
    assert json_lines(b'\xef\xbb\xbf{"a": 1}') == ['{ "a": 1 }']


@pytest.mark.parametrize("body", [b"{", b"nul", b"\xff", b"[" * 1000 + b"]" * 1000])
def test_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidJSON):
        json_lines(body)


def test_control_characters_are_spelt_out() -> None:
    assert shown({"a": "\x7f\x9b"}) == ['{ "a": "\\x7f\\x9b" }']


@settings(max_examples=50, deadline=None)
@given(DOCUMENTS)
def test_lines_fit_and_lose_nothing_but_space(value: object) -> None:
    text = json.dumps(value)
    lines = json_lines(text.encode())
    assert all(fits(line, WIDTH) for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_folding_leaves_short_texts_alone() -> None:
    assert folded('"' + "A" * 300 + '"') == '"' + "A" * 300 + '"'


def test_a_value_on_one_line() -> None:
    assert value_line(b'{"a":\n1}\x1b') == '{"a":\\n1}\\x1b'


@pytest.mark.parametrize(
    ("value", "text"),
    [({"a": [1]}, '{"a":[1]}'), (1j, "1j"), ("\ud800", '"\ufffd"')],
    ids=["an object", "no JSON", "half a pair"],  # xdist cannot pass it on as it is
)
def test_any_value_has_a_compact_form(value: object, text: str) -> None:
    assert compact(value) == text

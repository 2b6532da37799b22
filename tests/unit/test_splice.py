import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.dialects.messages.identity import IDENTITY, with_identity
from anthropic_proxy.dialects.messages.splice import spliced, system_splice

BLOCK = {"type": "text", "text": IDENTITY}
BLOCK_TEXT = json.dumps(BLOCK, separators=(",", ":"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"a": 1}', '{"system":[BLOCK],"a": 1}'),
        (" {\n} ", ' {"system":[BLOCK]\n} '),
        ('{"system" : "Hi\\u0021", "a":1.0}', None),
        (
            '{"system" : "Hi\\u0021"}',
            '{"system" : [BLOCK,{"type":"text","text":"Hi\\u0021"}]}',
        ),
        ('{"system": null }', '{"system": [BLOCK] }'),
        ('{"system":""}', '{"system":[BLOCK]}'),
        ('{"system":[ ]}', '{"system":[BLOCK]}'),
        (
            '{"system":[ {"text" :"x", "n":1.50} ],"z":0}',
            '{"system":[BLOCK, {"text" :"x", "n":1.50} ],"z":0}',
        ),
        ('{"s\\u0079stem":null}', '{"s\\u0079stem":[BLOCK]}'),
        (
            '{"system":"first","b":{"system":"inner"},"system":null}',
            '{"system":"first","b":{"system":"inner"},"system":[BLOCK]}',
        ),
        # the earlier value begins as the later one does
        ('{"system":12,"b":1,"system":[]}', '{"system":12,"b":1,"system":[BLOCK]}'),
        ('{"a":12,"a":1}', '{"system":[BLOCK],"a":12,"a":1}'),
        ('{"messages":"\\ud83d lone"}', '{"system":[BLOCK],"messages":"\\ud83d lone"}'),
        ('{"messages":"raw\ttab"}', '{"system":[BLOCK],"messages":"raw\ttab"}'),
    ],
)
def test_only_the_system_changes(body, expected):
    if expected is None:
        expected = body.replace(
            '"Hi\\u0021"', '[BLOCK,{"type":"text","text":"Hi\\u0021"}]'
        )
    changed = spliced(body.encode(), IDENTITY).decode()
    assert changed == expected.replace("BLOCK", BLOCK_TEXT)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"system": [BLOCK, {"type": "text", "text": "more"}]}),
        json.dumps({"system": [BLOCK | {"cache_control": {"type": "ephemeral"}}]}),
        '{"system": 5}',
        '{"system": {"text": "x"}}',
        "",
        "[]",
        '"system"',
        "null",
        "{",
        '{"a"}',
        '{"a":}',
        '{"a":1,}',
        '{"a":1 "b":2}',
        '{"a":1} trailing',
        "{a:1}",
        '{"a":tru}',
        "not json at all",
    ],
)
def test_what_needs_no_change_or_is_no_object_stays(body):
    assert spliced(body.encode(), IDENTITY) == body.encode()


def test_bytes_that_are_not_utf8_stay():
    body = b'{"messages":"\xff\xfe","system":"x"}'
    changed = spliced(body, IDENTITY)
    assert changed.startswith(b'{"messages":"\xff\xfe","system":[{')
    assert changed.endswith(b'"text":"x"}]}')


def test_nesting_without_end_is_upstreams_to_refuse():
    body = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert spliced(body, IDENTITY) in (
        body,
        b'{"system":[' + BLOCK_TEXT.encode() + b"]," + body[1:],
    )


def test_the_sentence_is_that_of_the_option():
    assert json.loads(spliced(b"{}", "Grüße")) == {
        "system": with_identity(None, "Grüße")
    }


# --- any JSON object, in any spelling ---

SPACE = st.text(" \t\r\n", max_size=2)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=4,
)
SYSTEM = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.just(IDENTITY),
    st.lists(
        st.fixed_dictionaries({"type": st.just("text"), "text": st.text()}), max_size=2
    ),
    st.just([BLOCK]),
    PLAIN,
)
MEMBER = st.tuples(st.just("system"), SYSTEM) | st.tuples(st.text(max_size=4), PLAIN)


@st.composite
def spelled(draw, value):
    """``value`` as JSON text with white space and escapes of any kind."""
    if isinstance(value, dict):
        return draw(spelled_object(list(value.items())))
    if isinstance(value, list):
        items = [draw(SPACE) + draw(spelled(item)) + draw(SPACE) for item in value]
        return "[" + ",".join(items) + (draw(SPACE) if not items else "") + "]"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


@st.composite
def spelled_object(draw, members):
    parts = []
    for key, value in members:
        name = draw(st.sampled_from([json.dumps(key), escaped(key)]))
        text = draw(spelled(value))
        parts.append(
            f"{draw(SPACE)}{name}{draw(SPACE)}:{draw(SPACE)}{text}{draw(SPACE)}"
        )
    return "{" + ",".join(parts) + (draw(SPACE) if not parts else "") + "}"


def escaped(key):
    units = key.encode("utf-16-be", "surrogatepass")
    pairs = [units[i : i + 2] for i in range(0, len(units), 2)]
    return '"' + "".join(f"\\u{pair.hex()}" for pair in pairs) + '"'


@st.composite
def bodies(draw):
    text = draw(spelled_object(draw(st.lists(MEMBER, max_size=4))))
    return (draw(SPACE) + text + draw(SPACE)).encode()


@settings(deadline=None, max_examples=100)
@given(bodies())
def test_any_object_means_the_same_with_the_sentence_added(body):
    before = json.loads(body)
    expected = before | {"system": with_identity(before.get("system"), IDENTITY)}
    assert json.loads(spliced(body, IDENTITY)) == expected


@settings(deadline=None, max_examples=100)
@given(bodies())
def test_every_byte_outside_the_span_stays(body):
    splice = system_splice(body, IDENTITY)
    changed = spliced(body, IDENTITY)
    if splice is None:
        assert changed == body
        return
    rest = len(body) - splice.end
    assert changed[: splice.start] == body[: splice.start]
    assert changed[len(changed) - rest :] == body[splice.end :]
    before = json.loads(body)
    removed = body[splice.start : splice.end]
    if "system" in before:
        assert json.loads(removed) == before["system"]
        kept = json.dumps(before["system"]) not in ("null", '""', "[]")
        if kept and before["system"] != IDENTITY:
            assert removed.strip(b"[") in splice.text
    else:
        assert removed == b""


@settings(deadline=None, max_examples=100)
@given(
    st.binary(max_size=30)
    | st.text('{}[]":,system\\ 01\n', max_size=30).map(str.encode)
)
def test_anything_that_is_no_object_stays(body):
    try:
        is_object = isinstance(json.loads(body), dict)
    except ValueError:
        return
    if not is_object:
        assert spliced(body, IDENTITY) == body


def test_ten_megabytes_cost_little():
    image = {"type": "image", "source": {"type": "base64", "data": "A" * 10_000_000}}
    body = json.dumps({"messages": [{"content": [image]}], "system": "x"}).encode()
    start = time.perf_counter()
    changed = spliced(body, IDENTITY)
    assert time.perf_counter() - start < 0.5
    assert len(changed) > len(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"system":' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"\\q":1}',
    ],
)
def test_a_body_that_cannot_be_read_safely_goes_up_as_it_is(body: bytes) -> None:
    assert spliced(body, IDENTITY) == body

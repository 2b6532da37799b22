"""Whatever a client sends: what goes upstream is legal, or the client gets a 400."""

import copy

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from anthropic_proxy.dialects.chat_completions.errors import RequestError
from anthropic_proxy.dialects.chat_completions.messages import (
    append_instruction,
    without_thinking,
)
from anthropic_proxy.wire import jsontext
from conversation_support import (
    HAIKU_4_5,
    OPUS_4_7,
    SONNET,
    Memory,
    translate,
    violations,
)

THINKING = {"type": "thinking", "thinking": "hm", "signature": "s"}
MODELS = st.sampled_from([SONNET, OPUS_4_7, HAIKU_4_5])
SETTINGS = settings(deadline=None, max_examples=60)

ids = st.sampled_from(["a", "b", "b_2", "c:1", "c.1", ""])
names = st.sampled_from(["f", "g.h", "g/h", "n" * 130])
arguments = st.sampled_from(
    ["{}", '{"a": 1.0}', "", "[1]", "{", None, '{"a":"\\ud800"}']
)
words = st.sampled_from(["x", "y ", " ", "", "\n z"])
marks = st.sampled_from([{}, {}, {"cache_control": {"type": "ephemeral"}}])
image = st.just(
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
)


def message(role, **fields):
    return st.fixed_dictionaries({"role": st.just(role)}, optional=fields)


def merged(*parts):
    return st.tuples(*parts).map(
        lambda dicts: {k: v for d in dicts for k, v in d.items()}
    )


texts = merged(st.builds(lambda w: {"type": "text", "text": w}, words), marks)
results = merged(
    st.builds(lambda i: {"type": "tool_result", "tool_use_id": i}, ids),
    st.fixed_dictionaries({}, optional={"content": st.one_of(words, st.lists(texts))}),
    marks,
)
tool_uses = merged(
    st.builds(
        lambda i, n: {"type": "tool_use", "id": i, "name": n, "input": {}}, ids, names
    ),
    marks,
)
calls = st.one_of(
    st.builds(
        lambda i, n, a: {"id": i, "function": {"name": n, "arguments": a}},
        ids,
        names,
        arguments,
    ),
    st.builds(
        lambda i, n: {"id": i, "type": "custom", "custom": {"name": n, "input": "x"}},
        ids,
        names,
    ),
)
content = st.one_of(words, st.none(), st.lists(st.one_of(texts, image), max_size=3))
thinking = st.sampled_from([[], [THINKING], [{"type": "thinking", "thinking": ""}]])
user = message(
    "user",
    content=st.one_of(content, st.lists(st.one_of(texts, results), max_size=3)),
)
instruction = st.one_of(
    merged(
        message("system", content=st.one_of(words, st.lists(texts, max_size=3))), marks
    ),
    message("developer", content=words),
)
assistant = message(
    "assistant",
    content=st.one_of(
        words, st.none(), st.lists(st.one_of(texts, tool_uses, st.just(THINKING)))
    ),
    tool_calls=st.lists(calls, max_size=2, unique_by=lambda c: c["id"]),
    function_call=st.builds(lambda n: {"name": n, "arguments": "{}"}, names),
    thinking_blocks=thinking,
    refusal=words,
    anthropic_content=st.lists(
        st.one_of(texts, tool_uses, st.just(THINKING)), max_size=3
    ),
)
tool = merged(
    st.builds(lambda i: {"role": "tool", "tool_call_id": i}, ids),
    st.fixed_dictionaries({"content": content}),
)
function = merged(
    st.builds(lambda n: {"role": "function", "name": n}, names),
    st.fixed_dictionaries({"content": words}),
)


@st.composite
def answered(draw):
    """An assistant message and results for a part of its calls, in any order."""
    said = draw(assistant)
    known = [call["id"] for call in said.get("tool_calls") or ()]
    chosen = draw(st.permutations(known)) if known else []
    kept = chosen[: draw(st.integers(0, len(chosen)))]
    return [said, *({"role": "tool", "tool_call_id": i, "content": "r"} for i in kept)]


def alone(said):
    return said.map(lambda one: [one])


conversations = st.lists(
    # What fits nowhere is refused; too much of it would leave nothing to look at.
    st.one_of(
        *[answered()] * 4,
        *[alone(user), alone(instruction)] * 2,
        alone(assistant),
        alone(st.one_of(tool, function)),
    ),
    max_size=6,
).map(lambda runs: [message for run in runs for message in run])


@settings(deadline=None, max_examples=150)
@given(conversations, MODELS, st.booleans())
def test_what_goes_upstream_is_legal(messages, model, prefill):
    untouched = copy.deepcopy(messages)
    try:
        translated = translate(messages, model, prefill=prefill)
    except RequestError as problem:
        refusal = problem
    else:
        refusal = None
        assert violations(translated, model, prefill) == []
        assert translate(messages, model, prefill=prefill) == translated
        longer = append_instruction(translated.conversation, "I", model=model)
        translated.messages = jsontext.decode(jsontext.encode(longer.messages))
        assert violations(translated, model, prefill) == []
        translated.messages = without_thinking({"messages": translated.messages})[
            "messages"
        ]
        assert violations(translated, model, prefill) == []
        assert b"hm" not in jsontext.encode(translated.messages)
    assert refusal is None or refusal.param.startswith("messages")
    assert messages == untouched


@SETTINGS
@given(conversations, st.lists(ids))
def test_what_is_remembered_breaks_no_rule(messages, kept):
    def remembered(call_id):
        call = {"type": "tool_use", "id": call_id, "name": "f", "input": {}}
        return [THINKING, {"type": "text", "text": " "}, call]

    memory = Memory({call_id: remembered(call_id) for call_id in kept})
    try:
        translated = translate(messages, memory=memory)
    except RequestError:
        return
    assert violations(translated, SONNET, True) == []


# --- a conversation that goes on ----------------------------------------------------

said_by_user = st.sampled_from(
    [
        [{"role": "user", "content": "a"}],
        [{"role": "user", "content": [{"type": "text", "text": "b"}]}],
        [{"role": "system", "content": "S"}, {"role": "user", "content": "c"}],
        [{"role": "user", "content": "d"}, {"role": "developer", "content": "T"}],
        [{"role": "user", "content": "e"}, {"role": "user", "content": "f"}],
    ]
)


def with_results(call_ids, more):
    listed = [
        {"id": call_id, "function": {"name": "f.g", "arguments": '{"a": 1.0}'}}
        for call_id in call_ids
    ]
    said = {"role": "assistant", "content": "x ", "tool_calls": listed}
    answers = [
        {"role": "tool", "tool_call_id": call_id, "content": "r"}
        for call_id in call_ids
    ]
    return [said, *answers, *more]


exchanges = st.one_of(
    st.builds(
        lambda more: [{"role": "assistant", "content": "y "}, *more], said_by_user
    ),
    st.builds(
        with_results,
        st.lists(ids, min_size=1, max_size=3, unique=True),
        st.one_of(
            st.just([]), st.just([{"role": "system", "content": "U"}]), said_by_user
        ),
    ),
    st.builds(
        lambda more: [
            {"role": "assistant", "function_call": {"name": "h"}},
            {"role": "function", "name": "h", "content": "r"},
            *more,
        ],
        st.one_of(st.just([]), said_by_user),
    ),
)


@SETTINGS
@given(said_by_user, st.lists(exchanges, min_size=1, max_size=5), MODELS)
def test_a_conversation_that_goes_on_keeps_its_turns(first, later, model):
    history = list(first)
    turns = translate(history, model)
    for exchange in later:
        history = [*history, *exchange]
        longer = translate(history, model)
        assert longer.messages[: len(turns.messages)] == turns.messages
        assert longer.system == turns.system
        turns = longer


# --- arbitrary JSON -----------------------------------------------------------------

anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=5),
        st.sampled_from(["text", "user", "tool", "ephemeral", "data:,", "https://"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.text(max_size=3), st.sampled_from(["type", "text", "id"])),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)
MARK = {"type": "ephemeral", "ttl": "1h"}
BREAKPOINT = {"mode": "explicit", "ttl": "12h"}
TEMPLATE = [
    {
        "role": "system",
        "name": "n",
        "content": [{"type": "text", "text": "S", "cache_control": MARK}],
    },
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "a", "prompt_cache_breakpoint": BREAKPOINT},
            {
                "type": "image_url",
                "image_url": {"url": "https://x.test", "detail": "low"},
            },
            {"type": "file", "file": {"filename": "f", "file_data": "JVBERi0="}},
            {"type": "file", "file": {"file_id": "file_1"}},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
            },
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "x"},
                "title": "t",
                "citations": {"enabled": True},
            },
        ],
    },
    {
        "role": "assistant",
        "content": [{"type": "refusal", "refusal": "no"}],
        "refusal": None,
        "audio": None,
        "reasoning_details": [
            {"type": "reasoning.text", "text": "t", "signature": "s", "format": None}
        ],
        "tool_calls": [
            {
                "id": "1",
                "type": "function",
                "function": {"name": "f", "arguments": "{}"},
            },
            {"id": "2", "type": "custom", "custom": {"name": "g", "input": "x"}},
        ],
        "function_call": {"name": "h", "arguments": "{}"},
    },
    {"role": "tool", "tool_call_id": "1", "content": "r", "is_error": True},
    {"role": "tool", "tool_call_id": "2", "content": [{"type": "text", "text": "r"}]},
    {"role": "function", "name": "h", "content": "r"},
    {"role": "user", "content": "b", "cache_control": MARK},
    {
        "role": "assistant",
        "thinking_blocks": [THINKING, {"type": "redacted_thinking", "data": "d"}],
        "content": [{"type": "tool_use", "id": "3", "name": "f", "input": {"a": 1}}],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "3",
                "content": [{"type": "text", "text": "r"}],
                "is_error": False,
            }
        ],
    },
    {
        "role": "assistant",
        "anthropic_content": [THINKING, {"type": "text", "text": "z"}],
    },
    {"role": "developer", "content": "T"},
]


def paths(value, path=()):
    yield path
    steps = (
        value.items()
        if isinstance(value, dict)
        else (enumerate(value) if isinstance(value, list) else ())
    )
    for step, child in steps:
        yield from paths(child, (*path, step))


def replaced(value, path, new):
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


EVERYWHERE = [path for path in paths(TEMPLATE) if path]


def test_the_template_itself_is_sent():
    assert violations(translate(TEMPLATE), SONNET, True) == []


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(EVERYWHERE), anything)
def test_any_value_anywhere_is_sent_or_refused(path, new):
    messages = replaced(TEMPLATE, path, new)
    try:
        translated = translate(messages)
    except RequestError:
        return
    assert violations(translated, SONNET, True) == []


@SETTINGS
@given(st.lists(anything, max_size=3))
def test_any_messages_are_sent_or_refused(messages):
    try:
        translated = translate(messages)
    except RequestError:
        return
    assert violations(translated, SONNET, True) == []


@SETTINGS
@given(anything, st.sampled_from(["user", "assistant", "system", "tool", "function"]))
def test_any_message_of_a_role_is_sent_or_refused(fields, role):
    assume(isinstance(fields, dict))
    try:
        translated = translate([{**fields, "role": role}])
    except RequestError:
        return
    assert violations(translated, SONNET, True) == []

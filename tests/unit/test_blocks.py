import pytest

from anthropic_proxy.dialects.chat_completions.blocks import StreamedBlock


def test_a_block_is_put_together():
    block = StreamedBlock({"type": "thinking", "thinking": "a", "signature": ""})
    block.add_text("thinking", "b")
    block.add_text("thinking", "c")
    block.replace({"signature": "s1"})
    block.replace({"signature": "s2"})
    assert block.text("thinking") == "abc"
    assert block.value() == {"type": "thinking", "thinking": "abc", "signature": "s2"}


@pytest.mark.parametrize(
    ("pieces", "arguments", "value"),
    [
        ([], '{"given":1}', {"given": 1}),
        ([""], '{"given":1}', {"given": 1}),
        (['{"a"', ": [1.0]}"], '{"a": [1.0]}', {"a": [1.0]}),
        (['{"a": "cu'], '{"a": "cu', {"INVALID_JSON": '{"a": "cu'}),
        (["[1]"], "[1]", {"value": [1]}),
    ],
)
def test_an_input_is_put_together(pieces, arguments, value):
    block = StreamedBlock({"type": "tool_use", "input": {"given": 1}})
    for piece in pieces:
        block.add_json(piece)
    assert block.arguments() == arguments
    assert block.value()["input"] == value


def test_upstreams_own_objects_are_not_altered():
    fields = {"type": "text", "text": "", "citations": [{"url": "a"}]}
    block = StreamedBlock(fields)
    block.citations.append({"url": "b"})
    block.add_text("text", "x")
    assert block.value()["citations"] == [{"url": "a"}, {"url": "b"}]
    assert fields == {"type": "text", "text": "", "citations": [{"url": "a"}]}

from anthropic_proxy.dialects.chat_completions.memory import RecentThinking
from anthropic_proxy.wire import jsontext

THINKING = {"type": "thinking", "thinking": "hm", "signature": "s=="}


def answer(call_id, thinking=THINKING):
    return [
        dict(thinking),
        {"type": "tool_use", "id": call_id, "name": "f", "input": {}},
    ]


def test_an_answer_is_found_by_its_first_call():
    memory = RecentThinking(10)
    content = [*answer("a"), {"type": "tool_use", "id": "b", "name": "g", "input": {}}]
    memory.remember(content)
    assert memory.recall("a") == content
    assert memory.recall("b") is None
    assert len(memory) == 1
    assert memory.size == len(jsontext.encode(content))


def test_what_is_recalled_cannot_be_altered():
    memory = RecentThinking(10)
    content = answer("a")
    memory.remember(content)
    content[0]["thinking"] = "other"
    recalled = memory.recall("a")
    recalled[0]["signature"] = "forged"
    assert memory.recall("a") == answer("a")


def test_answers_that_are_of_no_use_are_not_kept():
    memory = RecentThinking(10)
    memory.remember([])
    memory.remember([THINKING])
    memory.remember(answer("a", {"type": "text", "text": "x"}))
    memory.remember([THINKING, {"type": "tool_use", "id": None}])
    memory.remember([THINKING, None])
    assert len(memory) == 0


def test_redacted_thinking_counts():
    memory = RecentThinking(10)
    memory.remember(answer("a", {"type": "redacted_thinking", "data": "x"}))
    assert memory.recall("a") is not None


def test_the_least_recently_used_goes_first():
    memory = RecentThinking(2)
    memory.remember(answer("a"))
    memory.remember(answer("b"))
    memory.recall("a")
    memory.remember(answer("c"))
    assert memory.recall("b") is None
    assert memory.recall("a") is not None
    assert memory.recall("c") is not None


def test_bytes_are_bounded_too():
    size = len(jsontext.encode(answer("a")))
    memory = RecentThinking(100, 2 * size)
    for call_id in "abc":
        memory.remember(answer(call_id))
    assert memory.recall("a") is None
    assert memory.size == 2 * size
    memory.remember(answer("d", {**THINKING, "thinking": "x" * 3 * size}))
    assert memory.recall("d") is None
    assert len(memory) == 2


def test_remembering_again_replaces():
    memory = RecentThinking(10)
    memory.remember(answer("a"))
    longer = answer("a", {**THINKING, "thinking": "longer"})
    memory.remember(longer)
    assert memory.recall("a") == longer
    assert memory.size == len(jsontext.encode(longer))


def test_a_size_of_zero_turns_it_off():
    for memory in (RecentThinking(0), RecentThinking(10, 0)):
        memory.remember(answer("a"))
        assert memory.recall("a") is None
        assert memory.size == 0

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_proxy.dialects.chat_completions.identifiers import (
    TOOL_NAME_LIMIT,
    ToolNames,
    ToolUseIds,
    sanitise,
)

LEGAL = re.compile("[a-zA-Z0-9_-]+")
NAMES = st.one_of(st.sampled_from(["a.b", "a/b", "a_b", "", "_", "é"]), st.text())


@pytest.mark.parametrize(
    ("text", "taken", "limit", "expected"),
    [
        ("toolu_01-A", (), None, "toolu_01-A"),
        ("call:1.a", (), None, "call_1_a"),
        ("fs.read/all", (), 128, "fs_read_all"),
        ("", (), None, "_"),
        ("a.b", ("a_b",), None, "a_b_69f664"),
        ("a_b", ("a_b",), None, "a_b_eb2980"),
        ("a.b", ("a_b",), 8, "a_69f664"),
        ("abcdefghij", (), 9, "ab_d68c19"),
        ("\ud800", (), None, "_"),
    ],
)
def test_text_becomes_an_identifier(text, taken, limit, expected):
    assert sanitise(text, taken, limit=limit) == expected


def test_a_taken_suffix_gives_way_to_another():
    first = sanitise("a.b", ("a_b",), limit=None)
    second = sanitise("a.b", ("a_b", first), limit=None)
    assert first != second
    assert second.startswith("a_b_")


def test_names_that_fit_are_sent_as_they_are():
    names = ToolNames(["read", "write-2"])
    assert names.upstream("read") == "read"
    assert names.upstream("not_declared") == "not_declared"
    assert names.renamed == {}


def test_renamed_tools_are_found_again():
    names = ToolNames(["fs.read/all", "read"])
    assert names.upstream("fs.read/all") == "fs_read_all"
    assert names.renamed == {"fs_read_all": "fs.read/all"}


def test_tools_that_would_share_a_name_are_all_told_apart():
    names = ToolNames(["a.b", "a/b", "a_b"])
    sent = [names.upstream(name) for name in ("a.b", "a/b", "a_b")]
    assert sent[2] == "a_b"
    assert len(set(sent)) == 3
    assert names.renamed == {sent[0]: "a.b", sent[1]: "a/b"}


def test_a_name_that_nobody_declared_never_takes_a_plain_form():
    assert ToolNames().upstream("a.b") != ToolNames(["a.b"]).upstream("a.b") == "a_b"


def test_a_name_that_nobody_declared_never_takes_a_declared_one():
    usual = ToolNames().upstream("a.b")
    assert ToolNames([usual]).upstream("a.b") != usual


def test_long_names_are_cut_and_stay_apart():
    names = ToolNames(["n" * 200 + "1", "n" * 200 + "2"])
    sent = {names.upstream("n" * 200 + end) for end in "12"}
    assert len(sent) == 2
    assert all(len(name) == TOOL_NAME_LIMIT for name in sent)


@settings(deadline=None, max_examples=60)
@given(st.lists(NAMES, unique=True), st.lists(NAMES), st.randoms())
def test_names_are_legal_distinct_and_independent_of_order(declared, others, random):
    names = ToolNames(declared)
    shuffled = declared.copy()
    random.shuffle(shuffled)
    again = ToolNames(shuffled)
    everything = [*declared, *others]
    sent = {name: names.upstream(name) for name in everything}
    assert {name: again.upstream(name) for name in reversed(everything)} == sent
    assert len({sent[name] for name in declared}) == len(declared)
    for name in sent.values():
        assert LEGAL.fullmatch(name)
        assert len(name) <= TOOL_NAME_LIMIT


def test_an_id_used_again_gets_a_number():
    ids = ToolUseIds()
    assert [ids.assign("call:1") for _ in range(3)] == [
        "call_1",
        "call_1_2",
        "call_1_3",
    ]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(["a", "a_2", "a.2", ""]), st.text())))
def test_ids_are_legal_and_unique_and_keep_their_beginning(client_ids):
    ids = ToolUseIds()
    sent = [ids.assign(client_id) for client_id in client_ids]
    assert len(set(sent)) == len(sent)
    assert all(LEGAL.fullmatch(one) for one in sent)
    fewer = ToolUseIds()
    assert [fewer.assign(one) for one in client_ids[:3]] == sent[:3]

from __future__ import annotations

from anthropic_proxy.dialects.chat_completions.parameter_extensions import EXTENSIONS
from anthropic_proxy.dialects.chat_completions.parameters import PARAMETERS


def test_extensions_are_rows_of_the_table_and_say_what_they_are() -> None:
    assert [row.name for row in EXTENSIONS] == [
        "thinking",
        "reasoning",
        "enable_thinking",
        "top_k",
        "cache_control",
        "anthropic_beta",
    ]
    assert all(row.extension and row.rule == "D.5" for row in EXTENSIONS)
    assert all(PARAMETERS[row.name] is row for row in EXTENSIONS)

"""Tool definitions: the client's own, and Anthropic's by dated type."""

from __future__ import annotations

from typing import Final

from .shape_types import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    OBJECT,
    TEXT,
    ListOf,
    Nullable,
    OneOf,
    Record,
    Shape,
    Tagged,
)

CACHE_CONTROL: Final = Tagged({"ephemeral": Record({}, {"ttl": OneOf(("5m", "1h"))})})

_CALLERS: Final = ListOf(
    OneOf(
        (
            "direct",
            "code_execution_20250825",
            "code_execution_20260120",
            "code_execution_20260521",
        )
    )
)
_COMMON: Final[dict[str, Shape]] = {
    "allowed_callers": _CALLERS,
    "cache_control": Nullable(CACHE_CONTROL),
    "defer_loading": BOOLEAN,
    "strict": BOOLEAN,
}
_EXAMPLES: Final[dict[str, Shape]] = {"input_examples": ListOf(OBJECT)}
_DOMAINS: Final[dict[str, Shape]] = {
    "allowed_domains": Nullable(ListOf(TEXT)),
    "blocked_domains": Nullable(ListOf(TEXT)),
    "max_uses": Nullable(INTEGER),
}
_USER_LOCATION: Final = Tagged(
    {
        "approximate": Record(
            {},
            {
                "city": Nullable(TEXT),
                "country": Nullable(TEXT),
                "region": Nullable(TEXT),
                "timezone": Nullable(TEXT),
            },
        )
    }
)
_INCLUSION: Final[dict[str, Shape]] = {
    "response_inclusion": OneOf(("full", "excluded"))
}
_USE_CACHE: Final[dict[str, Shape]] = {"use_cache": BOOLEAN}
_FETCH: Final[dict[str, Shape]] = {
    **_DOMAINS,
    "citations": Nullable(Record({}, {"enabled": BOOLEAN})),
    "max_content_tokens": Nullable(INTEGER),
    "url_sources": Nullable(OBJECT),
}
_SEARCH: Final[dict[str, Shape]] = {
    **_DOMAINS,
    "user_location": Nullable(_USER_LOCATION),
}


def _server(name: str, extra: dict[str, Shape] | None = None) -> Record:
    return Record({"name": OneOf((name,))}, {**_COMMON, **(extra or {})})


_TOOLSET: Final = Record(
    {},
    {"cache_control": Nullable(CACHE_CONTROL), "configs": Nullable(OBJECT)},
)

TOOLS: Final = Tagged(
    {
        "custom": Record(
            {"name": TEXT},
            {
                **_COMMON,
                **_EXAMPLES,
                "input_schema": ANYTHING,
                "description": TEXT,
                "eager_input_streaming": Nullable(BOOLEAN),
            },
        ),
        "bash_20250124": _server("bash", _EXAMPLES),
        "browser_toolset_20260801": _TOOLSET,
        "code_execution_20250522": _server("code_execution"),
        "code_execution_20250825": _server("code_execution"),
        "code_execution_20260120": _server("code_execution"),
        "code_execution_20260521": _server("code_execution"),
        "computer_toolset_20260801": _TOOLSET,
        "memory_20250818": _server("memory", _EXAMPLES),
        "text_editor_20250124": _server("str_replace_editor", _EXAMPLES),
        "text_editor_20250429": _server("str_replace_based_edit_tool", _EXAMPLES),
        "text_editor_20250728": _server(
            "str_replace_based_edit_tool",
            {**_EXAMPLES, "max_characters": Nullable(INTEGER)},
        ),
        "web_search_20250305": _server("web_search", _SEARCH),
        "web_search_20260209": _server("web_search", _SEARCH),
        "web_search_20260318": _server("web_search", {**_SEARCH, **_INCLUSION}),
        "web_fetch_20250910": _server("web_fetch", _FETCH),
        "web_fetch_20260209": _server("web_fetch", _FETCH),
        "web_fetch_20260309": _server("web_fetch", {**_FETCH, **_USE_CACHE}),
        "web_fetch_20260318": _server(
            "web_fetch", {**_FETCH, **_USE_CACHE, **_INCLUSION}
        ),
        "tool_search_tool_bm25": _server("tool_search_tool_bm25"),
        "tool_search_tool_bm25_20251119": _server("tool_search_tool_bm25"),
        "tool_search_tool_regex": _server("tool_search_tool_regex"),
        "tool_search_tool_regex_20251119": _server("tool_search_tool_regex"),
    },
    default="custom",
)
"""One entry of ``tools``. Without ``type`` it is a client tool."""

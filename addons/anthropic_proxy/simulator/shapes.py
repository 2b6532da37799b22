"""Every object of a Messages request: its keys and the types of their values.

Left open on purpose, because a rule of its own says more about them: ``max_tokens``,
``role``, a tool's ``input_schema``, a ``tool_use``'s ``input``, signatures.
"""

from __future__ import annotations

from typing import Final

from .shape_types import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    ListOf,
    Nullable,
    OneOf,
    Record,
    Shape,
    Tagged,
    TextOr,
)
from .tool_shapes import CACHE_CONTROL, TOOLS

_CACHED: Final[dict[str, Shape]] = {"cache_control": Nullable(CACHE_CONTROL)}
_NULLABLE_TEXT: Final = Nullable(TEXT)

_CALLER: Final = Tagged(
    {
        "direct": Record(),
        "code_execution_20250825": Record({"tool_id": TEXT}),
        "code_execution_20260120": Record({"tool_id": TEXT}),
    }
)

_CITATIONS: Final = Tagged(
    {
        "char_location": Record(
            {
                "cited_text": TEXT,
                "document_index": INTEGER,
                "document_title": _NULLABLE_TEXT,
                "start_char_index": INTEGER,
                "end_char_index": INTEGER,
            },
            {"file_id": _NULLABLE_TEXT},
        ),
        "page_location": Record(
            {
                "cited_text": TEXT,
                "document_index": INTEGER,
                "document_title": _NULLABLE_TEXT,
                "start_page_number": INTEGER,
                "end_page_number": INTEGER,
            },
            {"file_id": _NULLABLE_TEXT},
        ),
        "content_block_location": Record(
            {
                "cited_text": TEXT,
                "document_index": INTEGER,
                "document_title": _NULLABLE_TEXT,
                "start_block_index": INTEGER,
                "end_block_index": INTEGER,
            },
            {"file_id": _NULLABLE_TEXT},
        ),
        "web_search_result_location": Record(
            {
                "cited_text": TEXT,
                "encrypted_index": TEXT,
                "title": _NULLABLE_TEXT,
                "url": TEXT,
            }
        ),
        "search_result_location": Record(
            {
                "cited_text": TEXT,
                "search_result_index": INTEGER,
                "source": TEXT,
                "title": _NULLABLE_TEXT,
                "start_block_index": INTEGER,
                "end_block_index": INTEGER,
            }
        ),
    }
)

_TEXT_BLOCK: Final = Record(
    {"text": TEXT}, {**_CACHED, "citations": Nullable(ListOf(_CITATIONS))}
)
_IMAGE_SOURCE: Final = Tagged(
    {
        "base64": Record({"data": TEXT, "media_type": ANYTHING}),
        "url": Record({"url": TEXT}),
        "file": Record({"file_id": TEXT}),
    }
)
_IMAGE: Final = Record(
    {"source": _IMAGE_SOURCE},
    {
        **_CACHED,
        "transformations": Nullable(
            Record({}, {"oversized_image": OneOf(("downsize", "error"))})
        ),
    },
)
_DOCUMENT_SOURCE: Final = Tagged(
    {
        "base64": Record({"data": TEXT, "media_type": OneOf(("application/pdf",))}),
        "text": Record({"data": TEXT, "media_type": OneOf(("text/plain",))}),
        "content": Record(
            {"content": TextOr(ListOf(Tagged({"text": _TEXT_BLOCK, "image": _IMAGE})))}
        ),
        "url": Record({"url": TEXT}),
        "file": Record({"file_id": TEXT}),
    }
)
_DOCUMENT: Final = Record(
    {"source": _DOCUMENT_SOURCE},
    {
        **_CACHED,
        "citations": Nullable(Record({}, {"enabled": BOOLEAN})),
        "context": _NULLABLE_TEXT,
        "title": _NULLABLE_TEXT,
    },
)
_SEARCH_RESULT: Final = Record(
    {
        "content": ListOf(Tagged({"text": _TEXT_BLOCK})),
        "source": TEXT,
        "title": TEXT,
    },
    {**_CACHED, "citations": Nullable(Record({}, {"enabled": BOOLEAN}))},
)

_TOOL_RESULT_CONTENT: Final = Tagged(
    {
        "text": _TEXT_BLOCK,
        "image": _IMAGE,
        "document": _DOCUMENT,
        "search_result": _SEARCH_RESULT,
        "tool_reference": Record({"tool_name": TEXT}, _CACHED),
        "browser_state": Record(
            {"tabs": ListOf(OBJECT)},
            {**_CACHED, "state_changes": Nullable(ListOf(OBJECT))},
        ),
    }
)
_SERVER_RESULT: Final = Record({"tool_use_id": TEXT, "content": ANYTHING}, _CACHED)
_WEB_RESULT: Final = Record(
    {"tool_use_id": TEXT, "content": ANYTHING}, {**_CACHED, "caller": _CALLER}
)
BLOCKS: Final = Tagged(
    {
        "text": _TEXT_BLOCK,
        "image": _IMAGE,
        "document": _DOCUMENT,
        "search_result": _SEARCH_RESULT,
        "thinking": Record({"thinking": TEXT}, {"signature": ANYTHING}),
        "redacted_thinking": Record({"data": ANYTHING}),
        "tool_use": Record(
            {"id": TEXT, "name": TEXT},
            {
                **_CACHED,
                "input": ANYTHING,
                "caller": _CALLER,
                "toolset_name": _NULLABLE_TEXT,
            },
        ),
        "tool_result": Record(
            {"tool_use_id": TEXT},
            {
                **_CACHED,
                "content": TextOr(ListOf(_TOOL_RESULT_CONTENT)),
                "is_error": BOOLEAN,
                "toolset_name": _NULLABLE_TEXT,
            },
        ),
        "server_tool_use": Record(
            {"id": TEXT, "name": TEXT, "input": OBJECT},
            {**_CACHED, "caller": _CALLER},
        ),
        "web_search_tool_result": _WEB_RESULT,
        "web_fetch_tool_result": _WEB_RESULT,
        "code_execution_tool_result": _SERVER_RESULT,
        "bash_code_execution_tool_result": _SERVER_RESULT,
        "text_editor_code_execution_tool_result": _SERVER_RESULT,
        "tool_search_tool_result": _SERVER_RESULT,
        "container_upload": Record({"file_id": TEXT}, _CACHED),
    }
)
"""Content blocks that a request may hold; which role may hold which is rule 103."""

_BLOCK_BINDING: Final = Nullable(
    Record({}, {"prefix_mismatch_behavior": Nullable(OneOf(("error", "drop_block")))})
)
_DISPLAY: Final = Nullable(OneOf(("summarized", "omitted", "updates")))

_THINKING: Final = Tagged(
    {
        "enabled": Record(
            {"budget_tokens": INTEGER},
            {"display": _DISPLAY, "block_binding": _BLOCK_BINDING},
        ),
        "adaptive": Record({}, {"display": _DISPLAY, "block_binding": _BLOCK_BINDING}),
        "disabled": Record(),
        "between_tools": Record(),
    }
)

_TOOL_CHOICE: Final = Tagged(
    {
        "auto": Record({}, {"disable_parallel_tool_use": BOOLEAN}),
        "any": Record({}, {"disable_parallel_tool_use": BOOLEAN}),
        "tool": Record({"name": TEXT}, {"disable_parallel_tool_use": BOOLEAN}),
        "none": Record(),
    }
)

_SYSTEM: Final = TextOr(ListOf(Tagged({"text": _TEXT_BLOCK})))
_MESSAGE: Final = Record({"role": ANYTHING, "content": TextOr(ListOf(BLOCKS))})

_COUNTED: Final[dict[str, Shape]] = {
    "cache_control": Nullable(CACHE_CONTROL),
    "output_config": Record(
        {},
        {
            "effort": Nullable(OneOf(("low", "medium", "high", "xhigh", "max"))),
            "format": Nullable(Tagged({"json_schema": Record({"schema": OBJECT})})),
        },
    ),
    "speed": Nullable(OneOf(("fast", "standard"))),
    "system": _SYSTEM,
    "thinking": _THINKING,
    "tool_choice": _TOOL_CHOICE,
    "tools": ListOf(TOOLS),
}

COUNT_TOKENS: Final = Record({"model": TEXT, "messages": ListOf(_MESSAGE)}, _COUNTED)
"""Body of ``POST /v1/messages/count_tokens``."""

MESSAGES: Final = Record(
    {"model": TEXT, "max_tokens": ANYTHING, "messages": ListOf(_MESSAGE)},
    {
        **_COUNTED,
        "container": Nullable(TextOr(OBJECT)),
        "diagnostics": Nullable(Record({}, {"previous_message_id": _NULLABLE_TEXT})),
        "inference_geo": _NULLABLE_TEXT,
        "metadata": Record({}, {"user_id": _NULLABLE_TEXT}),
        "service_tier": OneOf(("auto", "standard_only")),
        "stop_sequences": ListOf(TEXT),
        "stream": BOOLEAN,
        "temperature": NUMBER,
        "top_p": NUMBER,
        "top_k": INTEGER,
    },
)
"""Body of ``POST /v1/messages``."""

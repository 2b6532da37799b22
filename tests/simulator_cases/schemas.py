"""Schemas that are enforced, and images."""

from __future__ import annotations

from .case import (
    HAIKU45,
    Case,
    assistant,
    closed,
    document,
    image,
    loop,
    output_format,
    png,
    result,
    strict_tool,
    text,
    user,
)

RECURSIVE = closed(child={"$ref": "#"})

SCHEMAS = [
    Case(
        35,
        "open object",
        good={"output_config": output_format(closed(a={"type": "string"}))},
        bad={"output_config": output_format({"type": "object", "properties": {}})},
        path="output_config.format.schema",
    ),
    Case(
        35,
        "open object in a strict tool",
        good={"tools": [strict_tool({"a": {"type": "string"}})]},
        bad={"tools": [strict_tool({}, additionalProperties=True)]},
        path="tools.0.custom.input_schema",
    ),
    Case(
        35,
        "keyword",
        bad={
            "output_config": output_format(closed(a={"type": "integer", "minimum": 1}))
        },
        path="output_config.format.schema",
    ),
    Case(
        35,
        "minItems",
        good={
            "output_config": output_format(closed(a={"type": "array", "minItems": 1}))
        },
        bad={
            "output_config": output_format(closed(a={"type": "array", "minItems": 2}))
        },
        path="output_config.format.schema",
    ),
    Case(
        35,
        "a value without a type",
        bad={"output_config": output_format(closed(a={"title": "A"}))},
        path="output_config.format.schema",
    ),
    Case(
        35,
        "recursion",
        bad={"output_config": output_format(RECURSIVE)},
        path="output_config.format.schema",
    ),
    Case(
        35,
        "citations",
        good={
            "messages": [user([document(), text()])],
            "output_config": output_format(closed()),
        },
        bad={
            "messages": [user([document(citations={"enabled": True}), text()])],
            "output_config": output_format(closed()),
        },
        path="output_config.format",
    ),
    Case(
        35,
        "prefill",
        good={"model": HAIKU45, "output_config": output_format(closed())},
        bad={
            "model": HAIKU45,
            "output_config": output_format(closed()),
            "messages": [user(), assistant("{")],
        },
        path="output_config.format",
    ),
    Case(
        42,
        "strict tools",
        good={"tools": [strict_tool({}, name=f"t{n}") for n in range(20)]},
        bad={"tools": [strict_tool({}, name=f"t{n}") for n in range(21)]},
    ),
    Case(
        42,
        "optional parameters",
        good={
            "tools": [
                strict_tool({f"p{n}": {"const": n} for n in range(24)}, required=[])
            ]
        },
        bad={
            "tools": [
                strict_tool({f"p{n}": {"const": n} for n in range(25)}, required=[])
            ]
        },
    ),
    Case(
        42,
        "unions",
        good={
            "tools": [
                strict_tool({f"p{n}": {"anyOf": [{"type": "null"}]} for n in range(16)})
            ]
        },
        bad={
            "tools": [
                strict_tool({f"p{n}": {"anyOf": [{"type": "null"}]} for n in range(17)})
            ]
        },
    ),
]

SOURCE = "messages.0.content.0.image.source"

IMAGES = [
    Case(
        33,
        "media type",
        good={"messages": [user([image()])]},
        bad={"messages": [user([image(media_type="image/bmp")])]},
        path=f"{SOURCE}.base64.media_type",
    ),
    Case(
        33,
        "not base64",
        bad={"messages": [user([image("%%%")])]},
        path=f"{SOURCE}.base64.data",
    ),
    Case(
        33,
        "another type than it says",
        bad={"messages": [user([image(media_type="image/jpeg")])]},
        path=f"{SOURCE}.base64",
    ),
    Case(
        33,
        "bytes",
        good={"messages": [user([image(png() + "A" * 5_242_848)])]},
        bad={"messages": [user([image(png() + "A" * 5_242_852)])]},
        path=f"{SOURCE}.base64",
    ),
    Case(
        33,
        "pixels",
        good={"messages": [user([image(png(8000, 1))])]},
        bad={"messages": [user([image(png(8001, 1))])]},
        path=f"{SOURCE}.base64",
    ),
    Case(
        33,
        "pixels of many",
        good={"messages": [user([image(png(2001, 1))] * 20)]},
        bad={"messages": [user([image(png(2001, 1))] * 21)]},
        path=f"{SOURCE}.base64",
    ),
    Case(
        33,
        "number",
        good={"model": HAIKU45, "messages": [user([image()] * 100)]},
        bad={"model": HAIKU45, "messages": [user([image()] * 101)]},
        path="messages",
    ),
    Case(
        33,
        "inside a result",
        good=loop(result(content=[image()])),
        bad=loop(result(content=[text(), image("%%%")])),
        path="messages.2.content.0.tool_result.content.1.image.source.base64.data",
    ),
    Case(
        33,
        "plain http",
        good={
            "messages": [
                user([{"type": "image", "source": {"type": "url", "url": "https://e"}}])
            ]
        },
        bad={
            "messages": [
                user([{"type": "image", "source": {"type": "url", "url": "http://e"}}])
            ]
        },
        path=f"{SOURCE}.url.url",
    ),
]

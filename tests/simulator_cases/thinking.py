"""Thinking configurations and effort."""

from __future__ import annotations

from typing import Any

from .case import (
    BINDING,
    HAIKU45,
    OLD,
    OPUS46,
    Body,
    Case,
    assistant,
    loop,
    result,
    user,
)


def manual(budget: int, **more: Any) -> Body:
    thinking = {"type": "enabled", "budget_tokens": budget}
    return {"model": HAIKU45, "max_tokens": 2000, "thinking": thinking, **more}


def thinks(kind: str, model: str, **more: Any) -> Body:
    return {"model": model, "thinking": {"type": kind, **more}}


THINKING = [
    Case(
        25,
        "always on",
        good=thinks("adaptive", "claude-opus-5-5"),
        bad=thinks("disabled", "claude-opus-5-5"),
    ),
    Case(
        25,
        "off between tools",
        good=thinks("between_tools", "claude-sonnet-5-5"),
        bad=thinks("disabled", "claude-sonnet-5-5"),
    ),
    Case(
        25,
        "between tools elsewhere",
        good=thinks("disabled", "claude-haiku-5-5"),
        bad=thinks("between_tools", "claude-haiku-5-5"),
    ),
    Case(
        25,
        "between tools with a display",
        good=thinks("between_tools", "claude-sonnet-5-5"),
        bad=thinks("between_tools", "claude-sonnet-5-5", display="summarized"),
        path="thinking.between_tools.display",
        refused_by=4,
    ),
    Case(25, "manual on a new model", bad={**manual(1024), "model": "claude-opus-4-7"}),
    Case(
        25,
        "manual on 4.6",
        good={**manual(1024), "model": OPUS46},
        bad={**manual(1024), "model": "claude-opus-5"},
    ),
    Case(25, "adaptive on 4.5", good=manual(1024), bad=thinks("adaptive", HAIKU45)),
    Case(
        25,
        "effort of a model that is off",
        good={
            **thinks("disabled", "claude-haiku-5-5"),
            "output_config": {"effort": "high"},
        },
        bad={
            **thinks("disabled", "claude-haiku-5-5"),
            "output_config": {"effort": "xhigh"},
        },
    ),
    Case(
        25,
        "small budget",
        good=manual(1024),
        bad=manual(1023),
        path="thinking.enabled.budget_tokens",
    ),
    Case(25, "large budget", good=manual(1999), bad=manual(2000)),
    Case(
        25,
        "prefill",
        good=manual(1024),
        bad=manual(1024, messages=[user(), assistant("The")]),
    ),
    Case(
        25,
        "temperature",
        good=manual(1024, temperature=1),
        bad=manual(1024, temperature=0.5),
        good_headers=OLD,
    ),
    Case(
        25,
        "top_p",
        good=manual(1024, top_p=0.95),
        bad=manual(1024, top_p=0.94),
        good_headers=OLD,
    ),
    Case(
        25,
        "top_k",
        good=manual(1024, top_p=0.95),
        bad=manual(1024, top_k=3),
        good_headers=OLD,
    ),
    Case(
        25,
        "a loop without thinking",
        good={**loop(result()), "model": HAIKU45},
        bad=manual(1024, **loop(result())),
        path="messages.1.content.0.type",
    ),
    Case(
        26,
        "model without effort",
        good={"output_config": {"effort": "low"}},
        bad={"model": HAIKU45, "output_config": {"effort": "low"}},
        path="output_config.effort",
    ),
    Case(
        26,
        "level",
        good={"model": OPUS46, "output_config": {"effort": "max"}},
        bad={"model": OPUS46, "output_config": {"effort": "xhigh"}},
        path="output_config.effort",
    ),
    Case(
        29,
        "block_binding",
        good=thinks("adaptive", "claude-opus-5-5", block_binding={}),
        good_headers=BINDING,
        bad=thinks("adaptive", "claude-opus-5-5", block_binding={}),
        bad_headers={},
        path="thinking.adaptive.block_binding",
    ),
    Case(
        29,
        "updates",
        good=thinks("adaptive", "claude-opus-5-5", display="omitted"),
        bad=thinks("adaptive", "claude-opus-5-5", display="updates"),
        path="thinking.adaptive.display",
    ),
]

"""Top-level parameters that are not OpenAI's: other clients and gateways send them."""

from __future__ import annotations

from typing import Final

from . import parameter
from .checks import boolean, integer, within
from .parameter import Handling, Parameter, shallow_mapping

_M: Final = Handling.MAPPED

EXTENSIONS: Final = (
    Parameter(
        "thinking",
        _M,
        shallow_mapping,
        "Anthropic's own object; wins over reasoning_effort.",
        becomes="thinking",
        rule="D.5",
        extension=True,
    ),
    Parameter(
        "reasoning",
        _M,
        shallow_mapping,
        "OpenRouter's object.",
        becomes="thinking, output_config.effort",
        rule="D.5",
        extension=True,
    ),
    Parameter(
        "enable_thinking",
        _M,
        boolean,
        "Switches thinking on or off.",
        becomes="thinking",
        rule="D.5",
        extension=True,
    ),
    Parameter(
        "top_k",
        _M,
        within(integer, -1),
        "Sent to models up to 4.6, unless they think.",
        becomes="top_k",
        rule="D.5",
        neutral=(0, -1),
        extension=True,
    ),
    Parameter(
        "cache_control",
        _M,
        parameter.cache_control,
        "Sent; Anthropic places the mark itself.",
        becomes="cache_control",
        rule="D.5",
        extension=True,
    ),
    Parameter(
        "anthropic_beta",
        _M,
        parameter.betas,
        "Merged into the header.",
        becomes="the anthropic-beta header",
        rule="D.5",
        neutral=([],),
        extension=True,
    ),
)

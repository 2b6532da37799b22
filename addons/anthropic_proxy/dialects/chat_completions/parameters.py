"""Every top-level parameter of a chat completion request, and what becomes of it.

One row per parameter: the fields of OpenAI's ``chat.completions.create`` and the
extension keys that other clients of this API send (rules D.5). `read` checks types,
settles what is ignored and what is refused, and returns the rest for translation.
A parameter without a row is ignored with a warning, never forwarded: upstream refuses
every key that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..report import Report
from . import checks, parameter
from .checks import boolean, integer, number, one_of, string, within
from .errors import RequestError
from .parameter import (
    Handling,
    Parameter,
    plain,
    shallow_array,
    shallow_mapping,
    shallow_value,
)
from .parameter_extensions import EXTENSIONS

_ONE_OR_MORE: Final = within(integer, 1)

Values = Mapping[str, Any]
"""Parameter → checked value, for the mapped parameters that ask for something."""

_M, _P, _I, _R = Handling.MAPPED, Handling.PROXY, Handling.IGNORED, Handling.REJECTED

_ROWS: Final = (
    Parameter(
        "model",
        _M,
        parameter.model,
        "Mapped to a Claude model.",
        becomes="model",
        rule="E.3",
    ),
    Parameter(
        "messages",
        _M,
        parameter.messages,
        "Translated turn by turn.",
        becomes="messages, system",
        rule="B",
    ),
    Parameter(
        "max_completion_tokens",
        _M,
        _ONE_OR_MORE,
        "Limits thinking and text together; cut to the model's maximum.",
        becomes="max_tokens",
    ),
    Parameter(
        "max_tokens",
        _M,
        _ONE_OR_MORE,
        "As max_completion_tokens, which wins over it.",
        becomes="max_tokens",
    ),
    Parameter(
        "temperature",
        _M,
        within(number, 0, 2),
        "Sent to models up to 4.6 (at most 1, and not while thinking).",
        becomes="temperature",
        neutral=(1,),
    ),
    Parameter(
        "top_p",
        _M,
        within(number, 0, 1),
        "Sent to models up to 4.6, unless temperature is sent.",
        becomes="top_p",
        neutral=(1,),
    ),
    Parameter(
        "n",
        _R,
        integer,
        "n > 1 is not supported by the upstream provider.",
        neutral=(1,),
        code="unsupported_value",
    ),
    Parameter(
        "stream", _M, boolean, "Sent when true.", becomes="stream", neutral=(False,)
    ),
    Parameter(
        "stream_options",
        _P,
        checks.mapping,
        "include_usage adds the usage chunk; obfuscation is never sent.",
    ),
    Parameter(
        "stop",
        _M,
        parameter.stop,
        "Sequences of nothing but whitespace are dropped.",
        becomes="stop_sequences",
        neutral=([],),
    ),
    Parameter("presence_penalty", _I, number, "Claude has no penalties.", neutral=(0,)),
    Parameter(
        "frequency_penalty", _I, number, "Claude has no penalties.", neutral=(0,)
    ),
    Parameter(
        "logit_bias",
        _I,
        shallow_mapping,
        "Claude's tokens cannot be weighted.",
        neutral=({},),
    ),
    Parameter(
        "logprobs",
        _R,
        boolean,
        "logprobs are not available from the upstream provider.",
        neutral=(False,),
    ),
    Parameter(
        "top_logprobs",
        _R,
        within(integer, 0),
        "top_logprobs are not available from the upstream provider.",
        neutral=(0,),
    ),
    Parameter("seed", _I, integer, "Claude's sampling takes no seed."),
    Parameter(
        "user",
        _M,
        string,
        "Used when safety_identifier is absent; hashed when it looks personal.",
        becomes="metadata.user_id",
        neutral=("",),
    ),
    Parameter(
        "safety_identifier",
        _M,
        string,
        "Hashed when it looks like an e-mail address or a phone number.",
        becomes="metadata.user_id",
        neutral=("",),
    ),
    Parameter(
        "metadata",
        _I,
        shallow_mapping,
        "Anthropic's metadata holds a user id and nothing else.",
        neutral=({},),
    ),
    Parameter("store", _I, boolean, "Completions are not stored.", neutral=(False,)),
    Parameter(
        "service_tier",
        _M,
        one_of("auto", "default", "flex", "scale", "priority", "fast"),
        "default becomes standard_only, auto stays; the others become the nearest.",
        becomes="service_tier",
    ),
    Parameter(
        "tools",
        _M,
        shallow_array,
        "Function, custom and Anthropic's own tools.",
        becomes="tools",
        rule="C.1",
        neutral=([],),
    ),
    Parameter(
        "tool_choice",
        _M,
        shallow_value,
        "Enforced, emulated or asked for, as the model allows.",
        becomes="tool_choice",
        rule="C.3",
    ),
    Parameter(
        "parallel_tool_calls",
        _M,
        boolean,
        "false allows one call per answer.",
        becomes="tool_choice.disable_parallel_tool_use",
        neutral=(True,),
    ),
    Parameter(
        "functions",
        _M,
        shallow_array,
        "Answered with function_call.",
        becomes="tools",
        neutral=([],),
    ),
    Parameter(
        "function_call", _M, shallow_value, "As tool_choice.", becomes="tool_choice"
    ),
    Parameter(
        "response_format",
        _M,
        shallow_mapping,
        "A schema is enforced where Claude can, else asked for in the instructions.",
        becomes="output_config.format",
        rule="C.5",
    ),
    Parameter(
        "reasoning_effort",
        _M,
        one_of(*parameter.EFFORTS),
        "Adaptive thinking at that effort, or a budget on models up to 4.5.",
        becomes="thinking, output_config.effort",
        rule="D.1",
    ),
    Parameter(
        "verbosity",
        _I,
        one_of("low", "medium", "high"),
        "Claude has no setting for the length of its text.",
        neutral=("medium",),
    ),
    Parameter(
        "modalities",
        _R,
        parameter.modalities,
        "Audio output is not supported by the upstream provider.",
        neutral=([], ["text"]),
        code="unsupported_value",
    ),
    Parameter("audio", _I, shallow_mapping, "No audio is generated."),
    Parameter("prediction", _I, shallow_mapping, "An optimisation that Claude lacks."),
    Parameter(
        "web_search_options",
        _M,
        shallow_mapping,
        "Anthropic's own web search tool is added.",
        becomes="tools",
    ),
    Parameter("prompt_cache_key", _I, string, "Caches are keyed by the prompt."),
    Parameter(
        "prompt_cache_options",
        _P,
        parameter.cache_options,
        "explicit switches this proxy's automatic cache mark off.",
    ),
    Parameter(
        "prompt_cache_retention",
        _I,
        one_of("in_memory", "in-memory", "24h"),
        "Anthropic keeps a cached prompt for one hour at most.",
        neutral=("in_memory", "in-memory"),
    ),
    Parameter(
        "moderation",
        _I,
        parameter.moderation,
        "Nothing is moderated; a policy that blocks is refused.",
    ),
)

PARAMETERS: Final[Mapping[str, Parameter]] = {
    row.name: row for row in (*_ROWS, *EXTENSIONS)
}
_REQUIRED: Final = ("model", "messages")


def read(chat: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The parameters of ``chat`` that ask for something and are not settled here.

    Raises:
        RequestError: one is missing, of the wrong type, or refused.
    """
    for name in _REQUIRED:
        if chat.get(name) is None:
            raise checks.missing(name)
    values: dict[str, Any] = {}
    for name, value in chat.items():
        if value is None:
            continue
        row = PARAMETERS.get(name)
        if row is None:
            reason = "this proxy does not know the parameter"
            report.ignored(plain(name), "A.1", reason)
            continue
        checked = row.read(value, name)
        if checked in row.neutral:
            continue
        if row.handling is Handling.REJECTED:
            raise RequestError(row.sentence, name, row.code)
        if row.handling is Handling.IGNORED:
            report.ignored(name, row.rule, row.sentence)
        else:
            values[name] = checked
    return values

"""Every top-level parameter of a chat completion request, and what becomes of it.

One row per parameter: the fields of OpenAI's ``chat.completions.create`` and the
extension keys that other clients of this API send (rules D.5). `read` checks types,
settles what is ignored and what is refused, and returns the rest for translation.
A parameter without a row is ignored with a warning, never forwarded: upstream refuses
every key that it does not know.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..report import Report
from . import checks
from .checks import Reader, array_of, boolean, integer, number, one_of, string, within
from .errors import RequestError

EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
SERVICE_TIERS: Final = ("auto", "default", "flex", "scale", "priority", "fast")

_TOKEN_NAME: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
_BETA_NAME: Final = re.compile(r"[\w.-]+", re.ASCII)

Values = Mapping[str, Any]
"""Parameter → checked value, for the mapped parameters that ask for something."""


class Handling(enum.StrEnum):
    """What the table does with a parameter that is not neutral."""

    MAPPED = "mapped"
    """Its meaning goes upstream, as far as the model allows."""
    PROXY = "proxy"
    """This proxy acts on it; nothing goes upstream."""
    IGNORED = "ignored"
    """Dropped, with the warning ``<name>:ignored``."""
    REJECTED = "rejected"
    """Ends the request with status 400."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row."""

    name: str
    handling: Handling
    becomes: str | None
    """Field of the Messages API, or phrase."""
    rule: str
    sentence: str
    """For the documentation; for an ignored or refused one also the reason given."""
    read: Reader
    neutral: tuple[Any, ...] = ()
    """Values besides null that ask for nothing."""
    code: str = "unsupported_parameter"
    """OpenAI error code of a refusal."""
    extension: bool = False
    """Not a parameter of OpenAI's own API."""


def read(chat: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The mapped parameters of ``chat`` that are present and not neutral.

    Raises:
        RequestError: a value of the wrong type, or a parameter that is refused.
    """
    values: dict[str, Any] = {}
    for name, value in chat.items():
        row = PARAMETERS.get(name)
        if value is None and name not in _REQUIRED:
            continue
        if row is None:
            token = name if _TOKEN_NAME.fullmatch(name) else "unknown"
            reason = "neither OpenAI nor this proxy knows this parameter"
            report.ignored(name, "A.1", reason, f"{token}:ignored")
            continue
        checked = row.read(value, name)
        if checked in row.neutral:
            continue
        if row.handling is Handling.REJECTED:
            report.rejected(name, row.rule, row.sentence)
            raise RequestError(row.sentence, name, row.code)
        if row.handling is Handling.IGNORED:
            report.ignored(name, row.rule, row.sentence)
            continue
        values[name] = checked
    for name in _REQUIRED:
        if name not in values:
            raise checks.missing(name)
    return values


def _model(value: Any, param: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise checks.missing(param)
    return value


def _messages(value: Any, param: str) -> list[Any]:
    messages = checks.array(value, param)
    if not messages:
        raise RequestError(f"[] is too short - '{param}'", param, "empty_array")
    return messages


def _shallow(reader: Reader) -> Reader:
    def read_shallow(value: Any, param: str) -> Any:
        return reader(checks.shallow_enough(value, param), param)

    return read_shallow


def _stop(value: Any, param: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise checks.invalid_type(value, param, "a string or an array of strings")
    return [string(item, f"{param}[{index}]") for index, item in enumerate(value)]


def _modalities(value: Any, param: str) -> list[str]:
    kinds: list[str] = array_of(one_of("text", "audio"))(value, param)
    return sorted(set(kinds))


def _moderation(value: Any, param: str) -> dict[str, Any]:
    moderation = _OBJECT(value, param)
    policy = checks.optional(moderation, "policy", param, checks.mapping) or {}
    for side in ("input", "output"):
        path = f"{param}.policy"
        part = checks.optional(policy, side, path, checks.mapping) or {}
        mode = checks.optional(part, "mode", f"{path}.{side}", one_of("score", "block"))
        if mode == "block":
            # Passing on what was to be blocked would be unsafe, so this is refused.
            message = "Blocking moderation is not available from the upstream provider."
            raise RequestError(message, param, "unsupported_value")
    return moderation


def _cache_options(value: Any, param: str) -> dict[str, Any]:
    options = checks.mapping(value, param)
    checks.optional(options, "mode", param, one_of("implicit", "explicit"))
    checks.optional(options, "ttl", param, string)
    return options


def _cache_control(value: Any, param: str) -> dict[str, Any]:
    control = checks.mapping(value, param)
    checks.required(control, "type", param, one_of("ephemeral"))
    ttl = checks.optional(control, "ttl", param, one_of("5m", "1h"))
    return {"type": "ephemeral"} | ({"ttl": ttl} if ttl else {})


def _betas(value: Any, param: str) -> list[str]:
    betas: list[str] = array_of(string)(value, param)
    for index, beta in enumerate(betas):
        # These become part of a header: no separators, no line breaks.
        if not _BETA_NAME.fullmatch(beta):
            message = f"Invalid '{param}[{index}]': not the name of a beta."
            raise RequestError(message, f"{param}[{index}]", "invalid_value")
    return betas


_OBJECT: Final = _shallow(checks.mapping)
_ARRAY: Final = _shallow(checks.array)

_M, _P, _I, _R = Handling.MAPPED, Handling.PROXY, Handling.IGNORED, Handling.REJECTED

_ROWS: Final = (
    Parameter("model", _M, "model", "E.3", "Mapped to a Claude model.", _model),
    Parameter(
        "messages", _M, "messages, system", "B", "Translated turn by turn.", _messages
    ),
    Parameter(
        "max_completion_tokens",
        _M,
        "max_tokens",
        "A.1",
        "Limits thinking and text together; cut to the model's maximum.",
        within(integer, 1),
    ),
    Parameter(
        "max_tokens",
        _M,
        "max_tokens",
        "A.1",
        "As max_completion_tokens, which wins over it.",
        within(integer, 1),
    ),
    Parameter(
        "temperature",
        _M,
        "temperature",
        "A.1",
        "Sent to models up to 4.6 (at most 1, and not while thinking).",
        within(number, 0, 2),
        neutral=(1,),
    ),
    Parameter(
        "top_p",
        _M,
        "top_p",
        "A.1",
        "Sent to models up to 4.6, unless temperature is sent.",
        within(number, 0, 1),
        neutral=(1,),
    ),
    Parameter(
        "n",
        _R,
        None,
        "A.1",
        "n > 1 is not supported by the upstream provider.",
        within(integer, 1),
        neutral=(1,),
        code="unsupported_value",
    ),
    Parameter(
        "stream", _M, "stream", "A.1", "Sent when true.", boolean, neutral=(False,)
    ),
    Parameter(
        "stream_options",
        _P,
        None,
        "A.1",
        "include_usage adds the usage chunk; obfuscation is never sent.",
        checks.mapping,
    ),
    Parameter(
        "stop",
        _M,
        "stop_sequences",
        "A.1",
        "Sequences of nothing but whitespace are dropped.",
        _stop,
        neutral=([],),
    ),
    Parameter(
        "presence_penalty", _I, None, "A.1", "Claude has no penalties.", number, (0,)
    ),
    Parameter(
        "frequency_penalty", _I, None, "A.1", "Claude has no penalties.", number, (0,)
    ),
    Parameter(
        "logit_bias",
        _I,
        None,
        "A.1",
        "Claude's tokens cannot be weighted.",
        _OBJECT,
        neutral=({},),
    ),
    Parameter(
        "logprobs",
        _R,
        None,
        "A.1",
        "logprobs are not available from the upstream provider.",
        boolean,
        neutral=(False,),
    ),
    Parameter(
        "top_logprobs",
        _R,
        None,
        "A.1",
        "top_logprobs are not available from the upstream provider.",
        within(integer, 0),
        neutral=(0,),
    ),
    Parameter("seed", _I, None, "A.1", "Claude's sampling takes no seed.", integer),
    Parameter(
        "user",
        _M,
        "metadata.user_id",
        "A.1",
        "Used when safety_identifier is absent; hashed when it looks personal.",
        string,
        neutral=("",),
    ),
    Parameter(
        "safety_identifier",
        _M,
        "metadata.user_id",
        "A.1",
        "Hashed when it looks like an e-mail address or a phone number.",
        string,
        neutral=("",),
    ),
    Parameter(
        "metadata",
        _I,
        None,
        "A.1",
        "Anthropic's metadata holds a user id and nothing else.",
        _OBJECT,
        neutral=({},),
    ),
    Parameter(
        "store",
        _I,
        None,
        "A.1",
        "Completions are not stored.",
        boolean,
        neutral=(False,),
    ),
    Parameter(
        "service_tier",
        _M,
        "service_tier",
        "A.1",
        "default becomes standard_only, auto stays; the others become the nearest.",
        one_of(*SERVICE_TIERS),
    ),
    Parameter(
        "tools",
        _M,
        "tools",
        "C.1",
        "Function, custom and Anthropic's own tools.",
        _ARRAY,
        neutral=([],),
    ),
    Parameter(
        "tool_choice",
        _M,
        "tool_choice",
        "C.3",
        "Enforced, emulated or asked for, as the model allows.",
        _shallow(lambda value, param: value),
    ),
    Parameter(
        "parallel_tool_calls",
        _M,
        "tool_choice.disable_parallel_tool_use",
        "A.1",
        "false allows one call per answer.",
        boolean,
        neutral=(True,),
    ),
    Parameter(
        "functions",
        _M,
        "tools",
        "A.1",
        "Answered with function_call.",
        _ARRAY,
        neutral=([],),
    ),
    Parameter(
        "function_call",
        _M,
        "tool_choice",
        "A.1",
        "As tool_choice.",
        _shallow(lambda value, param: value),
    ),
    Parameter(
        "response_format",
        _M,
        "output_config.format",
        "C.5",
        "A schema is enforced where Claude can, else asked for in the instructions.",
        _OBJECT,
    ),
    Parameter(
        "reasoning_effort",
        _M,
        "thinking, output_config.effort",
        "D.1",
        "Adaptive thinking at that effort, or a budget on models up to 4.5.",
        one_of(*EFFORTS),
    ),
    Parameter(
        "verbosity",
        _I,
        None,
        "A.1",
        "Claude has no setting for the length of its text.",
        one_of("low", "medium", "high"),
        neutral=("medium",),
    ),
    Parameter(
        "modalities",
        _R,
        None,
        "A.1",
        "Audio output is not supported by the upstream provider.",
        _modalities,
        neutral=([], ["text"]),
        code="unsupported_value",
    ),
    Parameter("audio", _I, None, "A.1", "No audio is generated.", _OBJECT),
    Parameter(
        "prediction", _I, None, "A.1", "An optimisation that Claude lacks.", _OBJECT
    ),
    Parameter(
        "web_search_options",
        _M,
        "tools",
        "A.1",
        "Anthropic's own web search tool is added.",
        _OBJECT,
    ),
    Parameter(
        "prompt_cache_key", _I, None, "A.1", "Caches are keyed by the prompt.", string
    ),
    Parameter(
        "prompt_cache_options",
        _P,
        None,
        "A.1",
        "explicit switches this proxy's automatic cache mark off.",
        _cache_options,
    ),
    Parameter(
        "prompt_cache_retention",
        _I,
        None,
        "A.1",
        "Anthropic keeps a cached prompt for one hour at most.",
        one_of("in_memory", "in-memory", "24h"),
        neutral=("in_memory", "in-memory"),
    ),
    Parameter(
        "moderation",
        _I,
        None,
        "A.1",
        "Nothing is moderated; a policy that blocks is refused.",
        _moderation,
    ),
    Parameter(
        "thinking",
        _M,
        "thinking",
        "D.5",
        "Anthropic's own object; wins over reasoning_effort.",
        _OBJECT,
        extension=True,
    ),
    Parameter(
        "reasoning",
        _M,
        "thinking, output_config.effort",
        "D.5",
        "OpenRouter's object.",
        _OBJECT,
        extension=True,
    ),
    Parameter(
        "enable_thinking",
        _M,
        "thinking",
        "D.5",
        "Switches thinking on or off.",
        boolean,
        extension=True,
    ),
    Parameter(
        "top_k",
        _M,
        "top_k",
        "D.5",
        "Sent to models up to 4.6, unless they think.",
        within(integer, -1),
        neutral=(0, -1),
        extension=True,
    ),
    Parameter(
        "cache_control",
        _M,
        "cache_control",
        "D.5",
        "Sent; Anthropic places the mark itself.",
        _cache_control,
        extension=True,
    ),
    Parameter(
        "anthropic_beta",
        _M,
        "the anthropic-beta header",
        "D.5",
        "Merged into the header.",
        _betas,
        neutral=([],),
        extension=True,
    ),
)

PARAMETERS: Final[Mapping[str, Parameter]] = {row.name: row for row in _ROWS}
_REQUIRED: Final = ("model", "messages")

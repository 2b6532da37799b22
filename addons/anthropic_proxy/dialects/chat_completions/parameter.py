"""What a row of the parameter table is, and readers for values that need their own."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..report import Report
from . import checks
from .checks import Reader, array_of, one_of, string
from .errors import RequestError

EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""What ``reasoning_effort`` can be, rising."""

_PLAIN: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
_BETA_NAME: Final = re.compile(r"[\w.-]+", re.ASCII)


class Handling(enum.StrEnum):
    """What becomes of a parameter that asks for something."""

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
    read: Reader
    """Checks the type; null never gets here."""
    sentence: str
    """For the documentation. Of an ignored or refused parameter, the reason given."""
    becomes: str | None = None
    """Field of the Messages API, or phrase; None when nothing is sent."""
    rule: str = "A.1"
    neutral: tuple[Any, ...] = ()
    """Values besides null that ask for nothing, such as the default."""
    code: str = "unsupported_parameter"
    """OpenAI's error code, when it is refused."""
    extension: bool = False
    """Not a parameter of OpenAI's own API."""


def plain(key: str) -> str:
    """A client's key for a report. Its warnings travel in a response header, and odd
    keys must not get there."""
    return key if _PLAIN.fullmatch(key) else "unknown_key"


def ignore_parts(
    owner: Mapping[str, Any], known: Iterable[str], param: str, report: Report
) -> None:
    """Record each member of ``owner`` that says something and is not ``known``.

    The token names the parameter and the key: ``tools.foo:ignored``.
    """
    name = re.split(r"[.\[]", param, maxsplit=1)[0]
    for key in sorted(owner.keys() - set(known)):
        if owner[key] is not None:
            path, token = f"{param}.{plain(key)}", f"{name}.{plain(key)}:ignored"
            report.ignored(path, "A.1", "there is no such part upstream", token)


def shallow(reader: Reader) -> Reader:
    """``reader`` for values that are not nested too deeply to walk."""

    def read(value: Any, param: str) -> Any:
        return reader(checks.shallow_enough(value, param), param)

    return read


shallow_mapping: Final = shallow(checks.mapping)
shallow_array: Final = shallow(checks.array)
shallow_value: Final = shallow(lambda value, param: value)


def model(value: Any, param: str) -> str:
    """A model's name. OpenAI calls one of the wrong type missing."""
    if not isinstance(value, str) or not value.strip():
        raise checks.missing(param)
    return value


def messages(value: Any, param: str) -> list[Any]:
    """At least one message."""
    if not checks.array(value, param):
        raise RequestError(f"[] is too short - '{param}'", param, "empty_array")
    return checks.array(value, param)


def stop(value: Any, param: str) -> list[str]:
    """One sequence or several, as a list."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise checks.invalid_type(value, param, "a string or an array of strings")
    return [string(item, f"{param}[{index}]") for index, item in enumerate(value)]


def modalities(value: Any, param: str) -> list[str]:
    """The kinds of output, each once."""
    return sorted(set(array_of(one_of("text", "audio"))(value, param)))


def moderation(value: Any, param: str) -> dict[str, Any]:
    """Moderation that only scores. One that blocks is refused: to let pass what was
    to be blocked would be unsafe."""
    settings: dict[str, Any] = shallow_mapping(value, param)
    policy = checks.optional(settings, "policy", param, checks.mapping) or {}
    param = f"{param}.policy"
    for side in ("input", "output"):
        part = checks.optional(policy, side, param, checks.mapping) or {}
        path, modes = f"{param}.{side}", one_of("score", "block")
        if checks.optional(part, "mode", path, modes) == "block":
            message = "Blocking moderation is not available from the upstream provider."
            raise RequestError(message, f"{path}.mode", "unsupported_value")
    return settings


def cache_options(value: Any, param: str) -> dict[str, Any]:
    """OpenAI's settings for the prompt cache."""
    options = checks.mapping(value, param)
    checks.optional(options, "mode", param, one_of("implicit", "explicit"))
    checks.optional(options, "ttl", param, string)
    return options


def cache_control(value: Any, param: str) -> dict[str, str]:
    """Anthropic's cache mark."""
    mark = checks.mapping(value, param)
    checks.required(mark, "type", param, one_of("ephemeral"))
    ttl = checks.optional(mark, "ttl", param, one_of("5m", "1h"))
    return {"type": "ephemeral"} | ({"ttl": ttl} if ttl else {})


def betas(value: Any, param: str) -> list[str]:
    """Names of betas. They become part of a header: no separators, no line breaks."""
    names: list[str] = array_of(string)(value, param)
    for index, name in enumerate(names):
        if not _BETA_NAME.fullmatch(name):
            path = f"{param}[{index}]"
            raise RequestError(f"Invalid '{path}': not a beta.", path, "invalid_value")
    return names

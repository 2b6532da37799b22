"""Every option: its name, default, help and check.

mitmproxy stores what it is given and, on a value of the wrong type, runs on with the
addon inactive. So each option is declared as an optional string and read here: set
option, else environment, else default. A wrong value stops the start by name.
"""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from mitmproxy import exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.utils import human

from ..dialects.messages.identity import IDENTITY

PREFIX: Final = "anthropic_"
ENV_PREFIX: Final = "ANTHROPIC_PROXY_"


@dataclass(frozen=True, slots=True)
class Option:
    """One entry. ``parse`` raises ValueError with what would be right."""

    name: str
    """Without the prefix."""
    default: Any
    parse: Callable[[str], Any]
    help: str
    also_env: str | None = None
    """A second environment variable, asked after ``ANTHROPIC_PROXY_…``."""

    @property
    def key(self) -> str:
        """The mitmproxy option."""
        return PREFIX + self.name

    @property
    def env(self) -> str:
        """The environment variable."""
        return ENV_PREFIX + self.name.upper()


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where requests go."""

    scheme: str
    host: str
    port: int
    path: str
    """Prefix before ``/v1/…``; empty for Anthropic itself."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme] == self.port
        return f"{self.scheme}://{host}{'' if usual else f':{self.port}'}{self.path}"


def _boolean(text: str) -> bool:
    values = {
        "true": True, "1": True, "yes": True, "on": True,
        "false": False, "0": False, "no": False, "off": False,
    }  # fmt: skip
    try:
        return values[text.strip().lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def _whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    top = math.inf if high is None else high
    span = f"from {low} up" if high is None else f"from {low} to {high}"

    def parse(text: str) -> int:
        if not re.fullmatch(r"\s*\d{1,18}\s*", text) or not low <= int(text) <= top:
            raise ValueError(f"expected a whole number {span}")
        return int(text)

    return parse


def _size(text: str) -> int:
    try:
        size = human.parse_size(text.strip())
    except ValueError:
        size = None
    if not size or size < 0:
        raise ValueError("expected a size such as 32m or 1048576")
    return size


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        value = text.strip().lower()
        if value not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return value

    return parse


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("expected a value that is not empty")
    return text.strip()


def parse_upstream(text: str) -> Upstream:
    """Read ``http(s)://host[:port][/prefix]``.

    Raises:
        ValueError: with what would be right. Credentials in the URL are refused:
            they would be shown wherever the upstream is.
    """
    try:
        url = urlsplit(text.strip())
        port = url.port
    except ValueError as wrong:
        raise ValueError(f"expected a URL, but {wrong}") from None
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("expected a URL such as https://api.anthropic.com")
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("expected a URL without user, query or fragment")
    default = 443 if url.scheme == "https" else 80
    path = url.path.rstrip("/").removesuffix("/v1")
    return Upstream(url.scheme, url.hostname, port or default, path)


def is_loopback(host: str) -> bool:
    """Whether ``host`` is an address or name of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


CREDENTIALS: Final = ("auto", "api_key", "console", "client", "subscription")

OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        "upstream", None, parse_upstream,
        "URL that requests go to. Default: the target of --mode reverse:…",
    ),
    Option(
        "credential", "auto", _one_of(*CREDENTIALS),
        f"Where the credential comes from: {', '.join(CREDENTIALS)}.",
    ),
    Option(
        "token_file", None, _text,
        "File that holds the login. "
        "Default: ~/.config/anthropic-max-proxy/tokens.json",
    ),
    *(
        Option(f"oauth_{name}", None, _text, f"OAuth login: {meaning}.")
        for name, meaning in (
            ("authorize_url", "the page that asks the user"),
            ("token_url", "where codes and refresh tokens are exchanged"),
            ("client_id", "the client's id"),
            ("redirect_uri", "where the user's browser ends"),
            ("scope", "what is asked for, separated by spaces"),
        )
    ),
    Option(
        "system_prompt_prefix", IDENTITY, _text,
        "First system block of requests with a subscription token, and only those.",
    ),
    Option(
        "client_passthrough", True, _boolean,
        "Use the client's own Anthropic credential when it sends one.",
    ),
    Option(
        "local_key", None, _text,
        "A key that clients must send to use this proxy. It never goes upstream.",
    ),
    Option(
        "default_model", None, _text,
        "Claude model for every OpenAI model name that is not mapped by name.",
        also_env="ANTHROPIC_DEFAULT_MODEL",
    ),
    Option(
        "model_mappings", None, _text,
        "JSON file that maps model names to Claude models. "
        "Default: .router-mappings.json in the working directory, if it is there.",
    ),
    Option(
        "high_tier", False, _boolean,
        "Send *-pro, o1 and the like to Opus instead of Sonnet.",
    ),
    Option(
        "retired_models", "replace", _one_of("replace", "reject"),
        "What to do with a request for a retired model: replace it or reject it.",
    ),
    Option(
        "default_max_tokens", 32_000, _whole_number(1, 1_000_000),
        "max_tokens for requests that name none (capped at the model's own maximum).",
    ),
    Option(
        "strict", False, _boolean,
        "Refuse requests with a field that would be altered or ignored.",
    ),
    Option(
        "auto_cache", False, _boolean,
        "Let Anthropic place prompt-cache marks (billed as cache writes).",
    ),
    Option(
        "reasoning_content", True, _boolean,
        "Answer with the extensions reasoning_content and thinking_blocks.",
    ),
    Option(
        "anthropic_content", False, _boolean,
        "Answer with the extension anthropic_content: the unabridged content blocks.",
    ),
    Option(
        "echo_model", False, _boolean,
        "Answer with the model name that was asked for.",
    ),
    Option(
        "thinking_memory", 1_000, _whole_number(0, 1_000_000),
        "Answers whose thinking is kept in memory for clients that drop it; 0 = none.",
    ),
    Option(
        "model_refresh", True, _boolean,
        "Ask upstream for its models' capabilities in the background.",
    ),
    Option(
        "body_limit", 32 * 1024 * 1024, _size,
        "Largest request body, such as 32m.",
    ),
    Option(
        "log_level", "medium", _one_of("quiet", "minimal", "medium", "verbose"),
        "What the log shows of each request: quiet, minimal, medium or verbose.",
    ),
)  # fmt: skip


def declare(loader: Loader) -> None:
    """Tell mitmproxy about the options; all are optional strings on its side."""
    for option in OPTIONS:
        # Not `str | None`: mitmproxy knows `Optional[str]` by both spellings, but its
        # command line parser wants a type it has a flag for.
        loader.add_option(option.key, _OPTIONAL_TEXT, None, option.help)


_OPTIONAL_TEXT: Final[Any] = str | None


def read(values: Mapping[str, str | None], env: Mapping[str, str]) -> dict[str, Any]:
    """Effective values by option name, without the prefix.

    Raises:
        OptionsError: naming the option or the variable that is wrong.
    """
    return {option.name: _effective(option, values, env) for option in OPTIONS}


def _effective(
    option: Option, values: Mapping[str, str | None], env: Mapping[str, str]
) -> Any:
    given = [
        (option.key, values.get(option.key)),
        (option.env, env.get(option.env)),
        (option.also_env or "", env.get(option.also_env or "")),
    ]
    for where, text in given:
        if text is None:
            continue
        try:
            return option.parse(text)
        except ValueError as wrong:
            shown = "the value given" if option.name == "local_key" else repr(text)
            message = f"{where}: {shown} is not valid: {wrong}"
            raise exceptions.OptionsError(message) from None
    return option.default


def refuse_unknown(names: Iterable[str]) -> None:
    """mitmproxy ignores a mistyped ``--set``; for our own options that is an error.

    Raises:
        OptionsError: naming the option and the one that was probably meant.
    """
    known = [option.key for option in OPTIONS]
    for name in names:
        if name.startswith(PREFIX):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise exceptions.OptionsError(f"{name}: there is no such option.{hint}")

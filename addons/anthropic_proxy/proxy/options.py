"""Every option: its name, default, help and check.

mitmproxy stores what it is given and, on a value of the wrong type, runs on with the
addon inactive. So each option is declared as an optional string and read here: set
option, else environment, else default. A wrong value stops the start by name.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mitmproxy import exceptions
from mitmproxy.addonmanager import Loader

from ..dialects.messages.identity import IDENTITY
from . import option_values
from .option_values import Upstream, is_loopback, parse_upstream

__all__ = [
    "OPTIONS",
    "Option",
    "Upstream",
    "declare",
    "is_loopback",
    "origins",
    "parse_upstream",
    "read",
    "refuse_unknown",
]

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


CREDENTIALS: Final = ("auto", "api_key", "console", "client", "subscription")

OPTIONS: Final[tuple[Option, ...]] = (
    Option(
        "upstream", None, option_values.parse_upstream,
        "URL that requests go to. Default: the target of --mode reverse:…",
    ),
    Option(
        "credential", "auto", option_values.one_of(*CREDENTIALS),
        f"Where the credential comes from: {', '.join(CREDENTIALS)}.",
    ),
    Option(
        "token_file", None, option_values.text,
        "File that holds the login. "
        "Default: ~/.config/anthropic-max-proxy/tokens.json",
    ),
    *(
        Option(f"oauth_{name}", None, option_values.text, f"OAuth login: {meaning}.")
        for name, meaning in (
            ("authorize_url", "the page that asks the user"),
            ("token_url", "where codes and refresh tokens are exchanged"),
            ("client_id", "the client's id"),
            ("redirect_uri", "where the user's browser ends"),
            ("scope", "what is asked for, separated by spaces"),
        )
    ),
    Option(
        "enable_openai", True, option_values.boolean,
        "Serve OpenAI's API: /v1/chat/completions.",
    ),
    Option(
        "enable_anthropic", True, option_values.boolean,
        "Serve Anthropic's own API: /v1/messages and its kin.",
    ),
    Option(
        "system_prompt_prefix", IDENTITY, option_values.text,
        "First system block of requests with a subscription token, and only those.",
    ),
    Option(
        "client_passthrough", True, option_values.boolean,
        "Use the client's own Anthropic credential when it sends one.",
    ),
    Option(
        "local_key", None, option_values.text,
        "A key that clients must send to use this proxy. It never goes upstream.",
    ),
    Option(
        "default_model", None, option_values.text,
        "Claude model for every OpenAI model name that is not mapped by name.",
        also_env="ANTHROPIC_DEFAULT_MODEL",
    ),
    Option(
        "model_mappings", None, option_values.text,
        "JSON file that maps model names to Claude models. "
        "Default: .router-mappings.json in the working directory, if it is there.",
    ),
    Option(
        "list_aliases", False, option_values.boolean,
        "Show mapped names, OpenAI's too, in the list of models.",
    ),
    Option(
        "high_tier", False, option_values.boolean,
        "Send *-pro, o1 and the like to Opus instead of Sonnet.",
    ),
    Option(
        "retired_models", "replace", option_values.one_of("replace", "reject"),
        "What to do with a request for a retired model: replace it or reject it.",
    ),
    Option(
        "default_max_tokens", 32_000, option_values.whole_number(1, 1_000_000),
        "max_tokens for requests that name none (capped at the model's own maximum).",
    ),
    Option(
        "strict", False, option_values.boolean,
        "Refuse requests with a field that would be altered or ignored.",
    ),
    Option(
        "auto_cache", False, option_values.boolean,
        "Let Anthropic place prompt-cache marks (billed as cache writes).",
    ),
    Option(
        "reasoning_content", True, option_values.boolean,
        "Answer with the extensions reasoning_content and thinking_blocks.",
    ),
    Option(
        "anthropic_content", False, option_values.boolean,
        "Answer with the extension anthropic_content: the unabridged content blocks.",
    ),
    Option(
        "echo_model", False, option_values.boolean,
        "Answer with the model name that was asked for.",
    ),
    Option(
        "thinking_memory", 1_000, option_values.whole_number(0, 1_000_000),
        "Answers whose thinking is kept in memory for clients that drop it; 0 = none.",
    ),
    Option(
        "model_refresh", True, option_values.boolean,
        "Ask upstream for its models' capabilities in the background.",
    ),
    Option(
        "body_limit", 32 * 1024 * 1024, option_values.size,
        "Largest request body, such as 32m.",
    ),
    Option(
        "log_level", "medium", option_values.log_level,
        "What the log shows of each request: quiet, minimal, medium or verbose.",
    ),
    Option(
        "log_format", "mitmproxy", option_values.one_of("mitmproxy", "text", "json"),
        "Who writes the log: mitmproxy in its own form, or the proxy as text or json.",
    ),
    Option(
        "origins", (), option_values.origins,
        "For the launcher: where it took its settings from, for the start-up lines.",
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
    chosen = {option.name: _effective(option, values, env) for option in OPTIONS}
    if not (chosen["enable_openai"] or chosen["enable_anthropic"]):
        raise exceptions.OptionsError(
            "anthropic_enable_openai and anthropic_enable_anthropic are both false: "
            "at least one API must be served"
        )
    return chosen


def _given(
    option: Option, values: Mapping[str, str | None], env: Mapping[str, str]
) -> tuple[str, str] | None:
    """The name under which an option was set, and its text; None when it was not."""
    places = [
        (option.key, values.get(option.key)),
        (option.env, env.get(option.env)),
        (option.also_env or "", env.get(option.also_env or "")),
    ]
    found = ((where, text) for where, text in places if text is not None)
    return next(found, None)


def _effective(
    option: Option, values: Mapping[str, str | None], env: Mapping[str, str]
) -> Any:
    given = _given(option, values, env)
    if given is None:
        return option.default
    where, text = given
    try:
        return option.parse(text)
    except ValueError as wrong:
        shown = "the value given" if option.name == "local_key" else repr(text)
        message = f"{where}: {shown} is not valid: {wrong}"
        raise exceptions.OptionsError(message) from None


def origins(
    values: Mapping[str, str | None], env: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Every option that is set: its name, what it is (secrets masked), and where.

    What the launcher has set is said in the words of its own flags.
    """
    launcher = dict(_effective(_BY_NAME["origins"], values, env))
    found = []
    for option in OPTIONS:
        given = _given(option, values, env)
        if given is not None and option.name != "origins":
            where, text = given
            if where == option.key:
                where = launcher.get(option.name, f"option {where}")
            shown = "***" if option.name == "local_key" else text.strip()
            found.append((option.name, shown, where))
    return found


_BY_NAME: Final = {option.name: option for option in OPTIONS}


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

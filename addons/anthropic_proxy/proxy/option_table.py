"""The table of options: name, default, how its text is read, help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ..dialects.messages.identity import IDENTITY
from . import option_values

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
        "connect_timeout", 10.0, option_values.seconds,
        "Seconds to wait for a connection to upstream, its TLS handshake included.",
    ),
    Option(
        "response_timeout", 600.0, option_values.seconds,
        "Seconds to wait for the first byte of an answer.",
    ),
    Option(
        "idle_timeout", 300.0, option_values.seconds,
        "Seconds that upstream may be silent in the middle of an answer.",
    ),
    Option(
        "ping_interval", 15.0, option_values.seconds,
        "Seconds after which a client that waits for a stream gets a sign of life.",
    ),
    Option(
        "drain", 10.0, option_values.seconds_or_none_at_all,
        "Seconds that requests under way may still take when the proxy is stopped.",
    ),
    Option(
        "allowed_hosts", (), option_values.words,
        "Names under which clients may reach the proxy, besides this machine's own, "
        "with commas between them; * = any.",
    ),
    Option(
        "allowed_origins", (), option_values.words,
        "Origins of web pages that may use the proxy, such as http://localhost:3000, "
        "with commas between them; * = any.",
    ),
    Option(
        "keep_flows", 500, option_values.whole_number(1, 1_000_000),
        "How many requests mitmweb and the console keep; older ones go.",
    ),
    Option(
        "keep_bytes", 2 * 1024 * 1024, option_values.size,
        "How much of each message is kept for looking at it, such as 2m.",
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
        "worker", None, option_values.whole_number(1, 1_000_000_000),
        "For the launcher: the number of this worker, when there are several.",
    ),
    Option(
        "origins", (), option_values.origins,
        "For the launcher: where it took its settings from, for the start-up lines.",
    ),
)  # fmt: skip

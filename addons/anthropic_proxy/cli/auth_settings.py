"""What every command of the authentication CLI shares: settings, output, failures."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

import click

from ..credentials.api_key import NotAnAPIKey
from ..credentials.commands import LOG_IN_SUBSCRIPTION
from ..credentials.credential import CredentialUnavailable
from ..credentials.endpoints import API_URL, from_env, require_https
from ..credentials.login import LoginRefused
from ..credentials.oauth_errors import OAuthError
from ..credentials.pasted import PasteUnusable
from ..credentials.private_file import FileProblem
from ..credentials.profiles import ProfileUnusable
from ..credentials.refresh import NotLoggedIn
from ..credentials.sources import CHOICES, Config, default_token_file
from ..credentials.token_store import SUBSCRIPTION, Malformed, TokenStore

PROGRAM: Final = "anthropic-max-proxy-auth"

P = ParamSpec("P")
R = TypeVar("R")

_FORESEEN: Final = (
    CredentialUnavailable,
    FileProblem,
    LoginRefused,
    Malformed,
    NotAnAPIKey,
    PasteUnusable,
    ProfileUnusable,
)


@dataclass(frozen=True)
class Settings:
    """What the environment and the options before the command say."""

    config: Config

    @classmethod
    def from_env(cls, env: Mapping[str, str], token_file: Path | None) -> Settings:
        """Read the environment.

        Raises:
            click.UsageError: a variable holds what cannot be meant.
        """
        credential = env.get("ANTHROPIC_PROXY_CREDENTIAL") or "auto"
        if credential not in CHOICES:
            raise click.UsageError(
                f"ANTHROPIC_PROXY_CREDENTIAL must be one of {', '.join(CHOICES)}, "
                f"got {credential!r}"
            )
        try:
            endpoints = from_env(env)
        except ValueError as problem:
            raise click.UsageError(f"ANTHROPIC_PROXY_OAUTH_…: {problem}") from None
        return cls(
            Config(
                token_file=(token_file or default_token_file(env)).absolute(),
                env=env,
                credential=credential,
                # here there are no clients whose credentials could pass
                client_passthrough=credential == "client",
                oauth=endpoints,
            )
        )

    @property
    def store(self) -> TokenStore:
        """The subscription's tokens."""
        return TokenStore(self.config.token_file, SUBSCRIPTION)

    @property
    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def upstream(self, given: str | None) -> str:
        """The address of the Messages API, without a slash at its end.

        Raises:
            click.UsageError: secrets would be sent to it in the clear.
        """
        url = given or self.config.env.get("ANTHROPIC_PROXY_UPSTREAM") or API_URL
        try:
            require_https(url, "the address of the API")
        except ValueError as problem:
            raise click.UsageError(str(problem)) from None
        return url.rstrip("/").removesuffix("/v1")


class Failed(click.ClickException):
    """The command failed; exit code 1."""

    exit_code = 1


def with_settings(
    function: Callable[Concatenate[Settings, P], R],
) -> Callable[P, R]:
    """Give a command its settings, and explain its failures."""

    @functools.wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> R:
        settings = click.get_current_context().obj.settings()
        return explained(function)(settings, *args, **kwargs)

    return command


def explained(function: Callable[P, R]) -> Callable[P, R]:
    """Turn the failures that were foreseen into sentences (``Failed``)."""

    @functools.wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except OAuthError as problem:
            raise Failed(f"{problem}\n{problem.next_step}") from None
        except NotLoggedIn:
            raise Failed(f"You are not logged in. {LOG_IN_SUBSCRIPTION}") from None
        except _FORESEEN as problem:
            raise Failed(str(problem)) from None

    return command


def say(text: str = "") -> None:
    """Print a line or paragraph; never wrapped, so that it can be copied."""
    click.echo(text)


def remark(text: str = "") -> None:
    """What is said beside the result: on standard error, so that a pipe is clean."""
    click.echo(text, err=True)


def examples(*lines: str) -> str:
    """The end of a command's help: lines to type, as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {PROGRAM} {line}" for line in lines)


def last_four(secret: str) -> str:
    """What may be shown of a secret: enough to tell two apart."""
    return f"…{secret[-4:]}" if len(secret) >= 16 else "…"

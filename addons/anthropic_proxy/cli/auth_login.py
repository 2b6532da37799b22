"""``login``: an API key, a Console profile, or (knowingly) a subscription."""

from __future__ import annotations

import secrets
import sys
import textwrap
from collections.abc import Mapping
from typing import Final

import click

from ..credentials import terms
from ..credentials.api_key import parse_api_key
from ..credentials.login import LoginRefused, Logins
from ..credentials.oauth import TokenSet
from ..credentials.pasted import PasteUnusable
from ..credentials.profiles import active_profile, config_dir
from ..credentials.token_store import CONSOLE, TokenStore, write_api_key
from .auth_settings import Failed, Settings, examples, last_four, say, with_settings
from .auth_words import expiry
from .progress import waiting

ATTEMPTS: Final = 3
_KEYS_PAGE: Final = "https://platform.claude.com/settings/keys"


@click.command(
    "login",
    epilog=examples(
        "login", "login --api-key < key.txt", "login --subscription --no-browser"
    ),
)
@click.option("--api-key", "kind", flag_value="api_key", help="Store an API key.")
@click.option("--console", "kind", flag_value="console", help="Use a Console login.")
@click.option(
    "--subscription",
    "kind",
    flag_value="subscription",
    help="Log in with Claude Pro or Max; Anthropic's terms do not allow it.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@with_settings
def command(settings: Settings, kind: str | None, no_browser: bool) -> None:
    """Get a credential; without a flag it asks which.

    Secrets are read from a prompt, or from standard input when that is no terminal.
    Where it was stored is said, and a proxy that runs uses it within a second or so.
    """
    run(settings, kind, no_browser=no_browser)


def run(settings: Settings, kind: str | None, *, no_browser: bool = False) -> None:
    """Log in; without ``kind`` ask which way.

    Raises:
        Failed, or one of the foreseen failures.
    """
    if kind is None:
        kind = _ask_kind()
    if kind == "api_key":
        _store_api_key(settings)
    elif kind == "console":
        _explain_console(settings)
    else:
        _log_in(settings, no_browser=no_browser)


def _ask_kind() -> str:
    if not sys.stdin.isatty():
        raise click.UsageError(
            "Say which login: --api-key, --console or --subscription."
        )
    say("How do you want to authenticate?")
    say("  1. API key from the Claude Console (recommended)")
    say("  2. Claude Console login made with `ant auth login`")
    say("  3. Claude subscription, Pro or Max (not allowed by Anthropic's terms)")
    choice = click.prompt("Choose", type=click.Choice(["1", "2", "3"]))
    return {"1": "api_key", "2": "console", "3": "subscription"}[choice]


def _store_api_key(settings: Settings) -> None:
    if sys.stdin.isatty():
        say(f"Keys are made at {_KEYS_PAGE}")
    key = parse_api_key(_read_secret("API key (it will not be shown)"))
    write_api_key(settings.config.api_key_file, key)
    say(f"Stored the API key {last_four(key)} in {settings.config.api_key_file}")
    if settings.config.env.get("ANTHROPIC_API_KEY"):
        say("ANTHROPIC_API_KEY is set too, and wins over the stored key.")


def _explain_console(settings: Settings) -> None:
    if settings.config.env.get("ANTHROPIC_AUTH_TOKEN"):
        say("ANTHROPIC_AUTH_TOKEN is set and will be used.")
        return
    profile = active_profile(settings.config.env)
    tokens = TokenStore(profile.credentials_path, CONSOLE).read() if profile else None
    if profile is None or tokens is None:
        raise Failed(
            "There is no Console login yet. Anthropic's own command makes it, and this "
            "program then uses it:\n"
            "  ant auth login\n"
            f"It is looked for in {config_dir(settings.config.env)}. How to install "
            "`ant`: https://platform.claude.com/docs/en/cli-sdks-libraries/cli/quickstart"
        )
    say(
        f"The Console profile {profile.name!r} will be used; its token "
        f"{expiry(tokens.expires_at, settings.now)}."
    )


def _log_in(settings: Settings, *, no_browser: bool) -> None:
    logins = Logins(
        settings.config.oauth,
        settings.store,
        settings.config.send,
        secrets.token_bytes,
    )
    phrase = confirmed_phrase() if logins.needs_acknowledgement() else None
    start = logins.start(settings.now)
    say()
    say("Open this address in a browser, log in and agree:")
    say()
    say(start.url)
    say()
    if not no_browser and may_open_browser(settings.config.env, sys.platform):
        _open(start.url)
    tokens = _finish(settings, logins, start.handle, phrase)
    name = tokens.account.get("email_address") or "your account"
    say(f"Logged in as {name}; {expiry(tokens.expires_at, settings.now)}.")
    say(f"The login is kept in {settings.config.token_file}")


def confirmed_phrase() -> str:
    """Show the terms and have the user type the phrase; what was typed.

    Raises:
        Failed: something else was typed.
    """
    say()
    for paragraph in terms.notice().splitlines():
        indent = "    " if paragraph.startswith("  - ") else ""
        say(textwrap.fill(paragraph, 78, subsequent_indent=indent))
    say()
    typed = _read_line(f'Type "{terms.PHRASE}" to go on')
    if not terms.acknowledges(typed):
        raise Failed("Nothing was done.")
    return typed


def _finish(
    settings: Settings, logins: Logins, handle: str, phrase: str | None
) -> TokenSet:
    for attempt in range(1, ATTEMPTS + 1):
        text = _read_secret("Paste what the page shows (it will not be shown)")
        try:
            with waiting("Logging in …"):
                return logins.finish(
                    text, now=settings.now, handle=handle, acknowledgement=phrase
                )
        except (PasteUnusable, LoginRefused) as problem:
            if attempt == ATTEMPTS or not sys.stdin.isatty():
                raise
            say(str(problem))
    raise AssertionError  # the last attempt returned or raised


def may_open_browser(env: Mapping[str, str], platform: str) -> bool:
    """Whether a browser that opens would be in front of the user.

    Over SSH and in containers it would not; without a display Python would start a
    text browser inside this very terminal.
    """
    if env.get("SSH_CONNECTION") or env.get("SSH_TTY"):
        return False
    if platform in ("win32", "darwin") or env.get("BROWSER"):
        return True
    return bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def _open(url: str) -> None:
    import webbrowser

    opened = webbrowser.open(url)
    say("A browser was opened." if opened else "No browser could be opened.")


def _read_line(prompt: str) -> str:
    if sys.stdin.isatty():
        text: str = click.prompt(prompt)
        return text
    say(f"{prompt}:")
    return _line_of_stdin()


def _read_secret(prompt: str) -> str:
    """From a prompt that echoes nothing, or the next line of standard input."""
    if sys.stdin.isatty():
        text: str = click.prompt(prompt, hide_input=True)
        return text
    return _line_of_stdin()


def _line_of_stdin() -> str:
    line = sys.stdin.readline()
    if not line:
        raise Failed("Standard input ended.\nNothing was done.")
    return line

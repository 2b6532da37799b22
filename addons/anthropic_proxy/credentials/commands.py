"""What a user can type to get a credential: the same words in every message."""

from __future__ import annotations

from typing import Final


def command(arguments: str) -> str:
    """How to type a command of the authentication CLI, in and out of a checkout."""
    return (
        f"`python auth_cli.py {arguments}` (installed: "
        f"`anthropic-max-proxy-auth {arguments}`)"
    )


LOG_IN: Final = f"Type {command('login')}."
LOG_IN_SUBSCRIPTION: Final = f"Type {command('login --subscription')}."
LOG_IN_CONSOLE: Final = "Type `ant auth login` (Anthropic's own command)."
STORE_API_KEY: Final = f"Type {command('login --api-key')}, or set ANTHROPIC_API_KEY."
GET_ONE: Final = f"Set ANTHROPIC_API_KEY, or type {command('login')}."

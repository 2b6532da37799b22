"""``logout``: delete what this program has stored."""

from __future__ import annotations

import click

from ..credentials.login import log_out
from ..credentials.token_store import remove_api_key
from .auth_settings import Settings, examples, say, with_settings


@click.command("logout", epilog=examples("logout", "logout --api-key"))
@click.option("--subscription", is_flag=True, help="Only the subscription login.")
@click.option("--api-key", is_flag=True, help="Only the stored API key.")
@with_settings
def command(settings: Settings, subscription: bool, api_key: bool) -> None:
    """Delete the stored login and the stored API key, or one of them.

    Only on this machine: where to end a login and revoke a key at Anthropic is said.
    """
    run(settings, subscription=subscription, api_key=api_key)


def run(
    settings: Settings, *, subscription: bool = False, api_key: bool = False
) -> None:
    """Delete what is asked for; everything, if nothing is.

    Raises:
        FileProblem: something could not be deleted.
    """
    both = not (subscription or api_key)
    deleted = False
    if (subscription or both) and log_out(settings.store):
        deleted = True
        say(f"Deleted the subscription login {settings.config.token_file}")
        say("To end it at Anthropic too: https://claude.ai/settings")
    if (api_key or both) and remove_api_key(settings.config.api_key_file):
        deleted = True
        say(f"Deleted the API key {settings.config.api_key_file}")
        say("To revoke it: https://platform.claude.com/settings/keys")
    if not deleted:
        say("There was nothing to delete.")
    if settings.config.env.get("ANTHROPIC_API_KEY"):
        say("ANTHROPIC_API_KEY is still set in your environment.")

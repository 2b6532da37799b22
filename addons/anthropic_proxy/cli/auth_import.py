"""``import FILE``: take over another program's subscription login."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ..credentials import terms
from ..credentials.foreign import parse_foreign
from ..credentials.private_file import FileProblem
from ..credentials.token_store import Malformed
from .auth_login import confirmed_phrase
from .auth_settings import Failed, Settings, examples, say, with_settings
from .auth_words import expiry


@click.command(
    "import", epilog=examples("import ~/anthropic-max-router/.oauth-tokens.json")
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a login that is there.")
@with_settings
def command(settings: Settings, file: Path, force: bool) -> None:
    """Take over the tokens in FILE.

    FILE is `.oauth-tokens.json` of anthropic-max-router, `tokens.json` of earlier
    proxies, or a token file of this program. The other program must not use the tokens
    any more: a refresh token works once.
    """
    try:
        tokens = parse_foreign(file.read_bytes(), settings.now)
    except OSError as problem:
        raise Failed(f"{file} cannot be read ({problem.strerror})") from None
    except Malformed as problem:
        raise Failed(f"{file} {problem}.") from None
    in_place = file.resolve() == settings.config.token_file.resolve()
    if not (force or in_place) and settings.store.stamp() is not None:
        raise Failed(
            f"There is a login in {settings.config.token_file} already. "
            "Use --force to replace it."
        )
    confirmed_phrase()
    tokens = replace(
        tokens,
        acknowledged_terms=terms.date_of(settings.now),
        acknowledged_terms_version=terms.VERSION,
    )
    with settings.store.locked() as writer:
        if not in_place and _is_unreadable(settings):
            writer.set_aside(settings.now)
        writer.write(tokens)
    say(f"Imported into {settings.config.token_file}")
    say(f"The token {expiry(tokens.expires_at, settings.now)}.")
    if not in_place:
        say(
            "Stop the other program from using it: a refresh token works once, so two "
            f"programs that share it log each other out. Then delete {file}"
        )


def _is_unreadable(settings: Settings) -> bool:
    try:
        settings.store.read()
    except FileProblem:
        return True
    return False

"""``validate``: what the identity block changes for a subscription, if anything.

The earlier tools called it the proof of MAX plan validation: one request with the
block and one without, and what came back, word for word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import click

from ..credentials.sources import configured_sources
from ..credentials.subscription import Subscription
from ..dialects.messages.identity import IDENTITY, with_identity
from .auth_explain import explain
from .auth_settings import Failed, Settings, examples, say, with_settings
from .messages_client import (
    DEFAULT_MODEL,
    Answer,
    NoAnswer,
    Target,
    send,
    upstream_target,
)
from .progress import waiting

_MEANINGS: Final[Mapping[tuple[bool, bool], str]] = {
    # (accepted with the block, accepted without it)
    (True, True): "Both were accepted: for this model and account, Anthropic does not "
    "look for the identity block at present.",
    (True, False): "Only the request with the identity block was accepted: Anthropic "
    "looks for it in requests with a subscription token.",
    (False, True): "Only the request without the identity block was accepted, which "
    "is not what was seen before. See what came back above.",
    (False, False): "Neither was accepted: the identity block makes no difference.",
}


@click.command(
    "validate", epilog=examples("validate", "validate --model claude-haiku-5-5")
)
@click.option(
    "--model",
    envvar="ANTHROPIC_MODEL",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Claude model that is asked.",
)
@click.option("--upstream", metavar="URL", help="Another address of the API.")
@click.pass_context
@with_settings
def command(
    settings: Settings, ctx: click.Context, model: str, upstream: str | None
) -> None:
    """Send one request with and one without the identity block; costs a few tokens.

    Exit code 1: the request with the block was refused.
    """
    ctx.exit(0 if run(settings, model=model, upstream=upstream) else 1)


def run(
    settings: Settings, *, model: str = DEFAULT_MODEL, upstream: str | None = None
) -> bool:
    """Show both answers and what they mean; whether the first was accepted.

    The subscription login is used even if another source ranks before it.

    Raises:
        Failed: there is no subscription login, or nothing came back.
        CredentialUnavailable: there is no usable login.
    """
    source = configured_sources(settings.config).get("subscription")
    if not isinstance(source, Subscription):
        raise Failed(
            "Only a subscription login needs the identity block, and there is none: "
            "nothing to validate."
        )
    credential = asyncio.run(source.fetch(settings.now))
    target = upstream_target(settings.upstream(upstream), credential)
    body = {
        "model": model,
        "max_tokens": 16,
        "messages": [{"role": "user", "content": "Say hello."}],
    }
    say(f'The identity block is the system text "{IDENTITY}"')
    try:
        with_block = _ask(target, {**body, "system": with_identity(None)})
        _show("With the identity block", with_block)
        without = _ask(target, body)
        _show("Without it", without)
    except NoAnswer as problem:
        raise Failed(str(problem)) from None
    say()
    say(_meaning(with_block, without))
    return with_block.status < 400


def _ask(target: Target, body: Mapping[str, Any]) -> Answer:
    with waiting("Asking Claude …"):
        return send(target, "POST", "/v1/messages", body)


def _show(title: str, answer: Answer) -> None:
    say()
    say(f"{title}: HTTP {answer.status}")
    say(answer.body.strip())


def _meaning(with_block: Answer, without: Answer) -> str:
    meaning = _MEANINGS[with_block.status < 400, without.status < 400]
    refused: Any = next((a for a in (with_block, without) if a.status >= 400), None)
    if refused is None or with_block.status < 400:
        return meaning
    hint = explain(refused.status, refused.body)
    return f"{meaning} {hint.meaning} {hint.next_step}"

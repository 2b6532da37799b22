"""``chat``: a conversation, directly or through a running proxy."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from ..credentials.credential import Credential, CredentialUnavailable, Source
from ..credentials.sources import choose
from ..dialects.messages.identity import with_identity
from .auth_explain import explain
from .auth_settings import Failed, Settings, examples, remark, say, with_settings
from .messages_client import (
    DEFAULT_MODEL,
    NoAnswer,
    Refusal,
    Target,
    proxy_target,
    stream,
    upstream_target,
)
from .progress import waiting


@click.command(
    "chat",
    epilog=examples(
        'chat "Hello!"',
        "chat --proxy http://127.0.0.1:8100 --model gpt-4o",
        'chat --system "Review this change." < change.diff',
    ),
)
@click.argument("message", required=False)
@click.option(
    "--model",
    envvar="ANTHROPIC_MODEL",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Claude model; through a proxy also a name that it maps.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    default=4096,
    show_default=True,
    help="Longest answer.",
)
@click.option("--system", metavar="TEXT", help="System prompt.")
@click.option(
    "--proxy",
    metavar="URL",
    help="Talk through a running proxy, for example http://127.0.0.1:8100; "
    "its local key is read from ANTHROPIC_PROXY_LOCAL_KEY.",
)
@click.option("--upstream", metavar="URL", help="Another address of the API.")
@with_settings
def command(
    settings: Settings,
    message: str | None,
    model: str,
    max_tokens: int,
    system: str | None,
    proxy: str | None,
    upstream: str | None,
) -> None:
    """Talk to Claude. Without MESSAGE: a conversation, ended by an empty line.

    The answer is printed as it comes. When standard input is no terminal, it is the
    message. Standard output has the answer and nothing else.
    """
    run(
        settings,
        message=message,
        model=model,
        max_tokens=max_tokens,
        system=system,
        proxy=proxy,
        upstream=upstream,
    )


def run(
    settings: Settings,
    *,
    message: str | None = None,
    model: str = DEFAULT_MODEL,
    max_tokens: int = 4096,
    system: str | None = None,
    proxy: str | None = None,
    upstream: str | None = None,
) -> None:
    """One answer, or a conversation.

    Raises:
        Failed: an answer did not come; what Anthropic said has been shown.
        CredentialUnavailable: there is nothing to talk with.
    """
    line = _through_proxy(settings, proxy) if proxy else _directly(settings, upstream)
    talk = Conversation(line, model, max_tokens, system)
    if message is None and not sys.stdin.isatty():
        message = sys.stdin.read()
    if message is not None:
        if not message.strip():
            raise click.UsageError("There is no message.")
        _answer(talk, message)
        return
    remark("An empty line ends the conversation.")
    while text := _turn():
        try:
            _answer(talk, text)
        except Failed as problem:
            problem.show()


def _turn() -> str:
    """What the user says next; nothing at the end of the input."""
    try:
        text: str = click.prompt("\nYou", default="", show_default=False)
    except click.Abort:
        say()
        return ""
    return text.strip()


@dataclass
class Line:
    """A way to Claude.

    ``renewed`` gives the target with a newer credential after a 401, or None.
    """

    target: Target
    identity: bool
    renewed: Callable[[], Target | None]


@dataclass
class Conversation:
    """The messages so far; an answer that failed leaves no trace."""

    line: Line
    model: str
    max_tokens: int
    system: str | None
    messages: list[Mapping[str, Any]] = field(default_factory=list)
    usage: Mapping[str, Any] = field(default_factory=dict)
    answered_by: str = ""

    def ask(self, text: str) -> Iterator[str]:
        """The pieces of the answer, as they come.

        Raises:
            Refusal, NoAnswer: as ``messages_client.stream``.
        """
        asked = [*self.messages, {"role": "user", "content": text}]
        pieces: list[str] = []
        complete = False
        for event in self._events(self._body(asked)):
            self._note(event)
            delta = event.get("delta", {})
            if delta.get("type") == "text_delta":
                pieces.append(delta["text"])
                yield delta["text"]
            complete = complete or event.get("type") == "message_stop"
        if not complete:
            raise NoAnswer("The answer broke off.")
        answer = {"role": "assistant", "content": "".join(pieces)}
        self.messages = [*asked, answer] if pieces else self.messages

    def _body(self, messages: list[Mapping[str, Any]]) -> Mapping[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "messages": messages,
        }
        system = with_identity(self.system) if self.line.identity else self.system
        return body | ({"system": system} if system else {})

    def _events(self, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The events; after a 401 once more with a renewed credential."""
        try:
            yield from stream(self.line.target, body)
            return
        except Refusal as refusal:
            target = self.line.renewed() if refusal.status == 401 else None
            if target is None:
                raise
            self.line.target = target
        yield from stream(self.line.target, body)

    def _note(self, event: Mapping[str, Any]) -> None:
        if event.get("type") == "message_start":
            self.answered_by = event["message"].get("model", self.model)
            self.usage = event["message"].get("usage", {})
        elif event.get("type") == "message_delta":
            self.usage = {**self.usage, **event.get("usage", {})}


def _directly(settings: Settings, upstream: str | None) -> Line:
    chosen = choose(settings.config)
    if chosen.source is None:
        raise CredentialUnavailable(chosen.sentence)
    source: Source = chosen.source
    credential = asyncio.run(source.fetch(settings.now))
    url = settings.upstream(upstream)

    def renewed() -> Target | None:
        newer: Credential | None = asyncio.run(source.renew(credential, settings.now))
        return upstream_target(url, newer) if newer else None

    remark(chosen.sentence)
    return Line(upstream_target(url, credential), credential.needs_identity, renewed)


def _through_proxy(settings: Settings, url: str) -> Line:
    local_key = settings.config.env.get("ANTHROPIC_PROXY_LOCAL_KEY")
    return Line(proxy_target(url, local_key), False, lambda: None)


def _answer(talk: Conversation, text: str) -> None:
    """Print the answer as it comes, then who gave it and what it took.

    What could steer the terminal is left out of it.

    Raises:
        Failed: with the refusal word for word.
    """
    try:
        pieces = talk.ask(text)
        with waiting("Waiting for Claude …"):
            first = next(pieces, "")
        click.echo(_printable(first), nl=False)
        for piece in pieces:
            click.echo(_printable(piece), nl=False)
    except Refusal as refusal:
        hint = explain(refusal.status, refusal.body)
        raise Failed(
            f"HTTP {refusal.status}, word for word:\n{_printable(refusal.body)}\n"
            f"{hint.meaning} {hint.next_step}"
        ) from None
    except NoAnswer as problem:
        raise Failed(str(problem)) from None
    taken = talk.usage.get("input_tokens", "?")
    given = talk.usage.get("output_tokens", "?")
    say()
    remark(f"[{talk.answered_by}: {taken} tokens in, {given} tokens out]")


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable() or char in "\n\t")

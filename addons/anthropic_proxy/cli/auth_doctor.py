"""``doctor``: every check, what it found, and the next step."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import click

from ..credentials import terms
from ..credentials.credential import CredentialUnavailable
from ..credentials.oauth_errors import RateLimited, failure
from ..credentials.private_file import FileProblem, PrivateFile
from ..credentials.sources import Chosen, choose
from ..credentials.subscription import Subscription
from ..dialects.messages.identity import with_identity
from .auth_explain import explain
from .auth_settings import Settings, examples, say, with_settings
from .auth_words import span
from .messages_client import (
    DEFAULT_MODEL,
    Answer,
    NoAnswer,
    Target,
    send,
    upstream_target,
)
from .progress import waiting

MAX_CLOCK_ERROR_S: Final = 300.0

Verdict = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    check: str
    verdict: Verdict
    text: str
    next_step: str = ""


@click.command(
    "doctor", epilog=examples("doctor", "doctor --offline", "doctor --send --json")
)
@click.option("--offline", is_flag=True, help="Only look at this machine.")
@click.option("--send", "really", is_flag=True, help="Send a message too (costs).")
@click.option(
    "--model",
    envvar="ANTHROPIC_MODEL",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Claude model that --send asks.",
)
@click.option("--upstream", metavar="URL", help="Another address of the API.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_context
@with_settings
def command(
    settings: Settings,
    ctx: click.Context,
    offline: bool,
    really: bool,
    model: str,
    upstream: str | None,
    as_json: bool,
) -> None:
    """Find out what is wrong: each check, what it found, and the next step.

    Checked are the credential, the files that hold it, and unless --offline is given
    the token endpoint, the clock and the access to the API. Exit code 1: something is
    wrong.
    """
    url = settings.upstream(upstream)
    findings: list[Finding] = []
    for finding in _checks(settings, url, offline, model if really else None):
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        say(json.dumps([asdict(finding) for finding in findings], indent=2))
    ctx.exit(1 if any(finding.verdict == "bad" for finding in findings) else 0)


def _checks(
    settings: Settings, url: str, offline: bool, model: str | None
) -> Iterator[Finding]:
    """Each finding as soon as it is there; a spinner while a check takes its time."""
    yield from _local(settings)
    if offline:
        return
    checks = _remote(settings, url, model)
    while True:
        with waiting("Checking …"):
            finding = next(checks, None)
        if finding is None:
            return
        yield finding


def _show(finding: Finding) -> None:
    mark, colour = {
        "good": ("ok", "green"),
        "note": ("note", "yellow"),
        "bad": ("problem", "red"),
    }[finding.verdict]
    say(f"{click.style(f'{mark:<8}', fg=colour)}{finding.check}: {finding.text}")
    if finding.next_step:
        say(f"        {finding.next_step}")


def _local(settings: Settings) -> Iterator[Finding]:
    chosen = choose(settings.config)
    yield _credential(settings, chosen)
    for name, path in (
        ("token file", settings.config.token_file),
        ("API key file", settings.config.api_key_file),
    ):
        if PrivateFile(path).stamp() is not None:
            yield _file(name, PrivateFile(path))
    if isinstance(chosen.source, Subscription):
        yield _terms(chosen.source)


def _credential(settings: Settings, chosen: Chosen) -> Finding:
    problem = (
        chosen.source.describe(settings.now)["problem"]
        if chosen.source
        else chosen.sentence
    )
    if problem:
        return Finding("credential", "bad", problem)
    return Finding("credential", "good", chosen.sentence)


def _file(name: str, file: PrivateFile) -> Finding:
    """Whether it can be read, and replaced: a refresh has to."""
    folder = file.path.parent
    if os.name == "posix" and folder.stat().st_mode & 0o022:
        return Finding(
            name,
            "bad",
            f"others on this machine can replace what is in {folder}",
            f"Type: chmod go-w {folder}",
        )
    try:
        file.read()
        with file.locked(timeout_s=5.0) as writer, writer.reserve():
            pass
    except FileProblem as problem:
        return Finding(name, "bad", str(problem))
    return Finding(name, "good", f"{file.path} is private and can be written")


def _terms(source: Subscription) -> Finding:
    version = source.tokens.acknowledged_terms_version if source.tokens else None
    if version is None:
        return Finding(
            "terms", "bad", "they have not been confirmed", "Log in once more."
        )
    if version != terms.VERSION:
        return Finding(
            "terms",
            "note",
            f"you confirmed the words of {version}; they are now those of "
            f"{terms.VERSION}: {terms.PAGE}",
        )
    return Finding(
        "terms",
        "note",
        "a subscription login is against Anthropic's terms, as you confirmed",
    )


def _remote(settings: Settings, url: str, model: str | None) -> Iterator[Finding]:
    chosen = choose(settings.config)
    if isinstance(chosen.source, Subscription) or chosen.source is None:
        yield from _token_endpoint(settings)
    if chosen.source is None:
        return
    try:
        credential = asyncio.run(chosen.source.fetch(settings.now))
    except CredentialUnavailable as problem:
        yield Finding("access", "bad", str(problem))
        return
    target = upstream_target(url, credential)
    yield _asked("access", lambda: send(target, "GET", "/v1/models?limit=1"))
    if model is not None:
        system = with_identity(None) if credential.needs_identity else None
        yield _asked("message", lambda: _message(target, model, system))


def _message(target: Target, model: str, system: object) -> Answer:
    body = {
        "model": model,
        "max_tokens": 1,
        "messages": [{"role": "user", "content": "Hello"}],
    }
    return send(
        target, "POST", "/v1/messages", body | ({"system": system} if system else {})
    )


def _asked(check: str, ask: Callable[[], Answer]) -> Finding:
    try:
        answer = ask()
    except NoAnswer as problem:
        return Finding(check, "bad", str(problem), "Check the network connection.")
    if answer.status < 400:
        return Finding(check, "good", f"Anthropic answered HTTP {answer.status}")
    hint = explain(answer.status, answer.body)
    return Finding(
        check,
        "bad",
        f"HTTP {answer.status}, word for word: {answer.body.strip()}",
        f"{hint.meaning} {hint.next_step}",
    )


def _token_endpoint(settings: Settings) -> list[Finding]:
    """Ask with GET, which the endpoint refuses: nothing is spent or counted."""
    token_url = settings.config.oauth.token_url
    try:
        answer = send(Target(token_url, ()), "GET", "")
    except NoAnswer as problem:
        return [Finding("token endpoint", "bad", str(problem), "Check the network.")]
    return [_endpoint(token_url, answer), *_clock(answer, settings.now)]


def _endpoint(token_url: str, answer: Answer) -> Finding:
    if answer.status in (400, 401, 405, 415, 422):  # it is there, and wants a POST
        return Finding("token endpoint", "good", f"{token_url} is there")
    problem = failure(token_url, answer.status, answer.headers, answer.body.encode())
    text = str(problem)
    if isinstance(problem, RateLimited):
        text += ". This is no ordinary rate limit: repeated bad exchanges cause it"
    return Finding("token endpoint", "bad", text, problem.next_step)


def _clock(answer: Answer, now: float) -> list[Finding]:
    try:
        server = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return []
    error = now - server
    if abs(error) <= MAX_CLOCK_ERROR_S:
        return [Finding("clock", "good", "it agrees with the server's")]
    direction = "ahead of" if error > 0 else "behind"
    return [
        Finding(
            "clock",
            "bad",
            f"this machine's clock is {span(error)} {direction} the server's: tokens "
            "seem to expire too early or too late",
            "Set the clock (for example: timedatectl set-ntp true).",
        )
    ]

"""``status``: which credential is used, whose it is, and until when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import click

from ..credentials.credential import Source
from ..credentials.sources import choose, configured_sources
from .auth_settings import Settings, examples, last_four, say, with_settings
from .auth_words import expiry

_LABELS: Final = {
    "from": "from",
    "file": "file",
    "profile": "profile",
    "account": "account",
    "organization": "organization",
    "scope": "scope",
    "ends_with": "ends with",
    "expires": "token",
    "acknowledged_terms": "terms confirmed",
    "problem": "problem",
}


@click.command("status", epilog=examples("status", "status --json | jq -r .sentence"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
@with_settings
def command(settings: Settings, ctx: click.Context, as_json: bool) -> None:
    """Show which credential is used, where it comes from, and until when.

    No secret is shown. Exit code 1: no credential is usable.
    """
    facts = status(settings)
    say(json.dumps(facts, indent=2) if as_json else in_words(facts))
    ctx.exit(0 if facts["usable"] else 1)


def status(settings: Settings) -> dict[str, Any]:
    """All that ``status`` knows, fit for JSON; no secrets."""
    now = settings.now
    chosen = choose(settings.config)
    sources: dict[str, dict[str, Any]] = {
        name: _facts(source, now)
        if not isinstance(source, str)
        else {"source": name, "ready": False, "problem": source}
        for name, source in configured_sources(settings.config).items()
    }
    using = chosen.source.name if chosen.source else None
    used = sources.get(using or "", {})
    return {
        "credential": settings.config.credential,
        "using": using,
        "usable": _usable(used),
        "sentence": chosen.sentence,
        "token_file": str(settings.config.token_file),
        "sources": sources,
    }


def in_words(facts: Mapping[str, Any]) -> str:
    """``status`` for people; lines are not wrapped, so that they can be copied."""
    lines = [facts["sentence"]]
    for name, source in facts["sources"].items():
        mark = "in use" if name == facts["using"] else "not used"
        lines += ["", f"{name} ({mark})"]
        lines += [
            f"  {label + ':':<17}{source[key]}"
            for key, label in _LABELS.items()
            if source.get(key)
        ]
    return "\n".join(lines)


def _facts(source: Source, now: float) -> dict[str, Any]:
    facts = dict(source.describe(now))
    if (credential := source.ready(now)) is not None:
        facts["ends_with"] = last_four(credential.secret)
    if "expires_at" in facts:
        facts["expires"] = expiry(facts["expires_at"], now)
        if not facts["ready"] and facts["refreshable"]:
            facts["expires"] += "; it will be refreshed when it is needed"
    return facts


def _usable(facts: Mapping[str, Any]) -> bool:
    return bool(facts) and (
        facts["ready"] or (bool(facts.get("refreshable")) and not facts["problem"])
    )

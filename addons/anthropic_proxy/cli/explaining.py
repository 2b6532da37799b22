"""What the proxy would do with a request: its own options and rules, nothing sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mitmproxy import exceptions

from ..credentials.credential import OAUTH_BETA
from ..credentials.sources import choose
from ..dialects.chat_completions.errors import error_body
from ..dialects.messages.splice import spliced
from ..inspection.translating import Outcome, Rules, translated
from ..models.catalog import Catalog
from ..proxy import learnt_models, options
from ..proxy.option_table import PREFIX
from ..proxy.runtime import credentials_config, model_mapping, settings
from ..wire import jsontext
from ..wire.anthropic import BETA_HEADER, VERSION_HEADER
from .serve_settings import DEFAULT_UPSTREAM

NO_CREDENTIAL: Final = "The proxy would answer 401, as it has no credential. {}"
SWITCHED_OFF: Final = "The proxy would answer 404: {}=false turns this API off."

_OF_MESSAGES: Final = ("system", "stop_sequences", "anthropic_version")
_BLOCKS: Final = ("tool_use", "tool_result", "image", "document", "thinking")


class Unusable(ValueError):
    """An option or a variable is wrong; the message names it."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where the request would go, and in whose name."""

    upstream: str
    credential: str | None
    """The source's name; None when there is none."""
    why: str
    """Which credential is used and why, or how to get one."""
    header: str | None
    """The header that would carry it."""
    identity: str | None
    """The sentence that goes in front of the system prompt."""
    betas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """Everything that is shown."""

    way: Way
    native: bool
    outcome: Outcome
    identity_added: bool = False
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def error(self) -> Mapping[str, Any] | None:
        """What the client gets instead of an answer."""
        return self.outcome.error

    @property
    def headers(self) -> dict[str, str]:
        """Those that the proxy adds; the credential is masked."""
        found = dict(self.outcome.headers)
        if self.way.header is not None and self.error is None:
            bearer = self.way.header == "authorization"
            found[self.way.header] = "Bearer ***" if bearer else "***"
        return found

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "dialect": "anthropic" if self.native else "openai",
            "upstream": self.way.upstream,
            "credential": self.way.credential,
            "model_asked": self.outcome.model_asked,
            "model_used": self.outcome.model_used,
            "status": self.outcome.status,
            "request": plain(self.outcome.request),
            "headers": self.headers,
            "report": self.outcome.report,
            "error": self.error,
            "identity_added": self.identity_added,
            "notes": list(self.notes),
        }


def plain(value: Any) -> Any:
    """As it would be read from the wire: parts kept as text are spelt out."""
    return jsontext.decode(jsontext.encode(value))


def is_native(document: Any) -> bool:
    """Whether a request can only be meant for Anthropic's own API."""
    if not isinstance(document, dict):
        return False
    if any(key in document for key in _OF_MESSAGES):
        return True
    tools = document.get("tools")
    if any("input_schema" in tool for tool in _objects(tools)):
        return True
    return any(
        block.get("type") in _BLOCKS
        for message in _objects(document.get("messages"))
        for block in _objects(message.get("content"))
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else []
    return [item for item in found if isinstance(item, dict)]


def explained(
    document: Any,
    body: bytes,
    *,
    native: bool,
    headers: Sequence[tuple[str, str]],
    given: Mapping[str, str],
    env: Mapping[str, str],
    now: float,
) -> Explained:
    """Args:
        document: the body, decoded.
        given: options, with or without their prefix.
        now: Unix seconds.

    Raises:
        Unusable: an option or a variable is wrong.
    """
    values = {
        name if name.startswith(PREFIX) else PREFIX + name: text
        for name, text in given.items()
    }
    try:
        known = [option.key for option in options.OPTIONS]
        options.refuse_unknown([name for name in values if name not in known])
        chosen = options.read(values, env)
        way = _way(chosen, env, now)
        mapping = model_mapping(chosen, _catalog(way.upstream, chosen, env, now))
    except exceptions.OptionsError as wrong:
        raise Unusable(str(wrong)) from None
    rules = Rules(mapping, settings(chosen), now, way.identity, way.betas)
    notes = list(_notes(way, chosen, native))
    if len(body) > chosen["body_limit"]:
        message = f"The body has {len(body)} bytes, more than anthropic_body_limit."
        error = error_body(message, "invalid_request_error", None, "request_too_large")
        return Explained(way, native, Outcome(None, status=413, error=error))
    if native:
        return _passed_through(document, body, way, headers, notes)
    outcome = translated(document, rules, headers)
    added = outcome.request is not None and way.identity is not None
    return Explained(way, False, outcome, added, notes)


def _way(chosen: Mapping[str, Any], env: Mapping[str, str], now: float) -> Way:
    credentials = choose(credentials_config(chosen, env))
    upstream = str(chosen["upstream"] or DEFAULT_UPSTREAM)
    source = credentials.source
    if source is None:
        return Way(upstream, None, credentials.sentence, None, None)
    ready = source.ready(now)
    oauth = ready.oauth if ready else source.name != "api_key"
    needs_identity = ready.needs_identity if ready else source.name == "subscription"
    return Way(
        upstream,
        source.name,
        credentials.sentence,
        "authorization" if oauth else "x-api-key",
        chosen["system_prompt_prefix"] if needs_identity else None,
        (OAUTH_BETA,) if oauth else (),
    )


def _catalog(
    upstream: str, chosen: Mapping[str, Any], env: Mapping[str, str], now: float
) -> Catalog:
    """With what a running proxy has learnt of upstream's models."""
    catalog = Catalog.load()
    if not chosen["model_refresh"]:
        return catalog
    learnt = learnt_models.remembered(learnt_models.cache_file(env), upstream)
    return catalog if learnt is None else learnt.catalog(now)


def _notes(way: Way, chosen: Mapping[str, Any], native: bool) -> Iterator[str]:
    switch = "enable_anthropic" if native else "enable_openai"
    if not chosen[switch]:
        yield SWITCHED_OFF.format(PREFIX + switch)
    if way.credential is None and chosen["credential"] != "client":
        yield NO_CREDENTIAL.format(way.why)


def _passed_through(
    document: Any,
    body: bytes,
    way: Way,
    headers: Sequence[tuple[str, str]],
    notes: Sequence[str],
) -> Explained:
    """A native request: its own bytes, with the identity sentence where needed."""
    sent = body if way.identity is None else spliced(body, way.identity)
    kept = {
        name.lower(): value
        for name, value in headers
        if name.lower() in (VERSION_HEADER, BETA_HEADER)
    }
    present = [name for name in kept.get(BETA_HEADER, "").split(",") if name]
    if betas := ",".join(dict.fromkeys([*present, *way.betas])):
        kept[BETA_HEADER] = betas
    model = document.get("model") if isinstance(document, dict) else None
    name = model if isinstance(model, str) else None
    outcome = Outcome(jsontext.decode(sent), kept, model_asked=name, model_used=name)
    return Explained(way, True, outcome, sent is not body, notes)

"""The sources of a credential, and which of them is used (rules: credentials 1).

``choose`` is called at start-up, and again whenever what it chose is ``outdated``:
a user may log in, log out or store a key while the proxy runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .api_key import ApiKey, NotAnAPIKey, parse_api_key
from .commands import GET_ONE, LOG_IN, LOG_IN_CONSOLE
from .console import Console, StaticToken
from .credential import CredentialUnavailable, Source, SourceName
from .endpoints import OAuthEndpoints
from .oauth import Reply, TokenRequest, is_token
from .private_file import PrivateFile
from .profiles import Profile, ProfileUnusable, active_profile, config_dir, home
from .profiles import is_chosen as profile_is_chosen
from .refresh import Send
from .subscription import Subscription
from .token_store import API_KEY_FILE

__all__ = [
    "CHOICES",
    "ApiKey",
    "Chosen",
    "Config",
    "Console",
    "CredentialUnavailable",
    "StaticToken",
    "Subscription",
    "choose",
    "default_token_file",
]

CHOICES: Final = ("auto", "api_key", "console", "client", "subscription")


def default_token_file(env: Mapping[str, str]) -> Path:
    """Where the tokens are: ``ANTHROPIC_PROXY_TOKEN_FILE`` or the usual place."""
    if given := env.get("ANTHROPIC_PROXY_TOKEN_FILE"):
        return Path(given).expanduser()
    return home(env) / ".config" / "anthropic-max-proxy" / "tokens.json"


def send_with_httpx(request: TokenRequest) -> Reply:
    """``token_client.send``, whose HTTP library is loaded only when it is needed."""
    from .token_client import send

    return send(request)


@dataclass(frozen=True)
class Config:
    """What the choice of a source depends on."""

    token_file: Path
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    credential: str = "auto"
    client_passthrough: bool = True
    oauth: OAuthEndpoints = field(default_factory=OAuthEndpoints)
    send: Send = send_with_httpx

    @property
    def api_key_file(self) -> Path:
        """Where ``login --api-key`` stores the key: beside the tokens."""
        return self.token_file.with_name(API_KEY_FILE)


@dataclass(frozen=True)
class Chosen:
    """The source in use, and why."""

    source: Source | None
    """None: no credential of our own; ``sentence`` says what to type."""
    sentence: str
    """For the start-up line."""
    look: Callable[[], tuple[object, ...]] = tuple
    evidence: tuple[object, ...] = ()
    """What ``look`` saw when the choice was made."""

    @property
    def outdated(self) -> bool:
        """Whether a login, a logout or a stored key calls for another ``choose``.

        Cheap: looks at some files' existence and stamps.
        """
        return self.look() != self.evidence


@dataclass(frozen=True)
class _Candidate:
    """A source that is configured, whether or not it works."""

    source: Source | None
    words: str
    """Which one it is, to be read after "Using"."""
    problem: str | None = None
    """Why there is no source."""


def choose(config: Config) -> Chosen:
    """Which source is used, by ``config.credential``, and why.

    A source that is configured but broken is chosen all the same: its ``fetch`` says
    what is wrong. Passing over it would change who pays without a word.

    Raises:
        ValueError: ``credential`` is none of ``CHOICES``.
    """
    if config.credential not in CHOICES:
        raise ValueError(
            f"credential must be one of {', '.join(CHOICES)}, got {config.credential!r}"
        )
    look = _observer(config)
    evidence = look()
    if config.credential == "client":
        source, sentence = None, _client_sentence(config)
    elif config.credential == "auto":
        source, sentence = _by_rank(config)
    else:
        source, sentence = _by_name(config)
    return Chosen(source, sentence, look, evidence)


def _by_rank(config: Config) -> tuple[Source | None, str]:
    configured = [
        candidate for find in _FINDERS.values() if (candidate := find(config))
    ]
    passed = (
        " Clients' own Anthropic credentials are passed through."
        if config.client_passthrough
        else ""
    )
    if not configured:
        return None, f"No credential is configured. {GET_ONE}{passed}"
    first, *others = configured
    if first.problem:
        return None, first.problem
    unused = "; ".join(other.words for other in others)
    also = f" Also configured, not used: {unused}." if unused else ""
    return first.source, f"Using {first.words}.{also}{passed}"


def _by_name(config: Config) -> tuple[Source | None, str]:
    candidate = _FINDERS[config.credential](config)
    if candidate is None:
        return _missing(config)
    if candidate.problem:
        return None, candidate.problem
    return candidate.source, f"Using {candidate.words}, as configured."


def _missing(config: Config) -> tuple[Source | None, str]:
    """The source that was asked for, waiting for its file; and what to type."""
    asked = f"The credential {config.credential!r} is configured, but there is none."
    if config.credential == "console":
        return None, f"{asked} {LOG_IN_CONSOLE}"
    source: Source = (
        ApiKey(None, config.api_key_file)
        if config.credential == "api_key"
        else Subscription(config.token_file, config.oauth, config.send)
    )
    return source, f"{asked} {LOG_IN}"


def _client_sentence(config: Config) -> str:
    if config.client_passthrough:
        return "Using clients' own Anthropic credentials only, as configured."
    return (
        "The credential 'client' is configured, but client_passthrough is off: every "
        "request will be refused."
    )


def _find_api_key(config: Config) -> _Candidate | None:
    given = config.env.get("ANTHROPIC_API_KEY", "")
    if given.strip():
        try:
            key = parse_api_key(given)
        except NotAnAPIKey as problem:
            return _Candidate(
                None,
                "the API key in ANTHROPIC_API_KEY",
                f"ANTHROPIC_API_KEY cannot be used: {problem}. Unset or correct it.",
            )
        return _Candidate(
            ApiKey(key, config.api_key_file), "the API key in ANTHROPIC_API_KEY"
        )
    if PrivateFile(config.api_key_file).stamp() is None:
        return None
    return _Candidate(ApiKey(None, config.api_key_file), "the stored API key")


def _find_console(config: Config) -> _Candidate | None:
    if token := config.env.get("ANTHROPIC_AUTH_TOKEN", "").strip():
        words = "the token in ANTHROPIC_AUTH_TOKEN"
        if is_token(token):
            return _Candidate(StaticToken(token), words)
        problem = "ANTHROPIC_AUTH_TOKEN holds characters that no token has."
        return _Candidate(None, words, problem)
    chosen = config.credential == "console" or profile_is_chosen(config.env)
    try:
        profile = active_profile(config.env)
    except ProfileUnusable as problem:
        # Nobody asked for this profile: a broken one must not stop the others.
        words = "a Console profile"
        return _Candidate(None, words, str(problem)) if chosen else None
    if profile is None or not (chosen or _has_tokens(profile)):
        return None
    return _Candidate(
        Console(profile, config.send), f"the Console profile {profile.name!r}"
    )


def _find_subscription(config: Config) -> _Candidate | None:
    source = Subscription(config.token_file, config.oauth, config.send)
    if PrivateFile(config.token_file).stamp() is None:
        return None
    return _Candidate(source, "the Claude subscription that you logged in with")


def _has_tokens(profile: Profile) -> bool:
    return PrivateFile(profile.credentials_path).stamp() is not None


_FINDERS: Final[Mapping[str, Callable[[Config], _Candidate | None]]] = {
    # in the order in which "auto" prefers them
    "api_key": _find_api_key,
    "console": _find_console,
    "subscription": _find_subscription,
}


def configured_sources(config: Config) -> Mapping[SourceName, Source | str]:
    """Every configured source by name, or what is wrong with it; for ``status``."""
    found: dict[SourceName, Source | str] = {}
    names: tuple[SourceName, ...] = ("api_key", "console", "subscription")
    for name in names:
        candidate = _FINDERS[name](config)
        if candidate is not None:
            found[name] = candidate.source or candidate.problem or candidate.words
    return found


def _observer(config: Config) -> Callable[[], tuple[object, ...]]:
    """What may change the choice, to be looked at again and again."""
    folder = config_dir(config.env)
    exist = [PrivateFile(config.api_key_file), PrivateFile(config.token_file)]
    try:
        profile = active_profile(config.env)
    except ProfileUnusable:
        profile = None
    if profile is not None:
        exist.append(PrivateFile(profile.credentials_path))
    changing = [PrivateFile(folder / "active_config"), PrivateFile(folder / "configs")]

    def look() -> tuple[object, ...]:
        return (
            *(file.stamp() is not None for file in exist),
            *(file.stamp() for file in changing),
        )

    return look

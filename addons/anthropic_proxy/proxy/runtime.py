"""What is in force: options, models, mapping, credential source. Replaced as one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from mitmproxy import exceptions

from ..credentials.credential import Source
from ..credentials.endpoints import OAuthEndpoints
from ..credentials.sources import Chosen, Config, choose, default_token_file
from ..dialects.chat_completions.exchange import Settings
from ..dialects.chat_completions.memory import RecentThinking
from ..models.catalog import Catalog
from ..models.mapping import MappingError, ModelMapping, parse_user_map
from .metrics import Metrics
from .options import Upstream

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
MAPPINGS_FILE: Final = ".router-mappings.json"


@dataclass(slots=True)
class Runtime:
    """Read by every request; built when options change."""

    options: Mapping[str, Any]
    catalog: Catalog
    mapping: ModelMapping
    settings: Settings
    credentials: Config
    chosen: Chosen
    memory: RecentThinking
    metrics: Metrics = field(default_factory=Metrics)
    exposed_at: str | None = None
    """The address beyond loopback at which others can reach us, if there is one."""
    mitmweb: Callable[[], str | None] = lambda: None
    """The address of mitmweb's page, when this runs in it."""
    started: float = field(default_factory=time.time)
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    _looked: float = 0.0

    @property
    def upstream(self) -> Upstream | None:
        """The upstream by option; None: the target of ``--mode reverse:…``."""
        chosen: Upstream | None = self.options["upstream"]
        return chosen

    @property
    def source(self) -> Source | None:
        """The source in use; None when there is none and ``why`` says what to type."""
        return self.chosen.source

    @property
    def why(self) -> str:
        """Which credential is used and why, or what to do to get one."""
        return self.chosen.sentence

    def look_again(self) -> None:
        """Notice a login, a logout or a stored key since the source was chosen.

        Looks at files' stamps, so at most once a second.
        """
        now = self.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            self.look_now()

    def look_now(self) -> None:
        """``look_again`` after something that we did ourselves."""
        if self.chosen.outdated:
            self.chosen = choose(self.credentials)
            logger.info("anthropic-max-proxy: %s", self.chosen.sentence)

    def use_catalog(self, catalog: Catalog) -> None:
        """Take a refreshed catalogue; requests under way keep the old one."""
        self.catalog = catalog
        self.mapping = model_mapping(self.options, catalog)


def model_mapping(options: Mapping[str, Any], catalog: Catalog) -> ModelMapping:
    """The mapping with the user's file in it.

    Raises:
        OptionsError: the file is missing (when named) or broken, with line and column.
    """
    named: str | None = options["model_mappings"]
    path = Path(named or MAPPINGS_FILE).expanduser()
    user_map: Mapping[str, str] = {}
    try:
        user_map = parse_user_map(path.read_text("utf-8"), str(path))
    except FileNotFoundError:
        if named:
            message = f"anthropic_model_mappings: there is no file {path}"
            raise exceptions.OptionsError(message) from None
    except (MappingError, OSError, UnicodeError) as wrong:
        message = f"anthropic_model_mappings: {wrong}"
        raise exceptions.OptionsError(message) from None
    try:
        return ModelMapping(
            catalog,
            user_map=user_map,
            default_model=options["default_model"],
            high_tier=options["high_tier"],
            reject_retired=options["retired_models"] == "reject",
        )
    except MappingError as wrong:
        raise exceptions.OptionsError(f"anthropic_default_model: {wrong}") from None


def settings(options: Mapping[str, Any]) -> Settings:
    """The choices that change a translation."""
    return Settings(
        default_max_tokens=options["default_max_tokens"],
        strict=options["strict"],
        reject_retired_models=options["retired_models"] == "reject",
        auto_cache=options["auto_cache"],
        reasoning_content=options["reasoning_content"],
        anthropic_content=options["anthropic_content"],
        echo_model=options["echo_model"],
    )


def credentials_config(options: Mapping[str, Any], env: Mapping[str, str]) -> Config:
    """Where credentials are looked for.

    Raises:
        OptionsError: an OAuth endpoint that would carry secrets in the clear.
    """
    defaults = OAuthEndpoints()
    named = {
        field.name: options[f"oauth_{field.name}"] or getattr(defaults, field.name)
        for field in fields(OAuthEndpoints)
    }
    try:
        oauth = OAuthEndpoints(**named)
    except ValueError as wrong:
        raise exceptions.OptionsError(f"anthropic_oauth_{wrong}") from None
    chosen_file: str | None = options["token_file"]
    return Config(
        token_file=(
            Path(chosen_file).expanduser() if chosen_file else default_token_file(env)
        ),
        env=env,
        credential=options["credential"],
        client_passthrough=options["client_passthrough"],
        oauth=oauth,
    )

"""What is in force: options, models, mapping, credential source. Replaced as one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mitmproxy import exceptions

from ..credentials.credential import Source
from ..dialects.chat_completions.exchange import Settings
from ..dialects.chat_completions.memory import RecentThinking
from ..models.catalog import Catalog
from ..models.mapping import MappingError, ModelMapping, parse_user_map
from .options import Upstream

logger = logging.getLogger(__name__)

MAPPINGS_FILE: Final = ".router-mappings.json"


@dataclass(slots=True)
class Runtime:
    """Read by every request; built when options change."""

    options: Mapping[str, Any]
    catalog: Catalog
    mapping: ModelMapping
    settings: Settings
    source: Source | None
    source_sentence: str
    """Which credential is used and why, or what to do to get one."""
    memory: RecentThinking
    started: float = field(default_factory=time.time)
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    @property
    def upstream(self) -> Upstream | None:
        """The upstream by option; None: the target of ``--mode reverse:…``."""
        chosen: Upstream | None = self.options["upstream"]
        return chosen

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
    return ModelMapping(
        catalog,
        user_map=user_map,
        default_model=options["default_model"],
        high_tier=options["high_tier"],
        reject_retired=options["retired_models"] == "reject",
    )


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


def credential_source(
    options: Mapping[str, Any], env: Mapping[str, str]
) -> tuple[Source | None, str]:
    """The configured source, and one sentence on what is used and why."""
    key = env.get("ANTHROPIC_API_KEY", "").strip()
    if options["credential"] in ("auto", "api_key") and key:
        return ApiKey(key), "credential: the API key in ANTHROPIC_API_KEY"
    return None, NO_CREDENTIAL

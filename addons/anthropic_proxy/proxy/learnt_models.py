"""What upstream says of its models, and what is kept of it between runs."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ..credentials.credential import Credential
from ..models.catalog import Catalog
from ..wire.anthropic import BETA_HEADER, CURRENT_VERSION, VERSION_HEADER
from .answers import USER_AGENT

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS: Final = 20.0
MAX_PAGES: Final = 20


@dataclass(frozen=True, slots=True)
class LearntModels:
    """Upstream's list of models."""

    models: list[dict[str, Any]]
    at: float
    """Unix seconds at which upstream was asked."""

    def catalog(self, now: float) -> Catalog:
        """Our table, with what upstream says."""
        today = datetime.fromtimestamp(now, UTC).date()
        return Catalog.load().refreshed(self.models, today)


def cache_file(env: Mapping[str, str]) -> Path:
    """Where upstream's model list is kept between runs."""
    home = (
        env.get("XDG_CACHE_HOME") or Path(env.get("HOME", "~")).expanduser() / ".cache"
    )
    return Path(home) / "anthropic-max-proxy" / "models.json"


def remembered(cache: Path, upstream: str) -> LearntModels | None:
    """What an earlier run learnt of this upstream."""
    try:
        record: Any = json.loads(cache.read_bytes())
        same = record["upstream"] == upstream
        models, at = record["models"], float(record["at"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return LearntModels(models, at) if same and isinstance(models, list) else None


def remember(cache: Path, upstream: str, learnt: LearntModels) -> None:
    """For the next run; that it cannot be written costs one request a day."""
    record = {"upstream": upstream, "at": learnt.at, "models": learnt.models}
    part = cache.with_name(f"{cache.name}.{os.getpid()}")
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(record), "utf-8")
        part.replace(cache)
    except OSError as wrong:
        logger.info("%s could not be written: %s", cache, wrong.strerror)


def fetch(upstream: str, credential: Credential) -> list[dict[str, Any]]:
    """All pages of upstream's ``GET /v1/models``; empty when it cannot be had."""
    import httpx  # takes a tenth of a second, and is needed once a day

    headers = dict(credential.headers)
    headers |= {VERSION_HEADER: CURRENT_VERSION, "user-agent": USER_AGENT}
    if credential.betas:
        headers[BETA_HEADER] = ",".join(credential.betas)
    query = {"limit": "1000"}
    models: list[dict[str, Any]] = []
    try:
        with httpx.Client(
            timeout=TIMEOUT_SECONDS, headers=headers, trust_env=False
        ) as client:
            for _ in range(MAX_PAGES):
                answer = client.get(f"{upstream}/v1/models", params=query)
                page = answer.raise_for_status().json()
                models += [item for item in page["data"] if isinstance(item, dict)]
                if not page.get("has_more"):
                    break
                query["after_id"] = page["last_id"]
    except (httpx.HTTPError, ValueError, TypeError, KeyError, AttributeError) as wrong:
        logger.info(
            "models of %s could not be read: %s", upstream, type(wrong).__name__
        )
        return []
    return models

"""What the proxy does on its own: renew a token ahead of time, learn upstream's models.

Neither may delay or fail a request: both run in a task, and what goes wrong is logged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ..credentials.credential import Credential
from ..models.catalog import Catalog
from ..wire.anthropic import BETA_HEADER, CURRENT_VERSION, VERSION_HEADER
from .answers import USER_AGENT
from .options import Upstream
from .runtime import Runtime

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 15.0
MODELS_AFTER_SECONDS: Final = 1.0
"""After the start: making ready to ask takes a fifth of what starting does."""
MODELS_FRESH_SECONDS: Final = 24 * 3600.0
MODELS_RETRY_SECONDS: Final = 600.0
MODELS_TIMEOUT_SECONDS: Final = 20.0
MAX_PAGES: Final = 20


def cache_file(env: Mapping[str, str]) -> Path:
    """Where upstream's model list is kept between runs."""
    home = (
        env.get("XDG_CACHE_HOME") or Path(env.get("HOME", "~")).expanduser() / ".cache"
    )
    return Path(home) / "anthropic-max-proxy" / "models.json"


@dataclass(slots=True)
class Background:
    """One task for the life of the addon; follows the runtime when options change."""

    runtime: Callable[[], Runtime]
    upstream: Callable[[], Upstream | None]
    cache: Path
    _task: asyncio.Task[None] | None = None
    _models_due: float = 0.0

    def start(self) -> None:
        """Begin; needs a running loop. What an earlier run learnt is there at once."""
        self._load_cache()
        self._task = asyncio.create_task(self._run(), name="anthropic_proxy background")

    def stop(self) -> None:
        """End; a refresh that was sent is finished by its own thread."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        starting = True
        while True:
            runtime = self.runtime()
            runtime.look_again()
            if (trouble := await self._renew(runtime)) is not None:
                logger.warning("anthropic-max-proxy: %s", trouble)
            if starting:  # whoever waits for the start asks first
                starting = False
                await asyncio.sleep(MODELS_AFTER_SECONDS)
            await self._refresh_models(self.runtime())
            await asyncio.sleep(TICK_SECONDS)

    async def _renew(self, runtime: Runtime) -> str | None:
        refresh = getattr(runtime.source, "refresh_if_due", None)
        if refresh is None:
            return None
        trouble: str | None = await refresh(runtime.now())
        return trouble

    async def _refresh_models(self, runtime: Runtime) -> None:
        upstream, source, now = self.upstream(), runtime.source, runtime.now()
        if not runtime.options["model_refresh"] or now < self._models_due:
            return
        credential = source.ready(now) if source is not None else None
        if upstream is None or credential is None:
            return
        self._models_due = now + MODELS_RETRY_SECONDS
        models = await asyncio.to_thread(fetch_models, upstream, credential)
        if models:
            self._learn(runtime, models)
            self._models_due = now + MODELS_FRESH_SECONDS
            record = {"upstream": str(upstream), "at": now, "models": models}
            await asyncio.to_thread(_write, self.cache, record)

    def _load_cache(self) -> None:
        """Use what an earlier run learnt; ask again only when it is a day old."""
        try:
            record: Any = json.loads(self.cache.read_bytes())
            same = record["upstream"] == str(self.upstream())
            models, at = record["models"], float(record["at"])
        except (OSError, ValueError, TypeError, KeyError):
            return
        runtime = self.runtime()
        if same and runtime.options["model_refresh"] and isinstance(models, list):
            self._learn(runtime, models)
            self._models_due = at + MODELS_FRESH_SECONDS

    def _learn(self, runtime: Runtime, models: list[dict[str, Any]]) -> None:
        today = datetime.fromtimestamp(runtime.now(), UTC).date()
        runtime.use_catalog(Catalog.load().refreshed(models, today))


def fetch_models(upstream: Upstream, credential: Credential) -> list[dict[str, Any]]:
    """All pages of upstream's ``GET /v1/models``; empty when it cannot be had."""
    import httpx  # takes a tenth of a second, and is needed once a day

    headers = dict(credential.headers)
    headers |= {VERSION_HEADER: CURRENT_VERSION, "user-agent": USER_AGENT}
    if credential.betas:
        headers[BETA_HEADER] = ",".join(credential.betas)
    url = f"{upstream}/v1/models"
    query = {"limit": "1000"}
    models: list[dict[str, Any]] = []
    try:
        with httpx.Client(
            timeout=MODELS_TIMEOUT_SECONDS, headers=headers, trust_env=False
        ) as client:
            for _ in range(MAX_PAGES):
                page = client.get(url, params=query).raise_for_status().json()
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


def _write(path: Path, record: Mapping[str, Any]) -> None:
    """Replace the cache; that it cannot be written costs one request a day."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(record), "utf-8")
        part.replace(path)
    except OSError as wrong:
        logger.info("%s could not be written: %s", path, wrong.strerror)

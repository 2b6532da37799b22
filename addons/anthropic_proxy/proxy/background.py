"""What the proxy does on its own: renew a token ahead of time, learn upstream's models.

Neither may delay or fail a request: both run in a task, and what goes wrong is logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from . import learnt_models
from .learnt_models import LearntModels
from .options import Upstream
from .runtime import Runtime

logger = logging.getLogger(__name__)

TICK_SECONDS: Final = 15.0
MODELS_AFTER_SECONDS: Final = 1.0
"""After the start: making ready to ask takes a fifth of what starting does."""
MODELS_FRESH_SECONDS: Final = 24 * 3600.0
MODELS_RETRY_SECONDS: Final = 600.0


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
        address = str(upstream)
        models = await asyncio.to_thread(learnt_models.fetch, address, credential)
        if models:
            learnt = LearntModels(models, now)
            self._use(runtime, learnt)
            await asyncio.to_thread(learnt_models.remember, self.cache, address, learnt)

    def _load_cache(self) -> None:
        """Use what an earlier run learnt; ask again only when it is a day old."""
        runtime = self.runtime()
        learnt = learnt_models.remembered(self.cache, str(self.upstream()))
        if learnt is not None and runtime.options["model_refresh"]:
            self._use(runtime, learnt)

    def _use(self, runtime: Runtime, learnt: LearntModels) -> None:
        runtime.use_catalog(learnt.catalog(runtime.now()))
        self._models_due = learnt.at + MODELS_FRESH_SECONDS

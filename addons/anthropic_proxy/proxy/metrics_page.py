"""``GET /metrics``, for Prometheus. Who may read it is the web guard's to decide."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mitmproxy import http

from .answers import USER_AGENT
from .handler import Handler, answer

if TYPE_CHECKING:
    from .call import Call


class MetricsPage(Handler):
    """Text, or OpenMetrics for those who ask for it."""

    needs_credential = False
    waits = True
    guarded = True

    async def prepare(self, call: Call) -> None:
        """Write the page in a thread: it may be long, and others are waiting."""
        metrics = self.runtime.metrics
        metrics.look()
        accept = call.flow.request.headers.get("accept", "")
        text, media_type = await asyncio.to_thread(metrics.rendered, accept)
        fields = {
            "content-type": media_type,
            "cache-control": "no-store",
            "vary": "accept",
            "x-content-type-options": "nosniff",
            "x-request-id": call.id,
            "server": USER_AGENT,
        }
        call.prepared = http.Response.make(200, text, fields)

    def request(self, call: Call) -> None:
        """Answer with what ``prepare`` made."""
        assert call.prepared is not None
        answer(call, call.prepared)

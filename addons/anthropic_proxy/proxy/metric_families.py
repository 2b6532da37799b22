"""The metrics that there are: names, labels, buckets. ``docs/metrics.md`` lists them.

``labels`` costs more than counting does, hence the caches; they are as bounded as the
labels are.
"""

from __future__ import annotations

import platform
from functools import cache
from typing import Final

from mitmproxy import version
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)

from .. import __version__
from . import shared_metrics

PREFIX: Final = "anthropic_proxy"

DURATION_BUCKETS: Final = (
    0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600,
)  # fmt: skip
"""Seconds. Ten minutes is what clients and upstream wait for at most, as a rule."""
FIRST_TOKEN_BUCKETS: Final = (
    0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60, 120, 300,
)  # fmt: skip
"""Seconds."""


class Families:
    """All of them, in a registry of their own. A tuple of labels selects one series.

    Args:
        folder: where the processes of one proxy count together; None: there is one.
    """

    def __init__(self, folder: str | None = None) -> None:
        self.registry = self._counted = CollectorRegistry()
        """``registry`` is what is shown."""
        if folder is None:
            ProcessCollector(registry=self.registry)
        else:
            self._counted = CollectorRegistry()
            shared_metrics.count_in(self.registry, folder)
        PlatformCollector(registry=self.registry)
        self._build_info()

        self.requests = cache(
            self._counter(
                "requests",
                "Requests that have ended, by the status that the client got.",
                ("dialect", "endpoint", "status", "model", "translated"),
            ).labels
        )
        self.durations = cache(
            self._histogram(
                "request_duration_seconds",
                "From the head of a request to the end of its answer.",
                ("dialect", "endpoint", "model"),
                DURATION_BUCKETS,
            ).labels
        )
        self.first_tokens = cache(
            self._histogram(
                "time_to_first_token_seconds",
                "From the head of a request to the first delta of a streamed answer.",
                ("dialect", "model"),
                FIRST_TOKEN_BUCKETS,
            ).labels
        )
        self.tokens = cache(
            self._counter(
                "tokens", "Tokens as upstream counted them.", ("kind", "model")
            ).labels
        )
        self.warnings = cache(
            self._counter(
                "translation_warnings",
                "Warnings of translated requests and answers.",
                ("warning",),
            ).labels
        )
        self.upstream_failures = cache(
            self._counter(
                "upstream_failures",
                "Requests that upstream did not answer, refused or broke off.",
                ("kind",),
            ).labels
        )
        self.refreshes = cache(
            self._counter(
                "token_refreshes",
                "Refreshes that were sent to a token endpoint.",
                ("result",),
            ).labels
        )
        self.client_disconnects = self._counter(
            "client_disconnects", "Clients that left before their answer was complete."
        )
        self.internal_errors = self._counter(
            "internal_errors", "Requests in which the proxy itself failed."
        )
        self.in_flight = self._gauge(
            "requests_in_flight",
            "Requests that have begun and not ended, without those for metrics.",
        )
        self.live_streams = self._gauge(
            "live_streams", "Streamed answers that have begun and not ended."
        )

    def _build_info(self) -> None:
        text = "Versions of the proxy, of mitmproxy and of Python."
        build = Info(f"{PREFIX}_build", text, registry=self.registry)
        build.info(
            {
                "version": __version__,
                "mitmproxy": version.VERSION,
                "python": platform.python_version(),
            }
        )

    def _counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
        return Counter(f"{PREFIX}_{name}", text, labels, registry=self._counted)

    def _gauge(self, name: str, text: str) -> Gauge:
        full = f"{PREFIX}_{name}"
        # A process that has ended has nothing under way.
        mode: Final = "livesum"
        return Gauge(full, text, registry=self._counted, multiprocess_mode=mode)

    def _histogram(
        self, name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]
    ) -> Histogram:
        full = f"{PREFIX}_{name}"
        return Histogram(full, text, labels, buckets=buckets, registry=self._counted)

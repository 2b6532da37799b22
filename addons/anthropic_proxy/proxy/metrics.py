"""What is counted of requests, streams and refreshes, for ``GET /metrics``.

Recording happens once for each request, after its end, and for a stream also when its
first token passes. Labels are out of fixed sets (``metric_labels``): no text of a user,
no key, no id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from prometheus_client import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from ..credentials import oauth_errors
from ..credentials.oauth import Reply, TokenRequest, parse_token_reply
from ..credentials.sources import Config
from .first_token import FirstToken
from .metric_families import Families
from .metric_labels import (
    NONE,
    UPSTREAM_FAILURES,
    model_label,
    model_used,
    status_label,
    upstream_failure,
    warning_label,
)

if TYPE_CHECKING:
    from ..models.catalog import Catalog
    from .call import Call
    from .stages import End

TEXT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text"

TOKEN_KINDS: Final[Mapping[str, str]] = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_input_tokens": "cache_read",
    "cache_creation_input_tokens": "cache_creation",
}
_MOST_TOKENS: Final = 1_000_000_000
"""More in one answer is not a count."""

REFRESHED: Final = "success"
REFRESH_FAILURES: Final[Mapping[type[oauth_errors.OAuthError], str]] = {
    oauth_errors.InvalidGrant: "invalid_grant",
    oauth_errors.RateLimited: "rate_limited",
    oauth_errors.EndpointMoved: "endpoint_moved",
    oauth_errors.Refused: "refused",
    oauth_errors.ServerTrouble: "server_trouble",
    oauth_errors.BadReply: "bad_reply",
    oauth_errors.Unreachable: "unreachable",
}


class Metrics:
    """Thread-safe, but for ``began``, ``ended`` and ``look``: the event loop's."""

    def __init__(self, folder: str | None = None) -> None:
        """``folder``: where the processes of one proxy count together."""
        self.families = Families(folder)
        # A call that a bug lets nobody end leaves the sets when it is collected.
        self._live: WeakSet[Call] = WeakSet()
        self._streams: WeakSet[Call] = WeakSet()
        self._shared = folder is not None
        for kind in UPSTREAM_FAILURES:  # a rate needs a zero to rise from
            self.families.upstream_failures(kind)
        for result in (REFRESHED, *REFRESH_FAILURES.values()):
            self.families.refreshes(result)

    # -- requests ------------------------------------------------------------------

    def began(self, call: Call) -> None:
        """A request's head was read."""
        if call.endpoint.kind != "metrics":
            self._live.add(call)
            self._changed()

    def ended(self, call: Call, end: End, catalog: Catalog, now: float) -> None:
        """The exchange is over, whichever way. ``now`` is in monotonic seconds."""
        self._live.discard(call)
        self._streams.discard(call)
        self._changed()
        count = self.families
        dialect, endpoint = call.endpoint.dialect, call.endpoint.name
        model = model_label(catalog, model_used(call))
        translated = "yes" if call.translation is not None else "no"
        status = status_label(end.status)
        count.requests(dialect, endpoint, status, model, translated).inc()
        count.durations(dialect, endpoint, model).observe(now - call.started)
        self._count_tokens(call.usage, model)
        if call.translation is not None:
            self._count_warnings(call.translation.report.warnings, call.warnings)
        if call.broken:
            count.internal_errors.inc()
        if end.client_gone:
            count.client_disconnects.inc()
        elif (kind := upstream_failure(call, end)) is not None:
            count.upstream_failures(kind).inc()

    def refused(self, status: int) -> None:
        """A request that never became a call: not HTTP, or a bug at its very start."""
        self.families.requests(NONE, NONE, status_label(status), NONE, "no").inc()
        if status >= 500:
            self.families.internal_errors.inc()

    def time_first_token(
        self, call: Call, catalog: Catalog, clock: Callable[[], float]
    ) -> None:
        """Have a stream that is about to begin report its first token.

        ``clock`` gives monotonic seconds.
        """
        response = call.flow.response
        if response is None or not callable(response.stream):
            return
        self._streams.add(call)
        self._changed()

        def seen() -> None:
            model = model_label(catalog, model_used(call))
            seconds = clock() - call.started
            self.families.first_tokens(call.endpoint.dialect, model).observe(seconds)

        response.stream = FirstToken(response, response.stream, seen)

    def _count_tokens(self, usage: Any, model: str) -> None:
        """``usage`` is upstream's, and may be anything."""
        if not isinstance(usage, Mapping):
            return
        for field, kind in TOKEN_KINDS.items():
            count = usage.get(field)
            if isinstance(count, int) and 0 < count <= _MOST_TOKENS:
                self.families.tokens(kind, model).inc(count)

    def _count_warnings(self, *found: Iterable[str]) -> None:
        for token in {token for tokens in found for token in tokens}:
            self.families.warnings(warning_label(token)).inc()

    # -- refreshes -----------------------------------------------------------------

    def watching(self, config: Config) -> Config:
        """``config``, with the refreshes that are sent counted."""
        send, count = config.send, self.families.refreshes

        def counted(request: TokenRequest) -> Reply:
            if request.fields.get("grant_type") != "refresh_token":
                return send(request)
            try:
                reply = send(request)
            except oauth_errors.OAuthError as failure:
                count(REFRESH_FAILURES[type(failure)]).inc()
                raise
            count(_result(request, reply)).inc()
            return reply

        return replace(config, send=counted)

    # -- reading -------------------------------------------------------------------

    def look(self) -> None:
        """Set the gauges to what is now."""
        self.families.in_flight.set(len(self._live))
        self.families.live_streams.set(len(self._streams))

    def _changed(self) -> None:
        """Requests begin and end. Other processes may read the gauges at any time."""
        if self._shared:
            self.look()

    def rendered(self, accept: str) -> tuple[bytes, str]:
        """All of it, and its media type: OpenMetrics if ``accept`` names it.

        The library's own reading of ``accept`` raises on odd versions.
        """
        registry = self.families.registry
        if OPENMETRICS in accept.lower():
            text = openmetrics.generate_latest(registry)
            return text, openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(registry), TEXT_TYPE


def _result(request: TokenRequest, reply: Reply) -> str:
    try:
        parse_token_reply(request, reply, now=0)
    except oauth_errors.OAuthError as failure:
        return REFRESH_FAILURES[type(failure)]
    return REFRESHED

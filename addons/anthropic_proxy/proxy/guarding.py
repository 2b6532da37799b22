"""Runs the stages of a request so that a bug of ours lets nothing through."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from mitmproxy import http

from .call import Call
from .http_facts import BROKEN_ANSWER, INTERNAL, scrub
from .stages import Stages

logger = logging.getLogger(__name__)

_T = TypeVar("_T")


class Guarded:
    """What every carrier of a request has, whichever layer it belongs to."""

    flow: http.HTTPFlow
    _stages: Stages
    _call: Call | None
    _head_sent: bool
    """The client has the head of an answer."""

    def _guarded(self, name: str, step: Callable[[], _T]) -> _T | None:
        """What ``step`` returns; what it raises ends in a 500, never upstream."""
        try:
            return step()
        except Exception:  # noqa: BLE001  a bug of ours must let nothing through
            self._fail_closed(name)
            return None

    def _fail_closed(self, stage: str) -> None:
        logger.exception("flow %s: %s failed", self.flow.id, stage)
        if self._call is not None:
            self._call.broken = True
            self._call.admitted = False
        scrub(self.flow.request.headers)
        if not self._head_sent:
            asked = self._call is not None and self._call.upstream_status is not None
            reason = BROKEN_ANSWER if asked else INTERNAL
            self.flow.response = self._stages.failure(self._call, 500, reason)

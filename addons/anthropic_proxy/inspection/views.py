"""The views of a recorded request by name. Each takes any, and never raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from . import client, context, timeline, translation, upstream
from .facts import Side
from .recorded import Recorded


class Renderer(Protocol):
    """Makes text of a recorded request."""

    def __call__(self, recorded: Recorded, side: Side = "request") -> str:
        """Lines of at most ``text.WIDTH`` columns, fit for any terminal.

        Args:
            side: the message that the view is shown with.
        """
        ...


VIEWS: Final[Mapping[str, Renderer]] = {
    "Translation": translation.render,
    "Client": client.render,
    "Upstream": upstream.render,
    "Timeline": timeline.render,
    "Context": context.render,
}

AUTOMATIC: Final = "Translation"
"""The view that is shown when none was chosen."""

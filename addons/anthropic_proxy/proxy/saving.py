"""``-w`` on a disk that is full: saving ends, answering goes on.

mitmproxy's own answer is to exit at once, and every request under way is lost with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from mitmproxy import flow

logger = logging.getLogger(__name__)

NO_LONGER_SAVED = (
    "Flows are no longer saved: the file cannot be written (%s). What was saved until "
    "now is kept. Requests are answered as before; restart to save again."
)


def keep_answering(save: Any) -> None:
    """Change what mitmproxy's ``Save`` does when it cannot write."""
    write: Callable[[flow.Flow], None] = save.save_flow

    def save_flow(saved: flow.Flow) -> None:
        try:
            write(saved)
        except SystemExit:
            # Its words went to stderr. Nothing is written from here on, not even what
            # is still in the file's buffer.
            logger.error(NO_LONGER_SAVED, save.current_path)
            save.stream = None
            save.active_flows.clear()

    save.save_flow = save_flow

"""The launcher, with a signal that makes it count what it holds.

``python -m benchmarks.soak_probe ARGUMENTS`` is ``anthropic-max-proxy ARGUMENTS``. On
``SIGNAL`` it writes the counts as JSON to the file that ``FILE_VARIABLE`` names.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import threading
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any, Final

SIGNAL: Final = signal.SIGRTMIN
"""mitmproxy has taken SIGUSR1 and SIGUSR2."""
FILE_VARIABLE: Final = "SOAK_PROBE_FILE"
_LIVE: Final = ("EgressLayer", "EgressStream", "Call", "HTTPFlow", "Transcoder")
_MOST_TYPES: Final = 60


def counts() -> dict[str, Any]:
    """What is alive once the garbage is gone."""
    gc.collect()
    types = Counter(type(found).__name__ for found in gc.get_objects())
    return {
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "objects": types.total(),
        "live": {name: types[name] for name in _LIVE},
        "types": dict(types.most_common(_MOST_TYPES)),
    }


def _answer(_signal: int, _frame: FrameType | None) -> None:
    target = Path(os.environ[FILE_VARIABLE])
    fresh = target.with_suffix(".new")
    fresh.write_text(json.dumps(counts()))
    fresh.replace(target)


if __name__ == "__main__":
    from anthropic_proxy.cli.main import main

    signal.signal(SIGNAL, _answer)
    main()

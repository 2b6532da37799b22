"""``python -m anthropic_proxy.simulator --port 8099``: the stand-in as a process."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from .server import Simulator


async def _serve(simulator: Simulator) -> None:
    await simulator.start()
    sys.stdout.write(f"simulator listening on {simulator.url}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted. The first line of output names the URL."""
    parser = argparse.ArgumentParser(description="Stand-in for the Messages API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument(
        "--pace-ms", type=float, default=0.0, help="milliseconds between events"
    )
    options = parser.parse_args(arguments)
    simulator = Simulator(
        host=options.host, port=options.port, pace_s=options.pace_ms / 1000
    )
    try:
        asyncio.run(_serve(simulator))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

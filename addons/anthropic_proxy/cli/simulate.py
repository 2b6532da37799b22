"""``anthropic-max-proxy simulate``: the stand-in for Anthropic's API, alone."""

from __future__ import annotations

import asyncio

import click

from ..simulator.server import Simulator
from .lazy_group import EXIT_CODES


@click.command(
    "simulate",
    epilog=f"""\b
    Examples:
      anthropic-max-proxy simulate &
      ANTHROPIC_API_KEY=sk-ant-api03-anything \\
        anthropic-max-proxy serve --upstream http://127.0.0.1:8200
      curl http://127.0.0.1:8200/simulator/help

    {EXIT_CODES}
    """,
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
)
@click.option(
    "-p",
    "--port",
    type=click.IntRange(0, 65535),
    default=8200,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--pace",
    type=click.FloatRange(0, 10),
    default=0.02,
    show_default=True,
    help="Seconds between the events of a stream.",
)
def command(host: str, port: int, pace: float) -> None:
    """Run the simulator of Anthropic's API: a tool for development and demos.

    It answers from a script, not from a model, and says so in every reply's headers.
    """
    try:
        asyncio.run(_run(host, port, pace))
    except KeyboardInterrupt:
        click.echo("\nStopped.")
    except OSError as wrong:
        raise click.UsageError(
            f"cannot listen on {host}:{port}: {wrong.strerror}"
        ) from None


async def _run(host: str, port: int, pace: float) -> None:
    simulator = Simulator(host=host, port=port, pace_s=pace)
    bound = await simulator.start()
    url = f"http://{host}:{bound}"
    click.echo(f"Simulating Anthropic's API at {url} (a script answers, not Claude).")
    click.echo(f"What it understands: curl {url}/simulator/help")
    click.echo(f"Try it:              anthropic-max-proxy serve --upstream {url}")
    try:
        await asyncio.Event().wait()
    finally:
        await simulator.stop()

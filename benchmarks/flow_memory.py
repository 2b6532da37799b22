"""``python -m benchmarks.flow_memory``: does mitmweb's memory stay where it is?

mitmweb keeps every flow. With the addon it keeps ``anthropic_keep_flows`` of them, so
that memory stops growing once the list is full.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from .instruments import MeasuringError, Upstream
from .processes import rss_mb, spawn, stop
from .prompts import API_KEY, CHAT, MESSAGES, Prompt, long_text, request, streamed
from .subjects import ROOT, free_port, line_of

_START_SECONDS: Final = 60.0
_HEAD_END: Final = b"\r\n\r\n"


@contextmanager
def mitmweb(
    python: Path, upstream_port: int, home: Path, keep: int | None
) -> Iterator[tuple[int, int]]:
    """A running mitmweb with the addon: its process id and port."""
    port = free_port()
    command = [str(python), "-m", "anthropic_proxy.cli", "serve", "--web"]
    command += ["--web-port", str(free_port()), "--port", str(port)]
    command += ["--upstream", f"http://127.0.0.1:{upstream_port}"]
    if keep is not None:
        command += ["--", "--set", f"anthropic_keep_flows={keep}"]
    kept = {name: value for name, value in os.environ.items() if name in ("PATH",)}
    env = kept | {
        "HOME": str(home),
        "PYTHONPATH": str(ROOT / "addons"),
        "ANTHROPIC_API_KEY": API_KEY,
        "ANTHROPIC_PROXY_MODEL_REFRESH": "false",
    }
    with (home / "log").open("wb") as log:
        process = spawn(
            command, output=log.fileno(), errors=subprocess.STDOUT, cwd=home, env=env
        )
    try:
        _wait_for(port, process, home)
        yield process.pid, port
    finally:
        stop(process)


def _wait_for(port: int, process: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/health")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
    said = (home / "log").read_text("utf-8", "replace")[-2_000:]
    raise MeasuringError(f"mitmweb does not answer\n{said}")


def ask(connection: http.client.HTTPConnection, number: int, size: int) -> None:
    """One request, unlike all others: on both routes, streamed and whole."""
    route = (CHAT, MESSAGES)[number % 2]
    asked = streamed(20, 0) if number % 4 < 2 else Prompt("Say it at once.")
    text = f"Request {number}. {long_text(size)} {asked.text}"
    head, _, body = request(route, Prompt(text, asked.stream)).partition(_HEAD_END)
    fields = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
    headers = {name: value for name, _, value in fields if name != "host"}
    connection.request("POST", route.path, body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise MeasuringError(f"request {number} got a {answer.status}")


@click.command()
@click.option("--requests", default=5_000, show_default=True)
@click.option("--kilobytes", default=250, show_default=True, help="Of each request.")
@click.option("--keep-flows", type=int, help="Instead of the default.")
@click.option("--step", default=500, show_default=True, help="Requests between lines.")
@click.option(
    "--python",
    default=Path(sys.executable),
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The interpreter of another line of mitmproxy.",
)
def main(
    requests: int, kilobytes: int, keep_flows: int | None, step: int, python: Path
) -> None:
    """Send requests through mitmweb and print its memory as it goes."""
    try:
        click.echo(f"{line_of(python).name}, {requests} requests of {kilobytes} KB")
        with (
            tempfile.TemporaryDirectory() as name,
            Upstream(Path(name)) as upstream,
            mitmweb(python, upstream.port, Path(name), keep_flows) as (pid, port),
        ):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            click.echo(f"{0:>6} {rss_mb(pid):8.1f} MB")
            for number in range(1, requests + 1):
                ask(connection, number, kilobytes * 1024)
                if number % step == 0:
                    click.echo(f"{number:>6} {rss_mb(pid):8.1f} MB")
    except MeasuringError as wrong:
        raise click.ClickException(str(wrong)) from None


if __name__ == "__main__":
    main()

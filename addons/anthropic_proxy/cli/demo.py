"""``anthropic-max-proxy demo``: three conversations that show the translation.

A real OpenAI SDK talks to a real mitmdump with our addon, which talks to the embedded
simulator: no account is needed and nothing leaves this machine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.panel import Panel

from ..simulator.server import SimulatorThread
from .lazy_group import EXIT_CODES
from .ports import free_port
from .progress import waiting

START_SECONDS: Final = 30
PACE_SECONDS: Final = 0.02
"""Between the events of a stream, so that it can be seen to stream."""
DEMO_KEY: Final = "sk-ant-api03-demo-key-for-the-simulator"


@click.command(
    "demo",
    epilog=f"""\b
    Examples:
      anthropic-max-proxy demo
      anthropic-max-proxy demo | less -R

    {EXIT_CODES}
    """,
)
def command() -> None:
    """Show the translation at work: three conversations, and what went upstream.

    The official OpenAI SDK talks to a real proxy, and that to an embedded simulator of
    Anthropic's API, in which a script answers and not Claude. No account is needed and
    nothing leaves this machine. On a terminal, proxy and simulator then stay up, for
    programs of your own, until Ctrl-C.
    """
    try:
        from .demo_conversations import CONVERSATIONS, Stage
    except ModuleNotFoundError as missing:
        raise click.ClickException(
            f"the demo needs the package {missing.name}, as its client: install "
            "anthropic-max-proxy[demo], or put it in by `pip install openai`, "
            "`pipx inject anthropic-max-proxy openai`"
        ) from None
    console = Console(highlight=False)
    with (
        SimulatorThread(pace_s=PACE_SECONDS) as simulator,
        _proxy(simulator.url) as url,
    ):
        console.print(
            Panel(
                f"OpenAI SDK  →  [bold]{url}/v1[/bold] (mitmdump with the addon)  →  "
                f"{simulator.url} (simulator, not Claude)",
                title="anthropic-max-proxy demo",
            )
        )
        stage = Stage(console, f"{url}/v1", simulator)
        for number, conversation in enumerate(CONVERSATIONS, 1):
            console.rule(f"[bold]{number}. {conversation.__doc__}")
            conversation(stage)
        if sys.stdin.isatty() and sys.stdout.isatty():
            _stay(console, url)
    console.print("[green]Done.[/green] Every answer went through the proxy.")


@contextmanager
def _proxy(upstream: str) -> Iterator[str]:
    """A proxy process on a free port; its log is shown when it does not start."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    line = [sys.executable, "-m", f"{__package__}", "serve", "--port", str(port)]
    environment = os.environ | {
        "ANTHROPIC_API_KEY": DEMO_KEY,
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*line, "--upstream", upstream],
            env={k: v for k, v in environment.items() if not _is_ours(k)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is ours; the proxy is stopped below
        )
        try:
            with waiting("Starting the proxy …"):
                answers = _answers(process, url)
            if not answers:
                log.seek(0)
                said = log.read().decode("utf-8", "replace")
                raise click.ClickException(f"the proxy did not start:\n{said}")
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _is_ours(variable: str) -> bool:
    """The demo shows the defaults, whatever the user has configured."""
    return variable.startswith(("ANTHROPIC_PROXY_", "ROUTER_", "ANTHROPIC_DEFAULT_"))


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(f"{url}/health", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False


def _stay(console: Console, url: str) -> None:
    """Leave both running for the user to try."""
    console.rule("[bold]Try it")
    console.print(
        f"""curl {url}/v1/chat/completions -H 'content-type: application/json' \\
  -d '{{"model":"gpt-4o","messages":[{{"role":"user","content":"Hello!"}}]}}'

from openai import OpenAI
client = OpenAI(base_url="{url}/v1", api_key="not-used")
answer = client.chat.completions.create(
    model="gpt-4o", messages=[{{"role": "user", "content": "Hello!"}}]
)
print(answer.choices[0].message.content)
""",
        markup=False,
    )
    console.print("Proxy and simulator stay up. Press Ctrl-C to stop them.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print()

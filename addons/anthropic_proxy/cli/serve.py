"""``anthropic-max-proxy serve``: mitmdump or mitmweb with the addon, safely set."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Final

import click

from .main import addon_path
from .ports import refuse_taken_port

DEFAULT_PORT: Final = 8100
DEFAULT_UPSTREAM: Final = "https://api.anthropic.com"

# Where requests would go if the addon were missing: nowhere.
DEAD_TARGET: Final = "http://127.0.0.1:1"


def mitmproxy_arguments(
    *, host: str, port: int, upstream: str | None, web_port: int | None
) -> list[str]:
    """The command line that mitmdump (or mitmweb) gets."""
    listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    arguments = ["--mode", f"reverse:{DEAD_TARGET}@{listen}"]
    arguments += ["-s", str(addon_path())]
    settings = {
        "connection_strategy": "lazy",
        # mitmproxy's own lines name the dead target; ours say what is really used.
        "termlog_verbosity": "alert",
    }
    if upstream is not None:
        settings["anthropic_upstream"] = upstream
    if web_port is None:
        settings["flow_detail"] = "0"
    else:
        arguments += ["--no-web-open-browser", "--web-host", "127.0.0.1"]
        arguments += ["--web-port", str(web_port)]
    for name, value in settings.items():
        arguments += ["--set", f"{name}={value}"]
    return arguments


def environment_port(env: Mapping[str, str]) -> str | None:
    """The port by environment; our own variable wins over the older name."""
    return env.get("ANTHROPIC_PROXY_PORT") or env.get("ROUTER_PORT")


@click.command("serve", context_settings={"ignore_unknown_options": False})
@click.option(
    "--host",
    default=lambda: os.environ.get("ANTHROPIC_PROXY_HOST", "127.0.0.1"),
    help="Address to listen on.  [default: 127.0.0.1]",
)
@click.option(
    "-p",
    "--port",
    type=click.IntRange(1, 65535),
    default=lambda: environment_port(os.environ) or DEFAULT_PORT,
    help=f"Port to listen on.  [default: {DEFAULT_PORT}]",
)
@click.option(
    "--upstream",
    default=None,
    metavar="URL",
    help=f"Where requests go.  [default: {DEFAULT_UPSTREAM}]",
)
@click.option("--web", is_flag=True, help="Start mitmweb, to look at the traffic.")
@click.option(
    "--web-port",
    type=click.IntRange(1, 65535),
    default=8081,
    show_default=True,
    help="Port of mitmweb's page.",
)
@click.argument("mitmproxy_options", nargs=-1, type=click.UNPROCESSED)
def command(
    host: str,
    port: int,
    upstream: str | None,
    web: bool,
    web_port: int,
    mitmproxy_options: tuple[str, ...],
) -> None:
    """Start the proxy.

    Options of the addon are set by --set after a double dash, or by the environment:
    `serve -- --set anthropic_strict=true` is `ANTHROPIC_PROXY_STRICT=true serve`.
    """
    if upstream is not None:
        _check_upstream(upstream)
    refuse_taken_port(host, port)
    if web:
        refuse_taken_port("127.0.0.1", web_port)
    if upstream is None and not os.environ.get("ANTHROPIC_PROXY_UPSTREAM"):
        upstream = DEFAULT_UPSTREAM
    arguments = mitmproxy_arguments(
        host=host, port=port, upstream=upstream, web_port=web_port if web else None
    )
    from mitmproxy.tools.main import mitmdump, mitmweb

    start = mitmweb if web else mitmdump
    sys.exit(start([*arguments, *mitmproxy_options]))


def _check_upstream(text: str) -> None:
    from ..proxy.options import parse_upstream

    try:
        parse_upstream(text)
    except ValueError as wrong:
        raise click.BadParameter(str(wrong), param_hint="--upstream") from None

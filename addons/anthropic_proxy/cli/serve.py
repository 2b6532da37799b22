"""``anthropic-max-proxy serve``: mitmdump or mitmweb with the addon, safely set."""

from __future__ import annotations

import os
import sys
from typing import Final

import click

from .. import __version__
from .auth_offer import offer_login
from .ports import refuse_taken_port
from .serve_arguments import mitmproxy_arguments
from .serve_settings import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    DEFAULT_UPSTREAM,
    Flags,
    Settings,
)

_CONTRADICTION: Final = (
    "--enable-all-endpoints enables what another of the flags disables."
)


@click.command(
    "serve",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
)
@click.option(
    "-p",
    "--port",
    type=click.IntRange(1, 65535),
    help=f"Port to listen on.  [default: {DEFAULT_PORT}]",
)
@click.option("--host", help=f"Address to listen on.  [default: {DEFAULT_HOST}]")
@click.option(
    "--upstream",
    metavar="URL",
    help=f"Where requests go.  [default: {DEFAULT_UPSTREAM}]",
)
@click.option(
    "--enable-anthropic/--disable-anthropic",
    default=None,
    help="Anthropic's own API, /v1/messages and its kin.  [default: enabled]",
)
@click.option(
    "--enable-openai/--disable-openai",
    default=None,
    help="OpenAI's API, /v1/chat/completions.  [default: enabled]",
)
@click.option(
    "--enable-all-endpoints", is_flag=True, help="Both APIs, which is the default."
)
@click.option(
    "--disable-bearer-passthrough",
    is_flag=True,
    help="Use the proxy's credential even when a client sends its own.",
)
@click.option(
    "-q", "--quiet", "verbosity", flag_value="quiet",
    help="Log the start and what fails.",
)  # fmt: skip
@click.option(
    "-m", "--minimal", "verbosity", flag_value="minimal",
    help="Log one line for each request.",
)  # fmt: skip
@click.option(
    "-V", "--verbose", "verbosity", flag_value="verbose",
    help="Log the bodies of requests and answers, secrets masked.",
)  # fmt: skip
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    help="The log for people, or a JSON object on each line.  [default: text]",
)
@click.option("--web", is_flag=True, help="Start mitmweb, to look at the traffic.")
@click.option(
    "--web-port",
    type=click.IntRange(1, 65535),
    default=8081,
    show_default=True,
    help="Port of mitmweb's page.",
)
@click.version_option(__version__, "-v", "--version", prog_name="anthropic-max-proxy")
@click.argument("mitmproxy_options", nargs=-1, type=click.UNPROCESSED)
def command(
    port: int | None,
    host: str | None,
    upstream: str | None,
    enable_anthropic: bool | None,
    enable_openai: bool | None,
    enable_all_endpoints: bool,
    disable_bearer_passthrough: bool,
    verbosity: str | None,
    log_format: str | None,
    web: bool,
    web_port: int,
    mitmproxy_options: tuple[str, ...],
) -> None:
    """Start the proxy.

    A flag wins over a variable, and a variable over the default. The addon's other
    options are set by --set after a double dash, or by a variable:
    `serve -- --set anthropic_strict=true` is `ANTHROPIC_PROXY_STRICT=true serve`.
    """
    if mitmproxy_options and not mitmproxy_options[0].startswith("-"):
        raise click.UsageError(f"Got unexpected argument {mitmproxy_options[0]!r}.")
    if enable_all_endpoints:
        if enable_anthropic is False or enable_openai is False:
            raise click.UsageError(_CONTRADICTION)
        enable_anthropic = enable_openai = True
    flags = Flags(
        host=host,
        port=port,
        upstream=upstream,
        enable_anthropic=enable_anthropic,
        enable_openai=enable_openai,
        client_passthrough=False if disable_bearer_passthrough else None,
        log_level=verbosity,
        log_format=log_format,
    )
    settings = Settings.chosen(flags, mitmproxy_options, os.environ)
    settings.check(os.environ)
    refuse_taken_port(settings.host.text, int(settings.port.text))
    if web:
        refuse_taken_port("127.0.0.1", web_port)
    offer_login(os.environ)
    arguments = mitmproxy_arguments(settings, web_port=web_port if web else None)
    from mitmproxy.tools.main import mitmdump, mitmweb

    start = mitmweb if web else mitmdump
    sys.exit(start([*arguments, *mitmproxy_options]))

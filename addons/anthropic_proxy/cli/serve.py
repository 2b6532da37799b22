"""``anthropic-max-proxy serve``: mitmdump or mitmweb with the addon, safely set."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import click

from .. import __version__
from . import lazy_addons
from .auth_offer import offer_login
from .ports import refuse_taken_port
from .serve_arguments import mitmweb_arguments
from .serve_settings import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    DEFAULT_UPSTREAM,
    MAX_WORKERS,
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
@click.option(
    "--workers",
    type=click.IntRange(1, MAX_WORKERS),
    metavar="N",
    help="Processes that share the port, for machines with several cores. Each has "
    "metrics and a memory of recent thinking of its own.  [default: 1]",
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
    workers: int | None,
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
        workers=workers,
        upstream=upstream,
        enable_anthropic=enable_anthropic,
        enable_openai=enable_openai,
        client_passthrough=False if disable_bearer_passthrough else None,
        log_level=verbosity,
        log_format=log_format,
    )
    lazy_addons.install()
    settings = Settings.chosen(flags, mitmproxy_options, os.environ)
    settings.check(os.environ)
    _check_workers(settings, web=web)
    refuse_taken_port(settings.host.text, int(settings.port.text))
    if web:
        refuse_taken_port("127.0.0.1", web_port)
    offer_login(os.environ)
    if web:
        from mitmproxy.tools.main import mitmweb

        mitmweb([*mitmweb_arguments(settings, web_port), *mitmproxy_options])
    elif int(settings.workers.text) > 1:
        sys.exit(_serve_by_workers(settings, mitmproxy_options))
    else:
        from . import master

        master.serve(settings, mitmproxy_options)


def _check_workers(settings: Settings, *, web: bool) -> None:
    """Look whether several are possible, if several are wanted.

    Raises:
        UsageError: they are not.
    """
    if int(settings.workers.text) == 1:
        return
    from . import workers

    origin = settings.workers.origin
    if web:
        raise click.UsageError(
            f"{origin} and --web: mitmweb is one process and shows its own traffic "
            "only. Give one of them."
        )
    if not workers.is_supported():
        raise click.UsageError(
            f"{origin}: this system cannot share a port among processes (it has no "
            "fork). Start one proxy on each of several ports instead."
        )


def _serve_by_workers(settings: Settings, mitmproxy_options: Sequence[str]) -> int:
    """The exit code, when all have ended."""
    from ..proxy import log_output, shared_metrics
    from . import master, workers

    def option(name: str) -> Any:
        return settings.option(name, os.environ)

    host, port = settings.host.text, int(settings.port.text)
    try:
        listening = workers.bound_sockets(host, port)
    except OSError as wrong:
        raise click.UsageError(f"cannot listen on {host}:{port}: {wrong}") from None
    workers.logger.addHandler(log_output.handler(option("log_format")))
    workers.logger.setLevel(logging.INFO)
    with shared_metrics.one_folder():
        return workers.Workers(
            int(settings.workers.text),
            listening,
            lambda worker: master.serve(settings, mitmproxy_options, worker),
            option("drain"),
        ).run()

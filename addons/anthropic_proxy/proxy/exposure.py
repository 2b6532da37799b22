"""Who can reach the proxy, and what that means for the credential behind it.

Rules: credentials 2. Whoever can connect can spend the user's tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mitmproxy.proxy.mode_specs import ProxyMode

from .options import is_loopback
from .runtime import Runtime

REMEDY: Final = (
    "Listen on 127.0.0.1, or set anthropic_local_key (ANTHROPIC_PROXY_LOCAL_KEY) so "
    "that clients have to present a key of yours."
)


def exposed_at(modes: Iterable[ProxyMode], listen_host: str) -> str | None:
    """The first address that is not loopback alone; "every interface" for none."""
    for mode in modes:
        host = mode.listen_host(listen_host)
        if not is_loopback(host):
            return host or "every interface"
    return None


def refusal(runtime: Runtime) -> str | None:
    """Why a subscription may not be used as things are; None when it may."""
    source = runtime.source
    if source is None or source.name != "subscription" or _is_safe(runtime):
        return None
    return (
        "anthropic_local_key: a subscription login is not shared with others, but the "
        f"proxy listens on {runtime.exposed_at}. {REMEDY}"
    )


def warning(runtime: Runtime) -> str | None:
    """What to tell a user whose API key others can spend."""
    if _is_safe(runtime):
        return None
    return (
        f"LISTENING ON {runtime.exposed_at}: everybody who can reach this address can "
        f"spend your tokens. {REMEDY}"
    )


def _is_safe(runtime: Runtime) -> bool:
    return runtime.exposed_at is None or bool(runtime.options["local_key"])

"""What the log says when the proxy starts: what is in force, and from where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .. import __version__
from .log_output import Entry, Line
from .masking import masked, one_line
from .runtime import Runtime


def entry(
    runtime: Runtime,
    *,
    addresses: Iterable[str],
    upstream: str,
    settings: Iterable[tuple[str, str, str]],
) -> Entry:
    """One entry of several lines.

    Args:
        addresses: base URLs at which clients reach us.
        settings: name, value and origin of what is set, as ``options.origins`` has it.
    """
    urls, chosen = list(addresses), runtime.options
    told = {name: (one_line(masked(text)), where) for name, text, where in settings}
    launcher = dict(chosen["origins"])
    lines = [
        Line(f"anthropic-max-proxy {__version__}"),
        Line(f"  Listening on {', '.join(urls)}{_listening(launcher)}"),
        Line(f"  Requests go to {upstream} ({_origin('upstream', told, launcher)})"),
        Line(f"  {runtime.why}"),
        Line(f"  OpenAI's API: {_api('enable_openai', '/v1', urls, chosen, told)}"),
        Line(f"  Anthropic's API: {_api('enable_anthropic', '', urls, chosen, told)}"),
    ]
    shown = [
        f"{name}={text} ({where})"
        for name, (text, where) in told.items()
        if name != "upstream" and where != "default"
    ]
    if shown:
        lines.append(Line(f"  Settings: {', '.join(shown)}"))
    facts = {
        "version": __version__,
        "listening": urls,
        "upstream": upstream,
        "credential": runtime.source.name if runtime.source is not None else None,
        "message": runtime.why,
        "settings": {
            name: {"value": text, "from": where} for name, (text, where) in told.items()
        },
    }
    return Entry("start", tuple(lines), facts)


def _listening(launcher: Mapping[str, str]) -> str:
    found = [
        f"{name}: {launcher[name]}" for name in ("host", "port") if name in launcher
    ]
    return f" ({', '.join(found)})" if found else ""


def _origin(
    name: str, told: Mapping[str, tuple[str, str]], launcher: Mapping[str, str]
) -> str:
    if name in told:
        return told[name][1]
    return launcher.get(name, "target of --mode")


def _api(
    switch: str,
    path: str,
    urls: list[str],
    chosen: Mapping[str, Any],
    told: Mapping[str, tuple[str, str]],
) -> str:
    if chosen[switch]:
        return ", ".join(f"{url}{path}" for url in urls)
    return f"disabled ({told[switch][1]})"

"""The command line that mitmdump or mitmweb gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from .main import addon_path

if TYPE_CHECKING:
    from .serve_settings import Settings

# Where requests would go if the addon were missing: nowhere.
DEAD_TARGET: Final = "http://127.0.0.1:1"

# Flags that the lean master serves as mitmdump does, with the values each takes.
_LEAN: Final = {
    "--set": 1,
    "-w": 1,
    "--save-stream-file": 1,
    "--certs": 1,
    "-k": 0,
    "--ssl-insecure": 0,
    "-q": 0,
    "--quiet": 0,
}


def mode(settings: Settings) -> str:
    """mitmproxy's words for: listen here."""
    host, port = settings.host.text, settings.port.text
    listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"reverse:{DEAD_TARGET}@{listen}"


def lean_arguments(settings: Settings, worker: int | None) -> list[str]:
    """For the lean master, which has the addon built in; ``worker``: its number."""
    values = {
        "connection_strategy": "lazy",
        # mitmproxy's own lines name the dead target; ours say what is really used.
        "termlog_verbosity": "alert",
    }
    values |= {f"anthropic_{name}": found.text for name, found in settings.set.items()}
    values["anthropic_origins"] = ",".join(
        f"{name}={origin}" for name, origin in settings.origins.items()
    )
    if worker is not None:
        values["anthropic_worker"] = str(worker)
    arguments = ["--mode", mode(settings)]
    for name, value in values.items():
        arguments += ["--set", f"{name}={value}"]
    return arguments


def mitmdump_arguments(settings: Settings, worker: int | None) -> list[str]:
    """For the whole of mitmdump."""
    loaded = [*lean_arguments(settings, worker), "-s", str(addon_path())]
    return [*loaded, "--set", "flow_detail=0"]


WEB_COLUMNS: Final = ("status", "time", "comment")
"""Of mitmweb's list. The path, the same for nearly all, would leave no room for the
comment, which is not shown otherwise."""


def mitmweb_arguments(settings: Settings, port: int) -> list[str]:
    """``port``: that of mitmweb's page."""
    page = ["--no-web-open-browser", "--web-host", "127.0.0.1", "--web-port", str(port)]
    for column in WEB_COLUMNS:
        page += ["--set", f"web_columns={column}"]
    return [*lean_arguments(settings, None), "-s", str(addon_path()), *page]


def is_lean(mitmproxy_options: Sequence[str]) -> bool:
    """Whether only flags that the lean master knows stand behind the double dash.

    Which options may be ``--set`` is seen later, when mitmproxy has read its own
    configuration file too.
    """
    rest = iter(mitmproxy_options)
    for argument in rest:
        flag, equals, _ = argument.partition("=")
        if equals and _LEAN.get(flag) == 1 and flag.startswith("--"):
            continue
        if (values := _LEAN.get(argument)) is None:
            return False
        for _ in range(values):
            if next(rest, "-").startswith("-"):
                return False  # mitmdump says what is missing
    return True

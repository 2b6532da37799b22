"""The command line that mitmdump or mitmweb gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .main import addon_path

if TYPE_CHECKING:
    from .serve_settings import Settings

# Where requests would go if the addon were missing: nowhere.
DEAD_TARGET: Final = "http://127.0.0.1:1"


def mode(settings: Settings) -> str:
    """mitmproxy's words for: listen here."""
    host, port = settings.host.text, settings.port.text
    listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"reverse:{DEAD_TARGET}@{listen}"


def mitmproxy_arguments(settings: Settings, *, web_port: int | None) -> list[str]:
    """``web_port``: that of mitmweb's page; None for mitmdump."""
    arguments = ["--mode", mode(settings), "-s", str(addon_path())]
    values = {
        "connection_strategy": "lazy",
        # mitmproxy's own lines name the dead target; ours say what is really used.
        "termlog_verbosity": "alert",
    }
    if web_port is None:
        values["flow_detail"] = "0"
    else:
        arguments += ["--no-web-open-browser", "--web-host", "127.0.0.1"]
        arguments += ["--web-port", str(web_port)]
    values |= {f"anthropic_{name}": found.text for name, found in settings.set.items()}
    values["anthropic_origins"] = ",".join(
        f"{name}={origin}" for name, origin in settings.origins.items()
    )
    for name, value in values.items():
        arguments += ["--set", f"{name}={value}"]
    return arguments

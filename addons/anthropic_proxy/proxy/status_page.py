"""The page at ``/``: plain HTML, nothing loaded from anywhere, everything escaped."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

CONTENT_SECURITY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{service}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto;
  padding: 0 1rem; color: #222; background: #fff }}
h1 {{ font-size: 1.4rem }} h2 {{ font-size: 1.1rem }}
dl {{ display: grid; grid-template-columns: max-content auto; gap: .2rem 1rem }}
dt {{ color: #666 }} dd {{ margin: 0; overflow-wrap: anywhere }}
pre {{ padding: .8rem; background: #f3f3f3; overflow-x: auto }}
@media (prefers-color-scheme: dark) {{
  body {{ color: #ddd; background: #1a1a1a }} dt {{ color: #999 }}
  pre {{ background: #2a2a2a }} a {{ color: #8ab4f8 }} }}
</style>
</head>
<body>
<h1>{service} {version}</h1>
<dl>
{facts}
</dl>
<h2>Point a client here</h2>
<pre>{lines}</pre>
</body>
</html>
"""


def page(facts: Mapping[str, Any], *, why: str, host: str, local_key: bool) -> str:
    """The page.

    Args:
        facts: as ``GET /`` has them in JSON.
        why: the sentence about the credential.
        host: the Host header of the request, that is, how this client reaches us.
        local_key: clients have to send the local access key.
    """
    dialects = [_DIALECTS[name] for name, on in facts["dialects"].items() if on]
    rows = {
        "Status": facts["status"],
        "Upstream": facts["upstream"],
        "Credential": f"{facts['credential'] or 'none'}. {why}",
        "Dialects": ", ".join(dialects),
        "Up for": _span(facts["uptime"]),
    }
    shown = [_row(term, escape(str(text))) for term, text in rows.items()]
    if facts["mitmweb"]:
        address = escape(facts["mitmweb"])
        shown.append(_row("Traffic", f'<a href="{address}">mitmweb at {address}</a>'))
    return _PAGE.format(
        service=escape(facts["service"]),
        version=escape(facts["version"]),
        facts="\n".join(shown),
        lines=escape("\n".join(client_lines(host, facts["dialects"], local_key))),
    )


_DIALECTS: Final = {
    "openai": "OpenAI (/v1/chat/completions)",
    "anthropic": "Anthropic (/v1/messages)",
}


def client_lines(host: str, dialects: Mapping[str, bool], local_key: bool) -> list[str]:
    """What a user types in a shell before starting a client."""
    base = f"http://{host or '127.0.0.1:8100'}"
    key = "<the-local-access-key>" if local_key else "not-used"
    lines = []
    if dialects["openai"]:
        lines.append(f"export OPENAI_BASE_URL={base}/v1")
        lines.append(f"export OPENAI_API_KEY={key}")
    if dialects["anthropic"]:
        lines.append(f"export ANTHROPIC_BASE_URL={base}")
    return lines


def _row(term: str, html: str) -> str:
    return f"<dt>{escape(term)}</dt><dd>{html}</dd>"


def _span(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

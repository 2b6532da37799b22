"""What is answered here: health, the status page, OPTIONS, and every kind of no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mitmproxy import http

from .. import __version__
from .answers import USER_AGENT, json_answer
from .cors import preflight
from .endpoints import allowed, hint
from .forwarding import upstream_of
from .handler import Handler, answer, refuse
from .status_page import CONTENT_SECURITY, page

if TYPE_CHECKING:
    from .call import Call

SERVICE: Final = "anthropic-max-proxy"


class _Local(Handler):
    needs_credential = False


class Health(_Local):
    """``GET /health``: this process is up; upstream is not asked."""

    def request(self, call: Call) -> None:
        """Facts without a secret."""
        answer(call, json_answer(200, self.facts(call), call.id))

    def facts(self, call: Call) -> dict[str, Any]:
        """What runs here."""
        runtime = self.runtime
        runtime.look_again()
        source = runtime.source.name if runtime.source is not None else None
        return {
            "status": "ok",
            "service": SERVICE,
            "version": __version__,
            "upstream": str(upstream_of(call, runtime.upstream)),
            "credential": source,
            "uptime": round(runtime.now() - runtime.started),
        }


class StatusPage(Health):
    """``GET /``: one page for a browser, the same facts as JSON for programs."""

    def request(self, call: Call) -> None:
        """Which one is asked for is in ``Accept``; scripts send ``*/*``."""
        facts = self.facts(call) | {
            "dialects": {
                "openai": self.runtime.options["enable_openai"],
                "anthropic": self.runtime.options["enable_anthropic"],
            },
            "mitmweb": self.runtime.mitmweb(),
        }
        if "text/html" not in call.flow.request.headers.get("accept", "").lower():
            response = json_answer(200, facts, call.id, {"vary": "accept"})
        else:
            html = page(
                facts,
                why=self.runtime.why,
                host=call.host,
                local_key=bool(self.runtime.options["local_key"]),
            )
            response = http.Response.make(
                200,
                html.encode("utf-8", "replace"),
                {
                    "content-type": "text/html; charset=utf-8",
                    "content-security-policy": CONTENT_SECURITY,
                    "x-content-type-options": "nosniff",
                    "referrer-policy": "no-referrer",
                    "cache-control": "no-store",
                    "vary": "accept",
                    "x-request-id": call.id,
                    "server": USER_AGENT,
                },
            )
        answer(call, response)


class Options(_Local):
    """``OPTIONS``: the methods of a path, and what a page that is allowed may send."""

    def request(self, call: Call) -> None:
        """204, without a body."""
        request = call.flow.request
        fields = {
            "allow": allowed(request),
            "x-request-id": call.id,
            "server": USER_AGENT,
        }
        if call.allow_origin and "access-control-request-method" in request.headers:
            fields |= preflight(request.headers)
        response = http.Response.make(204, b"", fields)
        response.headers.pop("content-length", None)  # none on a 204 (RFC 9110 8.6)
        answer(call, response)


class Disabled(_Local):
    """An endpoint whose switch is off: 404 in its dialect."""

    def request(self, call: Call) -> None:
        """Say that it is off, and how to turn it on."""
        endpoint = call.endpoint
        flag = f"--{(endpoint.switch or '').replace('_', '-')}"
        refuse(
            call,
            404,
            f"The endpoint {endpoint.name!r} is disabled on this proxy. Its owner can "
            f"enable it: {flag}, or anthropic_{endpoint.switch}=true.",
        )


class Refused(_Local):
    """What ``web_guard`` does not let in: 403 or 415 in its dialect."""

    def request(self, call: Call) -> None:
        """Say why, and what a user who wants it can set."""
        refusal = call.endpoint.refusal
        assert refusal is not None
        refuse(call, refusal.status, refusal.sentence)


class Unknown(_Local):
    """Anything else: 404 in the dialect of the path."""

    def request(self, call: Call) -> None:
        """OpenAI words it so; a guess at what was meant is added."""
        request = call.flow.request
        path = request.path.partition("?")[0]
        message = f"Unknown request URL: {request.method} {path}. {hint(request)}"
        refuse(call, 404, message.rstrip())

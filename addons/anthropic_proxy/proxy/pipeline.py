"""The stages of a request, in order, handed to the endpoint's kind."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from mitmproxy import http

from ..credentials.credential import CredentialUnavailable, Presented, presented
from . import access_log, exposure, log_bodies
from .answers import error_answer
from .auth import Auth, blank
from .call import Call
from .chat import ChatCompletions
from .endpoints import Endpoint, Kind, disabled, match
from .handler import Handler, refuse
from .http_facts import BROKEN_ANSWER
from .local import Disabled, Health, Options, StatusPage, Unknown
from .models_list import Models, OneModel
from .native import Messages, Native

if TYPE_CHECKING:
    from .runtime import Runtime
    from .stages import Recovery

HANDLERS: Final[Mapping[Kind, type[Handler]]] = {
    "chat": ChatCompletions,
    "messages": Messages,
    "native": Native,
    "models": Models,
    "model": OneModel,
    "health": Health,
    "status page": StatusPage,
    "options": Options,
    "auth": Auth,
    "disabled": Disabled,
    "unknown": Unknown,
}

# Headers of a client's request that hold a secret, or may.
SECRET_HEADERS: Final = (
    "authorization",
    "x-api-key",
    "api-key",
    "proxy-authorization",
    "cookie",
)

LOCAL_KEY_NEEDED: Final = (
    "This proxy wants its local access key: send it as the API key of your client."
)
CLIENT_ONLY: Final = (
    "This proxy uses the credential of its clients: send your Anthropic API key."
)


class Pipeline:
    """Implements ``egress.Stages``. Holds no request state of its own."""

    def __init__(self, runtime: Runtime, told: Callable[[str], bool]) -> None:
        self.runtime = runtime
        self.told = told
        self._handlers = {kind: handler(runtime) for kind, handler in HANDLERS.items()}

    def handler(self, endpoint: Endpoint) -> Handler:
        """The stages of an endpoint."""
        return self._handlers[endpoint.kind]

    def begin(self, flow: http.HTTPFlow, host: str) -> Call:
        """Take the client's credentials out of the flow before anyone sees it."""
        request, runtime = flow.request, self.runtime
        endpoint = match(request)
        if endpoint.switch is not None and not runtime.options[endpoint.switch]:
            endpoint = disabled(endpoint)
        client = _take_credentials(request.headers, runtime.options["local_key"])
        call = Call(
            flow=flow,
            endpoint=endpoint,
            id=f"req_{uuid.uuid4().hex[:24]}",
            started=runtime.monotonic(),
            method=request.method,
            path=request.path.partition("?")[0],
            host=host,
            local_key=client.local_key,
            hidden=runtime.options["local_key"] or "",
        )
        if runtime.options["client_passthrough"]:
            call.own = client.own
        call.note(request_id=call.id, endpoint=endpoint.name)
        return call

    def must_wait(self, call: Call) -> bool:
        """Take a credential that is at hand; True when it has to be fetched."""
        runtime, handler = self.runtime, self.handler(call.endpoint)
        if not self._may_enter(call):
            return False
        if not handler.needs_credential:
            return handler.waits
        runtime.look_again()
        chosen = runtime.options["credential"]
        if call.own is not None and chosen in ("auto", "client"):
            call.credential = call.own
        elif chosen == "client":
            call.no_credential = CredentialUnavailable(CLIENT_ONLY)
        elif runtime.source is None:
            call.no_credential = CredentialUnavailable(runtime.why)
        elif (refused := exposure.refusal(runtime)) is not None:
            call.no_credential = CredentialUnavailable(refused)
        else:
            call.credential = runtime.source.ready(runtime.now())
            return call.credential is None
        return False

    def _may_enter(self, call: Call) -> bool:
        """Whether the local access key, if one is set, was presented where needed."""
        handler = self.handler(call.endpoint)
        wanted = handler.needs_credential or handler.guarded
        return call.local_key or not (wanted and self.runtime.options["local_key"])

    async def prepare(self, call: Call) -> None:
        """Wait for the source; a failure is told to the client by ``request``."""
        handler, source = self.handler(call.endpoint), self.runtime.source
        if handler.waits:
            await handler.prepare(call)
            return
        assert source is not None
        try:
            call.credential = await source.fetch(self.runtime.now())
        except CredentialUnavailable as unavailable:
            call.no_credential = unavailable

    def request(self, call: Call) -> None:
        """Local key, credential, then the endpoint's own stage."""
        if "/auth" in call.path:
            blank(call.flow.request)
        if call.flow.response is not None or call.broken:
            return
        sent = (
            log_bodies.decoded(call.flow.request)
            if log_bodies.wanted(call, self.runtime)
            else None
        )
        self._request(call)
        access_log.incoming(call, self.runtime, sent)

    def _request(self, call: Call) -> None:
        handler = self.handler(call.endpoint)
        if not self._may_enter(call):
            refuse(call, 401, LOCAL_KEY_NEEDED)
            return
        if call.credential is not None:
            call.note(credential=call.credential.source)
        elif handler.needs_credential and not handler.without_credential:
            refuse(call, 401, str(call.no_credential or CLIENT_ONLY))
            return
        handler.request(call)

    def response_headers(self, call: Call) -> None:
        """Only upstream's answers are looked at; ours are complete."""
        if not call.admitted:  # made here, by a stage of ours or by another addon
            call.local = True
        if call.local or call.broken:
            return
        response = call.flow.response
        assert response is not None
        call.upstream_status = response.status_code
        call.upstream_id = response.headers.get("request-id")
        call.note(upstream_request_id=call.upstream_id)
        call.first_byte = self.runtime.monotonic()
        self.handler(call.endpoint).response_headers(call)
        if response.stream and log_bodies.wanted(call, self.runtime):
            feed = response.stream if callable(response.stream) else None
            call.tap = response.stream = log_bodies.StreamTap(feed)

    def response(self, call: Call) -> None:
        """Translate; a stage that broke earlier ends here with our own error."""
        if call.broken and call.upstream_status is not None:
            call.flow.response = self.failure(call, 500, BROKEN_ANSWER)
        elif not call.local:
            self._response(call)
        if call.local and log_bodies.wanted(call, self.runtime):
            assert call.flow.response is not None
            content = log_bodies.decoded(call.flow.response)
            log_bodies.show(call, "proxy → client", content)
        access_log.finished(call, self.runtime)

    def _response(self, call: Call) -> None:
        """The endpoint's own stage, and what a verbose log shows around it."""
        handler, shown = (
            self.handler(call.endpoint),
            log_bodies.wanted(call, self.runtime),
        )
        if not shown:
            handler.response(call)
        elif call.tap is not None:
            log_bodies.show_stream(call, call.tap)
            handler.response(call)
        else:
            log_bodies.around(call, handler.response)

    def error(self, call: Call) -> None:
        """Nothing came, or not all of it."""
        if call.tap is not None:
            log_bodies.show_stream(call, call.tap)
        if call.transcoder is not None or call.watch is not None:
            self.handler(call.endpoint).response(call)
        access_log.failed(call, self.runtime)

    def recoverable(self, call: Call, status: int) -> bool:
        """A 401 to our own token, or what the endpoint can mend."""
        if status == 401:
            return _ours(call) and not call.renewed
        return self.handler(call.endpoint).recoverable(call, status)

    async def recover(self, recovery: Recovery) -> None:
        """Renew the token once, or let the endpoint rewrite the request."""
        call, source = recovery.call, self.runtime.source
        if recovery.status != 401:
            self.handler(call.endpoint).recover(recovery)
        elif source is not None and call.credential is not None:
            call.renewed = True
            newer = await source.renew(call.credential, self.runtime.now())
            if newer is not None:
                call.credential = newer
                recovery.again = True

    def goes_on(self, call: Call) -> bool:
        """Whether a paused turn is continued."""
        return self.handler(call.endpoint).goes_on(call)

    def failure(self, call: Call | None, status: int, reason: str) -> http.Response:
        """An error of ours as JSON."""
        if status == 502:
            reason = f"Upstream gave no answer that can be used: {reason.rstrip('. ')}."
        if call is None:
            answer = error_answer("openai", status, reason, "req_none")
            answer.headers["connection"] = "close"
            return answer
        return self.handler(call.endpoint).failure(call, status, reason)

    def broken_stream(self, call: Call, reason: str) -> bytes | None:
        """What ends a stream that upstream did not."""
        return self.handler(call.endpoint).broken_stream(call, reason)

    def body_limit(self) -> int:
        """Largest request body in bytes."""
        limit: int = self.runtime.options["body_limit"]
        return limit


def _take_credentials(headers: http.Headers, local_key: str | None) -> Presented:
    """Classify the client's credentials and leave a mark in their place."""
    found = presented(
        [
            (name, value)
            for name in SECRET_HEADERS[:3]
            for value in headers.get_all(name)
        ],
        local_key=local_key,
    )
    for name in SECRET_HEADERS:
        if name in headers:
            headers[name] = "***"
    return found


def _ours(call: Call) -> bool:
    credential = call.credential
    return credential is not None and credential.source in ("console", "subscription")

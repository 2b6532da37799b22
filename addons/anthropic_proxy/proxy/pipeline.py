"""The stages of a request, in order, handed to the endpoint's kind."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Final

from mitmproxy import http

from ..credentials.credential import CredentialUnavailable
from . import access_log, exposure, log_bodies, upstream_words
from .answers import error_answer
from .auth import Auth, blank
from .call import Call
from .chat import ChatCompletions
from .client_credentials import take_credentials
from .endpoints import Endpoint, Kind, disabled, match, not_served
from .forwarding import REDIRECTED, for_the_client, frame, is_redirect
from .handler import Handler, refuse
from .http_facts import BROKEN_ANSWER, value_of
from .local import Disabled, Health, Options, Refused, StatusPage, Unknown
from .metrics_page import MetricsPage
from .models_list import Models, OneModel
from .native import Messages, Native
from .stages import Timeouts
from .streaming import Tap
from .web_guard import WebGuard, visit

if TYPE_CHECKING:
    from .runtime import Runtime
    from .stages import End, Recovery

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
    "metrics": MetricsPage,
    "disabled": Disabled,
    "refused": Refused,
    "unknown": Unknown,
}

TIMEOUT_OPTIONS: Final = (
    "connect_timeout",
    "response_timeout",
    "idle_timeout",
    "ping_interval",
)
SECONDS_PER_TOKEN: Final = 3600 / 128_000
"""What Anthropic's SDKs allow for an answer that is not streamed."""

LOCAL_KEY_NEEDED: Final = (
    "This proxy wants its local access key: send it as the API key of your client."
)
CLIENT_ONLY: Final = (
    "This proxy uses the credential of its clients: send your Anthropic API key."
)


class Pipeline:
    """Implements ``egress.Stages``. Holds no request state of its own."""

    def __init__(self, runtime: Runtime, told: Callable[..., bool]) -> None:
        self.runtime = runtime
        self.told = told
        self.stopping = False
        self._handlers = {kind: handler(runtime) for kind, handler in HANDLERS.items()}
        self._guard = WebGuard(
            runtime.options,
            exposed_at=runtime.exposed_at,
            hostname=socket.gethostname(),
        )
        self.timeouts = Timeouts(
            **{
                field.name: runtime.options[name]
                for field, name in zip(fields(Timeouts), TIMEOUT_OPTIONS, strict=True)
            }
        )

    def handler(self, endpoint: Endpoint) -> Handler:
        """The stages of an endpoint."""
        return self._handlers[endpoint.kind]

    def begin(self, flow: http.HTTPFlow, host: str) -> Call:
        """Take the client's credentials out of the flow before anyone sees it."""
        request, runtime = flow.request, self.runtime
        endpoint = match(request)
        if endpoint.switch is not None and not runtime.options[endpoint.switch]:
            endpoint = disabled(endpoint)
        client = take_credentials(request, runtime.options["local_key"])
        visitor = visit(flow, host, has_key=client.local_key)
        if (refusal := self._guard.refusal(visitor, endpoint)) is not None:
            endpoint = not_served(endpoint, refusal)
        call = Call(
            flow=flow,
            endpoint=endpoint,
            id=f"req_{os.urandom(12).hex()}",
            started=runtime.monotonic(),
            method=request.method,
            path=request.path.partition("?")[0],
            host=host,
            http_version=request.http_version,
            allow_origin=self._guard.allow_origin(visitor),
            local_key=client.local_key,
            hidden=runtime.options["local_key"] or "",
        )
        if runtime.options["client_passthrough"]:
            call.own = client.own
        call.note(request_id=call.id, endpoint=endpoint.name)
        runtime.metrics.began(call)
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
        assert call.flow.response is not None
        response = call.flow.response = for_the_client(call.flow.response)
        call.upstream_status = response.status_code
        call.upstream_id = value_of(response.headers, b"request-id")
        call.note(upstream_request_id=call.upstream_id)
        call.first_byte = self.runtime.monotonic()
        if not is_redirect(call.upstream_status):
            self.handler(call.endpoint).response_headers(call)
        self._suited(call, response)
        if response.stream:
            self._stream_begins(call, response)

    def _stream_begins(self, call: Call, response: http.Response) -> None:
        """Whoever looks at its bytes is put in between."""
        runtime = self.runtime
        if call.recording is not None:
            call.recording.stream_begins(response)
        if log_bodies.wanted(call, runtime):
            feed = response.stream if callable(response.stream) else None
            call.tap = Tap(log_bodies.KEPT_BYTES, runtime.monotonic)
            response.stream = call.tap.around(feed)
        runtime.metrics.time_first_token(call, runtime.catalog, runtime.monotonic)

    def response(self, call: Call) -> None:
        """Translate; a stage that broke earlier ends here with our own error."""
        if call.broken and call.upstream_status is not None:
            call.flow.response = self.failure(call, 500, BROKEN_ANSWER)
        elif is_redirect(call.upstream_status):
            call.flow.response = self.failure(call, 502, REDIRECTED)
        elif not call.local:
            self._response(call)
        if call.flow.response is not None:
            self._suited(call, call.flow.response)
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

    def ended(self, call: Call, end: End) -> None:
        """Count it."""
        runtime = self.runtime
        runtime.metrics.ended(call, end, runtime.catalog, runtime.monotonic())

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
        reason = upstream_words.sentence(call, status, reason)
        if call is None:
            self.runtime.metrics.refused(status)
            answer = error_answer("openai", status, reason, "req_none")
            answer.headers["connection"] = "close"
            return answer
        answer = self.handler(call.endpoint).failure(call, status, reason)
        return self._suited(call, answer)

    def _suited(self, call: Call, answer: http.Response) -> http.Response:
        """Every answer's last step: for this client's HTTP, and its page if it is one.

        May be done twice. Nothing in an answer's head is changed after it.
        """
        frame(answer, call.method, call.http_version)
        self._guard.suit(answer.headers, call.allow_origin)
        return answer

    def broken_stream(self, call: Call, reason: str, code: str) -> bytes | None:
        """What ends a stream that upstream did not."""
        return self.handler(call.endpoint).broken_stream(call, reason, code)

    def response_timeout(self, call: Call) -> float:
        """What comes in one piece comes late: its generation is waited for too."""
        tokens = self.handler(call.endpoint).whole_answer_tokens(call)
        return self.timeouts.response + tokens * SECONDS_PER_TOKEN

    def early_head(self, call: Call) -> http.Response | None:
        """The head of a stream, to be sent before upstream's."""
        head = self.handler(call.endpoint).early_head(call)
        if head is None:
            return None
        head.stream = True
        return self._suited(call, head)

    def late_refusal(self, call: Call, content: bytes) -> bytes:
        """An error as an event."""
        return self.handler(call.endpoint).late_refusal(call, content)

    def ping(self, call: Call) -> bytes:
        """A sign of life in a stream."""
        return self.handler(call.endpoint).ping(call)

    def body_limit(self) -> int:
        """Largest request body in bytes."""
        limit: int = self.runtime.options["body_limit"]
        return limit


def _ours(call: Call) -> bool:
    credential = call.credential
    return credential is not None and credential.source in ("console", "subscription")

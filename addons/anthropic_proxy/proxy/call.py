"""One request on its way through the proxy: what the stages hand to each other.

A call lives on the egress stream, never in a flow: flows are saved, shown and
broadcast, and a call may hold a credential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..credentials.credential import Credential, CredentialUnavailable
from ..dialects.chat_completions.exchange import Translation
from ..dialects.chat_completions.large_images import LargeImages
from ..dialects.chat_completions.stream import Transcoder
from ..dialects.messages.errors import NativeStreamWatch

if TYPE_CHECKING:
    from mitmproxy.http import HTTPFlow, Response

    from .endpoints import Endpoint
    from .recorder import Recording
    from .streaming import Tap

FLOW_KEY = "anthropic_proxy"
"""Key of ``flow.metadata`` under which a call's public facts are kept."""


@dataclass(slots=True, eq=False, repr=False, weakref_slot=True)
class Call:
    """Mutable state of one request. Only the stages of ``pipeline`` write to it."""

    flow: HTTPFlow
    endpoint: Endpoint
    id: str
    """Ours, for the log, the flow and the ``x-request-id`` of answers made here."""
    started: float
    """Monotonic seconds at which the request's head was read."""
    method: str = ""
    path: str = ""
    """As the client sent them; the path without its query, which may hold a secret."""
    host: str = ""
    """The Host header as the client sent it; mitmproxy rewrites it in the flow."""
    http_version: str = "HTTP/1.1"
    """The client's; the flow's is upstream's once the request is prepared."""
    allow_origin: str | None = None
    """The page's origin that may read the answer, ``*`` for any; None: no page may."""
    body: bytes = b""
    """The request's body, for ``prepare`` only: it may hold a secret."""
    prepared: Response | None = None
    """The answer that ``prepare`` made."""

    own: Credential | None = None
    """The client's own Anthropic credential."""
    local_key: bool = False
    """The client presented the local access key."""
    hidden: str = ""
    """The local access key itself, which no log may show."""
    credential: Credential | None = None
    """What goes on the wire. Never in the flow."""
    no_credential: CredentialUnavailable | None = None
    renewed: bool = False

    translation: Translation | None = None
    images: LargeImages | None = None
    """What the translation's body has stand-ins for."""
    asked: Mapping[str, Any] = field(default_factory=dict)
    """What the log tells of a native request: model, max_tokens, stream."""
    logged: dict[str, Any] = field(default_factory=dict)
    """What the log told of the request, if it did."""
    injected: bool = False
    """The identity sentence was added."""
    target: tuple[str, str, int] | None = None
    """Scheme, host and port that the credential is meant for."""
    admitted: bool = False
    """The request was prepared by us and may go upstream. Anything else may not."""
    local: bool = False
    """The answer was made here; upstream was not asked."""
    early: bool = False
    """The client was given the head of a stream before upstream's came."""
    broken: bool = False
    """A stage of ours raised; the client gets a 500."""

    transcoder: Transcoder | None = None
    watch: NativeStreamWatch | None = None
    parts: list[dict[str, Any]] = field(default_factory=list)
    """Messages of a paused turn that was continued, oldest first."""
    pauses_left: int = 0
    message: Any = None
    """Upstream's whole answer, read to see whether it goes on; for the next stage."""

    upstream_status: int | None = None
    upstream_id: str | None = None
    """Upstream's ``request-id``."""
    recording: Recording | None = None
    """None when nobody looks at flows."""
    tap: Tap | None = None
    """What a verbose log shows of a stream."""
    usage: Mapping[str, Any] | None = None
    model: str | None = None
    finish: str | None = None
    """Why the answer ended, in the client's words; "error" if it went wrong."""
    stop_reason: str | None = None
    """The same in Anthropic's."""
    warnings: list[str] = field(default_factory=list)
    first_byte: float | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may show, whatever it looks like."""
        held = [self.hidden]
        if self.credential is not None:
            held.append(self.credential.secret)
        if self.own is not None:
            held.append(self.own.secret)
        return tuple(held)

    def note(self, **facts: Any) -> None:
        """Keep public facts (plain JSON values) with the flow."""
        if self.recording is not None:
            facts = self.recording.keeping.saveable(facts)
        self.flow.metadata.setdefault(FLOW_KEY, {}).update(facts)

    def __repr__(self) -> str:
        return f"Call({self.id}, {self.endpoint.name})"

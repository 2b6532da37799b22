"""What keeps web pages out: a page of any site can make its visitor's browser ask us.

* It can point a name of its own at this machine and then reads our answers like its own
  (DNS rebinding). So only known names are served: ``Host``.
* It can send a request and not care for the answer. So pages of other origins are
  refused, unless their origin is allowed: ``Origin``, ``Sec-Fetch-Site``.
* It can send a form or plain text without asking first, and an old browser does not say
  whose page that was. So a body of JSON must be called JSON: ``Content-Type``.

All of it is decided from the head of a request, before anything is done with it.
Programs send none of the browser's headers and notice only the first rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mitmproxy import exceptions

from . import cors
from .option_table import ENV_PREFIX, PREFIX
from .web_names import ANY, Origin, OriginPattern, host_of, is_address, is_this_machine

if TYPE_CHECKING:
    from mitmproxy import http

    from .endpoints import Endpoint


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not served."""

    status: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request tells of where it comes from."""

    method: str
    headers: Mapping[str, str]
    """Those that are read here, by name in lower case; equal ones joined by commas."""
    authorities: tuple[str, ...] = ()
    """Every ``host[:port]`` that the request is meant for."""
    from_here: bool = True
    """The connection comes from this machine."""
    has_key: bool = False
    """The local access key was presented."""

    @property
    def origin(self) -> str | None:
        """The page's; browsers send it with all but plain GETs of their own site."""
        return self.headers.get("origin")

    @property
    def is_own_page(self) -> bool:
        """Whether the origin is the address under which this proxy was reached."""
        origin = Origin.parse(self.origin or "")
        return origin is not None and any(map(origin.is_at, self.authorities))


def visit(flow: http.HTTPFlow, host: str, *, has_key: bool) -> Visit:
    """``host`` is the Host header as it came; the flow's is upstream's by now."""
    request, client = flow.request, flow.client_conn
    headers: dict[str, str] = {}
    for field, value in request.headers.fields:
        if (name := _READ.get(field.lower())) is not None:
            text = value.decode("latin-1")
            headers[name] = f"{headers[name]}, {text}" if name in headers else text
    old = not (request.is_http2 or request.is_http3)
    target = request.authority if old else ""  # GET http://evil.example/ HTTP/1.1
    here = client.sockname[0] if client.sockname else None
    from_here = client.peername[0] == here or is_this_machine(client.peername[0])
    return Visit(
        method=request.method,
        headers=headers,
        authorities=tuple(name for name in (host.strip(), target) if name),
        from_here=from_here,
        has_key=has_key,
    )


class WebGuard:
    """The rules of one proxy, made of its options."""

    def __init__(
        self, options: Mapping[str, Any], *, exposed_at: str | None, hostname: str
    ) -> None:
        """Read what is allowed.

        Args:
            options: ``allowed_hosts`` and ``allowed_origins`` are read.
            exposed_at: the address beyond loopback at which we listen; None: none.
            hostname: this machine's; it counts when others can reach us.

        Raises:
            OptionsError: naming the option and the word in it that cannot be meant.
        """
        self._options = options
        self._exposed = exposed_at is not None
        self._served: set[str] = set()  # authorities that were looked at and are known
        self._any_host = ANY in options["allowed_hosts"]
        self._any_origin = ANY in options["allowed_origins"]
        self._hosts = {_host(word) for word in options["allowed_hosts"] if word != ANY}
        if exposed_at is not None:
            names = (hostname, f"{hostname.partition('.')[0]}.local", exposed_at)
            self._hosts |= {host for host in map(host_of, names) if host}
        self._origins = [
            _pattern(word) for word in options["allowed_origins"] if word != ANY
        ]

    def refusal(self, visit: Visit, endpoint: Endpoint) -> Refusal | None:
        """Why this request is not served; None when it is."""
        for check in (self._host, self._page, _place, self._body):
            if (refusal := check(visit, endpoint)) is not None:
                return refusal
        return None

    def allow_origin(self, visit: Visit) -> str | None:
        """``Access-Control-Allow-Origin`` of the answer; None: no page may read it."""
        if self._any_origin:
            return ANY
        return visit.origin if self._allows(visit.origin) else None

    def suit(self, headers: http.Headers, allow_origin: str | None) -> None:
        """Give an answer the headers of CORS. May be done twice."""
        cors.suit(headers, allow_origin, vary=bool(self._origins))

    def _allows(self, text: str | None) -> bool:
        if text is None or self._any_origin:
            return text is not None
        origin = Origin.parse(text)
        return origin is not None and any(
            pattern.matches(origin) for pattern in self._origins
        )

    # -- the rules -----------------------------------------------------------------

    def _host(self, visit: Visit, endpoint: Endpoint) -> Refusal | None:
        """A browser always names a host; without one it is a program's request."""
        for authority in visit.authorities:
            if authority in self._served:
                continue
            host = host_of(authority)
            if host is None or not self._serves(host):
                return Refusal(403, self._strange_host(host))
            if len(self._served) < 100 and len(authority) < 300:
                self._served.add(authority)
        return None

    def _serves(self, host: str) -> bool:
        return (
            self._any_host
            or is_this_machine(host)
            or (self._exposed and is_address(host))  # nobody can rebind a number
            or host in self._hosts
            or any(f"*.{parent}" in self._hosts for parent in _parents(host))
        )

    def _page(self, visit: Visit, endpoint: Endpoint) -> Refusal | None:
        """Pages of this proxy, of allowed origins, and what a user opens."""
        if endpoint.served == "anywhere" and (
            self._allows(visit.origin) or self._any_origin
        ):
            return None
        if visit.origin is not None and not visit.is_own_page:
            if endpoint.served != "anywhere":
                return Refusal(403, _NO_PAGES.format(endpoint.name))
            return Refusal(403, self._strange_origin(visit.origin))
        site = visit.headers.get("sec-fetch-site", "none").lower()
        if site in ("none", "same-origin") or _is_navigation(visit, endpoint):
            return None
        return Refusal(403, _OTHER_SITE)

    def _body(self, visit: Visit, endpoint: Endpoint) -> Refusal | None:
        """JSON by name; no name at all is a sloppy program's, or an allowed page's."""
        if visit.method != "POST" or not endpoint.takes_json:
            return None
        given = visit.headers.get("content-type")
        if given is None:
            is_page = not self._allows(visit.origin) and _is_from_browser(visit)
            return Refusal(415, _NOT_JSON.format("none")) if is_page else None
        media_type = given.partition(";")[0].strip().lower()
        if _JSON.fullmatch(media_type):
            return None
        shown = media_type if _MEDIA_TYPE.fullmatch(media_type) else "another one"
        hint = _CURL if media_type == _FORM else ""
        return Refusal(415, _NOT_JSON.format(shown) + hint)

    # -- the words -----------------------------------------------------------------

    def _strange_host(self, host: str | None) -> str:
        if host is None:
            return _ODD_HOST
        return _STRANGE_HOST.format(host, self._remedy("allowed_hosts", host))

    def _strange_origin(self, text: str) -> str:
        origin = Origin.parse(text)
        if origin is None:
            return _ODD_ORIGIN
        sentence = _NO_ORIGIN if origin.is_null else _STRANGE_ORIGIN
        remedy = self._remedy("allowed_origins", origin.to_allow)
        return sentence.format(text, remedy)

    def _remedy(self, option: str, word: str) -> str:
        value = ",".join([*self._options[option], word])
        return (
            f"{PREFIX}{option}={value} (environment: "
            f"{ENV_PREFIX}{option.upper()}={value})"
        )


def _place(visit: Visit, endpoint: Endpoint) -> Refusal | None:
    """What is served to this machine only."""
    if endpoint.served == "anywhere":
        return None
    if endpoint.served == "here or with the key" and visit.has_key:
        return None
    names = [host_of(authority) or "" for authority in visit.authorities]
    if all(map(is_this_machine, names)) and (visit.from_here or visit.has_key):
        return None
    return Refusal(403, _ONLY_HERE.format(endpoint.name))


def _is_navigation(visit: Visit, endpoint: Endpoint) -> bool:
    """A user who follows a link to a page that is meant to be looked at."""
    return (
        endpoint.kind in ("status page", "health")
        and visit.headers.get("sec-fetch-mode") == "navigate"
        and visit.headers.get("sec-fetch-dest", "document") == "document"
    )


def _is_from_browser(visit: Visit) -> bool:
    return visit.origin is not None or "sec-fetch-site" in visit.headers


def _parents(host: str) -> list[str]:
    labels = host.split(".")
    return [".".join(labels[at:]) for at in range(1, len(labels))]


def _host(word: str) -> str:
    """A name in ``allowed_hosts``; a leading ``*.`` or dot stands for any subdomain."""
    plain = word.partition("://")[2] or word
    star = plain.startswith((".", "*."))
    host = host_of(plain.removeprefix("*").removeprefix(".").rstrip("/"))
    if host is None:
        raise exceptions.OptionsError(
            f"{PREFIX}allowed_hosts: {word!r} is not the name of a host"
        )
    return f"*.{host}" if star else host


def _pattern(word: str) -> OriginPattern:
    try:
        return OriginPattern.parse(word)
    except ValueError as wrong:
        raise exceptions.OptionsError(f"{PREFIX}allowed_origins: {wrong}") from None


_READ: Final = {
    name.encode(): name
    for name in (
        "origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "content-type",
    )
}  # fmt: skip
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = re.compile(r"application/(?:[a-z0-9.-]+\+)?json")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,80}/[a-z0-9.+-]{1,80}")

_STRANGE_HOST: Final = (
    "This proxy is not known as {}. Web pages can point names of their own at your "
    "machine, so only known names are served. If this one is yours, set {}."
)
_ODD_HOST: Final = "The Host header of this request does not name a host, or names two."
_STRANGE_ORIGIN: Final = (
    "Web pages and apps of the origin {} may not use this proxy. To allow them, set {}."
)
_NO_ORIGIN: Final = (
    "Pages that hide where they are from (Origin: {}) may not use this proxy: any site "
    "can make one. Open the page from a web server and allow its origin. To allow "
    "every page that hides, set {}."
)
_ODD_ORIGIN: Final = "The Origin header of this request does not name an origin."
_OTHER_SITE: Final = (
    "A web page of another site asks for this, without saying which. Open the address "
    "yourself, or let the page ask with CORS and allow its origin: "
    f"{PREFIX}allowed_origins."
)
_ONLY_HERE: Final = "/{} is served to this machine only, as localhost."
_NO_PAGES: Final = "/{} is not served to web pages of other sites."
_NOT_JSON: Final = (
    "The body must be JSON, sent with content-type: application/json, not {}."
)
_CURL: Final = " With curl: -H 'content-type: application/json'."

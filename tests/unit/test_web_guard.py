"""Who is let in, decided from the head of a request alone."""

from __future__ import annotations

from typing import Any

import pytest
from mitmproxy import exceptions, http
from mitmproxy.test import tflow

from anthropic_proxy.proxy.cors import preflight, suit
from anthropic_proxy.proxy.endpoints import Endpoint, match
from anthropic_proxy.proxy.web_guard import Visit, WebGuard, visit

PROXY = "localhost:8100"
EVIL = "https://evil.example"
APP = "app://obsidian.md"
JSON = {"content-type": "application/json"}


def guard(
    *, hosts: str = "", origins: str = "", exposed_at: str | None = None
) -> WebGuard:
    options = {
        "allowed_hosts": tuple(filter(None, hosts.split(","))),
        "allowed_origins": tuple(filter(None, origins.split(","))),
    }
    return WebGuard(options, exposed_at=exposed_at, hostname="mybox.lan")


def asks(
    line: str = "POST /v1/messages", *authorities: str, **more: Any
) -> tuple[Visit, Endpoint]:
    method, path = line.split(" ", 1)
    headers = {name.replace("_", "-"): text for name, text in more.items()}
    flags = {n: headers.pop(n) for n in ("from-here", "has-key") if n in headers}
    request = http.Request.make(method, f"http://upstream{path}")
    came = Visit(
        method=method,
        headers=headers,
        authorities=authorities or (PROXY,),
        from_here=flags.get("from-here", True),
        has_key=flags.get("has-key", False),
    )
    return came, match(request)


def status(rules: WebGuard, visited: tuple[Visit, Endpoint]) -> int:
    refusal = rules.refusal(*visited)
    return refusal.status if refusal is not None else 200


EVERYWHERE = "every interface"


@pytest.mark.parametrize(
    ("host", "exposed_at", "hosts", "expected"),
    [
        ("localhost:8100", None, "", 200),
        ("127.0.0.1:1", None, "", 200),
        ("[::ffff:127.0.0.1]:8100", None, "", 200),
        ("0.0.0.0:8100", None, "", 200),
        ("claude.localhost", None, "", 200),
        ("evil.example", None, "", 403),
        ("localhost.evil.example", None, "", 403),
        ("user@localhost", None, "", 403),
        ("192.0.2.1:8100", None, "", 403),
        ("mybox.lan", None, "", 403),
        # Others can reach us: by number, or by this machine's name.
        ("192.0.2.1:8100", EVERYWHERE, "", 200),
        ("[2001:db8::1]:8100", "192.0.2.7", "", 200),
        ("mybox.lan:8100", EVERYWHERE, "", 200),
        ("MyBox.local", EVERYWHERE, "", 200),
        ("proxy.lan", "proxy.lan", "", 200),
        ("anthropic_max_proxy:8100", EVERYWHERE, "", 403),
        ("evil.example", EVERYWHERE, "", 403),
        # What the user adds, however it is written.
        ("anthropic_max_proxy:8100", EVERYWHERE, "anthropic_max_proxy", 200),
        ("proxy.ns.svc.cluster.local", None, "proxy.ns.svc.cluster.local:8100", 200),
        ("claude.example", None, "https://claude.example/", 200),
        ("x.claude.example", None, "claude.example", 403),
        ("x.claude.example", None, "*.claude.example", 200),
        ("x.y.claude.example", None, ".claude.example", 200),
        ("claude.example", None, "*.claude.example", 403),
        ("xclaude.example", None, "*.claude.example", 403),
        ("192.0.2.1", None, "192.0.2.1", 200),
        ("evil.example", None, "*", 200),
        ("user@localhost", None, "*", 403),
    ],
)
def test_the_names_that_are_served(
    host: str, exposed_at: str | None, hosts: str, expected: int
) -> None:
    rules = guard(hosts=hosts, exposed_at=exposed_at)
    for line in ("POST /v1/messages", "GET /", "GET /health", "OPTIONS /", "GET /x"):
        assert status(rules, asks(line, host, **JSON)) == expected


def test_every_name_in_a_request_counts() -> None:
    assert status(guard(), asks("GET /", PROXY, "evil.example")) == 403
    assert status(guard(), asks("GET /", "evil.example", PROXY)) == 403


def test_a_request_without_a_name_is_a_programs() -> None:
    came = Visit(method="GET", headers={})
    assert guard().refusal(came, match(http.Request.make("GET", "http://u/"))) is None


BROWSER = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),
        ({"origin": EVIL}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "file://"}, 403),
        ({"origin": "http://localhost:3000"}, 403),
        ({"origin": "http://localhost:8100"}, 200),
        ({"origin": f"http://localhost:8100, {EVIL}"}, 403),
        ({"origin": APP}, 200),
        ({"origin": APP, "sec-fetch-site": "cross-site"}, 200),
        ({"sec-fetch-mode": "cors"}, 200),  # fetch() of Node sends this one alone
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "something-new"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://localhost:8100"}, 403),
        ({"sec-fetch-site": "cross-site", **BROWSER}, 403),
    ],
)
@pytest.mark.parametrize(
    "line",
    [
        "POST /v1/chat/completions",
        "POST /v1/messages/batches",
        "GET /v1/models",
        "POST /v1/files",
        "OPTIONS /v1/messages",
        "GET /nonsense",
    ],
)
def test_the_pages_that_are_served(
    line: str, headers: dict[str, str], expected: int
) -> None:
    rules = guard(origins=APP)
    assert status(rules, asks(line, **{**JSON, **headers})) == expected


@pytest.mark.parametrize("path", ["/", "/health"])
@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", BROWSER, 200),
        ("HEAD", BROWSER, 200),
        ("GET", {"sec-fetch-mode": "navigate"}, 200),
        ("GET", BROWSER | {"sec-fetch-dest": "iframe"}, 403),
        ("GET", {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}, 403),
        ("GET", BROWSER | {"origin": EVIL}, 403),
        ("POST", BROWSER, 403),
    ],
)
def test_a_link_to_a_page_for_people_works(
    path: str, method: str, headers: dict[str, str], expected: int
) -> None:
    came = asks(f"{method} {path}", **{"sec-fetch-site": "cross-site", **headers})
    assert status(guard(), came) == expected


def test_any_origin() -> None:
    rules = guard(origins="*")
    for headers in (JSON | {"origin": EVIL}, {"origin": "null"}, JSON):
        came = asks(**headers, sec_fetch_site="cross-site")
        assert status(rules, came) == 200


@pytest.mark.parametrize(
    ("line", "headers", "expected"),
    [
        ("POST /auth/logout", {}, 200),
        ("GET /auth/status", {"origin": "http://localhost:8100"}, 200),
        ("GET /auth/status", {"origin": "http://localhost:3000"}, 403),
        ("POST /auth/logout", {"origin": EVIL}, 403),
        ("POST /auth/logout", {"origin": APP}, 403),  # allowed, but not here
        ("GET /auth/start", {"sec_fetch_site": "cross-site", **BROWSER}, 403),
        ("GET /auth/start", {"sec_fetch_site": "none", **BROWSER}, 200),
        ("POST /auth/logout", {"from_here": False}, 403),
        ("POST /auth/logout", {"from_here": False, "has_key": True}, 200),
        ("GET /metrics", {}, 200),
        ("GET /metrics", {"origin": APP}, 403),
        ("GET /metrics", {"from_here": False}, 403),
        ("GET /metrics", {"from_here": False, "has_key": True}, 200),
    ],
)
@pytest.mark.parametrize("origins", [APP, "*"])
def test_what_is_served_to_this_machine_only(
    line: str, headers: dict[str, Any], expected: int, origins: str
) -> None:
    rules = guard(origins=origins, hosts="*", exposed_at=EVERYWHERE)
    assert status(rules, asks(line, **headers)) == expected


@pytest.mark.parametrize(
    ("path", "has_key", "expected"),
    [
        ("/auth/status", False, 403),
        ("/auth/status", True, 403),
        ("/metrics", False, 403),
        ("/metrics", True, 200),
    ],
)
def test_only_metrics_are_told_elsewhere_and_for_the_key(
    path: str, has_key: bool, expected: int
) -> None:
    rules = guard(exposed_at=EVERYWHERE)
    came = asks(f"GET {path}", "192.0.2.1:8100", has_key=has_key)
    assert status(rules, came) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"content-type": "application/json"}, 200),
        ({"content-type": "Application/JSON; charset=utf-8"}, 200),
        ({"content-type": "application/vnd.api+json"}, 200),
        ({}, 200),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "text/plain;application/json"}, 415),
        ({"content-type": "application/json, text/plain"}, 415),
        ({"content-type": "application/jsonx"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "multipart/form-data; boundary=application/json"}, 415),
        ({"content-type": ""}, 415),
        # A page that sends a body without a type has not been asked for leave.
        ({"origin": "http://localhost:8100"}, 415),
        ({"sec-fetch-site": "same-origin"}, 415),
        ({"origin": APP}, 200),
    ],
)
@pytest.mark.parametrize(
    "path",
    ["/v1/chat/completions", "/v1/messages", "/v1/messages/batches", "/auth/logout"],
)
def test_a_body_says_that_it_is_json(
    path: str, headers: dict[str, str], expected: int
) -> None:
    if path.startswith("/auth") and headers.get("origin") == APP:
        expected = 403
    assert status(guard(origins=APP), asks(f"POST {path}", **headers)) == expected


def test_files_are_not_json() -> None:
    form = {"content-type": "multipart/form-data; boundary=x"}
    assert status(guard(), asks("POST /v1/files", **form)) == 200
    assert status(guard(), asks("DELETE /v1/messages/batches/x", **form)) == 200


def sentence(rules: WebGuard, visited: tuple[Visit, Endpoint]) -> str:
    refusal = rules.refusal(*visited)
    assert refusal is not None
    return refusal.sentence


@pytest.mark.parametrize(
    ("came", "setting"),
    [
        (asks("GET /", "host.docker.internal:8100"), "hosts=host.docker.internal"),
        (asks(origin="http://localhost:3000"), "origins=http://localhost:3000"),
        (asks(origin="vscode-webview://0a1b"), "origins=vscode-webview://*"),
        (asks(origin="null"), "origins=null"),
    ],
)
def test_a_refusal_says_what_to_set_and_setting_it_helps(
    came: tuple[Visit, Endpoint], setting: str
) -> None:
    text = sentence(guard(), came)
    assert f" anthropic_allowed_{setting} " in text
    name, word = setting.split("=")
    assert f"ANTHROPIC_PROXY_ALLOWED_{name.upper()}={word}" in text
    assert guard(**{name: word}).refusal(*came) is None


def test_a_refusal_keeps_what_is_set_already() -> None:
    text = sentence(guard(hosts="a.example"), asks("GET /", "b.example"))
    assert "anthropic_allowed_hosts=a.example,b.example " in text


@pytest.mark.parametrize(
    "came",
    [
        asks("GET /", "<script>alert(1)</script>"),
        asks(origin="<script>alert(1)</script>"),
        asks(content_type="<script>alert(1)</script>"),
    ],
)
def test_what_makes_no_sense_is_not_repeated(came: tuple[Visit, Endpoint]) -> None:
    assert "script" not in sentence(guard(), came)


def test_a_user_of_curl_is_told_the_flag() -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert "-H 'content-type: application/json'" in sentence(guard(), asks(**form))


@pytest.mark.parametrize(
    ("option", "word"),
    [("hosts", "a b"), ("hosts", "*.*"), ("origins", "http://a b"), ("origins", "-:-")],
)
def test_a_word_that_cannot_be_meant_stops_the_start(option: str, word: str) -> None:
    with pytest.raises(exceptions.OptionsError, match=f"anthropic_allowed_{option}: '"):
        guard(**{option: word})


# -- CORS --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origins", "origin", "expected"),
    [
        (APP, APP, APP),
        (APP, EVIL, None),
        (APP, None, None),
        ("", "http://localhost:8100", None),
        ("*", EVIL, "*"),
        ("*", None, "*"),
        ("http://localhost:*", "http://localhost:5173", "http://localhost:5173"),
        ("null", "null", "null"),
    ],
)
def test_the_origin_that_may_read(
    origins: str, origin: str | None, expected: str | None
) -> None:
    headers = {"origin": origin} if origin is not None else {}
    assert guard(origins=origins).allow_origin(asks(**headers)[0]) == expected


def test_an_answer_that_a_page_may_read() -> None:
    headers = http.Headers(
        [
            (b"Content-Type", b"application/json"),
            (b"X-Request-Id", b"req_1"),
            (b"anthropic-ratelimit-requests-limit", b"5"),
            (b"x-ratelimit-limit-requests", b"5"),
            (b"server", b"x"),
            (b"vary", b"accept"),
        ]
    )
    for _ in range(2):
        suit(headers, APP, vary=True)
    assert headers["access-control-allow-origin"] == APP
    assert headers["access-control-expose-headers"] == (
        "anthropic-ratelimit-requests-limit, x-ratelimit-limit-requests, x-request-id"
    )
    assert headers["vary"] == "accept, Origin"
    assert "access-control-allow-credentials" not in headers


def test_an_answer_that_no_page_may_read_still_varies() -> None:
    headers = http.Headers()
    guard(origins=APP).suit(headers, None)
    assert list(headers.items()) == [("vary", "Origin")]
    headers = http.Headers()
    guard().suit(headers, None)
    assert list(headers.items()) == []


def test_a_preflight() -> None:
    fields = preflight(
        {
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type, x-api-key",
            "access-control-request-private-network": "true",
        }
    )
    assert fields == {
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "access-control-allow-headers": "authorization,content-type, x-api-key",
        "access-control-allow-private-network": "true",
        "access-control-max-age": "600",
    }


@pytest.mark.parametrize("names", ["", "a b", "a,", "a\tb", "ü", "a," * 3_000 + "a"])
def test_odd_names_of_headers_are_not_granted(names: str) -> None:
    assert "access-control-allow-headers" not in preflight(
        {"access-control-request-headers": names}
    )


# -- what is read of a flow --------------------------------------------------------


def test_what_a_flow_tells() -> None:
    flow = tflow.tflow()
    flow.request.headers.add("Origin", "a")
    flow.request.headers.add("origin", "b")
    flow.request.authority = "target.example:80"
    came = visit(flow, " localhost:8100 ", has_key=True)
    assert came.headers["origin"] == "a, b"
    assert came.authorities == ("localhost:8100", "target.example:80")
    assert came.has_key


def test_the_authority_of_http2_is_upstreams_by_then() -> None:
    flow = tflow.tflow()
    flow.request.http_version = "HTTP/2.0"
    flow.request.authority = "upstream.example"
    assert visit(flow, "localhost", has_key=False).authorities == ("localhost",)
    assert visit(flow, "", has_key=False).authorities == ()


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("192.0.2.5", True),  # our own address: this machine by another name
        ("192.0.2.6", False),
        ("::ffff:192.0.2.6", False),
    ],
)
def test_where_a_connection_comes_from(peer: str, expected: bool) -> None:
    flow = tflow.tflow()
    flow.client_conn.peername = (peer, 40_000)
    flow.client_conn.sockname = ("192.0.2.5", 8100)
    assert visit(flow, "localhost", has_key=False).from_here is expected

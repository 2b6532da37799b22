"""What a page in the user's browser can do: nothing, unless its origin is allowed.

And what else of HTTP ends here: upstream's connection, its site, its redirects.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPMessage
from typing import Any

import httpx
import pytest

from anthropic_proxy.simulator.server import SimulatorThread
from support.raw_upstream import (
    Hangup,
    RawUpstream,
    chunk,
    json_answer,
    stream_head,
)
from support.running_proxy import RunningProxy

from .conftest import PROXY_KEY

APP = "app://obsidian.md"
EVIL = "https://evil.example"
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}
NATIVE = CHAT | {"model": "claude-sonnet-4-5", "max_tokens": 5}
STREAM = {"stream": True}
MESSAGE = (
    b'{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5",'
    b'"content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn",'
    b'"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}'
)
EVENTS = (
    b'event: message_start\ndata: {"type":"message_start","message":'
    + MESSAGE
    + b"}\n\n"
    b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    b'"content_block":{"type":"text","text":""}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    b'"delta":{"type":"text_delta","text":"Hi"}}\n\n'
    b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n'
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":'
    b'"end_turn","stop_sequence":null},"usage":{"output_tokens":1}}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)
# What Anthropic answers to a page that says it may (CORS), and what else is its own.
UPSTREAMS_OWN = (
    b"request-id: req_of_upstream",
    b"access-control-allow-origin: *",
    b"access-control-allow-credentials: true",
    b"timing-allow-origin: *",
    b"set-cookie: a=b",
    b"strict-transport-security: max-age=99",
    b"alt-svc: h3",
    b"connection: keep-alive, x-of-this-hop",
    b"keep-alive: timeout=5",
    b"x-of-this-hop: 1",
    b"proxy-authenticate: Basic",
    b"upgrade: h2c",
    b"x-future: kept",
)


def answers(connection: socket.socket, request: bytes) -> None:
    """By the query, so that one upstream serves for all."""
    head, _, body = request.partition(b"\r\n\r\n")
    if b"/closes" in head:
        connection.sendall(json_answer(200, MESSAGE, b"connection: close"))
        raise Hangup
    if b"/to-the-end" in head:
        fields = b"\r\n".join([b"content-type: application/octet-stream"])
        connection.sendall(b"HTTP/1.0 200 OK\r\n" + fields + b"\r\n\r\nabc")
        raise Hangup
    if b"/moved" in head or b"moved" in body:
        moved = b"location: https://elsewhere.example/v1/messages"
        connection.sendall(json_answer(307, b"{}", moved))
    elif b"/refused" in head or b"refused" in body:
        error = b'{"type":"error","error":{"type":"rate_limit_error","message":"No"}}'
        connection.sendall(json_answer(429, error, b"retry-after: 7", *UPSTREAMS_OWN))
    elif b"gone" in body:
        raise Hangup
    elif b'"stream":true' in body.replace(b" ", b""):
        connection.sendall(stream_head(*UPSTREAMS_OWN) + chunk(EVENTS) + b"0\r\n\r\n")
    else:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
        head += b"\r\n".join([b"transfer-encoding: chunked", *UPSTREAMS_OWN])
        connection.sendall(head + b"\r\n\r\n" + chunk(MESSAGE) + b"0\r\n\r\n")


@pytest.fixture(scope="module")
def raw() -> Iterator[RawUpstream]:
    with RawUpstream(answers) as running:
        yield running


@pytest.fixture(scope="module")
def open_proxy(
    raw: RawUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    """Lets one app in, listens to others, and goes by one more name."""
    environment = {
        "ANTHROPIC_API_KEY": PROXY_KEY,
        "ANTHROPIC_PROXY_ALLOWED_ORIGINS": f"{APP},http://localhost:*",
        "ANTHROPIC_PROXY_ALLOWED_HOSTS": "anthropic_max_proxy",
        "ANTHROPIC_PROXY_BODY_LIMIT": "100k",
    }
    home = tmp_path_factory.mktemp("open")
    with RunningProxy(
        home, upstream=raw.url, environment=environment, listen_host="0.0.0.0"
    ) as running:
        yield running
        assert "Traceback" not in running.log, running.log


def ask(
    proxy: RunningProxy, line: str, body: Any = None, **headers: str
) -> tuple[int, HTTPMessage, bytes]:
    """With exactly these headers: ``http.client`` adds none but the length."""
    method, path = line.split(" ", 1)
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    fields.setdefault("host", f"localhost:{proxy.port}")
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    if isinstance(body, dict):
        fields.setdefault("content-type", "application/json")
    connection = HTTPConnection("127.0.0.1", proxy.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if content is not None:
            fields["content-length"] = str(len(content))
        for name, text in fields.items():
            connection.putheader(name, text)
        connection.endheaders(content)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def talk(proxy: RunningProxy, request: bytes) -> bytes:
    """What comes back on a raw connection until it is closed."""
    received = b""
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as client:
        client.sendall(request)
        while data := client.recv(65536):
            received += data
    return received


# -- pages of other sites ----------------------------------------------------------

EVERYTHING = [
    ("POST /v1/chat/completions", CHAT),
    ("POST /v1/chat/completions", CHAT | STREAM),
    ("POST /v1/messages", NATIVE),
    ("POST /v1/messages/count_tokens", NATIVE),
    ("POST /v1/messages/batches", NATIVE),
    ("POST /v1/files", b"--x--"),
    ("GET /v1/models", None),
    ("GET /v1/models/gpt-4o", None),
    ("GET /auth/status", None),
    ("GET /auth/start", None),
    ("POST /auth/callback", {"code": "a#b"}),
    ("POST /auth/logout", {}),
    ("GET /metrics", None),
    ("GET /health", None),
    ("GET /", None),
    ("OPTIONS /v1/messages", None),
    ("GET /nonsense", None),
]
ATTACKS = {
    "a name of its own": {"host": "evil.example:8100"},
    "a foreign page": {"origin": EVIL},
    "a frame that hides": {"origin": "null"},
    "a page of another port": {"origin": "http://localhost:3000"},
    "an image": {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"},
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_page_gets_nothing(
    attack: str, proxy: RunningProxy, simulator: SimulatorThread
) -> None:
    before = len(simulator.requests)
    for line, body in EVERYTHING:
        status, headers, content = ask(proxy, line, body, **ATTACKS[attack])
        assert status == 403, line
        assert not [name for name in headers if name.startswith("access-control")]
        error = json.loads(content)["error"]
        is_native = line.startswith(("POST /v1/messages", "POST /v1/files"))
        assert error["type"] == (
            "permission_error" if is_native else "invalid_request_error"
        )
    assert len(simulator.requests) == before


def test_the_log_tells_the_user_what_to_set(proxy: RunningProxy) -> None:
    ask(proxy, "POST /v1/chat/completions", CHAT, origin="app://told-in-the-log")
    assert "anthropic_allowed_origins=app://told-in-the-log " in proxy.log


@pytest.mark.parametrize(
    "target", ["http://evil.example/health", "http://localhost@evil.example/health"]
)
def test_a_name_in_the_request_line_counts(target: str, proxy: RunningProxy) -> None:
    head = f"GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    assert talk(proxy, head.encode())[9:12] in (b"403", b"400")


def test_two_hosts_are_none(proxy: RunningProxy) -> None:
    head = (
        "GET /health HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n"
        "connection: close\r\n\r\n"
    )
    assert talk(proxy, head.encode())[9:12] in (b"403", b"400")


def test_a_request_without_a_host_is_served(proxy: RunningProxy) -> None:
    assert b" 200 " in talk(proxy, b"GET /health HTTP/1.0\r\n\r\n")[:20]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "text/json"]
)
def test_a_form_is_not_read_as_json(content_type: str, proxy: RunningProxy) -> None:
    for path in ("/v1/chat/completions", "/v1/messages", "/auth/logout"):
        body = json.dumps(CHAT).encode()
        status, headers, content = ask(
            proxy, f"POST {path}", body, content_type=content_type
        )
        assert status == 415
        assert headers["x-should-retry"] == "false"
        error = json.loads(content)["error"]
        assert "content-type: application/json" in error["message"]
        assert error.get("code") in (None, "unsupported_content_type")
    status, _, _ = ask(proxy, "POST /v1/chat/completions", json.dumps(CHAT).encode())
    assert status == 200  # no type at all: a program that says too little


def test_a_link_to_the_status_page_works(proxy: RunningProxy) -> None:
    fetch = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    for path in ("/", "/health"):
        status, _, _ = ask(
            proxy, f"GET {path}", accept="text/html", sec_fetch_dest="document", **fetch
        )
        assert status == 200
    assert ask(proxy, "GET /", sec_fetch_dest="iframe", **fetch)[0] == 403


# -- a proxy for others, and pages that are allowed --------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "anthropic_max_proxy:8100",
        *("127.0.0.1", "192.0.2.1:8100", "[2001:db8::1]"),
        socket.gethostname(),
    ],
)
def test_it_is_reached_by_number_and_by_its_names(
    host: str, open_proxy: RunningProxy
) -> None:
    assert ask(open_proxy, "GET /health", host=host)[0] == 200


def test_names_that_others_make_up_are_refused(open_proxy: RunningProxy) -> None:
    assert ask(open_proxy, "GET /health", host="evil.example")[0] == 403


def test_auth_stays_on_this_machine(open_proxy: RunningProxy) -> None:
    assert ask(open_proxy, "GET /auth/status")[0] == 200
    for host in ("anthropic_max_proxy:8100", "192.0.2.1", socket.gethostname()):
        assert ask(open_proxy, "GET /auth/status", host=host)[0] == 403


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/models", "/nonsense"])
def test_a_preflight_is_answered(path: str, open_proxy: RunningProxy) -> None:
    asked = {
        "access_control_request_method": "POST",
        "access_control_request_headers": "authorization,content-type,x-stainless-os",
        "access_control_request_private_network": "true",
        "sec_fetch_mode": "cors",
        "sec_fetch_site": "cross-site",
    }
    status, headers, content = ask(open_proxy, f"OPTIONS {path}", origin=APP, **asked)
    assert (status, content) == (204, b"")
    assert headers["access-control-allow-origin"] == APP
    assert "POST" in headers["access-control-allow-methods"]
    assert (
        headers["access-control-allow-headers"]
        == asked["access_control_request_headers"]
    )
    assert headers["access-control-allow-private-network"] == "true"
    assert headers["access-control-max-age"] == "600"
    assert headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in headers

    status, headers, _ = ask(open_proxy, f"OPTIONS {path}", origin=EVIL, **asked)
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control")]


ANSWERS = [
    ("POST /v1/chat/completions", CHAT, 200),
    ("POST /v1/chat/completions", CHAT | STREAM, 200),
    ("POST /v1/messages", NATIVE, 200),
    ("POST /v1/messages", NATIVE | STREAM, 200),
    ("POST /v1/files", b"--x--", 200),
    ("GET /v1/models", None, 200),
    ("GET /health", None, 200),
    ("POST /v1/chat/completions", b"{", 400),
    ("POST /v1/chat/completions", CHAT | {"user": "refused"}, 429),
    ("POST /v1/messages?/refused", NATIVE, 429),
    ("POST /v1/chat/completions", CHAT | {"user": "gone"}, 502),
    ("POST /v1/messages", NATIVE | {"x": "gone"}, 502),
    ("POST /v1/messages", NATIVE | {"x": "moved"}, 502),
    ("POST /v1/messages", b"[%s1]" % (b"1," * 60_000), 413),
    ("POST /v1/chat/completions", b"[%s1]" % (b"1," * 60_000), 413),
    ("GET /nonsense", None, 404),
    ("POST /auth/logout", {}, 403),
]


@pytest.mark.parametrize(("line", "body", "expected"), ANSWERS)
def test_an_allowed_page_can_read_every_answer(
    line: str, body: Any, expected: int, open_proxy: RunningProxy
) -> None:
    status, headers, content = ask(open_proxy, line, body, origin=APP)
    assert status == expected
    assert headers.get_all("access-control-allow-origin") == [APP]
    assert headers["vary"] == "Origin"
    assert "x-request-id" in headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in headers
    assert content
    if status == 429:
        assert "retry-after" in headers["access-control-expose-headers"]


def test_a_program_gets_no_leave_for_pages(open_proxy: RunningProxy) -> None:
    for line, body, expected in ANSWERS[:7]:
        status, headers, _ = ask(open_proxy, line, body)
        assert status == expected
        assert headers["vary"] == "Origin"
        assert not [name for name in headers if name.startswith("access-control")]


def test_upstream_does_not_learn_which_page_asked(
    open_proxy: RunningProxy, raw: RawUpstream
) -> None:
    for line in ("POST /v1/messages", "POST /v1/messages/batches", "GET /v1/models"):
        ask(
            open_proxy,
            line,
            NATIVE if line.startswith("POST") else None,
            origin=APP,
            referer=f"{APP}/secret-note",
            sec_fetch_site="cross-site",
            sec_ch_ua='"Chromium"',
            anthropic_version="2023-06-01",
        )
        head = raw.requests[-1].lower()
        assert not [
            name for name in (b"origin:", b"referer:", b"\r\nsec-") if name in head
        ]


# -- what else ends here -----------------------------------------------------------


@pytest.mark.parametrize("body", [NATIVE, NATIVE | STREAM])
def test_upstreams_connection_and_site_are_its_own(
    body: dict[str, Any], open_proxy: RunningProxy
) -> None:
    _, headers, _ = ask(open_proxy, "POST /v1/messages", body)
    names = {name.lower() for name in headers}
    assert names.isdisjoint(
        {
            *("connection", "keep-alive", "x-of-this-hop", "proxy-authenticate"),
            *("upgrade", "set-cookie", "strict-transport-security", "alt-svc"),
            *("timing-allow-origin", "access-control-allow-origin"),
        }
    )
    assert headers["x-future"] == "kept"
    assert headers["request-id"] == "req_of_upstream"


@pytest.mark.parametrize(
    ("line", "body", "type_"),
    [
        ("POST /v1/messages?/moved", NATIVE, "api_error"),
        ("POST /v1/files?/moved", b"--x--", "api_error"),
        ("POST /v1/chat/completions", CHAT | {"user": "moved"}, "server_error"),
    ],
)
def test_a_redirect_of_upstream_is_not_handed_on(
    line: str, body: Any, type_: str, open_proxy: RunningProxy
) -> None:
    status, headers, content = ask(open_proxy, line, body)
    assert status == 502
    assert "location" not in headers
    error = json.loads(content)["error"]
    assert error["type"] == type_
    assert "redirects" in error["message"]


def test_an_upstream_that_closes_does_not_close_its_client(
    open_proxy: RunningProxy, raw: RawUpstream
) -> None:
    before = raw.connections
    with httpx.Client(base_url=open_proxy.url, trust_env=False) as client:
        for _ in range(3):
            answer = client.post("/v1/messages?/closes", json=NATIVE)
            assert answer.status_code == 200
            assert "connection" not in answer.headers
    assert raw.connections == before + 3


def old(line: str, body: dict[str, Any] | None = None, *fields: str) -> bytes:
    """A request as an HTTP/1.0 client sends it."""
    content = json.dumps(body).encode() if body is not None else b""
    head = [f"{line} HTTP/1.0", f"content-length: {len(content)}", *fields]
    return "\r\n".join([*head, "", ""]).encode() + content


@pytest.mark.parametrize(
    ("line", "body", "end"),
    [
        ("POST /v1/messages", NATIVE | STREAM, b'{"type":"message_stop"}\n\n'),
        ("POST /v1/chat/completions", CHAT | STREAM, b"data: [DONE]\n\n"),
        ("POST /v1/messages", NATIVE, MESSAGE),
        ("POST /v1/chat/completions", CHAT, b"}"),
        ("GET /v1/files/x?/to-the-end", None, b"abc"),
        ("GET /v1/models", None, b"}"),
        ("GET /nonsense", None, b"}"),
    ],
)
@pytest.mark.parametrize("fields", [(), ("connection: close",)])
def test_an_old_client_gets_no_chunks(
    line: str,
    body: dict[str, Any] | None,
    end: bytes,
    fields: tuple[str, ...],
    open_proxy: RunningProxy,
) -> None:
    head, _, content = talk(open_proxy, old(line, body, *fields)).partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    assert b"connection: close" in head.lower()
    assert content.endswith(end)
    assert content.startswith((b"{", b"event: ", b"data: ", b"abc"))


def test_an_old_client_may_keep_its_connection(open_proxy: RunningProxy) -> None:
    keep = "connection: keep-alive"
    asked = [
        old("POST /v1/messages", NATIVE, keep),
        old("GET /health", None, keep),
        old("POST /v1/chat/completions", CHAT, keep),
    ]
    with socket.create_connection(("127.0.0.1", open_proxy.port), 5) as client:
        reader = client.makefile("rb")
        for request in asked:
            client.sendall(request)
            head = b"".join(iter(reader.readline, b"\r\n")).lower()
            assert head.startswith(b"http/1.1 200")
            assert b"connection: keep-alive" in head
            length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
            assert reader.read(length).endswith(b"}")
        # A stream has no length: it ends with the connection.
        client.sendall(old("POST /v1/messages", NATIVE | STREAM, keep))
        rest = reader.read()
    assert b"connection: close" in rest.lower().partition(b"\r\n\r\n")[0]
    assert rest.endswith(b'{"type":"message_stop"}\n\n')


def test_an_answer_without_a_length_is_chunked(open_proxy: RunningProxy) -> None:
    """So that a client can tell its end from a broken connection."""
    status, headers, content = ask(open_proxy, "GET /v1/files/x?/to-the-end")
    assert (status, content) == (200, b"abc")
    assert headers["transfer-encoding"] == "chunked"

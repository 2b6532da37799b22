"""No secret anywhere: every kind of flow, and everything that shows or keeps it.

One mitmdump and one mitmweb are driven with secrets wherever a client, a login or a
hostile upstream can put one. Then all that they wrote, showed and sent is searched.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from anthropic_proxy.credentials.terms import PHRASE
from support.canary import LiveUpdates, Search, canary
from support.message_stream import BLOCK, LAST_CHUNK, MESSAGE, START, TEXT, text_delta
from support.mitmweb import PASSWORD, MitmwebClient
from support.oauth_server import RunningOAuthServer
from support.raw_upstream import Hangup, RawUpstream, chunk, json_answer, stream_head
from support.running_proxy import RunningProxy

CHAT = "/v1/chat/completions"
NATIVE = "/v1/messages"
VIEWS = ("auto", "translation", "client", "upstream", "timeline", "context")
SHOWN = "a prompt that everybody may see"
TOO_OFTEN = 429

PROXY_KEY = f"sk-ant-api03-{canary('key of the proxy')}"
LOCAL_KEY = canary("local key", special=True)
CLIENT_KEY = f"sk-ant-api03-{canary('key of the client')}"
CLIENT_TOKEN = f"sk-ant-oat01-{canary('token of the client')}"
LABEL = canary("label of codes and tokens")
SECRETS = {
    "key of the proxy": PROXY_KEY.removeprefix("sk-ant-api03-"),
    "local key": LOCAL_KEY,
    "key of the client": CLIENT_KEY.removeprefix("sk-ant-api03-"),
    "token of the client": CLIENT_TOKEN.removeprefix("sk-ant-oat01-"),
    "code or token of a login": LABEL,
    **{
        name: canary(name, special=True)
        for name in (
            *("api-key", "x-goog-api-key", "cookie", "proxy-authorization"),
            *("x-auth-token", "?api_key", "?key", "?access_token", "wrong paste"),
            "set-cookie",
        )
    },
}
PERSONAL = {
    name: canary(name)
    for name in ("e-mail", "e-mail in the prompt", "user", "user_id", "organization")
}
EMAIL = f"{PERSONAL['e-mail']}@example.com"
EMAIL_SAID = f"{PERSONAL['e-mail in the prompt']}@example.com"

# What a client sends that has a credential of its own, and one that has none.
KEYED = {
    "x-api-key": CLIENT_KEY,
    "authorization": f"Bearer {CLIENT_TOKEN}",
    "api-key": LOCAL_KEY,
}
KEYLESS = {
    "authorization": f"Bearer {LOCAL_KEY}",
    "api-key": SECRETS["api-key"],
}
ALWAYS = {
    "x-goog-api-key": SECRETS["x-goog-api-key"],
    "cookie": f"session={SECRETS['cookie']}",
    "proxy-authorization": f"Basic {SECRETS['proxy-authorization']}",
    "x-auth-token": SECRETS["x-auth-token"],
    "x-note": f"my key is {LOCAL_KEY}",
    "user-agent": "canary/1",
}
QUERY = "?" + "&".join(
    f"{name}={quote(SECRETS[f'?{name}'], safe='')}"
    for name in ("api_key", "key", "access_token")
)


# -- an upstream that repeats what it was sent -------------------------------------


class Hostile:
    """Answers by what the user said; every answer holds the request's head."""

    def __init__(self, tokens: set[str]) -> None:
        self.tokens = tokens
        self.arrived = threading.Event()
        self.over = threading.Event()

    def __call__(self, connection: socket.socket, request: bytes) -> None:
        head, _, content = request.partition(b"\r\n\r\n")
        echo = head.decode("latin-1")
        said = json.loads(content)["messages"][0]["content"]
        word = (said if isinstance(said, str) else said[0]["text"]).split()[0]
        if word == "revoked" and self._revokes(echo):
            connection.sendall(_error(401, "authentication_error", echo))
            return
        answer = ANSWERS.get(word)
        if answer is None:
            self.arrived.set()
            self.over.wait(30)
            raise Hangup
        answer(connection, echo)

    def _revokes(self, echo: str) -> bool:
        token = echo.partition("authorization: Bearer ")[2].partition("\r")[0]
        known = token in self.tokens
        self.tokens.discard(token)
        return known


def _headers(echo: str) -> tuple[bytes, ...]:
    lines = echo.split("\r\n")[1:]
    return (
        b"anthropic-organization-id: " + PERSONAL["organization"].encode(),
        b"set-cookie: session=" + SECRETS["set-cookie"].encode(),
        b"x-echo: " + " | ".join(lines).encode(),
        *(b"x-echo-" + line.encode() for line in lines if "host" not in line.lower()),
    )


def _error(status: int, kind: str, echo: str) -> bytes:
    body = {"type": "error", "error": {"type": kind, "message": f"I got {echo}"}}
    reason = " ".join(echo.split("\r\n")).encode()
    return json_answer(
        status, json.dumps(body).encode(), *_headers(echo), reason=reason
    )


def _whole(connection: socket.socket, echo: str) -> None:
    text = {"type": "text", "text": f"I got {echo}"}
    body = json.dumps(MESSAGE | {"content": [text]}).encode()
    connection.sendall(json_answer(200, body, *_headers(echo)))


def _stream(*, cut: bool) -> Callable[[socket.socket, str], None]:
    def script(connection: socket.socket, echo: str) -> None:
        connection.sendall(stream_head(*_headers(echo)))
        events = START + BLOCK + TEXT + text_delta(f"I got {echo}")
        if not cut:
            error = {"type": "api_error", "message": f"I got {echo}"}
            event = json.dumps({"type": "error", "error": error})
            events += f"event: error\ndata: {event}\n\n".encode()
        for at in range(0, len(events), 100):  # some are cut within a secret
            connection.sendall(chunk(events[at : at + 100]))
        if cut:
            raise Hangup
        connection.sendall(LAST_CHUNK)

    return script


def _page(connection: socket.socket, echo: str) -> None:
    body = f"<html><pre>{echo}</pre></html>".encode()
    head = f"HTTP/1.1 502 {' '.join(echo.split())}\r\ncontent-type: text/html\r\n"
    connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)


def _garbage(connection: socket.socket, echo: str) -> None:
    connection.sendall(f"NOT HTTP {echo}\r\n\r\n".encode())
    raise Hangup


ANSWERS: dict[str, Callable[[socket.socket, str], None]] = {
    "whole": _whole,
    "revoked": _whole,
    "stream": _stream(cut=False),
    "cut": _stream(cut=True),
    "gone": _stream(cut=False),
    "limited": lambda c, echo: c.sendall(_error(TOO_OFTEN, "rate_limit_error", echo)),
    "refused": lambda c, echo: c.sendall(
        _error(400, "invalid_request_error", f"output_config.format.schema: {echo}")
    ),
    "page": _page,
    "garbage": _garbage,
}


# -- what clients do ---------------------------------------------------------------


def body_of(path: str, said: str, **more: Any) -> dict[str, Any]:
    text = f"{said} {SHOWN}, says {EMAIL_SAID}"
    body: dict[str, Any] = {
        "model": "claude-sonnet-5-5",
        "messages": [{"role": "user", "content": text}],
        "stream": said in ("stream", "cut", "gone"),
    }
    if path == CHAT:
        return body | {"user": EMAIL, "metadata": {"n": LOCAL_KEY}, **more}
    user = f'{{"device_id":"{PERSONAL["user"]}","session_id":"{PERSONAL["user_id"]}"}}'
    return body | {"max_tokens": 10, "metadata": {"user_id": user}, **more}


def ask(url: str, path: str, said: str, headers: dict[str, str]) -> bytes:
    """What came back, head and all, as far as it came."""
    got = b""
    with (
        contextlib.suppress(httpx.TransportError),
        httpx.stream(
            "POST",
            f"{url}{path}{QUERY}",
            json=body_of(path, said),
            headers=ALWAYS | headers,
            trust_env=False,
            timeout=30,
        ) as answer,
    ):
        got += repr((answer.reason_phrase, answer.headers.raw)).encode()
        for piece in answer.iter_raw():
            got += piece
            if said == "gone":
                break
    return got


def converse(url: str, kinds: tuple[dict[str, str], ...]) -> Iterator[bytes]:
    """Every answer there is, on both APIs."""
    for headers in kinds:
        for path in (CHAT, NATIVE):
            for said in ANSWERS:
                if said == "revoked" and headers is KEYED:
                    continue
                yield ask(url, path, said, headers)


_START = f"POST {CHAT} HTTP/1.1\r\nhost: a\r\n"
_KEY_LINE = f"authorization: Bearer {LOCAL_KEY}\r\n"
# Requests that are wrong, or have a secret where none belongs: ODD.
_MALFORMED = {
    "space before a colon": f"{_START}authorization : Bearer ODD\r\n\r\n",
    "no colon": f"{_START}ODD\r\n\r\n",
    "as request line": "POST ODD\r\n\r\n",
    "as user": "GET http://user:ODD@127.0.0.1:1/v1/models HTTP/1.1\r\nhost: a\r\n\r\n",
    "as length": f"{_START}content-length: ODD\r\n\r\n",
    "as chunk size": f"{_START}{_KEY_LINE}transfer-encoding: chunked\r\n\r\nODD\r\n",
    "twice": f"{_START}{_KEY_LINE}x-api-key: ODD\r\nx-api-key: ODD\r\n"
    "content-length: 9\r\n\r\n" + '{"model":',
    "folded": f"{_START}authorization: Bearer\r\n ODD\r\ncontent-length: 0\r\n\r\n",
    "unfinished": f"{_START}{_KEY_LINE}x-api-key: ODD\r\ncontent-length: 99\r\n\r\n"
    f'{{"model":"{LOCAL_KEY}"',
    "model": f"GET /v1/models/sk-ant-ODD HTTP/1.1\r\nhost: a\r\n{_KEY_LINE}\r\n",
    "path": f"GET /sk-ant-ODD?token=ODD HTTP/1.1\r\nhost: a\r\n{_KEY_LINE}\r\n",
    "referer": "GET /health HTTP/1.1\r\nhost: a\r\nreferer: http://b/?key=ODD\r\n\r\n",
    "unknown header": "GET /health HTTP/1.1\r\nhost: a\r\n"
    "x-our-key: sk-ant-ODD\r\n\r\n",
    "code in the query": "GET /auth/callback?code=ODD HTTP/1.1\r\nhost: a\r\n"
    f"{_KEY_LINE}\r\n",
    "code as the body": f"POST //auth/callback/ HTTP/1.1\r\nhost: a\r\n{_KEY_LINE}"
    "content-length: 24\r\n\r\nODD",
}
MALFORMED = [text.replace("ODD", canary(name)) for name, text in _MALFORMED.items()]
SECRETS |= {name: canary(name) for name in _MALFORMED}


def send_raw(port: int, request: str) -> bytes:
    """What is answered, as far as it comes: nothing has to be after such a request."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(3)
        with contextlib.suppress(OSError):
            while piece := connection.recv(65536):
                got += piece
    return got


def log_in(url: str, server: RunningOAuthServer) -> Iterator[bytes]:
    """A paste that is wrong, then the right one."""
    headers = {"authorization": f"Bearer {LOCAL_KEY}"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
        started = client.get("/auth/start").raise_for_status()
        pasted = server.page(started.json()["url"])
        for code in (f"{SECRETS['wrong paste']}#{SECRETS['wrong paste']}", pasted):
            body = {"code": code, "acknowledgement": PHRASE}
            answer = client.post("/auth/callback", json=body)
            yield answer.content
        assert answer.json()["authenticated"] is True
        yield client.get("/auth/status").content


# -- the processes -----------------------------------------------------------------


@dataclass
class Evidence:
    """What a proxy left behind, by where it was found."""

    places: dict[str, bytes] = field(default_factory=dict)
    exports: dict[str, bytes] = field(default_factory=dict)
    upstream: bytes = b""
    verifiers: list[str] = field(default_factory=list)


@dataclass
class Stage:
    """One proxy, the upstream behind it, and a client that never gets an answer."""

    home: Path
    proxy: RunningProxy
    server: RunningOAuthServer
    hostile: Hostile
    evidence: Evidence
    waiting: list[threading.Thread] = field(default_factory=list)

    def got(self, answers: Iterator[bytes], what: str) -> None:
        for number, content in enumerate(answers):
            self.evidence.places[f"answer to {what} {number}"] = content

    def leave_one_unfinished(self) -> None:
        arguments = (self.proxy.url, CHAT, "never", KEYLESS)
        thread = threading.Thread(target=ask, args=arguments)
        thread.start()
        self.waiting.append(thread)
        assert self.hostile.arrived.wait(20)

    def stop(self) -> None:
        self.proxy.stop()
        self.hostile.over.set()
        for thread in self.waiting:
            thread.join(20)
        self.evidence.places |= {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in self.home.rglob("*")
            if path.is_file() and path.suffix != ".zip"
        }


@contextlib.contextmanager
def stage(
    folder: Path, command: str, *arguments: str, **environment: str
) -> Iterator[Stage]:
    home, private = folder / "home", folder / "private"
    home.mkdir()
    private.mkdir()
    evidence = Evidence()
    settings = {
        "ANTHROPIC_API_KEY": PROXY_KEY,
        "ANTHROPIC_PROXY_LOCAL_KEY": LOCAL_KEY,
        "ANTHROPIC_PROXY_TOKEN_FILE": str(private / "tokens.json"),
        "ANTHROPIC_PROXY_LOG_LEVEL": "verbose",
        "ANTHROPIC_PROXY_DRAIN": "0",
    }
    with RunningOAuthServer(label=LABEL) as server:
        hostile = Hostile(server.oauth.access_tokens)
        with (
            RawUpstream(hostile) as upstream,
            RunningProxy(
                home,
                upstream=upstream.url,
                command=command,
                arguments=arguments,
                environment=server.environment
                | settings
                | {"ANTHROPIC_PROXY_UPSTREAM": upstream.url}
                | environment,
            ) as proxy,
        ):
            one = Stage(home, proxy, server, hostile, evidence)
            yield one
            one.stop()
            evidence.upstream = b"\n".join(upstream.requests)
            evidence.verifiers = [
                request["code_verifier"]
                for request in server.oauth.requests
                if "code_verifier" in request
            ]


@pytest.fixture(scope="module")
def dumped(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """mitmdump with a subscription: saved flows, HAR, details and a verbose log."""
    folder = tmp_path_factory.mktemp("dumped")
    home = folder / "home"
    arguments = ("-w", str(home / "flows"), "--set", f"hardump={home / 'flows.har'}")
    with stage(
        folder,
        "mitmdump",
        *arguments,
        *("--set", "flow_detail=4"),
        ANTHROPIC_PROXY_CREDENTIAL="subscription",
    ) as one:
        one.got(log_in(one.proxy.url, one.server), "a login")
        one.got(converse(one.proxy.url, (KEYLESS,)), "a question")
        one.got((send_raw(one.proxy.port, text) for text in MALFORMED), "malformed")
        one.leave_one_unfinished()
    return one.evidence


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """mitmweb with an API key and clients with their own, then a subscription."""
    page = MitmwebClient()
    folder = tmp_path_factory.mktemp("shown")
    arguments = (*page.arguments, "--set", "anthropic_credential=auto")
    with stage(folder, "mitmweb", *arguments) as one:
        page.wait_until_ready()
        with contextlib.closing(page), LiveUpdates(page.port, PASSWORD) as updates:
            one.got(converse(one.proxy.url, (KEYLESS, KEYED)), "a question")
            one.got(log_in(one.proxy.url, one.server), "a login")
            page.set_options(anthropic_credential="subscription")
            one.got(iter([ask(one.proxy.url, CHAT, "revoked", KEYLESS)]), "the token")
            one.got((send_raw(one.proxy.port, text) for text in MALFORMED), "malformed")
            one.leave_one_unfinished()
            one.evidence.places |= look_around(page)
            one.evidence.exports = export(page, folder)
        one.evidence.places["updates"] = updates.content
    return one.evidence


def look_around(page: MitmwebClient) -> dict[str, bytes]:
    """All that mitmweb has to say."""
    names = ("/flows", "/state", "/options", "/events", "/commands", "/flows/dump")
    seen = {name: page.get(name) for name in names}
    for flow in page.flows():
        for message in ("request", "response"):
            if not flow.get(message):
                continue
            base = f"/flows/{flow['id']}/{message}"
            for view in VIEWS:
                path = f"{base}/content/{view}.json"
                seen[path] = page.get(path)
            seen[base] = page.get(f"{base}/content.data")
    for name in ("report", "retranslate", "stats"):
        seen[name] = page.run(f"anthropic.{name}", "@all")
    for target in ("proxy", "upstream"):
        seen[f"curl {target}"] = page.run("anthropic.curl", "@all", target)
    return seen


def export(page: MitmwebClient, folder: Path) -> dict[str, bytes]:
    """Bug reports, as they are and with the texts blanked."""
    found = {}
    for texts in ("keep", "blank"):
        path = folder / f"{texts}.zip"
        page.run("anthropic.export", "@all", str(path), texts)
        found[texts] = path.read_bytes()
    return found


# -- the search --------------------------------------------------------------------


@pytest.fixture(params=["dumped", "shown"])
def evidence(request: pytest.FixtureRequest) -> Evidence:
    found: Evidence = request.getfixturevalue(request.param)
    return found


def test_no_secret_is_anywhere(evidence: Evidence) -> None:
    verifiers = {f"verifier {i}": one for i, one in enumerate(evidence.verifiers)}
    assert verifiers
    search = Search(SECRETS | verifiers)
    leaks = {
        place: names
        for place, content in (evidence.places | evidence.exports).items()
        if (names := search.found(content))
    }
    assert leaks == {}


def test_exports_name_nobody(shown: Evidence) -> None:
    search = Search(PERSONAL)
    assert {name: search.found(zip_) for name, zip_ in shown.exports.items()} == {
        "keep": set(),
        "blank": set(),
    }


def test_upstream_did_get_the_credentials(dumped: Evidence, shown: Evidence) -> None:
    """What is searched for was really in use."""
    search = Search(SECRETS)
    assert search.found(dumped.upstream) == {"code or token of a login"}
    assert search.found(shown.upstream) == {
        "code or token of a login",
        "key of the client",
        "key of the proxy",
    }


def test_what_may_be_seen_is_seen(dumped: Evidence, shown: Evidence) -> None:
    """The places that are searched do hold the flows."""
    search = Search({"shown": SHOWN} | PERSONAL)
    log = next(name for name in dumped.places if name.endswith(".log"))
    for name in ("flows", "flows.har", log):
        assert "shown" in search.found(dumped.places[name]), name
    views = [name for name in shown.places if name.endswith("/context.json")]
    assert len(views) > 2 * len(ANSWERS)
    for name in ("/flows/dump", "curl proxy", "curl upstream"):
        assert {"shown", "e-mail in the prompt"} <= search.found(shown.places[name])
    assert b"canary/1" in shown.places["updates"]
    assert search.found(shown.exports["keep"]) == {"shown"}

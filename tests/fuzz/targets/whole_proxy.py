"""A running proxy before a strict stand-in: HTTP in, whatever it looks like."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from anthropic_proxy.simulator.api_error import ApiError
from anthropic_proxy.simulator.profile import Profile
from anthropic_proxy.simulator.recorder import RecordedRequest
from anthropic_proxy.simulator.server import SimulatorThread
from anthropic_proxy.simulator.validation import validate_request
from support.running_proxy import RunningProxy

from ..conversation import Answer, Silence, converse
from ..mutations import Words, json_text, scratched
from ..target import Target
from .chat_request import CHATS, is_upstreams_to_judge

KEY = "sk-ant-api03-this-must-stay-inside"
CLIENT_KEY = "sk-this-is-the-clients-own-secret"
BODY_LIMIT = 256 * 1024
PROFILE = Profile(accepted_keys=frozenset({KEY}), check_signatures=False)
RAW = b"R"
"""First byte of an input that is sent as it is; others describe a request."""
_BAD_WORDS = ("Traceback", "crashed", "never awaited", "exception")
_NEVER_SENT = (
    "authorization",
    "api-key",
    "cookie",
    "proxy-authorization",
    "connection",
)
_COMMAND = b"[["
"""The stand-in is told to fail by words in these brackets."""

HEADERS = [
    ["host", "127.0.0.1"],
    ["authorization", f"Bearer {CLIENT_KEY}"],
    ["content-type", "application/json"],
    ["anthropic-version", "2023-06-01"],
    ["anthropic-beta", "context-1m-2025-08-07"],
    ["origin", "http://127.0.0.1"],
    ["accept-encoding", "gzip"],
]
_NATIVE: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 20,
    "messages": [{"role": "user", "content": "Hi"}],
}


def _request(method: str, target: str, body: Any = None) -> dict[str, Any]:
    text = "" if body is None else json.dumps(body)
    headers = HEADERS if method == "POST" else HEADERS[:3]
    return {"method": method, "target": target, "headers": headers, "body": text}


REQUESTS = [
    *(_request("POST", "/v1/chat/completions", chat) for chat in CHATS),
    *(_request("POST", "/v1/chat/completions", {**c, "stream": True}) for c in CHATS),
    _request("POST", "/v1/messages", _NATIVE),
    _request("POST", "/v1/messages", {**_NATIVE, "stream": True, "system": "Short."}),
    _request("POST", "/v1/messages/count_tokens", _NATIVE),
    _request("GET", "/v1/messages/batches?limit=3"),
    *(
        _request("GET", target)
        for target in (
            *("/", "/health", "/metrics", "/v1/models", "/v1/models/claude-opus-5-5"),
            *("/v1/models/org%2Fname", "/auth/status", "/v1/files", "/nowhere"),
            *("/v1/../v1/models", "//v1//models?a=b&c", "/v1/v1/models", "*"),
        )
    ),
    _request("POST", "/auth/callback", {"code": "a#b"}),
    _request("OPTIONS", "/v1/chat/completions"),
    _request("HEAD", "/health"),
    _request("DELETE", "/v1/files/file_1"),
    _request("PATCH", "/v1/models"),
    _request("CONNECT", "127.0.0.1:443"),
]
WORDS = Words([*REQUESTS, *CHATS, _NATIVE])


def built(request: dict[str, Any]) -> bytes | None:
    """The bytes of a request that is well-formed, whatever it means; None if not."""
    method, target = str(request.get("method")), str(request.get("target"))
    fields = request.get("headers")
    pairs = [
        (str(field[0]), str(field[1]))
        for field in (fields if isinstance(fields, list) else ())
        if isinstance(field, list) and len(field) == 2
    ]
    body = request.get("body")
    content = (body if isinstance(body, str) else json.dumps(body)).encode(
        "utf-8", "surrogatepass"
    )
    framing = ("content-length", "transfer-encoding", "connection", "expect", "upgrade")
    kept = [pair for pair in pairs if pair[0].strip().lower() not in framing]
    lines = [f"{method} {target} HTTP/1.1", *(f"{n}: {v}" for n, v in kept)]
    if any(not line.isprintable() or not line.isascii() for line in lines):
        return None
    if not method.isalpha() or " " in target or not target:
        return None
    if any(not name.replace("-", "").isalnum() for name, _ in kept):
        return None
    lines += [f"content-length: {len(content)}", "connection: close", "", ""]
    return "\r\n".join(lines).encode() + content


SEEDS = [json.dumps(request).encode() for request in REQUESTS]
SEEDS += [RAW + (built(request) or b"") for request in REQUESTS[-22:]]
SEEDS += [
    RAW + raw
    for raw in (
        b"GET / HTTP/1.0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked"
        b"\r\ncontent-type: application/json\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5\r\n"
        b"content-length: 6\r\n\r\nhello",
        b"GET http://127.0.0.1/health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n" * 5,
    )
]


class Stage:
    """The proxy, the stand-in, and what is read of them after each request."""

    def __init__(self, proxy: RunningProxy, simulator: SimulatorThread) -> None:
        self.proxy = proxy
        self.simulator = simulator
        self._log = (proxy.home / f"proxy-{proxy.port}.log").open("rb")

    def log(self) -> str:
        """What was written since the last call."""
        return self._log.read().decode("utf-8", "replace")

    def upstream(self) -> list[RecordedRequest]:
        """What the stand-in got since the last call."""
        found = list(self.simulator.requests)
        self.simulator.requests.clear()
        return found


_stage: list[Stage] = []


@contextmanager
def stage() -> Iterator[Stage]:
    """Start both; ``check`` uses them."""
    home = Path(tempfile.mkdtemp(prefix="fuzz-"))
    environment = {
        "ANTHROPIC_API_KEY": KEY,
        "ANTHROPIC_PROXY_CLIENT_PASSTHROUGH": "false",
        "ANTHROPIC_PROXY_BODY_LIMIT": str(BODY_LIMIT),
    }
    with (
        SimulatorThread(profile=PROFILE) as simulator,
        RunningProxy(
            home,
            upstream=simulator.url,
            command="launcher",
            environment=environment,
            settle_seconds=1,
        ) as proxy,
    ):
        _stage.append(Stage(proxy, simulator))
        try:
            yield _stage[-1]
            assert proxy.process.poll() is None, "the proxy ended"
        finally:
            _stage.pop()


def check(data: bytes) -> None:
    """An answer that is ours to give, nothing in the log, nothing odd upstream."""
    here = _stage[-1]
    sent, complete = _sent(data)
    if sent is None:
        return
    try:
        answers = converse(here.proxy.port, sent, complete=complete)
    except Silence:
        raise AssertionError("no answer to a complete request") from None
    finally:
        log, upstream = here.log(), here.upstream()
    assert here.proxy.process.poll() is None, "the proxy ended"
    for word in _BAD_WORDS:
        assert word not in log, log
    for text in (log, *(repr(answer) for answer in answers)):
        assert KEY not in text
    assert CLIENT_KEY not in log or CLIENT_KEY in _shown(sent)
    for answer in answers:
        _check_answer(answer, sent)
    translated = b"chat/completions" in sent and b"/v1/messages" not in sent
    for request in upstream:
        _check_upstream(request, translated=translated)


def _sent(data: bytes) -> tuple[bytes | None, bool]:
    """The bytes of an input, and whether HTTP says that they must be answered."""
    if data[:1] == RAW:
        return data[1:], False
    try:
        request = json.loads(data)
    except (ValueError, RecursionError):
        return None, False
    return (built(request) if isinstance(request, dict) else None), True


def _shown(sent: bytes) -> str:
    """The request line: what a log may show of a request."""
    return sent.partition(b"\r\n")[0].decode("latin-1")


def _check_answer(answer: Answer, sent: bytes) -> None:
    told_to_fail = _COMMAND in sent
    assert answer.status < 500 or told_to_fail, answer
    assert answer.whole or told_to_fail, answer
    type_ = answer.headers.get("content-type", "")
    coded = "content-encoding" in answer.headers  # as upstream coded it
    if answer.body and "json" in type_ and not coded:
        json.loads(answer.body)
    if answer.status >= 400 and answer.body:
        assert "json" in type_, answer
    if type_.startswith("text/event-stream") and not (told_to_fail or coded):
        ends = (b"data: [DONE]\n\n", b'"message_stop"}\n\n')
        failed = b'"error"' in answer.body[-2000:]
        assert answer.body.endswith(ends) or failed, answer


def _check_upstream(request: RecordedRequest, *, translated: bool) -> None:
    assert request.header("x-api-key") == KEY
    assert not any(request.header(name) for name in _NEVER_SENT)
    assert request.path.startswith("/v1/")
    if not translated or request.rule is None:
        return
    headers = dict(request.headers)
    try:
        validate_request(headers, request.body, PROFILE)
    except ApiError as refusal:
        if not is_upstreams_to_judge(refusal):
            raise


def mutate(dice: random.Random, data: bytes) -> bytes:
    """Another request: its body, its fields, or its bytes."""
    if data[:1] == RAW:
        return RAW + scratched(dice, data[1:])
    try:
        request = json.loads(data)
        body = request["body"].encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return dice.choice(SEEDS)
    match dice.randrange(10):
        case 0 | 1 | 2 | 3 | 4 | 5 if body:
            text = json_text(dice, body, WORDS)
            request["body"] = text.decode("utf-8", "replace")
        case 6 | 7:
            return RAW + scratched(dice, built(request) or b"")
        case _:
            return json_text(dice, data, WORDS)
    return json.dumps(request).encode()


TARGET = Target(
    name="whole-proxy",
    promise="any bytes on a connection: no 5xx of ours, no exception, no secret in "
    "answers or log, and nothing upstream that the Messages API would refuse",
    seeds=SEEDS,
    mutate=mutate,
    check=check,
    surroundings=stage,
    in_process=False,
)

"""One request to the Messages API, for ``chat``, ``validate`` and ``doctor``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from ..credentials.credential import Credential
from ..credentials.oauth_errors import redacted
from ..credentials.token_client import USER_AGENT
from ..wire import jsontext, sse

DEFAULT_MODEL: Final = "claude-sonnet-5-5"
ANTHROPIC_VERSION: Final = "2023-06-01"
_TIMEOUT: Final = httpx.Timeout(60.0, connect=20.0)
_STREAM_TIMEOUT: Final = httpx.Timeout(600.0, connect=20.0)


class NoAnswer(Exception):
    """The connection failed, or what came is no answer. ``str()`` says how."""


class Refusal(Exception):
    """The API answered an error.

    Args:
        status: HTTP status.
        body: What came back, word for word.
    """

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; ``headers`` in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go, and as whom."""

    url: str
    headers: Sequence[tuple[str, str]]


def upstream_target(url: str, credential: Credential) -> Target:
    """Anthropic's API with a credential of ours."""
    headers = list(credential.headers)
    if credential.betas:
        headers.append(("anthropic-beta", ",".join(credential.betas)))
    return Target(url, headers)


def proxy_target(url: str, local_key: str | None) -> Target:
    """A running proxy, which has the credential."""
    key = [("x-api-key", local_key)] if local_key else []
    return Target(url.rstrip("/").removesuffix("/v1"), key)


def send(target: Target, method: str, path: str, body: Any = None) -> Answer:
    """One request, the answer whole, whatever its status.

    Raises:
        NoAnswer: nothing came back.
    """
    try:
        response = httpx.request(
            method,
            target.url + path,
            headers=_headers(target),
            content=None if body is None else jsontext.encode(body),
            timeout=_TIMEOUT,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _no_answer(target, error) from None
    names = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, names, response.text)


def stream(target: Target, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The events of a streamed message, as they come.

    Raises:
        Refusal: an error status, or an error event in the stream.
        NoAnswer: the connection failed, at the start or on the way.
    """
    content = jsontext.encode({**body, "stream": True})
    decoder = sse.Decoder()
    try:
        with httpx.stream(
            "POST",
            f"{target.url}/v1/messages",
            headers=_headers(target),
            content=content,
            timeout=_STREAM_TIMEOUT,
        ) as response:
            if response.status_code >= 400:
                response.read()
                raise Refusal(response.status_code, response.text)
            for chunk in response.iter_bytes():
                for event in decoder.feed(chunk):
                    yield _event(response.status_code, event.data)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _no_answer(target, error) from None
    except (jsontext.InvalidJSON, sse.EventTooLarge) as error:
        raise NoAnswer(f"{target.url} sent no event stream: {error}") from None


def _event(status: int, data: str) -> Mapping[str, Any]:
    event = jsontext.decode(data)
    if not isinstance(event, dict) or event.get("type") == "error":
        raise Refusal(status, data)
    return event


def _headers(target: Target) -> list[tuple[str, str]]:
    return [
        ("user-agent", USER_AGENT),
        ("content-type", "application/json"),
        ("anthropic-version", ANTHROPIC_VERSION),
        *target.headers,
    ]


def _no_answer(target: Target, error: Exception) -> NoAnswer:
    secrets = [value for _, value in target.headers]
    cause = redacted(str(error), secrets) or type(error).__name__
    return NoAnswer(f"{target.url} did not answer: {cause}")

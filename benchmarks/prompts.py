"""The bytes the load generator sends: requests as the vendors' SDKs word them."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

API_KEY: Final = "sk-ant-api03-benchmark"
MEGABYTE: Final = 1024 * 1024

_SENTENCE: Final = (
    'The quick brown fox jumps over the lazy dog; "how vexing", it says.\n'
)
_IMAGE_BASE64_BYTES: Final = 5 * MEGABYTE
_PNG: Final = b"\x89PNG\r\n\x1a\n"

_SDK: Final = {
    "connection": "keep-alive",
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "content-type": "application/json",
    "x-stainless-arch": "x64",
    "x-stainless-async": "false",
    "x-stainless-lang": "python",
    "x-stainless-os": "Linux",
    "x-stainless-retry-count": "0",
    "x-stainless-runtime": "CPython",
    "x-stainless-runtime-version": "3.13.0",
    "x-stainless-read-timeout": "600",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One of the two APIs that a request can be worded for."""

    path: str
    model: str
    headers: Mapping[str, str]
    image: Callable[[str], dict[str, Any]]
    """Content part that holds an image, given as base64."""


MESSAGES: Final = Route(
    path="/v1/messages",
    model="claude-sonnet-5-5",
    headers={
        "user-agent": "Anthropic/Python 2.12.0",
        "x-api-key": API_KEY,
        "anthropic-version": "2023-06-01",
        "x-stainless-package-version": "2.12.0",
    },
    image=lambda data: {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": data},
    },
)
CHAT: Final = Route(
    path="/v1/chat/completions",
    model="gpt-4o",
    headers={
        "user-agent": "OpenAI/Python 3.54.0",
        "authorization": "Bearer sk-benchmark",
        "x-stainless-package-version": "3.54.0",
    },
    image=lambda data: {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{data}"},
    },
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What one request says; how it is worded is the route's affair."""

    text: str
    stream: bool = False
    images: int = 0


def streamed(deltas: int, interval_us: int) -> Prompt:
    """A prompt whose mark tells the upstream how to stream (see upstream.c)."""
    mark = f"[[stream deltas={deltas} interval_us={interval_us}]]"
    return Prompt(f"Say it slowly. {mark}", stream=True)


def long_text(size: int) -> str:
    """About ``size`` characters of prose."""
    return _SENTENCE * (size // len(_SENTENCE))


def _image() -> str:
    """Base64 of something that begins like a PNG: the most one image may have."""
    size = _IMAGE_BASE64_BYTES // 4 * 3
    noise = random.Random(1).randbytes(size - len(_PNG))
    return base64.b64encode(_PNG + noise).decode("ascii")


def request(route: Route, prompt: Prompt) -> bytes:
    """A whole HTTP request."""
    content: Any = prompt.text
    if prompt.images:
        text = {"type": "text", "text": prompt.text}
        content = [text, *(route.image(_image()) for _ in range(prompt.images))]
    body: dict[str, Any] = {
        "model": route.model,
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": content}],
    }
    if prompt.stream:
        body["stream"] = True
    data = json.dumps(body, separators=(",", ":")).encode("ascii")
    headers = {"host": "127.0.0.1", **_SDK, **route.headers}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines = [f"POST {route.path} HTTP/1.1", *lines, f"content-length: {len(data)}"]
    return "\r\n".join((*lines, "", "")).encode("ascii") + data

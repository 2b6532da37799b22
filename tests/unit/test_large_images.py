"""A request whose large images are left out and put back is the request it was."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from anthropic_proxy.dialects.chat_completions.attachments import (
    MAX_IMAGE_BASE64_BYTES,
)
from anthropic_proxy.dialects.chat_completions.errors import RequestError
from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.dialects.chat_completions.large_images import (
    LARGE_BYTES,
    LargeImages,
)
from anthropic_proxy.dialects.chat_completions.request import messages_request
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.models.mapping import ModelMapping
from anthropic_proxy.wire import jsontext
from chat_strategies import chats

NONCE = "0123456789abcdef01234567"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 300).decode()
MAPPING = ModelMapping(Catalog.load())


def url(data: str = PNG, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{data}"


def image(data: str = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url(data, media_type)}}


def asking(*parts: Any, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": parts}], **more}


def left_out(chat: Any) -> LargeImages:
    return LargeImages(json.dumps(chat).encode(), NONCE)


def outcome(text: bytes, images: LargeImages | None = None) -> tuple[Any, ...]:
    """What becomes of a request: what is sent and what is reported, or the refusal."""
    try:
        made = messages_request(
            jsontext.decode(text), mapping=MAPPING, settings=Settings(), now=1795000000
        )
    except RequestError as refused:
        return (refused.status, refused.code)
    body = jsontext.encode(made.body)
    sent = body if images is None else images.put_back(body)
    return sent, made.headers, made.report.as_dict()


def test_what_is_left_out_is_put_back() -> None:
    chat = asking(image(), {"type": "text", "text": "and"}, image(PNG[:-4] + "AA=="))
    images, whole = left_out(chat), json.dumps(chat).encode()
    assert images
    assert len(images.rest) < 5000
    assert images.put_back(images.rest) == whole
    sent, *told = outcome(images.rest, images)
    assert [sent, *told] == [*outcome(whole)]
    assert sent.count(PNG[2000:-100].encode()) == 2


def test_a_file_and_an_image_of_anthropics_kind() -> None:
    source = {"type": "url", "url": url()}
    chat = asking({"type": "image", "source": source}, image())
    assert left_out(chat).rest.count(NONCE.encode()) == 2
    assert outcome(left_out(chat).rest, left_out(chat)) == outcome(
        json.dumps(chat).encode()
    )


LARGE = "A" * LARGE_BYTES
# What stays, because reading it is what finds it wrong, or because it is no image.
STAYS: dict[str, Any] = {
    "small": image(PNG[: LARGE_BYTES - 4]),
    "too large": image("A" * (MAX_IMAGE_BASE64_BYTES + 4)),
    "digits of URLs": image(LARGE + "-_" + LARGE),
    "padding inside": image(LARGE + "==" + LARGE),
    "padding at the end of a piece": image("A" * (1024 + 65534) + "==" + LARGE),
    "whitespace": image(LARGE + "\n" + LARGE),
    "a quoted slash": image(LARGE + "\\/" + LARGE),
    "percent": image(LARGE + "%2B" + LARGE),
    "not ASCII": image(LARGE + "\xe4" + LARGE),
    "text": {"type": "text", "text": url()},
    "text about a URL": {"type": "text", "text": json.dumps({"url": url()})},
    "a PDF": image(LARGE, "application/pdf"),
    "no base64": {"type": "image_url", "image_url": {"url": "data:image/png," + LARGE}},
}


@pytest.mark.parametrize("name", STAYS)
def test_what_is_not_surely_an_image_stays(name: str) -> None:
    chat = asking(STAYS[name])
    text = json.dumps(chat, ensure_ascii=False).encode()
    images = LargeImages(text, NONCE)
    assert not images
    assert images.rest is text
    assert images.put_back(b"as it is") == b"as it is"


@pytest.mark.parametrize("end", [b"", b'"', b'"}', b"\\"])
def test_a_body_that_ends_early(end: bytes) -> None:
    text = b'{"url": "' + url().encode() + end
    images = LargeImages(text, NONCE)
    assert images.put_back(images.rest) == text


@pytest.mark.parametrize("written", ['"url":"', '"url" : "', '"url"\n:\t"'])
def test_json_may_be_written_with_spaces(written: str) -> None:
    text = f'{{"image_url": {{{written}{url()}"}}}}'.encode()
    images = LargeImages(text, NONCE)
    assert images
    assert images.put_back(images.rest) == text


def places(node: Any) -> Iterator[Any]:
    """Every object and list of a document."""
    if isinstance(node, dict | list):
        yield node
        for child in node.values() if isinstance(node, dict) else node:
            yield from places(child)


additions = st.lists(
    st.tuples(
        st.integers(0, 99),
        st.sampled_from([image(), {"url": url()}, url(), image(LARGE, "image/jpg")]),
    ),
    min_size=1,
    max_size=3,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(chats, additions)
@example(asking({"type": "text", "text": "a"}, metadata={}), [(3, {"url": url()})])
def test_wherever_an_image_is(chat: dict[str, Any], added: Any) -> None:
    """The same is sent and reported, and never a stand-in.

    Where the request is refused it is read again as it came.
    """
    chat = json.loads(json.dumps(chat))
    for number, value in added:
        nodes = list(places(chat))
        node = nodes[number % len(nodes)]
        if isinstance(node, list):
            node.append(copy.deepcopy(value))
        else:
            node["url"] = copy.deepcopy(value)
    text = json.dumps(chat).encode()
    images = LargeImages(text, NONCE)
    cut = outcome(images.rest, images)
    if isinstance(cut[0], bytes):
        assert cut == outcome(text)
        assert not re.search(NONCE.encode(), cut[0])
        assert NONCE not in str(cut)
    else:
        assert not isinstance(outcome(text)[0], bytes)

"""``/v1/models`` in both dialects, from upstream and without it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from anthropic import Anthropic, DefaultHttpxClient
from openai import DefaultHttpxClient as OpenAIHttpxClient
from openai import OpenAI

from anthropic_proxy.simulator.server import SimulatorThread
from support.raw_upstream import RawUpstream, json_answer
from support.running_proxy import RunningProxy

KEY = {"ANTHROPIC_API_KEY": "sk-ant-api03-test-key"}
NATIVE = {"anthropic-version": "2026-10-21"}


def get(proxy: RunningProxy, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{proxy.url}{path}", headers=headers, trust_env=False)


def ids(answer: httpx.Response) -> list[str]:
    return [item["id"] for item in answer.json()["data"]]


def page(connection: socket.socket, request: bytes) -> None:
    """Three pages of one model each, whatever the limit."""
    query = request.split(b" ", 2)[1].decode().partition("?")[2]
    number = int(query.partition("after_id=m")[2] or 0) + 1
    item = {"type": "model", "id": f"m{number}", "created_at": "2026-01-01T00:00:00Z"}
    body = {"data": [item], "has_more": number < 3, "last_id": item["id"]}
    connection.sendall(
        json_answer(200, json.dumps(body).encode(), b"request-id: req_up")
    )


@pytest.fixture
def paged(home: Path) -> Iterator[tuple[RunningProxy, RawUpstream]]:
    with (
        RawUpstream(page) as upstream,
        RunningProxy(home, upstream=upstream.url, environment=KEY) as proxy,
    ):
        yield proxy, upstream


def test_openais_shape_is_the_default(
    proxy: RunningProxy, simulator: SimulatorThread
) -> None:
    answer = get(proxy, "/v1/models")
    body = answer.json()
    assert body["object"] == "list"
    assert set(body["data"][0]) >= {"id", "object", "created", "owned_by"}
    assert answer.headers["x-models-source"] == "upstream"
    assert answer.headers["x-request-id"] == simulator.requests[-1].request_id
    with OpenAI(
        base_url=f"{proxy.url}/v1",
        api_key="not-used",
        http_client=OpenAIHttpxClient(trust_env=False),
    ) as client:
        listed = client.models.list().data
        assert [model.id for model in listed] == ids(answer)
        assert client.models.retrieve("gpt-4o").id == "gpt-4o"


def test_anthropics_shape_when_its_version_is_sent(proxy: RunningProxy) -> None:
    body = get(proxy, "/v1/models", **NATIVE).json()
    assert body["data"][0]["type"] == "model"
    assert body["has_more"] is False
    assert body["first_id"] == body["data"][0]["id"]
    with Anthropic(
        base_url=proxy.url,
        api_key="not-used",
        http_client=DefaultHttpxClient(trust_env=False),
    ) as client:
        every = [model.id for model in client.models.list()]
        assert every == [item["id"] for item in body["data"]]
        assert [model.id for model in client.models.list(limit=2)] == every


def test_all_pages_are_asked_for(paged: tuple[RunningProxy, RawUpstream]) -> None:
    proxy, upstream = paged
    assert ids(get(proxy, "/v1/models")) == ["m1", "m2", "m3"]
    native = get(proxy, "/v1/models", **NATIVE)
    assert ids(native) == ["m1", "m2", "m3"]
    assert native.json()["last_id"] == "m3"
    assert native.json()["has_more"] is False
    assert len(upstream.requests) == 6
    assert b"limit=1000&after_id=m2 " in upstream.requests[-1]


def test_a_client_that_turns_pages_itself_gets_upstreams_pages(
    paged: tuple[RunningProxy, RawUpstream],
) -> None:
    proxy, upstream = paged
    answer = get(proxy, "/v1/models?limit=1&after_id=m1", **NATIVE)
    assert ids(answer) == ["m2"]
    assert answer.json()["has_more"] is True
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("headers", [{}, NATIVE])
def test_a_claude_id_is_asked_upstream(
    headers: dict[str, str], proxy: RunningProxy, simulator: SimulatorThread
) -> None:
    answer = get(proxy, "/v1/models/claude-opus-5-5", **headers)
    assert answer.json()["id"] == "claude-opus-5-5"
    assert simulator.requests[-1].path.endswith("/v1/models/claude-opus-5-5")
    missing = get(proxy, "/v1/models/claude-nonsense-9", **headers)
    assert missing.status_code == 404
    kind = "type" if headers else "code"
    assert missing.json()["error"][kind] == (
        "not_found_error" if headers else "model_not_found"
    )


@pytest.mark.parametrize("name", ["gpt-4o", "claude-sonnet-4", "openai%2Fgpt-4o"])
def test_a_mapped_name_is_a_model(name: str, proxy: RunningProxy) -> None:
    wanted = name.replace("%2F", "/")
    assert get(proxy, f"/v1/models/{name}").json() == {
        "id": wanted,
        "object": "model",
        "created": 0,
        "owned_by": "anthropic",
    }
    assert get(proxy, f"/v1/models/{name}", **NATIVE).json()["id"] == wanted


@pytest.mark.parametrize("headers", [{}, NATIVE])
def test_without_a_credential_the_catalogue_answers(
    headers: dict[str, str], home: Path, simulator: SimulatorThread
) -> None:
    with RunningProxy(home, upstream=simulator.url) as proxy:
        check_catalogue(proxy, headers)


@pytest.mark.parametrize("headers", [{}, NATIVE])
def test_without_upstream_the_catalogue_answers(
    headers: dict[str, str], home: Path
) -> None:
    with RunningProxy(home, upstream="http://127.0.0.1:9", environment=KEY) as proxy:
        check_catalogue(proxy, headers)


@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_when_upstream_does_not_tell_the_catalogue_answers(
    status: int, home: Path
) -> None:
    refused = json_answer(status, b'{"type":"error","error":{"message":"No."}}')
    with (
        RawUpstream(lambda connection, _: connection.sendall(refused)) as upstream,
        RunningProxy(home, upstream=upstream.url, environment=KEY) as proxy,
    ):
        answer = get(proxy, "/v1/models")
        assert answer.status_code == 200
        assert answer.headers["x-models-source"] == "catalogue"


def test_a_client_whose_own_key_is_refused_learns_it(home: Path) -> None:
    refused = json_answer(401, b'{"type":"error","error":{"message":"Bad key."}}')
    with (
        RawUpstream(lambda connection, _: connection.sendall(refused)) as upstream,
        RunningProxy(home, upstream=upstream.url) as proxy,
    ):
        key = {"x-api-key": "sk-ant-api03-test-key-of-the-client"}
        answer = get(proxy, "/v1/models", **key)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "invalid_api_key"
        assert get(proxy, "/v1/models", **key, **NATIVE).status_code == 401


def check_catalogue(proxy: RunningProxy, headers: dict[str, str]) -> None:
    answer = get(proxy, "/v1/models", **headers)
    assert answer.status_code == 200
    assert answer.headers["x-models-source"] == "catalogue"
    assert "claude-opus-5-5" in ids(answer)
    assert "gpt-4o" not in ids(answer)
    one = get(proxy, "/v1/models/gpt-4o", **headers)
    assert one.json()["id"] == "gpt-4o"
    assert one.headers["x-models-source"] == "catalogue"
    assert get(proxy, "/v1/models/claude-nonsense-9", **headers).status_code == 404


@pytest.mark.parametrize("headers", [{}, NATIVE])
def test_aliases_are_listed_when_wanted(
    headers: dict[str, Any], home: Path, simulator: SimulatorThread
) -> None:
    (home / ".router-mappings.json").write_text('{"mine": "claude-opus-5-5"}')
    environment = KEY | {"ANTHROPIC_PROXY_LIST_ALIASES": "true"}
    with RunningProxy(home, upstream=simulator.url, environment=environment) as proxy:
        listed = ids(get(proxy, "/v1/models", **headers))
        assert {"mine", "gpt-4o", "claude-sonnet-4", "claude-opus-5-5"} <= set(listed)
        assert len(listed) == len(set(listed))

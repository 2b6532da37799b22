"""``/``, ``/health``, HEAD and OPTIONS: answered here, without a credential."""

from __future__ import annotations

import httpx
import pytest

from anthropic_proxy import __version__
from anthropic_proxy.simulator.server import SimulatorThread
from support.running_proxy import RunningProxy

from .conftest import PROXY_KEY

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def ask(proxy: RunningProxy, method: str, path: str, **headers: str) -> httpx.Response:
    return httpx.request(
        method, f"{proxy.url}{path}", headers=headers, trust_env=False, timeout=20
    )


def test_health_tells_facts(proxy: RunningProxy, simulator: SimulatorThread) -> None:
    facts = ask(proxy, "GET", "/health").json()
    assert facts.pop("uptime") >= 0
    assert facts == {
        "status": "ok",
        "service": "anthropic-max-proxy",
        "version": __version__,
        "upstream": simulator.url,
        "credential": "api_key",
    }


def test_a_browser_gets_a_page_that_loads_nothing(proxy: RunningProxy) -> None:
    answer = ask(proxy, "GET", "/", **BROWSER)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = answer.text
    for line in (
        f"export OPENAI_BASE_URL={proxy.url}/v1",
        "export OPENAI_API_KEY=not-used",
        f"export ANTHROPIC_BASE_URL={proxy.url}",
        "api_key",
        __version__,
    ):
        assert line in page
    assert "src=" not in page
    assert "<link" not in page
    assert "<script" not in page
    assert PROXY_KEY not in page


def test_what_a_client_sends_is_escaped(proxy: RunningProxy) -> None:
    host = "<script>alert(1)</script>"
    answer = ask(proxy, "GET", "/", **BROWSER, host=host)
    assert "<script" not in answer.text


def test_a_program_gets_json(proxy: RunningProxy) -> None:
    answer = ask(proxy, "GET", "/")
    assert answer.json()["service"] == "anthropic-max-proxy"
    assert answer.json()["dialects"] == {"openai": True, "anthropic": True}
    assert answer.json()["mitmweb"] is None


@pytest.mark.parametrize("path", ["/", "/health"])
def test_head_is_get_without_the_body(path: str, proxy: RunningProxy) -> None:
    with httpx.Client(base_url=proxy.url, trust_env=False) as client:
        for _ in range(2):  # on one connection: no byte of a body may follow
            head = client.head(path)
            assert head.status_code == 200
            assert head.content == b""
            assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize(
    "path", ["/", "/v1/messages", "/v1/chat/completions", "/v1/models", "/nonsense"]
)
def test_options_grants_nothing_to_other_sites(path: str, proxy: RunningProxy) -> None:
    origin = {"origin": "https://evil.example"}
    asked = {"access-control-request-method": "POST"}
    answer = ask(proxy, "OPTIONS", path, **origin, **asked)
    assert answer.status_code == 403
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_options_tells_the_methods_of_a_path(proxy: RunningProxy) -> None:
    answer = ask(proxy, "OPTIONS", "/v1/models")
    assert answer.status_code == 204
    assert answer.headers["allow"] == "GET, OPTIONS"

"""What is counted, by what labels, and that the documentation knows all of it."""

from __future__ import annotations

import gc
import json
import re
from pathlib import Path
from typing import Any

import pytest
from mitmproxy.http import Response
from mitmproxy.test import tflow
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

from anthropic_proxy.credentials import oauth_errors
from anthropic_proxy.credentials.oauth import Reply, TokenRequest
from anthropic_proxy.credentials.sources import Config
from anthropic_proxy.dialects.chat_completions.exchange import Settings
from anthropic_proxy.dialects.chat_completions.memory import RecentThinking
from anthropic_proxy.dialects.chat_completions.request import messages_request
from anthropic_proxy.models.catalog import Catalog
from anthropic_proxy.models.mapping import ModelMapping
from anthropic_proxy.proxy.call import Call
from anthropic_proxy.proxy.endpoints import CHAT, MESSAGES, METRICS
from anthropic_proxy.proxy.metric_families import PREFIX
from anthropic_proxy.proxy.metrics import REFRESH_FAILURES, REFRESHED, Metrics
from anthropic_proxy.proxy.stages import End

DOCS = Path(__file__).resolve().parents[2] / "docs"
CATALOG = Catalog.load()
MODEL = "claude-sonnet-5-5"
TYPE_OF_OPENMETRICS = "application/openmetrics-text"


def a_call(**facts: Any) -> Call:
    """A native call that began at second 100."""
    usual: dict[str, Any] = {"endpoint": MESSAGES, "id": "req_1", "started": 100.0}
    return Call(flow=tflow.tflow(resp=True), **usual | facts)


def translated_call(chat: dict[str, Any], **facts: Any) -> Call:
    translation = messages_request(
        {"messages": [{"role": "user", "content": "Hi"}], **chat},
        mapping=ModelMapping(CATALOG),
        settings=Settings(),
        now=0.0,
        memory=RecentThinking(0),
    )
    return a_call(endpoint=CHAT, translation=translation, **facts)


OK = End(200)


def end(metrics: Metrics, call: Call, how: End = OK) -> None:
    metrics.ended(call, how, CATALOG, now=103.0)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """Of a series; None when there is none."""
    metrics.look()
    registry = metrics.families.registry
    return registry.get_sample_value(f"{PREFIX}_{name}", labels)


# --- requests ---


def test_a_request_is_counted_and_timed() -> None:
    metrics, call = Metrics(), a_call(model=MODEL)
    metrics.began(call)
    end(metrics, call)
    where = {"dialect": "anthropic", "endpoint": "messages", "model": MODEL}
    counted = {**where, "status": "200", "translated": "no"}
    assert value(metrics, "requests_total", **counted) == 1
    assert value(metrics, "request_duration_seconds_sum", **where) == 3
    slow, slower = {**where, "le": "2.5"}, {**where, "le": "5.0"}
    assert value(metrics, "request_duration_seconds_bucket", **slow) == 0
    assert value(metrics, "request_duration_seconds_bucket", **slower) == 1


def test_a_translated_request_goes_under_the_model_that_was_used() -> None:
    metrics, call = Metrics(), translated_call({"model": MODEL}, model="gpt-4o")
    end(metrics, call, End(None, client_gone=True))
    labels = {
        "dialect": "openai",
        "endpoint": "chat completions",
        "status": "none",
        "model": MODEL,
        "translated": "yes",
    }
    assert value(metrics, "requests_total", **labels) == 1
    assert value(metrics, "client_disconnects_total") == 1


def test_a_request_without_a_call_is_counted_too() -> None:
    metrics = Metrics()
    for status in (400, 500):
        metrics.refused(status)
        labels = dict.fromkeys(("dialect", "endpoint", "model"), "none")
        labels |= {"status": str(status), "translated": "no"}
        assert value(metrics, "requests_total", **labels) == 1
    assert value(metrics, "internal_errors_total") == 1


def test_a_failure_of_upstream_is_counted_unless_the_client_left_first() -> None:
    metrics = Metrics()
    for gone in (False, True):
        call = a_call(admitted=True, upstream_status=529)
        end(metrics, call, End(529, client_gone=gone))
    assert value(metrics, "upstream_failures_total", kind="overloaded") == 1
    assert value(metrics, "upstream_failures_total", kind="cut") == 0


def test_a_bug_of_ours_is_counted() -> None:
    metrics = Metrics()
    end(metrics, a_call(broken=True), End(500))
    assert value(metrics, "internal_errors_total") == 1


# --- what is live ---


def test_what_is_live_is_seen_until_it_ends() -> None:
    metrics, call, stream = Metrics(), a_call(), a_call()
    metrics.began(call)
    metrics.began(stream)
    metrics.began(a_call(endpoint=METRICS))
    response = stream.flow.response = Response.make(200)
    response.stream = lambda data: [data]
    metrics.time_first_token(stream, CATALOG, lambda: 101.0)
    assert value(metrics, "requests_in_flight") == 2
    assert value(metrics, "live_streams") == 1
    end(metrics, stream)
    assert value(metrics, "live_streams") == 0
    end(metrics, call)
    assert value(metrics, "requests_in_flight") == 0


def test_a_call_that_nobody_ends_is_forgotten_with_its_connection() -> None:
    metrics, call = Metrics(), a_call()
    metrics.began(call)
    del call
    gc.collect()
    assert value(metrics, "requests_in_flight") == 0


# --- tokens and warnings ---


def test_tokens_are_counted_by_kind() -> None:
    metrics = Metrics()
    usage = {
        "input_tokens": 3,
        "output_tokens": 5,
        "cache_read_input_tokens": 7,
        "cache_creation_input_tokens": 11,
    }
    end(metrics, a_call(model=MODEL, usage=usage))
    kinds = ("input", "output", "cache_read", "cache_creation")
    found = [value(metrics, "tokens_total", kind=kind, model=MODEL) for kind in kinds]
    assert found == [3, 5, 7, 11]


@pytest.mark.parametrize("count", [None, "3", -3, 0, 1.5, 10**400, [3], {}])
def test_what_is_no_count_is_not_counted(count: Any) -> None:
    metrics = Metrics()
    end(metrics, a_call(model=MODEL, usage={"input_tokens": count}))
    assert value(metrics, "tokens_total", kind="input", model=MODEL) is None


@pytest.mark.parametrize("usage", [None, "usage", [1]])
def test_usage_may_be_anything(usage: Any) -> None:
    end(Metrics(), a_call(usage=usage))


def test_a_warning_counts_once_for_each_request() -> None:
    metrics = Metrics()
    chat = {"model": MODEL, "seed": 1, "of_a_client": 1}
    call = translated_call(chat, warnings=["stop_reason:unknown"] * 2)
    end(metrics, call)
    for warning in ("seed:ignored", "other:ignored", "stop_reason:unknown"):
        found = value(metrics, "translation_warnings_total", warning=warning)
        assert found == 1, warning
    assert "of_a_client" not in metrics.rendered("")[0].decode()


# --- the first token ---


def test_the_first_token_is_timed_once() -> None:
    metrics, call = Metrics(), a_call(model=MODEL)
    response = call.flow.response = Response.make(200)
    response.stream = lambda data: [data]
    clock = iter([100.3, 105.0])
    metrics.time_first_token(call, CATALOG, lambda: next(clock))
    for _ in range(3):
        assert callable(response.stream)
        assert list(response.stream(b"content_block_delta")) == [b"content_block_delta"]
    labels = {"dialect": "anthropic", "model": MODEL}
    assert value(metrics, "time_to_first_token_seconds_count", **labels) == 1
    total = value(metrics, "time_to_first_token_seconds_sum", **labels)
    assert total == pytest.approx(0.3)


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_that_is_not_followed_is_left_alone(stream: bool) -> None:
    call = a_call()
    call.flow.response = Response.make(200)
    call.flow.response.stream = stream
    Metrics().time_first_token(call, CATALOG, lambda: 0.0)
    assert call.flow.response.stream is stream


# --- refreshes ---

REFRESH = TokenRequest("https://x.example/token", {"grant_type": "refresh_token"})
LOGIN = TokenRequest("https://x.example/token", {"grant_type": "authorization_code"})
GOOD = Reply(200, {}, b'{"access_token": "a"}')


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (GOOD, "success"),
        (Reply(200, {}, b"{}"), "bad_reply"),
        (Reply(400, {}, b'{"error": "invalid_grant"}'), "invalid_grant"),
        (Reply(429, {}, b""), "rate_limited"),
        (Reply(404, {}, b""), "endpoint_moved"),
        (Reply(403, {}, b""), "refused"),
        (Reply(503, {}, b""), "server_trouble"),
    ],
)
def test_a_refresh_is_counted_by_its_result(reply: Reply, result: str) -> None:
    metrics = Metrics()
    config = Config(Path("unused"), send=lambda _: reply)
    assert metrics.watching(config).send(REFRESH) is reply
    assert value(metrics, "token_refreshes_total", result=result) == 1
    assert metrics.watching(config).send(LOGIN) is reply
    assert value(metrics, "token_refreshes_total", result=result) == 1


def test_a_token_endpoint_that_cannot_be_reached_is_counted() -> None:
    def send(request: TokenRequest) -> Reply:
        raise oauth_errors.Unreachable("gone", sent=False)

    metrics = Metrics()
    with pytest.raises(oauth_errors.Unreachable):
        metrics.watching(Config(Path("unused"), send=send)).send(REFRESH)
    assert value(metrics, "token_refreshes_total", result="unreachable") == 1


def test_every_kind_of_failure_has_a_name() -> None:
    assert set(REFRESH_FAILURES) == set(oauth_errors.OAuthError.__subclasses__())
    assert REFRESHED not in REFRESH_FAILURES.values()


# --- the text ---


def busy() -> Metrics:
    """Metrics in which every family has a series."""
    metrics = Metrics()
    call = translated_call({"model": MODEL, "seed": 1}, usage={"output_tokens": 1})
    response = call.flow.response = Response.make(200)
    response.stream = lambda data: [data]
    metrics.time_first_token(call, CATALOG, lambda: 101.0)
    assert callable(response.stream)
    response.stream(b"content_block_delta")
    end(metrics, call)
    metrics.look()
    return metrics


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/plain;version=0.0.4",
        "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.4",
        "application/openmetrics-text;version=nonsense;;",
        "Application/OpenMetrics-Text",
    ],
)
def test_the_text_is_of_the_type_that_it_says(accept: str) -> None:
    text, media_type = busy().rendered(accept)
    wants = TYPE_OF_OPENMETRICS in accept.lower()
    assert media_type.startswith(TYPE_OF_OPENMETRICS if wants else "text/plain")
    read = text_string_to_metric_families if wants else plain_families
    families = {family.name for family in read(text.decode())}
    assert f"{PREFIX}_requests" in families
    assert text.decode().endswith("# EOF\n") is wants


def test_two_addons_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.refused(400)
    assert b'status="400"' in one.rendered("")[0]
    assert b'status="400"' not in other.rendered("")[0]


# --- names, in the documentation and in the dashboard ---


def names_there_are() -> dict[str, set[str]]:
    """Sample names and their labels, without the times at which they were created."""
    return {
        sample.name: set(sample.labels) - {"le"}
        for family in busy().families.registry.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def families_there_are() -> set[str]:
    """As the documentation lists them."""
    suffix = {"counter": "_total", "info": "_info"}
    return {
        family.name + suffix.get(family.type, "")
        for family in busy().families.registry.collect()
    }


def expressions() -> list[str]:
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text("utf-8"))
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for key, member in node.items():
                if key == "expr" or (key == "query" and isinstance(member, str)):
                    found.append(member)
                walk(member)
        elif isinstance(node, list):
            for member in node:
                walk(member)

    walk(dashboard)
    return [text for text in found if "_" in text]


STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
SELECTOR = re.compile(r"\b(?P<name>[a-z]+_[a-z_]+)\b\{(?P<labels>[^}]*)\}")
GROUPING = re.compile(r"\bby\s*\((?P<labels>[^)]*)\)")
METRIC = re.compile(r"\b(?:anthropic_proxy|process|python)_[a-z_]+\b")


@pytest.mark.parametrize("expression", expressions())
def test_the_dashboard_asks_for_what_there_is(expression: str) -> None:
    there_are = names_there_are()
    plain = STRING.sub('""', expression)
    named = set(METRIC.findall(plain))
    assert named
    assert named <= set(there_are)
    labels = {"instance", "job", "le"}.union(*(there_are[name] for name in named))
    for selector in SELECTOR.finditer(plain):
        asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector["labels"]))
        assert asked <= labels | {"instance", "job"}, selector["name"]
    for grouping in GROUPING.finditer(plain):
        asked = {label.strip() for label in grouping["labels"].split(",")}
        assert asked <= labels


def test_the_dashboard_can_be_imported() -> None:
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text("utf-8"))
    variables = {row["name"]: row for row in dashboard["templating"]["list"]}
    assert dashboard["id"] is None
    assert dashboard["schemaVersion"] >= 39
    assert variables["datasource"]["type"] == "datasource"
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in dashboard["panels"]}) == (
        len(dashboard["panels"])
    )
    for panel in panels:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["title"]
        assert panel["targets"]


def test_the_dashboard_shows_every_metric_of_ours() -> None:
    shown = set(METRIC.findall(" ".join(STRING.sub('""', e) for e in expressions())))
    families = {name for name in families_there_are() if name.startswith(PREFIX)}
    missing = {
        name for name in families if not any(asked.startswith(name) for asked in shown)
    }
    assert missing == set()


ROW = re.compile(r"^\| `([a-z_]+)` \| (\w+) \| (.*?) \|", re.MULTILINE)


def test_the_documentation_lists_every_metric_with_its_labels() -> None:
    rows = ROW.findall((DOCS / "metrics.md").read_text("utf-8"))
    listed = {
        name: (kind, set(re.findall(r"`(\w+)`", cell))) for name, kind, cell in rows
    }
    types = {"info": "gauge"}
    there_are = {}
    for family in busy().families.registry.collect():
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        labels = set().union(*(sample.labels for sample in family.samples)) - {"le"}
        kind = types.get(family.type, family.type)
        there_are[family.name + suffix] = (kind, labels)
    ours = {name: row for name, row in there_are.items() if name.startswith(PREFIX)}
    assert {n: r for n, r in listed.items() if n.startswith(PREFIX)} == ours
    assert {n for n in listed if not n.startswith(PREFIX)} <= set(there_are)

"""``explain``: what would be sent for a request, and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from anthropic_proxy.cli.explain import command
from anthropic_proxy.dialects.messages.identity import IDENTITY

CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Hello"},
    ],
    "seed": 4,
}
MESSAGES: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 10,
    "system": "Be brief",
    "messages": [{"role": "user", "content": "Hello"}],
}
KEY = {"ANTHROPIC_API_KEY": "sk-ant-api03-secret"}
SUBSCRIPTION = {
    "access_token": "sk-ant-oat01-secret",
    "refresh_token": "sk-ant-ort01-secret",
    "expires_at": 4_000_000_000,
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No mappings, no login and no variables of whoever runs this."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_PROXY_STRICT", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def explain(document: Any, *flags: str, **env: str) -> Result:
    file = Path("request.json")
    text = document if isinstance(document, str) else json.dumps(document)
    file.write_text(text, "utf-8")
    return CliRunner().invoke(command, [*flags, str(file)], env=env)


def told(document: Any, *flags: str, **env: str) -> dict[str, Any]:
    done = explain(document, "--json", *flags, **env)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_people_see_request_headers_and_report() -> None:
    done = explain(CHAT, **KEY)
    assert done.exit_code == 0
    assert done.stdout.startswith(
        "Chat completion · gpt-4o → claude-sonnet-5-5 · credential: api_key\n"
    )
    assert "POST https://api.anthropic.com/v1/messages\n" in done.stdout
    assert "x-api-key: ***" in done.stdout
    assert '  "system": "Be brief",\n' in done.stdout
    (seed,) = [line for line in done.stdout.splitlines() if line.startswith("seed")]
    assert seed.split() == [
        *("seed", "ignored", "Claude's", "sampling", "takes", "no", "seed."),
        *("A.1", "seed:ignored"),
    ]
    assert "\x1b" not in done.stdout
    assert "secret" not in done.output


def test_machines_get_one_object() -> None:
    found = told(CHAT, **KEY)
    assert found["dialect"] == "openai"
    assert found["request"]["messages"] == [{"role": "user", "content": "Hello"}]
    assert found["headers"] == {"anthropic-version": "2026-10-21", "x-api-key": "***"}
    assert found["report"]["warnings"] == ["seed:ignored"]
    assert (found["status"], found["error"]) == (200, None)


def test_standard_input_is_read() -> None:
    done = CliRunner().invoke(command, ["--json", "-"], input=json.dumps(CHAT))
    assert json.loads(done.stdout)["model_used"] == "claude-sonnet-5-5"


def test_a_refusal_shows_the_error_and_the_report_so_far() -> None:
    done = explain(CHAT | {"n": 3}, **KEY)
    assert done.exit_code == 1
    assert "Refused: the client gets 400" in done.stdout
    assert '"param": "n"' in done.stdout
    assert "rejected" in done.stdout
    machine = explain(CHAT | {"n": 3}, "--json")
    assert machine.exit_code == 1
    found = json.loads(machine.stdout)
    assert found["request"] is None
    assert found["error"]["error"]["param"] == "n"
    assert found["report"]["entries"][-1]["disposition"] == "rejected"


def test_options_are_the_proxys() -> None:
    assert explain(CHAT, "--set", "strict=true").exit_code == 1
    assert explain(CHAT, "--set", "anthropic_strict=true").exit_code == 1
    assert explain(CHAT, ANTHROPIC_PROXY_STRICT="true").exit_code == 1
    found = told(CHAT, "--set", "upstream=http://127.0.0.1:5/x/v1")
    assert found["upstream"] == "http://127.0.0.1:5/x"
    Path(".router-mappings.json").write_text('{"gpt-4o": "claude-opus-4-8"}')
    assert told(CHAT)["model_used"] == "claude-opus-4-8"


def test_what_a_proxy_has_learnt_of_models_counts() -> None:
    cache = Path(".cache/anthropic-max-proxy/models.json")
    cache.parent.mkdir(parents=True)
    upstream = "https://api.anthropic.com"
    model = {"id": "claude-sonnet-5-5", "type": "model", "max_tokens": 777}
    cache.write_text(json.dumps({"upstream": upstream, "at": 0, "models": [model]}))
    asked = CHAT | {"max_tokens": 5000}
    assert told(asked)["request"]["max_tokens"] == 777
    off = told(asked, "--set", "model_refresh=false")
    assert off["request"]["max_tokens"] == 5000


def test_headers_of_the_client_count() -> None:
    found = told(CHAT, "-H", "anthropic-beta: a-1, b-2", "-H", "x-other: 1")
    assert found["headers"]["anthropic-beta"] == "a-1,b-2"


def test_a_subscription_brings_its_sentence_and_its_beta() -> None:
    tokens = Path("tokens.json")
    tokens.write_text(json.dumps(SUBSCRIPTION))
    tokens.chmod(0o600)
    env = {"ANTHROPIC_PROXY_TOKEN_FILE": str(tokens.absolute()),
           "ANTHROPIC_PROXY_CREDENTIAL": "subscription"}  # fmt: skip
    found = told(CHAT, **env)
    assert found["identity_added"]
    assert found["request"]["system"][0]["text"] == IDENTITY
    assert found["headers"]["authorization"] == "Bearer ***"
    assert "oauth-2025-04-20" in found["headers"]["anthropic-beta"]
    native = told(MESSAGES, **env)
    assert native["identity_added"]
    assert [block["text"] for block in native["request"]["system"]] == [
        IDENTITY,
        "Be brief",
    ]
    done = explain(MESSAGES, **env)
    assert "system becomes:" in done.stdout
    assert "secret" not in done.output


def test_a_native_request_is_passed_on() -> None:
    found = told(MESSAGES, "-H", "anthropic-version: 2023-06-01", **KEY)
    assert found["dialect"] == "anthropic"
    assert found["request"] == MESSAGES
    assert found["headers"] == {"anthropic-version": "2023-06-01", "x-api-key": "***"}
    done = explain(MESSAGES, **KEY)
    assert "byte for byte" in done.stdout
    assert "The body stays as it is." in done.stdout


@pytest.mark.parametrize(
    ("document", "dialect"),
    [
        (CHAT, "openai"),
        (MESSAGES, "anthropic"),
        (CHAT | {"max_tokens": 5}, "openai"),
        (CHAT | {"stop_sequences": ["x"]}, "anthropic"),
        (CHAT | {"tools": [{"name": "f", "input_schema": {}}]}, "anthropic"),
        (CHAT | {"tools": [{"type": "function", "function": {"name": "f"}}]}, "openai"),
        ({"model": "x", "max_tokens": 1, "messages": [
            {"role": "user", "content": [{"type": "image", "source": {}}]}]},
         "anthropic"),
    ],
)  # fmt: skip
def test_the_api_is_told_by_the_content(document: Any, dialect: str) -> None:
    done = explain(document, "--json")
    assert json.loads(done.stdout)["dialect"] == dialect


def test_the_api_can_be_said() -> None:
    assert told(CHAT, "--native")["dialect"] == "anthropic"
    assert (
        json.loads(explain(MESSAGES, "--chat", "--json").stdout)["dialect"] == "openai"
    )


def test_what_would_stop_it_is_noted() -> None:
    assert "401" in told(CHAT)["notes"][0]
    off = told(CHAT, "--set", "enable_openai=false", **KEY)
    assert off["notes"] == [
        "The proxy would answer 404: anthropic_enable_openai=false turns this API off."
    ]
    large = explain(CHAT, "--set", "body_limit=10", "--json")
    assert large.exit_code == 1
    assert json.loads(large.stdout)["status"] == 413


@pytest.mark.parametrize(
    ("text", "flags", "said"),
    [
        ("{", (), "is not JSON"),
        ("", (), "There is nothing in request.json"),
        ("{}", ("--set", "stric=true"), "Did you mean anthropic_strict"),
        ("{}", ("--set", "strict"), "expected OPTION=VALUE"),
        ("{}", ("--set", "strict=maybe"), "expected true or false"),
        ("{}", ("-H", "beta"), "expected NAME:VALUE"),
    ],
)
def test_wrong_usage_is_a_sentence(
    text: str, flags: tuple[str, ...], said: str
) -> None:
    done = explain(text, *flags)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_a_file_that_is_not_there_is_a_sentence() -> None:
    done = CliRunner().invoke(command, ["nowhere.json"])
    assert done.exit_code == 2
    assert "There is no file 'nowhere.json'" in done.stderr
    assert CliRunner().invoke(command, ["."]).exit_code == 2


@pytest.mark.parametrize("document", [[1], "text", None, 5, {}])
def test_any_json_gets_an_answer(document: Any) -> None:
    done = explain(json.dumps(document))
    assert done.exit_code == 1
    assert "Refused" in done.stdout


def test_nothing_in_a_request_steers_the_terminal() -> None:
    chat = CHAT | {"model": "gpt\x1b[31m\n", "user": "\x9b2J"}
    assert not {"\x1b", "\x9b"} & set(explain(chat).stdout)

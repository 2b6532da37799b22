"""Which source is used and why; when tokens are refreshed, and what a failure costs."""

from __future__ import annotations

import asyncio
import errno
import gc
import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anthropic_proxy.credentials.credential import (
    Credential,
    CredentialUnavailable,
    Source,
)
from anthropic_proxy.credentials.oauth import Reply, TokenRequest, TokenSet
from anthropic_proxy.credentials.oauth_errors import OAuthError, Unreachable
from anthropic_proxy.credentials.rotating_source import JUST_OBTAINED_S
from anthropic_proxy.credentials.sources import (
    ApiKey,
    Config,
    Console,
    StaticToken,
    Subscription,
    choose,
    configured_sources,
    default_token_file,
)
from anthropic_proxy.credentials.token_store import (
    SUBSCRIPTION,
    TokenStore,
    write_api_key,
)

NOW = 1_800_000_000.0
HOUR = 3_600.0
FIRST = TokenSet(
    access_token="sk-ant-oat01-canary-0",
    refresh_token="sk-ant-ort01-canary-0",
    expires_at=NOW + 8 * HOUR,
    account={"email_address": "a@b"},
    organization={"name": "Org"},
    scope="user:inference",
    acknowledged_terms="2026-11-22",
    acknowledged_terms_version="2026-09-26",
)


class Server:
    """A token endpoint in memory: single-use refresh tokens, failures on demand."""

    def __init__(self) -> None:
        self.requests: list[TokenRequest] = []
        self.valid = {"sk-ant-ort01-canary-0"}
        self.failure: Reply | OAuthError | None = None
        self.gate: threading.Event | None = None
        """If set, a request waits for it."""
        self.arrived = threading.Event()

    def __call__(self, request: TokenRequest) -> Reply:
        self.requests.append(request)
        self.arrived.set()
        if self.gate is not None:
            assert self.gate.wait(10)
        if isinstance(self.failure, OAuthError):
            raise self.failure
        if self.failure is not None:
            return self.failure
        if request.fields["refresh_token"] not in self.valid:
            return answer(400, {"error": "invalid_grant"})
        number = len(self.requests)
        self.valid = {f"sk-ant-ort01-canary-{number}"}
        return answer(
            200,
            {
                "access_token": f"sk-ant-oat01-canary-{number}",
                "refresh_token": f"sk-ant-ort01-canary-{number}",
                "expires_in": 28_800,
            },
        )


def answer(status: int, body: Any, **headers: str) -> Reply:
    return Reply(status, headers, json.dumps(body).encode())


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def config(tmp_path: Path, server: Server) -> Config:
    env = {"HOME": str(tmp_path)}
    return Config(token_file=default_token_file(env), env=env, send=server)


def store_of(config: Config) -> TokenStore:
    return TokenStore(config.token_file, SUBSCRIPTION)


def log_in(config: Config, **changes: Any) -> None:
    with store_of(config).locked() as writer:
        writer.write(replace(FIRST, **changes))


def subscription(config: Config) -> Subscription:
    return Subscription(config.token_file, config.oauth, config.send)


def with_env(config: Config, **env: str) -> Config:
    return replace(config, env={**config.env, **env})


def profile(config: Config, name: str = "default", **changes: Any) -> Path:
    """A Console profile; the path of its credentials."""
    folder = Path(config.env["HOME"]) / ".config" / "anthropic"
    authentication = {"type": "user_oauth", "client_id": "cid"}
    authentication |= changes.pop("authentication", {})
    settings = {"authentication": authentication, "workspace_id": "wrkspc_1"} | changes
    tokens = {
        "version": "1.0",
        "type": "oauth_token",
        "access_token": "sk-ant-oat01-canary-c",
        "refresh_token": "sk-ant-ort01-canary-0",
        "expires_at": int(NOW + HOUR),
    }
    for kind, content, mode in (
        ("configs", settings, 0o644),
        ("credentials", tokens, 0o600),
    ):
        path = folder / kind / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        path.chmod(mode)
    return path


def fetched(source: Source | None, now: float = NOW) -> Credential:
    assert source is not None
    return asyncio.run(source.fetch(now))


# -- the choice -----------------------------------------------------------------------


def test_without_anything_the_sentence_says_what_to_type(config: Config) -> None:
    chosen = choose(config)
    assert chosen.source is None
    assert "python auth_cli.py login" in chosen.sentence
    assert "anthropic-max-proxy-auth login" in chosen.sentence


def test_auto_prefers_api_key_then_console_then_subscription(config: Config) -> None:
    log_in(config)
    chosen = choose(config)
    assert isinstance(chosen.source, Subscription)
    assert "subscription" in chosen.sentence

    profile(config)
    chosen = choose(config)
    assert isinstance(chosen.source, Console)
    assert "Console profile 'default'" in chosen.sentence
    assert "Also configured, not used: the Claude subscription" in chosen.sentence

    write_api_key(config.api_key_file, "sk-ant-api03-canary-stored")
    chosen = choose(config)
    assert isinstance(chosen.source, ApiKey)
    assert "the stored API key" in chosen.sentence

    chosen = choose(with_env(config, ANTHROPIC_API_KEY="sk-ant-api03-canary-env"))
    assert "ANTHROPIC_API_KEY" in chosen.sentence
    assert fetched(chosen.source) == Credential(
        "api_key", "sk-ant-api03-canary-env", oauth=False
    )
    assert "canary" not in chosen.sentence


@pytest.mark.parametrize(
    ("credential", "kind"),
    [("api_key", ApiKey), ("console", Console), ("subscription", Subscription)],
)
def test_an_explicit_choice_wins(
    config: Config, credential: str, kind: type[object]
) -> None:
    log_in(config)
    profile(config)
    write_api_key(config.api_key_file, "k")
    chosen = choose(replace(config, credential=credential))
    assert isinstance(chosen.source, kind)
    assert "as configured" in chosen.sentence


@pytest.mark.parametrize(
    ("credential", "words"),
    [
        ("api_key", "python auth_cli.py login"),
        ("console", "ant auth login"),
        ("subscription", "python auth_cli.py login"),
    ],
)
def test_an_explicit_choice_of_nothing_says_so(
    config: Config, credential: str, words: str
) -> None:
    chosen = choose(replace(config, credential=credential))
    assert f"{credential!r} is configured, but there is none" in chosen.sentence
    assert words in chosen.sentence
    if chosen.source is not None:
        with pytest.raises(CredentialUnavailable, match=r"auth_cli\.py login"):
            fetched(chosen.source)


def test_the_callers_credentials_only(config: Config) -> None:
    log_in(config)
    chosen = choose(replace(config, credential="client"))
    assert chosen.source is None
    assert "clients' own" in chosen.sentence
    off = replace(config, credential="client", client_passthrough=False)
    assert "every request will be refused" in choose(off).sentence


def test_an_unknown_choice_names_the_known_ones(config: Config) -> None:
    with pytest.raises(ValueError, match="auto, api_key, console, client, subscr"):
        choose(replace(config, credential="apikey"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("sk-ant-oat01-canary", "an OAuth access token, not an API key"),
        ("sk-ant-ort01-canary", "an OAuth refresh token"),
        ("sk-ant-admin01-canary", "an admin key"),
        ("two words canary", "characters that no API key has"),
        ("sk-ant-api03-canarü", "characters that no API key has"),
    ],
)
def test_a_subscription_cannot_come_in_by_the_api_keys_door(
    config: Config, value: str, words: str
) -> None:
    log_in(config)
    chosen = choose(with_env(config, ANTHROPIC_API_KEY=value))
    assert chosen.source is None
    assert words in chosen.sentence
    assert "canar" not in chosen.sentence


def test_an_empty_variable_is_no_key(config: Config) -> None:
    assert choose(with_env(config, ANTHROPIC_API_KEY=" ")).source is None


def test_a_broken_source_is_chosen_and_says_what_is_wrong(config: Config) -> None:
    log_in(config)
    config.token_file.write_text("{")
    chosen = choose(config)
    with pytest.raises(CredentialUnavailable, match="is not JSON"):
        fetched(chosen.source)


def test_a_choice_is_outdated_when_a_login_comes_or_goes(config: Config) -> None:
    chosen = choose(config)
    assert not chosen.outdated
    log_in(config)
    assert chosen.outdated
    chosen = choose(config)
    log_in(config, access_token="refreshed")  # no other choice, no new source
    assert not chosen.outdated
    write_api_key(config.api_key_file, "k")
    assert chosen.outdated
    chosen = choose(config)
    profile(config)
    assert chosen.outdated


def test_where_tokens_are(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    usual = tmp_path / ".config" / "anthropic-max-proxy" / "tokens.json"
    assert default_token_file(env) == usual
    env["ANTHROPIC_PROXY_TOKEN_FILE"] = "/elsewhere/t.json"
    assert default_token_file(env) == Path("/elsewhere/t.json")


def test_every_configured_source_is_listed(config: Config) -> None:
    log_in(config)
    found = configured_sources(with_env(config, ANTHROPIC_API_KEY="sk-ant-oat01-x"))
    assert list(found) == ["api_key", "subscription"]
    assert "not an API key" in str(found["api_key"])


# -- api_key --------------------------------------------------------------------------


def test_a_stored_key_that_changes_is_noticed(config: Config) -> None:
    source = ApiKey(None, config.api_key_file)
    assert source.ready(NOW) is None
    write_api_key(config.api_key_file, "one")
    one = fetched(source)
    assert one.header == ("x-api-key", "one")
    assert asyncio.run(source.renew(one, NOW)) is None
    write_api_key(config.api_key_file, "two")
    two = asyncio.run(source.renew(one, NOW))
    assert two is not None
    assert two.secret == "two"
    assert asyncio.run(source.refresh_if_due(NOW)) is None


def test_a_stored_key_that_others_can_read_is_refused(config: Config) -> None:
    write_api_key(config.api_key_file, "canary")
    config.api_key_file.chmod(0o644)
    source = ApiKey(None, config.api_key_file)
    with pytest.raises(CredentialUnavailable, match="chmod 600"):
        fetched(source)
    config.api_key_file.chmod(0o600)
    assert fetched(source).secret == "canary"


# -- console --------------------------------------------------------------------------


def test_a_console_login_is_bearer_with_its_workspace_and_no_identity(
    config: Config,
) -> None:
    profile(config)
    credential = fetched(choose(config).source)
    assert credential == Credential(
        "console", "sk-ant-oat01-canary-c", oauth=True, workspace_id="wrkspc_1"
    )
    assert not credential.needs_identity


def test_a_console_login_is_refreshed_two_minutes_ahead_at_its_own_host(
    config: Config, server: Server
) -> None:
    path = profile(config, base_url="https://staging.example.com")
    source = choose(config).source
    assert source is not None
    assert asyncio.run(source.refresh_if_due(NOW + HOUR - 121)) is None
    assert server.requests == []
    assert asyncio.run(source.refresh_if_due(NOW + HOUR - 120)) is None
    (request,) = server.requests
    assert request.url == "https://staging.example.com/v1/oauth/token"
    assert request.fields["client_id"] == "cid"
    assert request.betas == ("oauth-2025-04-20",)
    written = json.loads(path.read_text())
    assert written["access_token"] == "sk-ant-oat01-canary-1"
    assert written["expires_at"] == int(NOW + HOUR - 120 + 28_800)


def test_a_login_that_others_rotate_is_read_again_and_never_refreshed(
    config: Config, server: Server
) -> None:
    path = profile(config, authentication={"client_id": None})
    source = choose(config).source
    assert source is not None
    with pytest.raises(CredentialUnavailable, match="has not renewed it"):
        fetched(source, NOW + HOUR)
    rotated = json.loads(path.read_text()) | {
        "access_token": "rotated",
        "expires_at": int(NOW + 2 * HOUR),
    }
    path.write_text(json.dumps(rotated))
    assert fetched(source, NOW + HOUR).secret == "rotated"
    assert server.requests == []


def test_the_active_profile_is_found_as_the_sdk_finds_it(config: Config) -> None:
    profile(config)
    profile(config, "work")
    assert "'default'" in choose(config).sentence
    folder = Path(config.env["HOME"]) / ".config" / "anthropic"
    (folder / "active_config").write_text("work\n")
    assert "'work'" in choose(config).sentence
    named = with_env(config, ANTHROPIC_PROFILE="default")
    assert "'default'" in choose(named).sentence
    moved = with_env(config, ANTHROPIC_CONFIG_DIR=str(folder / "nowhere"))
    assert choose(moved).source is None


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", " x", "a\\b"])
def test_a_profile_name_cannot_lead_out_of_the_folder(
    config: Config, name: str
) -> None:
    chosen = choose(with_env(config, ANTHROPIC_PROFILE=name))
    assert chosen.source is None
    assert "is not a profile name" in chosen.sentence


def test_a_broken_profile_matters_only_if_somebody_asked_for_it(
    config: Config,
) -> None:
    profile(config, authentication={"type": "magic"})
    log_in(config)
    assert isinstance(choose(config).source, Subscription)
    asked = choose(with_env(config, ANTHROPIC_PROFILE="default"))
    assert asked.source is None
    assert "authentication.type is 'magic'" in asked.sentence
    by_option = choose(replace(config, credential="console"))
    assert "authentication.type is 'magic'" in by_option.sentence
    missing = choose(with_env(config, ANTHROPIC_PROFILE="missing"))
    assert "does not exist" in missing.sentence


def test_a_profile_that_others_can_change_or_that_leaks_is_refused(
    config: Config,
) -> None:
    path = profile(config, base_url="http://evil.example.com")
    asked = with_env(config, ANTHROPIC_PROFILE="default")
    assert "base_url must be an https:// address" in choose(asked).sentence
    profile(config)
    (path.parent.parent / "configs" / "default.json").chmod(0o666)
    assert "chmod go-w" in choose(asked).sentence


def test_a_token_of_the_environment_is_used_as_it_is(config: Config) -> None:
    chosen = choose(with_env(config, ANTHROPIC_AUTH_TOKEN="sk-ant-oat01-canary"))
    assert isinstance(chosen.source, StaticToken)
    credential = fetched(chosen.source)
    assert credential.source == "console"
    assert credential.oauth
    assert asyncio.run(chosen.source.renew(credential, NOW)) is None
    assert "canary" not in chosen.sentence


# -- subscription ---------------------------------------------------------------------


def test_a_subscription_is_bearer_with_identity(config: Config) -> None:
    log_in(config)
    assert fetched(subscription(config)) == Credential(
        "subscription", FIRST.access_token, oauth=True, needs_identity=True
    )


def test_tokens_that_were_not_acknowledged_are_not_used(
    config: Config, server: Server
) -> None:
    log_in(config, acknowledged_terms=None)
    source = subscription(config)
    assert source.ready(NOW) is None
    with pytest.raises(CredentialUnavailable, match="not been confirmed"):
        fetched(source)
    assert asyncio.run(source.refresh_if_due(NOW + 8 * HOUR)) is None
    assert server.requests == []
    log_in(config)
    assert source.ready(NOW) is not None


def test_a_token_that_is_due_stays_in_use_until_the_refresh_is_done(
    config: Config, server: Server
) -> None:
    log_in(config)
    source = subscription(config)
    due = NOW + 8 * HOUR - 300
    assert asyncio.run(source.refresh_if_due(due - 1)) is None
    assert server.requests == []

    async def run() -> None:
        server.gate = threading.Event()
        refresh = asyncio.ensure_future(source.refresh_if_due(due))
        await asyncio.to_thread(server.arrived.wait, 10)
        ready = source.ready(due)
        assert ready is not None
        assert ready.secret == FIRST.access_token
        server.gate.set()
        assert await refresh is None

    asyncio.run(run())
    ready = source.ready(due)
    assert ready is not None
    assert ready.secret == "sk-ant-oat01-canary-1"
    stored = store_of(config).read()
    assert stored is not None
    assert stored.refresh_token == "sk-ant-ort01-canary-1"
    assert stored.acknowledged_terms == "2026-11-22"


def test_ten_tasks_that_meet_an_expired_token_share_one_refresh(
    config: Config, server: Server
) -> None:
    log_in(config, expires_at=NOW - 1)
    source = subscription(config)

    async def run() -> list[Credential]:
        return await asyncio.gather(*(source.fetch(NOW) for _ in range(10)))

    assert {credential.secret for credential in asyncio.run(run())} == {
        "sk-ant-oat01-canary-1"
    }
    assert len(server.requests) == 1


def test_ten_401s_cause_one_refresh(config: Config, server: Server) -> None:
    log_in(config)
    source = subscription(config)
    rejected = fetched(source)

    async def run() -> list[Credential | None]:
        early = asyncio.gather(*(source.renew(rejected, NOW) for _ in range(5)))
        newer = await early
        return [*newer, *[await source.renew(rejected, NOW) for _ in range(5)]]

    secrets = {credential and credential.secret for credential in asyncio.run(run())}
    assert secrets == {"sk-ant-oat01-canary-1"}
    assert len(server.requests) == 1


def test_a_fresh_token_that_is_refused_is_not_refreshed_again(
    config: Config, server: Server
) -> None:
    log_in(config)
    source = subscription(config)
    newer = asyncio.run(source.renew(fetched(source), NOW))
    assert newer is not None
    assert asyncio.run(source.renew(newer, NOW + JUST_OBTAINED_S - 1)) is None
    assert len(server.requests) == 1
    assert asyncio.run(source.renew(newer, NOW + JUST_OBTAINED_S)) is not None


def test_a_hundred_threads_cause_one_refresh(config: Config, server: Server) -> None:
    log_in(config, expires_at=NOW - 1)
    shared = subscription(config)
    secrets: list[str] = []

    def use(source: Source) -> None:
        secrets.append(fetched(source).secret)

    sources = [shared if i % 2 else subscription(config) for i in range(100)]
    threads = [threading.Thread(target=use, args=(source,)) for source in sources]
    server.gate = threading.Event()
    for thread in threads:
        thread.start()
    server.gate.set()  # by now many wait: for the refresh, or for the lock
    for thread in threads:
        thread.join()
    assert secrets == ["sk-ant-oat01-canary-1"] * 100
    assert len(server.requests) == 1


def test_a_refresh_by_another_process_is_used_instead_of_our_own(
    config: Config, server: Server
) -> None:
    log_in(config, expires_at=NOW - 1)
    source = subscription(config)
    assert source.ready(NOW) is None
    log_in(config, access_token="theirs")
    ready = source.ready(NOW)
    assert ready is not None
    assert ready.secret == "theirs"
    assert server.requests == []


def test_a_waiter_that_goes_away_does_not_stop_the_refresh(
    config: Config, server: Server
) -> None:
    log_in(config, expires_at=NOW - 1)
    source = subscription(config)

    async def run() -> str:
        server.gate = threading.Event()
        first = asyncio.ensure_future(source.fetch(NOW))
        second = asyncio.ensure_future(source.fetch(NOW))
        await asyncio.to_thread(server.arrived.wait, 10)
        first.cancel()
        await asyncio.sleep(0)
        server.gate.set()
        return (await second).secret

    assert asyncio.run(run()) == "sk-ant-oat01-canary-1"
    assert len(server.requests) == 1


def test_a_failure_that_nobody_waits_for_any_more_is_quiet(
    config: Config, server: Server
) -> None:
    server.failure = answer(500, {})
    log_in(config, expires_at=NOW - 1)
    source = subscription(config)
    complaints: list[Any] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        server.gate = threading.Event()
        waiter = asyncio.ensure_future(source.fetch(NOW))
        await asyncio.to_thread(server.arrived.wait, 10)
        waiter.cancel()
        await asyncio.sleep(0)
        server.gate.set()
        while source.describe(NOW)["problem"] is None:  # noqa: ASYNC110 - a thread's
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        source._flight = None
        gc.collect()

    asyncio.run(run())
    assert complaints == []


def test_a_refresh_that_was_sent_is_saved_even_if_the_program_ends(
    config: Config, server: Server
) -> None:
    log_in(config, expires_at=NOW - 1)
    source = subscription(config)

    async def run() -> None:
        server.gate = threading.Event()
        asyncio.get_running_loop().call_later(0.05, server.gate.set)
        asyncio.ensure_future(source.fetch(NOW))  # noqa: RUF006 - left behind
        await asyncio.to_thread(server.arrived.wait, 10)

    asyncio.run(run())  # ends while the request is on its way
    stored = store_of(config).read()
    assert stored is not None
    assert stored.access_token == "sk-ant-oat01-canary-1"


# -- failures -------------------------------------------------------------------------

FAILURES: Mapping[str, tuple[Reply | OAuthError, str]] = {
    "spent": (answer(400, {"error": "invalid_grant"}), "login --subscription"),
    "moved": (Reply(404, {}, b"<html>"), "ANTHROPIC_PROXY_OAUTH_TOKEN_URL"),
    "limited": (answer(429, {}, **{"retry-after": "120"}), "Wait some minutes"),
    "down": (answer(500, {}), "Try again in a minute"),
    "offline": (Unreachable("no route", sent=False), "Check the network"),
    "useless": (answer(200, {}), "login --subscription"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_refresh_keeps_the_tokens_and_names_the_next_step(
    config: Config, server: Server, name: str
) -> None:
    server.failure, words = FAILURES[name]
    log_in(config, expires_at=NOW - 1)
    before = config.token_file.read_bytes()
    source = subscription(config)
    with pytest.raises(CredentialUnavailable) as caught:
        fetched(source)
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)
    assert config.token_file.read_bytes() == before
    assert source.describe(NOW)["problem"] == str(caught.value)


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_refresh_ahead_of_time_costs_nothing_but_a_log_line(
    config: Config, server: Server, name: str
) -> None:
    server.failure, words = FAILURES[name]
    log_in(config, expires_at=NOW + 60)
    source = subscription(config)
    problem = asyncio.run(source.refresh_if_due(NOW))
    assert problem is not None
    assert words in problem
    assert fetched(source).secret == FIRST.access_token
    # and is not repeated with every request
    assert asyncio.run(source.refresh_if_due(NOW + 1)) is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("name", "pause"), [("limited", 120), ("down", 5), ("offline", 5), ("moved", 60)]
)
def test_the_endpoint_is_left_alone_and_then_tried_again(
    config: Config, server: Server, name: str, pause: float
) -> None:
    server.failure, _ = FAILURES[name]
    log_in(config, expires_at=NOW - 1)
    source = subscription(config)
    for moment in (NOW, NOW + 1, NOW + pause - 1):
        with pytest.raises(CredentialUnavailable):
            fetched(source, moment)
    assert len(server.requests) == 1
    server.failure = None
    server.valid = {"sk-ant-ort01-canary-0"}
    assert fetched(source, NOW + pause).secret == "sk-ant-oat01-canary-2"


def test_a_spent_refresh_token_is_tried_once_until_a_new_login(
    config: Config, server: Server
) -> None:
    server.valid = set()
    log_in(config, expires_at=NOW - 1)
    source = subscription(config)
    for moment in (NOW, NOW + HOUR, NOW + 24 * HOUR):
        with pytest.raises(CredentialUnavailable, match="login --subscription"):
            fetched(source, moment)
    assert len(server.requests) == 1
    log_in(config)
    assert fetched(source).secret == FIRST.access_token


def test_after_a_logout_the_token_is_not_used_any_more(config: Config) -> None:
    log_in(config)
    source = subscription(config)
    assert source.ready(NOW) is not None
    config.token_file.unlink()
    assert source.ready(NOW) is None
    with pytest.raises(CredentialUnavailable, match="not logged in"):
        fetched(source)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_text("{"), "is not JSON"),
        (lambda path: path.chmod(0o644), "chmod 600"),
    ],
)
def test_a_file_that_goes_bad_does_not_stop_a_running_proxy(
    config: Config, spoil: Any, words: str
) -> None:
    log_in(config)
    source = subscription(config)
    assert fetched(source).secret == FIRST.access_token
    spoil(config.token_file)
    assert fetched(source).secret == FIRST.access_token
    assert words in source.describe(NOW)["problem"]
    with pytest.raises(CredentialUnavailable, match=words):
        fetched(source, NOW + 9 * HOUR)
    with pytest.raises(CredentialUnavailable, match=words):
        fetched(subscription(config))


def test_a_login_without_a_refresh_token_ends_with_its_token(
    config: Config, server: Server
) -> None:
    log_in(config, refresh_token=None)
    source = subscription(config)
    assert fetched(source).secret == FIRST.access_token
    with pytest.raises(CredentialUnavailable, match="login --subscription"):
        fetched(source, NOW + 9 * HOUR)
    assert server.requests == []


def test_room_is_made_before_the_refresh_token_is_spent(
    config: Config, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(config, expires_at=NOW - 1)
    source = subscription(config)

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(CredentialUnavailable, match="The disk is full"):
        fetched(source)
    assert server.requests == []
    monkeypatch.undo()
    assert fetched(source, NOW + 5).secret == "sk-ant-oat01-canary-1"


def test_tokens_that_cannot_be_saved_after_all_live_in_memory_until_they_can(
    config: Config, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(config, expires_at=NOW - 1)
    source = subscription(config)
    real = os.replace

    def broken(*_: Any) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "replace", broken)
    assert fetched(source).secret == "sk-ant-oat01-canary-1"
    assert "Input/output error" in source.describe(NOW)["problem"]
    monkeypatch.setattr(os, "replace", real)
    # the next refresh goes on from the tokens in memory, not from the spent ones
    assert fetched(source, NOW + 9 * HOUR).secret == "sk-ant-oat01-canary-2"
    stored = store_of(config).read()
    assert stored is not None
    assert stored.refresh_token == "sk-ant-ort01-canary-2"


def test_tokens_in_memory_are_saved_when_the_disk_is_back_and_give_way_to_a_login(
    config: Config, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(config, expires_at=NOW - 1)
    source = subscription(config)

    def broken(*_: Any) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", broken)
        fetched(source)
    saved = source.refresher.refresh(FIRST.access_token, NOW)
    assert saved == store_of(config).read()
    assert saved.access_token == "sk-ant-oat01-canary-1"
    assert source.refresher.unsaved() is None
    assert len(server.requests) == 1

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", broken)
        fetched(source, NOW + 9 * HOUR)
    log_in(config, refresh_token="sk-ant-ort01-canary-other", access_token="other")
    assert source.refresher.refresh("x", NOW).access_token == "other"
    assert fetched(source).secret == "other"


@pytest.mark.parametrize("offset", [-HOUR, HOUR])
def test_a_clock_that_jumps_an_hour_costs_one_refresh_at_most(
    config: Config, server: Server, offset: float
) -> None:
    log_in(config, expires_at=NOW + 60)
    source = subscription(config)
    credential = fetched(source, NOW + offset)
    if offset > 0:  # the token seems to have expired
        assert credential.secret == "sk-ant-oat01-canary-1"
    else:  # the token seems good; upstream says no, and that mends it
        newer = asyncio.run(source.renew(credential, NOW + offset))
        assert newer is not None
        assert newer.secret == "sk-ant-oat01-canary-1"
    assert fetched(source, NOW).secret == "sk-ant-oat01-canary-1"
    assert len(server.requests) == 1


def test_what_is_described_is_enough_to_help_and_no_secret(config: Config) -> None:
    log_in(config)
    profile(config)
    write_api_key(config.api_key_file, "sk-ant-api03-canary")
    for source in configured_sources(config).values():
        assert not isinstance(source, str)
        facts = source.describe(NOW)
        assert "canary" not in json.dumps(dict(facts))
        assert "canary" not in repr(source)
    assert subscription(config).describe(NOW) == {
        "source": "subscription",
        "ready": True,
        "file": str(config.token_file),
        "logged_in": True,
        "account": "a@b",
        "organization": "Org",
        "scope": "user:inference",
        "expires_at": int(NOW + 8 * HOUR),
        "refreshable": True,
        "acknowledged_terms": "2026-11-22",
        "problem": None,
    }


def test_looking_is_cheap(config: Config) -> None:
    log_in(config)
    source = subscription(config)
    chosen = choose(config)
    source.ready(NOW)
    began = time.perf_counter()
    for _ in range(1000):
        source.ready(NOW)
        assert not chosen.outdated
    assert time.perf_counter() - began < 0.5  # some 50 µs for both

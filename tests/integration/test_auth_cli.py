"""``auth_cli.py`` as a user meets it: on a terminal, in a pipe, over SSH, in trouble.

Every token and key of these tests holds CANARY; at the end all that was printed is
searched for it.
"""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pexpect
import pytest

from anthropic_proxy.cli import auth
from anthropic_proxy.cli.auth_login import may_open_browser
from support.oauth_server import RunningOAuthServer
from support.running_proxy import ROOT, clean_environment

CANARY = "leak-canary"
KEY = f"sk-ant-api03-{CANARY}-0123"
PRINTED: list[str] = []
AUTH_CLI = str(ROOT / "auth_cli.py")


@pytest.fixture(scope="module", autouse=True)
def _no_secret_in_any_output() -> Iterator[None]:
    yield
    assert len(PRINTED) > 20
    leaks = [text for text in PRINTED if CANARY in text]
    assert leaks == []


@pytest.fixture(scope="module")
def running() -> Iterator[RunningOAuthServer]:
    with RunningOAuthServer(label=CANARY) as server:
        yield server


@pytest.fixture
def server(running: RunningOAuthServer) -> RunningOAuthServer:
    """The server as if it had just been started."""
    running.oauth.failure = None
    running.oauth.requests.clear()
    running.api.refusal = None
    running.api.needs_identity = True
    running.api.requests.clear()
    running.api.api_keys = {KEY}
    return running


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


@dataclass
class User:
    """Somebody with a home folder, typing commands."""

    server: RunningOAuthServer
    home: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def token_file(self) -> Path:
        return self.home / ".config" / "anthropic-max-proxy" / "tokens.json"

    @property
    def environment(self) -> dict[str, str]:
        return clean_environment(self.home, TERM="dumb", **self.server.environment)

    def run(self, *arguments: str, stdin: str = "", **env: str) -> Ran:
        """The command in this process: many times faster than a process of its own."""
        with self.monkeypatch.context() as patch:
            patch.setattr(os, "environ", self.environment | env)
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            self.capsys.readouterr()
            code = auth.main(list(arguments))
        ran = Ran(code, *self.capsys.readouterr())
        PRINTED.append(ran.all)
        return ran

    def terminal(self, *arguments: str, **env: str) -> pexpect.spawn[str]:
        """The command as a process of its own, on a pseudo-terminal."""
        return pexpect.spawn(
            sys.executable,
            [AUTH_CLI, *arguments],
            env=self.environment | env,
            encoding="utf-8",
            timeout=15,
            dimensions=(50, 100),
            logfile=None,
        )

    def log_in(self) -> None:
        """Have a subscription login, without going through the commands."""
        issued = self.server.oauth.issue()
        document = {
            "version": 1,
            "type": "subscription",
            **{name: issued[name] for name in ("access_token", "refresh_token")},
            "expires_at": int(time.time()) + 28_770,
            "scope": issued["scope"],
            "account": issued["account"],
            "acknowledged_terms": "2026-11-22",
            "acknowledged_terms_version": "2026-09-26",
        }
        self.write_tokens(document)

    def write_tokens(self, document: Any) -> None:
        self.token_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.token_file.write_text(json.dumps(document))
        self.token_file.chmod(0o600)

    @property
    def tokens(self) -> dict[str, Any]:
        stored: dict[str, Any] = json.loads(self.token_file.read_text())
        return stored


@pytest.fixture
def user(
    server: RunningOAuthServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> User:
    return User(server, tmp_path, monkeypatch, capsys)


def end_of(terminal: pexpect.spawn[str]) -> int | None:
    """Wait for the end; the exit code."""
    terminal.expect(pexpect.EOF)
    PRINTED.append(terminal.before or "")
    terminal.close()
    return terminal.exitstatus


def seen(terminal: pexpect.spawn[str], pattern: str) -> str:
    """Wait for ``pattern``; all that was printed up to it."""
    terminal.expect(pattern)
    text = (terminal.before or "") + str(terminal.after)
    PRINTED.append(text)
    return text


# -- starting -------------------------------------------------------------------------


def test_help_loads_nothing_that_is_slow() -> None:
    script = (
        "import sys; sys.path.insert(0, 'addons')\n"
        "from anthropic_proxy.cli.auth import main\n"
        "code = main(['--help'])\n"
        "slow = {'mitmproxy', 'httpx', 'rich', 'asyncio', 'tornado'}\n"
        "print('LOADED', sorted(slow & set(sys.modules)), code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    assert "LOADED [] 0" in done.stdout
    for command in ("login", "status", "refresh", "logout", "chat", "validate"):
        assert f"\n  {command} " in done.stdout


def test_no_command_loads_mitmproxy() -> None:
    script = (
        "import sys; sys.path.insert(0, 'addons')\n"
        "from anthropic_proxy.cli.auth import cli\n"
        "for name in cli.list_commands(None): cli.get_command(None, name)\n"
        "print([name for name in sys.modules if name.startswith('mitmproxy')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


def test_it_works_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, AUTH_CLI, "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("anthropic-max-proxy, version ")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("frobnicate",),
        ("login",),
        ("login", "--api-key", KEY),  # a secret is never an argument
        ("import",),
        ("import", "/nonexistent"),
        ("chat", "--max-tokens", "none"),
        ("chat", " "),
    ],
)
def test_wrong_usage_is_exit_code_2(user: User, arguments: tuple[str, ...]) -> None:
    user.log_in()
    ran = user.run(*arguments)
    assert ran.code == 2
    assert ran.out == "" or arguments[:1] == ("chat",)
    if KEY in arguments:
        PRINTED.pop()  # click repeats what was typed; the user has it on the screen


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ANTHROPIC_PROXY_CREDENTIAL", "everything"),
        ("ANTHROPIC_PROXY_OAUTH_TOKEN_URL", "http://example.com/token"),
        ("ANTHROPIC_PROXY_UPSTREAM", "http://example.com"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_named(
    user: User, variable: str, value: str
) -> None:
    ran = user.run("doctor", "--offline", **{variable: value})
    assert ran.code == 2
    assert value in ran.err


# -- login ----------------------------------------------------------------------------

ANSWERS: dict[str, Callable[[RunningOAuthServer, str, str], str]] = {
    "code#state": lambda server, url, shown: shown,
    "callback address": lambda server, url, shown: (
        f"{server.url}/oauth/code/callback?code={shown.partition('#')[0]}"
        f"&state={shown.partition('#')[2]}"
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_subscription_login_on_a_terminal(user: User, answer: str) -> None:
    terminal = user.terminal("login", "--subscription", "--no-browser")
    text = seen(terminal, "to go on: ")
    assert "does not permit third-party developers to offer Claude.ai" in text
    assert "2026-09-26" in text
    assert "lose the account" in text
    terminal.sendline("I understand")
    terminal.expect(r"(http://127\S+/oauth/authorize\S+)\r\n")
    url = str(terminal.match[1])
    assert "code_challenge_method=S256" in url
    seen(terminal, "it will not be shown")
    terminal.sendline("is this it?")
    seen(terminal, "There is no code in that")
    seen(terminal, "it will not be shown")
    shown = user.server.page(url)
    terminal.sendline(ANSWERS[answer](user.server, url, shown))
    seen(terminal, "Logged in as someone@example.com; expires in (8|7) hours")
    assert end_of(terminal) == 0
    assert user.tokens["acknowledged_terms_version"] == "2026-09-26"
    assert stat.S_IMODE(user.token_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(user.token_file.parent.stat().st_mode) == 0o700
    sent = user.server.oauth.requests[-1]
    assert sent["code_verifier"] not in url
    assert parse_qs(urlsplit(url).query)["state"] == [sent["state"]]


def test_without_the_phrase_nothing_happens(user: User) -> None:
    terminal = user.terminal("login", "--subscription", "--no-browser")
    seen(terminal, "to go on: ")
    terminal.sendline("yes")
    seen(terminal, "Nothing was done")
    assert end_of(terminal) == 1
    assert not user.token_file.exists()
    assert not user.server.oauth.requests


def test_the_terms_are_shown_once(user: User) -> None:
    user.log_in()
    terminal = user.terminal("login", "--subscription", "--no-browser")
    text = seen(terminal, "it will not be shown")
    assert "I understand" not in text
    terminal.sendintr()
    seen(terminal, "Stopped")
    assert end_of(terminal) == 1


def test_a_login_without_a_terminal(user: User) -> None:
    command = [sys.executable, AUTH_CLI, "login", "--subscription", "--no-browser"]
    with subprocess.Popen(
        command,
        env=user.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("I understand\n")
        process.stdin.flush()
        url = next(line for line in process.stdout if line.startswith("http://127"))
        output, _ = process.communicate(user.server.page(url.strip()) + "\n", 15)
    PRINTED.append(output)
    assert process.returncode == 0
    assert "Logged in as someone@example.com" in output


def test_a_code_of_another_login_is_refused(user: User) -> None:
    ran = user.run("login", "--subscription", stdin="I understand\ncode#wrong-state\n")
    assert ran.code == 1
    assert "its state does not match" in ran.err
    assert not user.token_file.exists()


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (None, "invalid_grant: Invalid 'code' in request"),
        ("moved", "ANTHROPIC_PROXY_OAUTH_TOKEN_URL"),
        ("redirect", "HTTP 308"),
        ("rate_limited", "trying in a loop prolongs it"),
        ("unavailable", "nothing was lost"),
        ("sign_in_page", "not in JSON"),
        ("no_tokens", "without an access token"),
    ],
)
def test_an_exchange_that_fails_is_explained(
    user: User, failure: str | None, words: str
) -> None:
    user.server.oauth.failure = failure
    ran = user.run("login", "--subscription", stdin="I understand\na-made-up-code\n")
    assert ran.code == 1
    assert words in ran.err
    assert not user.token_file.exists()


def test_an_input_that_ends_is_no_login(user: User) -> None:
    ran = user.run("login", "--subscription", stdin="I understand\n")
    assert ran.code == 1
    assert "Standard input ended" in ran.err


def test_the_browser_is_opened_where_it_would_be_seen(user: User) -> None:
    opened = user.home / "opened"
    script = user.home / "browser"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n')
    script.chmod(0o755)
    terminal = user.terminal("login", "--subscription", BROWSER=str(script))
    seen(terminal, "to go on: ")
    terminal.sendline("i understand")
    seen(terminal, "A browser was opened")
    seen(terminal, "it will not be shown")
    terminal.sendintr()
    assert end_of(terminal) == 1
    assert "/oauth/authorize?code=true" in opened.read_text()


@pytest.mark.parametrize(
    ("env", "platform", "expected"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "w"}, "linux", True),
        ({}, "linux", False),  # a container; Python would start a text browser
        ({}, "darwin", True),
        ({}, "win32", True),
        ({"SSH_CONNECTION": "x", "DISPLAY": ":0"}, "linux", False),
        ({"SSH_TTY": "x"}, "darwin", False),
    ],
)
def test_where_a_browser_would_be_seen(
    env: dict[str, str], platform: str, expected: bool
) -> None:
    assert may_open_browser(env, platform) is expected


def test_an_api_key_is_typed_unseen(user: User) -> None:
    terminal = user.terminal("login")
    text = seen(terminal, r"Choose \(1, 2, 3\): ")
    assert "API key from the Claude Console (recommended)" in text
    terminal.sendline("1")
    seen(terminal, "it will not be shown")
    terminal.sendline(KEY)
    text = seen(terminal, "Stored the API key …0123")
    assert end_of(terminal) == 0
    stored = user.token_file.with_name("api_key.json")
    assert json.loads(stored.read_text())["api_key"] == KEY
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Standard input ended"),
        ("\n", "nothing in it"),
        (f"sk-ant-oat01-{CANARY}\n", "an OAuth access token, not an API key"),
    ],
)
def test_what_is_no_api_key_is_not_stored(user: User, text: str, words: str) -> None:
    ran = user.run("login", "--api-key", stdin=text)
    assert ran.code == 1
    assert words in ran.err
    assert not user.token_file.parent.exists()


def test_a_console_login_is_explained_and_then_used(user: User) -> None:
    ran = user.run("login", "--console")
    assert ran.code == 1
    assert "ant auth login" in ran.err
    issued = user.server.oauth.issue()
    folder = user.home / ".config" / "anthropic"
    for kind, document in (
        ("configs", {"authentication": {"type": "user_oauth"}}),
        ("credentials", {"access_token": issued["access_token"]}),
    ):
        (folder / kind).mkdir(parents=True)
        (folder / kind / "default.json").write_text(json.dumps(document))
        (folder / kind / "default.json").chmod(0o600)
    ran = user.run("login", "--console")
    assert ran.code == 0
    assert "profile 'default' will be used; its token does not expire" in ran.out
    user.server.api.needs_identity = False
    assert user.run("chat", "hello").code == 0
    headers, body = user.server.api.requests[-1]
    assert headers["anthropic-beta"] == "oauth-2025-04-20"
    assert "system" not in body


# -- status, refresh, logout ----------------------------------------------------------


def test_status_without_anything(user: User) -> None:
    ran = user.run("status")
    assert ran.code == 1
    assert "No credential is configured" in ran.out
    facts = json.loads(user.run("status", "--json").out)
    assert facts["using"] is None
    assert not user.token_file.parent.exists()  # looking creates nothing


def test_status_of_a_subscription(user: User) -> None:
    user.log_in()
    ran = user.run("status")
    assert ran.code == 0
    for words in (
        "subscription (in use)",
        "someone@example.com",
        "user:inference",
        "expires in 7 hours 59 minutes",
        str(user.token_file),
        f"…{user.tokens['access_token'][-4:]}",
    ):
        assert words in ran.out
    facts = json.loads(user.run("status", "--json").out)
    assert facts["using"] == "subscription"
    assert facts["sources"]["subscription"]["expires_at"] == user.tokens["expires_at"]


def test_status_of_an_expired_login_says_what_will_happen(user: User) -> None:
    user.log_in()
    user.write_tokens(user.tokens | {"expires_at": int(time.time()) - 3600})
    ran = user.run("status")
    assert ran.code == 0
    assert "expired 1 hour ago; it will be refreshed when it is needed" in ran.out
    user.write_tokens(user.tokens | {"refresh_token": None})
    assert user.run("status").code == 1


def test_refresh_replaces_both_tokens(user: User) -> None:
    user.log_in()
    before = user.tokens
    ran = user.run("refresh")
    assert ran.code == 0
    assert "Refreshed; the new token expires in" in ran.out
    assert user.tokens["access_token"] != before["access_token"]
    assert user.tokens["refresh_token"] in user.server.oauth.refresh_tokens
    assert user.tokens["acknowledged_terms"] == "2026-11-22"
    assert user.run("refresh", ANTHROPIC_API_KEY=KEY).code == 0
    assert user.server.oauth.refreshes == 2


def test_a_refresh_token_that_stays_is_kept(user: User) -> None:
    user.log_in()
    before = user.tokens
    user.server.oauth.rotate = False
    try:
        assert user.run("refresh").code == 0
    finally:
        user.server.oauth.rotate = True
    assert user.tokens["refresh_token"] == before["refresh_token"]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("invalid_grant", "Refresh token not found or invalid"),
        ("invalid_client", "Unknown client"),
        ("forbidden", "permission_error: OAuth is not allowed"),
        ("moved", "may have moved"),
        ("rate_limited", "trying in a loop prolongs it"),
        ("server_error", "Internal server error"),
    ],
)
def test_a_refresh_that_fails_loses_nothing(
    user: User, failure: str, words: str
) -> None:
    user.log_in()
    before = user.tokens
    user.server.oauth.failure = failure
    ran = user.run("refresh")
    assert ran.code == 1
    assert words in ran.err
    assert user.tokens == before
    assert len(user.server.oauth.requests) == 1


def test_a_token_endpoint_that_is_not_there(user: User) -> None:
    user.log_in()
    ran = user.run(
        "refresh", ANTHROPIC_PROXY_OAUTH_TOKEN_URL="http://127.0.0.1:1/v1/oauth/token"
    )
    assert ran.code == 1
    assert "127.0.0.1:1 cannot be reached" in ran.err
    assert "nothing was lost" in ran.err


def test_there_is_nothing_to_refresh_in_an_api_key(user: User) -> None:
    ran = user.run("refresh", ANTHROPIC_API_KEY=KEY)
    assert ran.code == 0
    assert "does not need a refresh" in ran.out


def test_logout_deletes_what_is_asked_for(user: User) -> None:
    assert "nothing to delete" in user.run("logout").out
    user.log_in()
    user.run("login", "--api-key", stdin=KEY)
    key_file = user.token_file.with_name("api_key.json")
    assert user.run("logout", "--api-key").code == 0
    assert user.token_file.exists()
    assert not key_file.exists()
    user.run("login", "--api-key", stdin=KEY)
    assert user.run("logout").code == 0
    assert not user.token_file.exists()
    assert not key_file.exists()


# -- chat -----------------------------------------------------------------------------


def test_chat_says_what_answered_and_what_it_took(user: User) -> None:
    user.log_in()
    ran = user.run("chat", "hello", "--model", "claude-haiku-5-5")
    assert ran.code == 0
    assert "You said: hello (turn 1)\n" in ran.out
    assert "[claude-haiku-5-5: 12 tokens in, 7 tokens out]" in ran.err
    headers, body = user.server.api.requests[-1]
    assert headers["user-agent"].startswith("anthropic-max-proxy/")
    assert headers["anthropic-beta"] == "oauth-2025-04-20"
    assert body["system"][0]["text"].startswith("You are Claude Code")


def test_chat_with_an_api_key_has_no_identity(user: User) -> None:
    ran = user.run("chat", "--system", "Be kind", stdin="hello", ANTHROPIC_API_KEY=KEY)
    assert ran.code == 0
    headers, body = user.server.api.requests[-1]
    assert headers["x-api-key"] == KEY
    assert "anthropic-beta" not in headers
    assert body["system"] == "Be kind"


def test_chat_on_a_terminal_has_turns(user: User) -> None:
    terminal = user.terminal("chat", ANTHROPIC_API_KEY=KEY)
    seen(terminal, "You: ")
    terminal.sendline("one")
    seen(terminal, r"You said: one \(turn 1\)")
    seen(terminal, "You: ")
    terminal.sendline("two")
    seen(terminal, r"You said: two \(turn 3\)")
    seen(terminal, "You: ")
    terminal.sendline("")
    assert end_of(terminal) == 0


def test_chat_refreshes_a_token_that_is_refused_and_nobody_notices(user: User) -> None:
    user.log_in()
    user.server.oauth.access_tokens.clear()
    ran = user.run("chat", "hello")
    assert ran.code == 0
    assert "You said: hello (turn 1)" in ran.out
    assert user.server.oauth.refreshes == 1


def test_chat_through_a_proxy_needs_no_credential_of_its_own(user: User) -> None:
    user.server.api.api_keys.add("local")
    ran = user.run(
        "chat",
        "hello",
        "--proxy",
        f"{user.server.url}/v1",
        ANTHROPIC_PROXY_LOCAL_KEY="local",
    )
    assert ran.code == 0
    headers, body = user.server.api.requests[-1]
    assert headers["x-api-key"] == "local"
    assert "system" not in body


@pytest.mark.parametrize(
    ("refusal", "meaning"),
    [
        (
            (400, "This credential is only authorized for use with Claude Code."),
            "does not accept this subscription token",
        ),
        (
            (400, "Third-party apps now draw from your extra usage."),
            "extra usage, on top",
        ),
        ((429, "Too many requests"), "limit is reached"),
        ((529, "Overloaded"), "overloaded"),
        ((500, "Oh"), "Something failed at Anthropic"),
        ((418, "Teapot"), "was refused"),
    ],
)
def test_a_refusal_is_shown_word_for_word_with_what_is_allowed(
    user: User, refusal: tuple[int, str], meaning: str
) -> None:
    user.log_in()
    user.server.api.refusal = refusal
    ran = user.run("chat", "hello")
    assert ran.code == 1
    assert f"HTTP {refusal[0]}, word for word:" in ran.err
    assert refusal[1] in ran.err
    assert meaning in ran.err
    assert len(user.server.api.requests) == 1  # and is never tried again


def test_chat_without_an_answer(user: User) -> None:
    ran = user.run(
        "chat", "hello", "--upstream", "http://127.0.0.1:1", ANTHROPIC_API_KEY=KEY
    )
    assert ran.code == 1
    assert "http://127.0.0.1:1 did not answer" in ran.err


def test_chat_without_a_credential_says_what_to_type(user: User) -> None:
    ran = user.run("chat", "hello")
    assert ran.code == 1
    assert "python auth_cli.py login" in ran.err


# -- validate -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("needed", "refusal", "code", "words"),
    [
        (True, None, 0, "Anthropic looks for it"),
        (False, None, 0, "does not look for the identity block"),
        (
            True,
            (400, "Third-party apps now draw from your extra usage."),
            1,
            "Neither was accepted",
        ),
    ],
)
def test_validate_shows_both_answers(
    user: User, needed: bool, refusal: tuple[int, str] | None, code: int, words: str
) -> None:
    user.log_in()
    user.run("login", "--api-key", stdin=KEY)  # ranks first, but is not asked for
    user.server.api.needs_identity = needed
    user.server.api.refusal = refusal
    ran = user.run("validate")
    assert ran.code == code
    assert "With the identity block: HTTP" in ran.out
    assert "Without it: HTTP" in ran.out
    assert words in ran.out
    assert not refusal or refusal[1] in ran.out
    bodies = [body for _, body in user.server.api.requests]
    assert ["system" in body for body in bodies] == [True, False]


def test_validate_needs_a_subscription(user: User) -> None:
    ran = user.run("validate", ANTHROPIC_API_KEY=KEY)
    assert ran.code == 1
    assert "Only a subscription login needs the identity block" in ran.err


# -- import ---------------------------------------------------------------------------


def router_file(user: User) -> Path:
    issued = user.server.oauth.issue()
    path = user.home / ".oauth-tokens.json"
    expires_at = int((time.time() + 3_570) * 1000)
    path.write_text(json.dumps({**issued, "expires_at": expires_at}))
    return path


def test_a_routers_tokens_are_taken_over(user: User) -> None:
    path = router_file(user)
    ran = user.run("import", str(path), stdin="I understand\n")
    assert ran.code == 0
    assert "The token expires in 59 minutes " in ran.out
    assert "log each other out" in ran.out
    assert "does not permit" in ran.out.replace("\n", " ")
    assert user.tokens["version"] == 1
    assert user.tokens["acknowledged_terms_version"] == "2026-09-26"
    assert stat.S_IMODE(user.token_file.stat().st_mode) == 0o600
    assert user.run("chat", "hello").code == 0
    assert user.run("import", str(path), stdin="I understand\n").code == 1
    assert user.run("import", str(path), "--force", stdin="no\n").code == 1
    assert user.run("import", str(path), "--force", stdin="I understand\n").code == 0


def test_an_earlier_proxys_file_in_our_place_is_named_and_imported(user: User) -> None:
    issued = user.server.oauth.issue()
    expires_at = time.time() + 3600
    user.write_tokens({**issued, "expires_at": expires_at})
    ran = user.run("status")
    assert ran.code == 1
    assert "was written by another program" in ran.out
    path = str(user.token_file)
    assert user.run("import", path, stdin="I understand\n").code == 0
    assert user.run("status").code == 0


def test_a_file_without_tokens_is_refused(user: User) -> None:
    path = user.home / "x.json"
    path.write_text(f'{{"api_key": "{KEY}"}}')
    ran = user.run("import", str(path), stdin="I understand\n")
    assert ran.code == 1
    assert "holds no access_token" in ran.err


# -- doctor ---------------------------------------------------------------------------


def test_doctor_finds_nothing_wrong(user: User) -> None:
    user.log_in()
    ran = user.run("doctor", "--send")
    assert ran.code == 0
    assert "problem" not in ran.out
    assert user.server.oauth.refreshes == 0
    facts = json.loads(user.run("doctor", "--json").out)
    assert {fact["check"] for fact in facts} >= {"credential", "clock", "access"}


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("moved", "The address may have moved"),
        ("redirect", "HTTP 308"),
        ("rate_limited", "no ordinary rate limit"),
    ],
)
def test_doctor_looks_at_the_token_endpoint(
    user: User, failure: str, words: str
) -> None:
    user.log_in()
    user.server.oauth.failure = failure
    ran = user.run("doctor")
    assert ran.code == 1
    assert words in ran.out
    assert not user.server.oauth.requests  # nothing is exchanged to find out


def test_doctor_explains_a_refusal(user: User) -> None:
    user.log_in()
    user.server.api.refusal = (400, "You're out of extra usage.")
    ran = user.run("doctor", "--send")
    assert ran.code == 1
    assert "You're out of extra usage." in ran.out
    assert "https://claude.ai/settings/usage" in ran.out


def test_doctor_without_a_credential(user: User) -> None:
    ran = user.run("doctor", "--offline")
    assert ran.code == 1
    assert "problem credential: No credential is configured" in ran.out


# -- the menu -------------------------------------------------------------------------


def test_the_menu_of_the_seeds(user: User) -> None:
    user.log_in()
    terminal = user.terminal()
    text = seen(terminal, r"Choose \[6\]: ")
    for entry in ("Authenticate", "Refresh", "Send a chat", "Logout", "Proof", "Exit"):
        assert entry in text
    terminal.sendline("2")
    seen(terminal, "Refreshed; the new token expires in")
    seen(terminal, "Choose")
    terminal.sendline("5")
    seen(terminal, "Anthropic looks for it")
    seen(terminal, "Choose")
    terminal.sendline("3")
    seen(terminal, "You: ")
    terminal.sendline("hi")
    seen(terminal, "You said: hi")
    seen(terminal, "You: ")
    terminal.sendline("")
    seen(terminal, "Choose")
    terminal.sendline("4")
    seen(terminal, "Delete the stored login")
    terminal.sendline("y")
    seen(terminal, "Deleted the subscription login")
    seen(terminal, "Choose")
    terminal.sendline("2")
    seen(terminal, "No credential is configured")  # a failure ends no menu
    seen(terminal, "Choose")
    terminal.sendline("6")
    assert end_of(terminal) == 0
    assert not user.token_file.exists()


def test_a_terminal_that_is_not_utf_8(user: User) -> None:
    done = subprocess.run(
        [sys.executable, AUTH_CLI, "login", "--subscription"],
        env=user.environment | {"PYTHONIOENCODING": "ascii"},
        input=b"no\n",
        capture_output=True,
        timeout=15,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"does not permit third-party" in done.stdout


OFFER = (
    "import os, sys; sys.path.insert(0, 'addons')\n"
    "from anthropic_proxy.cli.auth_offer import offer_login\n"
    "offer_login(os.environ)\n"
    "print('STARTED')"
)


@pytest.mark.parametrize("reply", ["n", "y"])
def test_serve_can_offer_the_login_on_a_terminal(user: User, reply: str) -> None:
    terminal = pexpect.spawn(
        sys.executable,
        ["-c", OFFER],
        env=user.environment,
        encoding="utf-8",
        timeout=15,
        cwd=ROOT,
    )
    seen(terminal, r"Log in now\? \[Y/n\]: ")
    terminal.sendline(reply)
    if reply == "y":
        seen(terminal, "Choose")
        terminal.sendline("1")
        seen(terminal, "it will not be shown")
        terminal.sendline(KEY)
        seen(terminal, "Stored the API key")
    seen(terminal, "STARTED")
    assert end_of(terminal) == 0


def test_serve_asks_nothing_without_a_terminal(user: User) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFFER],
        env=user.environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert done.stdout == "STARTED\n"

"""Logins under way: each works once, for ten minutes, and spends nothing in vain."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from anthropic_proxy.credentials import terms
from anthropic_proxy.credentials.endpoints import OAuthEndpoints
from anthropic_proxy.credentials.login import (
    LIFETIME_S,
    MAX_PENDING,
    LoginRefused,
    Logins,
    LoginStart,
    TermsNotAcknowledged,
    log_out,
)
from anthropic_proxy.credentials.oauth import Reply, TokenRequest, base64url
from anthropic_proxy.credentials.oauth_errors import (
    InvalidGrant,
    OAuthError,
    ServerTrouble,
    Unreachable,
)
from anthropic_proxy.credentials.pasted import PasteUnusable
from anthropic_proxy.credentials.private_file import FileProblem
from anthropic_proxy.credentials.token_store import SUBSCRIPTION, TokenStore

NOW = 1_800_000_000.0  # 2027-01-15
PHRASE = "I understand"


class Wire:
    """Answers token requests from a list, and remembers them."""

    def __init__(self) -> None:
        self.requests: list[TokenRequest] = []
        self.answers: list[Reply | OAuthError] = []

    def __call__(self, request: TokenRequest) -> Reply:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else tokens()
        if isinstance(answer, OAuthError):
            raise answer
        return answer


def tokens(status: int = 200, **fields: Any) -> Reply:
    body = {
        "access_token": "sk-ant-oat01-canary",
        "refresh_token": "sk-ant-ort01-canary",
        "expires_in": 28_800,
        "account": {"email_address": "a@b"},
    }
    return Reply(status, {}, json.dumps(fields or body).encode())


def counted_bytes() -> Callable[[int], bytes]:
    """Different bytes at every call, the same in every run."""
    calls = itertools.count()
    return lambda size: hashlib.shake_128(str(next(calls)).encode()).digest(size)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "folder" / "tokens.json", SUBSCRIPTION)


@pytest.fixture
def logins(store: TokenStore, wire: Wire) -> Logins:
    return Logins(OAuthEndpoints(), store, wire, counted_bytes())


def state_of(start: LoginStart) -> str:
    return parse_qs(urlsplit(start.url).query)["state"][0]


def finish(logins: Logins, start: LoginStart, now: float = NOW, **how: Any) -> Any:
    how = {"acknowledgement": PHRASE} | how
    return logins.finish(f"the-code#{state_of(start)}", now=now, **how)


def test_a_login_from_start_to_file(
    logins: Logins, store: TokenStore, wire: Wire
) -> None:
    start = logins.start(NOW)
    assert start.expires_at == NOW + 600
    finish(logins, start)
    stored = store.read()
    assert stored is not None
    assert stored.access_token == "sk-ant-oat01-canary"
    assert stored.expires_at == NOW + 28_800
    assert stored.acknowledged_terms == "2027-01-15"
    assert stored.acknowledged_terms_version == terms.VERSION
    (request,) = wire.requests
    sent = dict(request.fields)
    challenge = parse_qs(urlsplit(start.url).query)["code_challenge"][0]
    digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
    assert base64url(digest) == challenge
    assert (sent["code"], sent["state"]) == ("the-code", state_of(start))


def test_what_leaves_never_holds_the_verifier(logins: Logins, wire: Wire) -> None:
    start = logins.start(NOW)
    finish(logins, start)
    verifier = wire.requests[0].fields["code_verifier"]
    assert verifier not in repr(start)
    assert verifier != state_of(start)
    assert verifier not in repr(vars(logins))


def test_two_logins_do_not_share_anything(logins: Logins) -> None:
    one, two = logins.start(NOW), logins.start(NOW)
    assert one.handle != two.handle
    assert state_of(one) != state_of(two)


def test_a_bare_code_needs_the_handle(logins: Logins) -> None:
    start = logins.start(NOW)
    with pytest.raises(LoginRefused, match="part after the # sign"):
        logins.finish("the-code", now=NOW, acknowledgement=PHRASE)
    logins.finish("the-code", now=NOW, handle=start.handle, acknowledgement=PHRASE)


def test_a_login_works_once(logins: Logins, wire: Wire) -> None:
    start = logins.start(NOW)
    finish(logins, start)
    with pytest.raises(LoginRefused, match="No such login"):
        finish(logins, start)
    with pytest.raises(LoginRefused, match="No such login"):
        finish(logins, start, handle=start.handle)
    assert len(wire.requests) == 1


def test_a_code_that_was_refused_is_used_up(logins: Logins, wire: Wire) -> None:
    wire.answers = [tokens(400, error="invalid_grant")]
    start = logins.start(NOW)
    with pytest.raises(InvalidGrant):
        finish(logins, start)
    with pytest.raises(LoginRefused):
        finish(logins, start)


@pytest.mark.parametrize("age", [LIFETIME_S, LIFETIME_S + 1, -1])
def test_a_login_lives_ten_minutes(logins: Logins, age: float) -> None:
    start = logins.start(NOW)
    with pytest.raises(LoginRefused, match="ten minutes"):
        finish(logins, start, now=NOW + age)


def test_a_login_lives_nearly_ten_minutes(logins: Logins) -> None:
    finish(logins, logins.start(NOW), now=NOW + LIFETIME_S - 1)


def test_a_state_of_another_login_is_refused_and_spends_nothing(
    logins: Logins, wire: Wire
) -> None:
    one, two = logins.start(NOW), logins.start(NOW)
    with pytest.raises(LoginRefused, match="state does not match"):
        finish(logins, one, handle=two.handle)
    with pytest.raises(LoginRefused, match="No such login"):
        logins.finish("code#forged-state", now=NOW, acknowledgement=PHRASE)
    assert wire.requests == []
    finish(logins, two)  # it is still good


def test_a_paste_that_is_no_code_leaves_the_login_open(logins: Logins) -> None:
    start = logins.start(NOW)
    with pytest.raises(PasteUnusable):
        logins.finish("?", now=NOW, handle=start.handle, acknowledgement=PHRASE)
    finish(logins, start)


@pytest.mark.parametrize(
    "failure", [Unreachable("no network", sent=False), tokens(503, error="busy")]
)
def test_a_failure_that_spent_nothing_leaves_the_login_open(
    logins: Logins, wire: Wire, failure: Reply | OAuthError
) -> None:
    wire.answers = [failure]
    start = logins.start(NOW)
    with pytest.raises((Unreachable, ServerTrouble)):
        finish(logins, start)
    finish(logins, start)


def test_a_request_that_may_have_arrived_uses_the_login_up(
    logins: Logins, wire: Wire
) -> None:
    wire.answers = [Unreachable("timed out", sent=True)]
    start = logins.start(NOW)
    with pytest.raises(Unreachable):
        finish(logins, start)
    with pytest.raises(LoginRefused):
        finish(logins, start)


def test_a_file_that_cannot_be_written_is_found_before_the_code_is_spent(
    tmp_path: Path, wire: Wire
) -> None:
    (tmp_path / "file").write_text("")
    store = TokenStore(tmp_path / "file" / "tokens.json", SUBSCRIPTION)
    logins = Logins(OAuthEndpoints(), store, wire, counted_bytes())
    start = logins.start(NOW)
    with pytest.raises(FileProblem):
        finish(logins, start)
    assert wire.requests == []


def test_the_oldest_of_too_many_logins_gives_way(logins: Logins) -> None:
    starts = [logins.start(NOW) for _ in range(MAX_PENDING + 1)]
    with pytest.raises(LoginRefused):
        finish(logins, starts[0])
    finish(logins, starts[1])


def test_one_of_many_threads_gets_the_login(logins: Logins, wire: Wire) -> None:
    start = logins.start(NOW)
    outcomes: list[str] = []

    def attempt() -> None:
        try:
            finish(logins, start)
            outcomes.append("good")
        except LoginRefused:
            outcomes.append("refused")

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["good"] + ["refused"] * 19
    assert len(wire.requests) == 1


# -- the terms ------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [None, "", "yes", "I do not understand", "y"])
def test_the_first_login_needs_the_phrase_and_stays_open_without_it(
    logins: Logins, wire: Wire, typed: str | None
) -> None:
    start = logins.start(NOW)
    assert logins.needs_acknowledgement()
    with pytest.raises(TermsNotAcknowledged, match='"I understand"'):
        finish(logins, start, acknowledgement=typed)
    assert wire.requests == []
    finish(logins, start, acknowledgement="  i understand ")


def test_the_second_login_does_not_ask_and_keeps_the_date(
    logins: Logins, store: TokenStore
) -> None:
    finish(logins, logins.start(NOW))
    assert not logins.needs_acknowledgement()
    later = NOW + 40 * 86_400
    finish(logins, logins.start(later), now=later, acknowledgement=None)
    stored = store.read()
    assert stored is not None
    assert stored.acknowledged_terms == "2027-01-15"


def test_new_words_are_shown_again(logins: Logins, store: TokenStore) -> None:
    finish(logins, logins.start(NOW))
    text = store.path.read_text().replace(terms.VERSION, "2025-01-01")
    store.path.write_text(text)
    assert logins.needs_acknowledgement()


def test_the_notice_quotes_the_page_with_its_date_and_what_it_costs() -> None:
    notice = terms.notice()
    for words in (
        "does not permit third-party developers to offer Claude.ai login",
        terms.VERSION,
        terms.PAGE,
        "refused",
        "extra usage",
        "lose the account",
        "API key is the recommended way",
    ):
        assert words in notice
    assert "educational" not in notice.lower()


# -- a file that is there already -----------------------------------------------------


def test_a_damaged_file_is_moved_aside_by_a_login(
    logins: Logins, store: TokenStore
) -> None:
    store.path.parent.mkdir()
    store.path.write_text("{ damaged")
    store.path.chmod(0o600)
    finish(logins, logins.start(NOW))
    assert store.read() is not None
    (aside,) = store.path.parent.glob("*.corrupt-*")
    assert aside.read_text() == "{ damaged"


def test_a_file_that_others_can_read_is_replaced_by_a_private_one(
    logins: Logins, store: TokenStore
) -> None:
    finish(logins, logins.start(NOW))
    store.path.chmod(0o644)
    finish(logins, logins.start(NOW))
    assert store.path.stat().st_mode & 0o777 == 0o600


def test_logging_out_once_and_twice(logins: Logins, store: TokenStore) -> None:
    assert not log_out(store)
    assert not store.path.parent.exists()  # looking creates nothing
    finish(logins, logins.start(NOW))
    assert log_out(store)
    assert not log_out(store)
    assert store.read() is None

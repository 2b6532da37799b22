"""Files: private from the first moment, whole at every moment, never lost."""

from __future__ import annotations

import errno
import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anthropic_proxy.credentials.foreign import parse_foreign
from anthropic_proxy.credentials.oauth import TokenSet
from anthropic_proxy.credentials.private_file import (
    FileCorrupt,
    FileProblem,
    FileUnsafe,
    PrivateFile,
)
from anthropic_proxy.credentials.token_store import (
    CONSOLE,
    SUBSCRIPTION,
    Malformed,
    TokenStore,
    read_api_key,
    remove_api_key,
    write_api_key,
)

NOW = 1_800_000_000.0
TOKENS = TokenSet(
    access_token="sk-ant-oat01-canary-a",
    refresh_token="sk-ant-ort01-canary-r",
    expires_at=NOW + 100,
    scope="user:inference",
    account={"uuid": "u", "email_address": "a@b"},
    organization={"name": "Org"},
    acknowledged_terms="2026-11-22",
    acknowledged_terms_version="2026-09-26",
)


@pytest.fixture
def store(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "folder" / "tokens.json", SUBSCRIPTION)


def write(store: TokenStore, tokens: TokenSet = TOKENS) -> None:
    with store.locked() as writer:
        writer.write(tokens)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def leftovers(path: Path) -> list[Path]:
    return sorted(path.parent.glob(".*.tmp"))


# -- the format -----------------------------------------------------------------------


def test_what_is_written_is_read(store: TokenStore) -> None:
    assert store.read() is None
    write(store)
    assert store.read() == TOKENS


def test_the_keys_are_the_documented_ones(store: TokenStore) -> None:
    write(store)
    assert json.loads(store.path.read_text()) == {
        "version": 1,
        "type": "subscription",
        "access_token": "sk-ant-oat01-canary-a",
        "refresh_token": "sk-ant-ort01-canary-r",
        "expires_at": 1_800_000_100,
        "scope": "user:inference",
        "account": {"uuid": "u", "email_address": "a@b"},
        "organization": {"name": "Org"},
        "acknowledged_terms": "2026-11-22",
        "acknowledged_terms_version": "2026-09-26",
    }


def test_keys_of_others_survive(store: TokenStore) -> None:
    write(store)
    document = json.loads(store.path.read_text()) | {"note": "keep me"}
    store.path.write_text(json.dumps(document))
    tokens = store.read()
    assert tokens is not None
    write(store, replace(tokens, access_token="new"))
    assert json.loads(store.path.read_text())["note"] == "keep me"


def test_a_console_file_keeps_its_own_form(tmp_path: Path) -> None:
    console = TokenStore(tmp_path / "default.json", CONSOLE)
    given = {
        "version": "1.0",
        "type": "oauth_token",
        "access_token": "a",
        "refresh_token": "r",
        "expires_at": 1_800_000_000,
        "scope": "kept",
    }
    console.path.write_text(json.dumps(given))
    console.path.chmod(0o600)
    tokens = console.read()
    assert tokens is not None
    assert tokens.expires_at == NOW
    with console.locked() as writer:
        writer.write(replace(tokens, access_token="b", expires_at=NOW + 0.9))
    assert json.loads(console.path.read_text()) == given | {"access_token": "b"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"access_token": "canary"}', "was written by another program"),
        ('{"version": 2, "type": "subscription"}', "newer version"),
        ('{"version": 1, "type": "api_key"}', 'not of type "subscription"'),
        ('{"version": 1, "type": "subscription"}', "has no 'access_token'"),
        (
            '{"version": 1, "type": "subscription", "access_token": ["canary"]}',
            "has an unusable 'access_token'",
        ),
        (
            '{"version": 1, "type": "subscription", "access_token": "canary", '
            '"expires_at": "soon"}',
            "not a number of seconds",
        ),
    ],
)
def test_a_file_with_something_else_in_it_is_an_error_and_stays(
    store: TokenStore, text: str, words: str
) -> None:
    write(store)
    store.path.write_text(text)
    with pytest.raises(FileCorrupt) as caught:
        store.read()
    message = str(caught.value)
    assert words in message
    assert str(store.path) in message
    assert "login --subscription" in message
    assert "canary" not in message
    assert store.path.read_text() == text


def test_a_corrupt_file_is_moved_aside_not_deleted(store: TokenStore) -> None:
    write(store)
    store.path.write_text("{ damaged")
    with store.locked() as writer:
        aside = writer.set_aside(NOW)
        writer.write(TOKENS)
    assert aside.name == "tokens.json.corrupt-1800000000"
    assert aside.read_text() == "{ damaged"
    assert store.read() == TOKENS


# -- who may read it ------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_file_and_folder_are_private_whatever_the_umask(
    store: TokenStore, umask: int
) -> None:
    before = os.umask(umask)
    try:
        write(store)
        write(store)
    finally:
        os.umask(before)
    assert mode(store.path) == 0o600
    assert mode(store.path.parent) == 0o700
    assert {mode(path) for path in store.path.parent.iterdir()} == {0o600}


def test_a_new_file_is_private_before_anything_is_in_it(store: TokenStore) -> None:
    before = os.umask(0)
    try:
        with store.locked() as writer, writer.reserve():
            (temporary,) = leftovers(store.path)
            assert mode(temporary) == 0o600
    finally:
        os.umask(before)


@pytest.mark.parametrize("bits", [0o644, 0o640, 0o604, 0o660, 0o610])
def test_a_file_that_others_can_read_is_refused_with_the_chmod(
    store: TokenStore, bits: int
) -> None:
    write(store)
    store.path.chmod(bits)
    with pytest.raises(FileUnsafe) as caught:
        store.read()
    assert f"chmod 600 {store.path}" in str(caught.value)
    assert f"{bits:04o}" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_a_folder_that_exists_is_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    write(TokenStore(tmp_path / "tokens.json", SUBSCRIPTION))
    assert mode(tmp_path) == 0o755


def test_a_link_stays_a_link(tmp_path: Path, store: TokenStore) -> None:
    link = TokenStore(tmp_path / "link.json", SUBSCRIPTION)
    write(store)
    link.path.symlink_to(store.path)
    write(link, replace(TOKENS, access_token="through-the-link"))
    assert link.path.is_symlink()
    tokens = store.read()
    assert tokens is not None
    assert tokens.access_token == "through-the-link"


def test_a_pipe_or_a_folder_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(FileProblem, match="not an ordinary file"):
        PrivateFile(tmp_path / "pipe").read()
    (tmp_path / "folder").mkdir(mode=0o700)
    with pytest.raises(FileProblem, match=r"folder"):
        PrivateFile(tmp_path / "folder").read()


# -- writing --------------------------------------------------------------------------


def test_a_reservation_that_is_not_used_changes_nothing(store: TokenStore) -> None:
    write(store)
    before = store.path.read_bytes()
    with store.locked() as writer, writer.reserve():
        assert leftovers(store.path)
    assert store.path.read_bytes() == before
    assert not leftovers(store.path)


def test_what_a_killed_writer_left_is_cleared_away(store: TokenStore) -> None:
    write(store)
    leftover = store.path.with_name(".tokens.json.abc.tmp")
    leftover.write_text("sk-ant-oat01-canary")
    write(store)
    assert not leftovers(store.path)


def test_logging_out_clears_leftovers_too(store: TokenStore) -> None:
    write(store)
    store.path.with_name(".tokens.json.abc.tmp").write_text("sk-ant-oat01-canary")
    with store.locked() as writer:
        assert writer.remove()
        assert not writer.remove()
    assert not leftovers(store.path)
    assert store.read() is None


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "writable for you"),
        (errno.EIO, "Input/output error"),
    ],
)
@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_write_that_fails_says_why_and_leaves_the_old_file(
    store: TokenStore,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    remedy: str,
    step: str,
) -> None:
    write(store)

    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(FileProblem) as caught:
        write(store, replace(TOKENS, access_token="never-there"))
    monkeypatch.undo()
    assert remedy in str(caught.value)
    assert str(store.path) in str(caught.value)
    assert store.read() == TOKENS
    assert not leftovers(store.path)


def test_a_short_write_is_completed(
    store: TokenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data[:7])))
    write(store)
    monkeypatch.undo()
    assert store.read() == TOKENS


def test_a_path_through_a_file_is_no_login_and_cannot_be_written(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    store = TokenStore(tmp_path / "file" / "tokens.json", SUBSCRIPTION)
    assert store.read() is None
    assert store.stamp() is None
    with pytest.raises(FileProblem, match="cannot be locked"):
        write(store)


def test_a_lock_that_is_held_is_waited_for_and_then_named(store: TokenStore) -> None:
    with (
        store.locked(),
        pytest.raises(FileProblem, match=r"tokens.json.lock for 0 seconds"),
        store.locked(timeout_s=0.05),
    ):
        raise AssertionError("two had the lock")


def test_the_stamp_changes_with_the_content_and_the_mode(store: TokenStore) -> None:
    write(store)
    stamps = [store.stamp()]
    write(store)
    stamps.append(store.stamp())
    store.path.chmod(0o644)
    stamps.append(store.stamp())
    store.path.unlink()
    stamps.append(store.stamp())
    assert len(set(stamps)) == 4


# -- the API key ----------------------------------------------------------------------


def test_an_api_key_is_kept_privately(tmp_path: Path) -> None:
    path = tmp_path / "new" / "api_key.json"
    assert read_api_key(path) is None
    assert not remove_api_key(path)
    write_api_key(path, "sk-ant-api03-canary")
    assert mode(path) == 0o600
    assert read_api_key(path) == "sk-ant-api03-canary"
    assert remove_api_key(path)
    assert read_api_key(path) is None


def test_a_damaged_api_key_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "api_key.json"
    write_api_key(path, "k")
    path.write_text('{"api_key": 7}')
    with pytest.raises(FileCorrupt, match="Store the key again"):
        read_api_key(path)


# -- other programs' files ------------------------------------------------------------

ROUTER = {
    "access_token": "sk-ant-oat01-canary",
    "refresh_token": "sk-ant-ort01-canary",
    "expires_in": 28_800,
    "token_type": "Bearer",
    "scope": "user:inference",
    "expires_at": 1_800_000_100_000,
    "created_at": "2026-11-22T05:00:00.000Z",
}


@pytest.mark.parametrize(
    ("expires_at", "expected"),
    [
        (1_800_000_100_000, NOW + 100),  # milliseconds
        (1_800_000_100, NOW + 100),
        (1_800_000_100.5, NOW + 100.5),
        ("1800000100", NOW + 100),
        (None, NOW),
        ("2026-11-22T05:00:00Z", NOW),
    ],
)
def test_other_programs_times(expires_at: Any, expected: float) -> None:
    content = json.dumps({**ROUTER, "expires_at": expires_at}).encode()
    tokens = parse_foreign(content, NOW)
    assert tokens.expires_at == expected
    assert tokens.refresh_token == "sk-ant-ort01-canary"
    assert tokens.scope == "user:inference"
    assert tokens.acknowledged_terms is None


def test_our_own_file_can_be_imported(store: TokenStore) -> None:
    write(store)
    assert parse_foreign(store.path.read_bytes(), NOW) == TOKENS


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"canary", "is not JSON"),
        (b'"canary"', "is not a JSON object"),
        (b'{"x": "canary"}', "holds no access_token"),
        (b'{"access_token": "sk-ant-api03-canary"}', "holds an API key"),
    ],
)
def test_files_that_hold_no_tokens(content: bytes, words: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_foreign(content, NOW)
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)

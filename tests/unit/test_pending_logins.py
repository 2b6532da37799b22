"""Logins under way, as one process and as several keep them."""

from __future__ import annotations

from pathlib import Path

import pytest

from anthropic_proxy.credentials.pending_logins import (
    InFile,
    InMemory,
    Pending,
    PendingLogins,
)
from anthropic_proxy.credentials.private_file import FileProblem

ONE = Pending("verifier-canary", "state-one", 1.5)
TWO = Pending("verifier-canary", "state-two", 2.5)


@pytest.fixture(params=["memory", "file"])
def pending(request: pytest.FixtureRequest, tmp_path: Path) -> PendingLogins:
    if request.param == "memory":
        return InMemory()
    return InFile(tmp_path / "folder" / "logins.json")


def test_what_is_put_in_is_there_in_the_same_order(pending: PendingLogins) -> None:
    with pending.changing() as found:
        assert found == {}
        found["one"] = ONE
    with pending.changing() as found:
        found["two"] = TWO
    with pending.changing() as found:
        assert list(found.items()) == [("one", ONE), ("two", TWO)]
        del found["one"]
    with pending.changing() as found:
        assert found == {"two": TWO}


def test_a_change_before_an_error_stays(pending: PendingLogins) -> None:
    def begin_and_fail() -> None:
        with pending.changing() as found:
            found["one"] = ONE
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        begin_and_fail()
    with pending.changing() as found:
        assert found == {"one": ONE}


def test_the_verifier_is_not_shown() -> None:
    assert "canary" not in repr(ONE)


def test_others_see_the_file_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "logins.json"
    with InFile(path).changing() as found:
        found["one"] = ONE
    assert path.stat().st_mode & 0o777 == 0o600
    with InFile(path).changing() as found:
        assert found.pop("one") == ONE
    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", b"[]", b'{"one": {}}', b"\xff", b'{"one": {"verifier": 1}}'],
)
def test_a_file_that_makes_no_sense_holds_no_login(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "logins.json"
    path.touch(0o600)
    path.write_bytes(content)
    with InFile(path).changing() as found:
        assert found == {}
        found["one"] = ONE
    with InFile(path).changing() as found:
        assert found == {"one": ONE}


def test_a_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "logins.json"
    path.write_text("{}")
    path.chmod(0o644)
    with pytest.raises(FileProblem, match="chmod 600"), InFile(path).changing():
        pass

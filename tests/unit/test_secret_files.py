from __future__ import annotations

from pathlib import Path

import click
import pytest

from anthropic_proxy.cli.secret_files import LARGEST, VARIABLES, take


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_secret_takes_the_place_of_the_name_of_its_file(
    tmp_path: Path, variable: str
) -> None:
    path = tmp_path / "secret"
    path.write_text(" sk-ant-api03-x\n", "utf-8")
    env = {f"{variable}_FILE": str(path), "HOME": "/home/me"}
    take(env)
    assert env == {variable: "sk-ant-api03-x", "HOME": "/home/me"}


def test_nothing_happens_without_a_file() -> None:
    env = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_API_KEY_FILE": ""}
    before = dict(env)
    take(env)
    assert env == before


def test_two_keys_are_one_too_many(tmp_path: Path) -> None:
    env = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_API_KEY_FILE": str(tmp_path / "k")}
    with pytest.raises(click.UsageError, match=r"_KEY and ANTHROPIC_API_KEY_FILE are"):
        take(env)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "No such file or directory"),
        (b"", "does not hold a secret"),
        (b" \n", "does not hold a secret"),
        (b"\xff\xfe\x00", "is not a text file"),
        (b"x" * (LARGEST + 1), "is too large for a secret"),
    ],
    ids=["missing", "empty", "blank", "binary", "huge"],
)
def test_a_file_without_a_secret_is_named_and_not_shown(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    env = {"ANTHROPIC_PROXY_LOCAL_KEY_FILE": str(path)}
    with pytest.raises(click.UsageError, match=problem) as raised:
        take(env)
    message = raised.value.format_message()
    assert message.startswith(f"ANTHROPIC_PROXY_LOCAL_KEY_FILE: {path}")
    assert len(message) < len(str(path)) + 100
    assert "ANTHROPIC_PROXY_LOCAL_KEY" not in env

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from anthropic_proxy.cli.completion import PROGRAMS, SHELLS, command, script


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_asks_each_program_for_itself(shell: str) -> None:
    text = script(shell)
    for program in PROGRAMS:
        variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
        assert f"{variable}={shell}_complete" in text
        assert program in text


def test_the_shell_is_that_of_the_environment() -> None:
    ran = CliRunner().invoke(command, [], env={"SHELL": "/usr/bin/zsh"})
    assert ran.exit_code == 0
    assert "#compdef" in ran.output


def test_another_shell_is_wrong_usage() -> None:
    ran = CliRunner().invoke(command, [], env={"SHELL": "/bin/csh"})
    assert ran.exit_code == click.UsageError.exit_code
    assert "Name the shell: bash, zsh, fish." in ran.output

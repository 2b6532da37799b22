from __future__ import annotations

import click
import pytest
from click.shell_completion import ShellComplete

from anthropic_proxy.cli import auth, lazy_group, main
from anthropic_proxy.cli.lazy_group import LazyGroup, is_plain, run

TABLE = {
    "simulate": ("simulate", "The simulator."),
    "missing": ("no_such_module", "Its module would raise when it is imported."),
}


@pytest.fixture
def group() -> LazyGroup:
    return LazyGroup("program", table=TABLE, params=[click.Option(["--flag"])])


def completed(group: click.Group, args: list[str], incomplete: str) -> list[str]:
    shell = ShellComplete(group, {}, "program", "_PROGRAM_COMPLETE")
    return [item.value for item in shell.get_completions(args, incomplete)]


def test_help_and_completion_import_no_command(group: LazyGroup) -> None:
    context = group.make_context("program", [], resilient_parsing=True)
    assert "Its module would raise" in group.get_help(context)
    assert completed(group, [], "") == ["simulate", "missing"]
    assert completed(group, [], "m") == ["missing"]
    assert completed(group, [], "--f") == ["--flag"]


def test_a_command_is_imported_when_it_is_asked_for(group: LazyGroup) -> None:
    context = click.Context(group)
    command = group.get_command(context, "simulate")
    assert command is not None
    assert command.name == "simulate"
    assert group.get_command(context, "unknown") is None


@pytest.mark.parametrize("program", [main.cli, auth.cli], ids=["main", "auth"])
def test_every_command_can_be_imported_and_explains_itself(program: LazyGroup) -> None:
    context = program.make_context("program", [], resilient_parsing=True)
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        assert command is not None
        assert command.name == name
        shown = command.get_help(click.Context(command, context, name))
        assert shown.count("\n") > 4
        for param in command.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert param.help, f"{name} {param.opts}"


@pytest.mark.parametrize(
    ("env", "plain"),
    [
        ({}, False),
        ({"TERM": "xterm"}, False),
        ({"TERM": "dumb"}, True),
        ({"NO_COLOR": "1"}, True),
        ({"NO_COLOR": ""}, False),  # as no-color.org has it
    ],
)
def test_when_colours_are_unwanted(
    env: dict[str, str], plain: bool, monkeypatch: pytest.MonkeyPatch, group: LazyGroup
) -> None:
    assert is_plain(env) is plain
    monkeypatch.setattr(lazy_group.os, "environ", env)
    context = group.make_context("program", ["simulate"])
    assert context.color is (False if plain else None)


class TestRun:
    """How a run ends."""

    @staticmethod
    def ended(does: object) -> int:
        def callback() -> object:
            if isinstance(does, BaseException):
                raise does
            return does

        group = click.Group("program", [click.Command("do", callback=callback)])
        return run(group, "program", ["do"])

    @pytest.mark.parametrize(
        ("does", "code"),
        [
            (None, 0),
            (3, 3),
            ("text", 0),
            (click.exceptions.Exit(5), 5),
            (click.ClickException("Oh."), 1),
            (click.UsageError("Oh."), 2),
            (click.Abort(), 1),
            (KeyboardInterrupt(), 1),
        ],
    )
    def test_exit_codes(self, does: object, code: int) -> None:
        assert self.ended(does) == code

    def test_wrong_usage_is_one_line_that_names_the_help(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.ended(click.UsageError("Oh."))
        assert capsys.readouterr() == ("", "Oh. (See program do --help)\n")


class TestLauncher:
    """``anthropic-max-proxy``, which runs serve when no command is named."""

    def test_the_first_word_may_be_any_command(self) -> None:
        assert {"serve", "demo", "completion"} <= set(completed(main.cli, [], ""))

    def test_an_option_may_be_that_of_serve(self) -> None:
        found = completed(main.cli, [], "--")
        assert {"--addon-path", "--port", "--upstream"} <= set(found)
        assert len(found) == len(set(found))

    def test_after_an_option_of_serve_more_of_them(self) -> None:
        assert completed(main.cli, ["-p", "8080"], "--ho") == ["--host"]
        assert completed(main.cli, ["--log-format"], "j") == ["json"]

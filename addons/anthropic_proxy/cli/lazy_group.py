"""What both programs share: commands imported when they run, and how a run ends."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

EXIT_CODES: Final = "Exit codes: 0 all is well, 1 it failed, 2 wrong usage."


class LazyGroup(click.Group):
    """A group that knows its commands by name and one line of help.

    Their modules are imported when they run, so that neither ``--help`` nor the
    completion of a command's name waits for what a command needs. Each module has its
    command under the name ``command``.
    """

    def __init__(
        self, *args: Any, table: Mapping[str, tuple[str, str]], **settings: Any
    ) -> None:
        """``table``: name → (module of this package, one line of help)."""
        super().__init__(*args, **settings)
        self._table = table

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Colours only where they are wanted; click looks at the terminal itself."""
        if is_plain(os.environ):
            extra.setdefault("color", False)
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the command's module."""
        if name not in self._table:
            return None
        module = importlib.import_module(f".{self._table[name][0]}", __package__)
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """The table, without importing anything."""
        with formatter.section("Commands"):
            rows = [(name, text) for name, (_, text) in self._table.items()]
            formatter.write_dl(rows)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """Names of the table, and this group's options; nothing is imported."""
        names = [
            CompletionItem(name, help=text)
            for name, (_, text) in self._table.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


def is_plain(env: Mapping[str, str]) -> bool:
    """Whether colours are unwanted (no-color.org) or would not be understood."""
    return bool(env.get("NO_COLOR")) or env.get("TERM") == "dumb"


def run(group: click.Group, program: str, arguments: list[str] | None) -> int:
    """Run a command; its exit code. Failures that were foreseen become sentences."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # terminals that are not UTF-8
    try:
        code = group.main(arguments, prog_name=program, standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as wrong:
        context = wrong.ctx.command_path if wrong.ctx else program
        click.echo(f"{wrong.format_message()} (See {context} --help)", err=True)
        return wrong.exit_code
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except click.Abort:
        click.echo("Stopped.", err=True)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code if isinstance(code, int) else 0

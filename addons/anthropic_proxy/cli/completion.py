"""``completion``: what a shell needs to complete both programs' command lines."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click
from click.shell_completion import get_completion_class

SHELLS: Final = ("bash", "zsh", "fish")
PROGRAMS: Final = ("anthropic-max-proxy", "anthropic-max-proxy-auth")


def script(shell: str) -> str:
    """The functions for ``shell`` that ask the programs, one for each of them."""
    completion = get_completion_class(shell)
    assert completion is not None
    group = click.Group()  # the scripts are the same, whatever the commands
    return "\n".join(
        completion(group, {}, program, _variable(program)).source()
        for program in PROGRAMS
    )


def _variable(program: str) -> str:
    """Where click looks for the shell's question."""
    return f"_{program.replace('-', '_').upper()}_COMPLETE"


@click.command(
    "completion",
    epilog="""\b
    Set it up once, and open a new shell:
      echo 'eval "$(anthropic-max-proxy completion bash)"' >> ~/.bashrc
      echo 'eval "$(anthropic-max-proxy completion zsh)"' >> ~/.zshrc
      echo 'anthropic-max-proxy completion fish | source' >> ~/.config/fish/config.fish

    In zsh the line must come after compinit.
    """,
)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
def command(shell: str | None) -> None:
    """Print the completion of both programs for SHELL.

    Without SHELL it is the one that the variable SHELL names.
    """
    chosen = shell or Path(os.environ.get("SHELL", "")).name
    if chosen not in SHELLS:
        raise click.UsageError(f"Name the shell: {', '.join(SHELLS)}.")
    click.echo(script(chosen))

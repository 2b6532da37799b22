"""Completion in real shells, with real programs on the path."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from anthropic_proxy.cli.completion import script
from deployment.conftest import Find
from support.running_proxy import clean_environment

PROGRAM = """#!{python}
import sys
from anthropic_proxy.cli.{module} import main
sys.argv[0] = {name!r}
sys.exit(main())
"""
QUESTIONS = {
    # how far somebody has typed: what may come next
    "anthropic-max-proxy s": {"serve", "simulate"},
    "anthropic-max-proxy serve --log-f": {"--log-format"},
    "anthropic-max-proxy serve --log-format j": {"json"},
    "anthropic-max-proxy-auth lo": {"login", "logout"},
    "anthropic-max-proxy-auth login --sub": {"--subscription"},
}

BASH = """
source {script}
COMP_WORDS=({line}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
function=$(complete -p "${{COMP_WORDS[0]}}" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" "${{COMP_WORDS[0]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
# What zsh would show is what click's function hands to these two.
ZSH = """
autoload -U compinit; compinit -u -D
source {script}
compadd() {{ print -l -- $completions }}
_describe() {{ print -l -- ${{completions_with_descriptions%%:*}} }}
words=({line}); CURRENT=$#words
${{_comps[$words[1]]}}
"""
FISH = """
source {script}
complete -C {quoted} | cut -f1
"""
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("completion")
    programs = folder / "bin"
    programs.mkdir()
    for name, module in (
        ("anthropic-max-proxy", "main"),
        ("anthropic-max-proxy-auth", "auth"),
    ):
        file = programs / name
        file.write_text(
            PROGRAM.format(python=sys.executable, module=module, name=name), "utf-8"
        )
        file.chmod(0o755)
    for shell in SHELLS:
        (folder / shell).write_text(script(shell), "utf-8")
    env = clean_environment(folder, SHELL="/bin/sh", TERM="xterm")
    return env | {"PATH": f"{programs}:{env['PATH']}"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_real_shell_completes(
    program: Find, environment: dict[str, str], shell: str
) -> None:
    path = program(shell, f"apt-get install {shell}")
    folder = Path(environment["HOME"])
    for line, expected in QUESTIONS.items():
        code = SHELLS[shell].format(
            script=folder / shell, line=line, quoted=f"'{line}'"
        )
        done = subprocess.run(
            [path, "-c", code],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert set(done.stdout.split()) == expected, (line, done.stdout, done.stderr)

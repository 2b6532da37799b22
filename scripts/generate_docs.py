#!/usr/bin/env python3
"""Writes the tables of docs/ that follow from the code; with --check only compares.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``; what is around it
is written by hand.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "addons"))

from anthropic_proxy.cli import serve
from anthropic_proxy.credentials.endpoints import OAuthEndpoints
from anthropic_proxy.dialects.chat_completions.parameter import Handling, Parameter
from anthropic_proxy.dialects.chat_completions.parameters import PARAMETERS
from anthropic_proxy.models.catalog import Catalog, Model, Thinking
from anthropic_proxy.proxy.option_table import OPTIONS, Option

ROOT: Final = Path(__file__).resolve().parents[1]
DOCS: Final = ROOT / "docs"

Row = tuple[str, ...]


# --- settings.md ---


def options() -> str:
    """Every option of the addon."""
    head = ("Option and variable", "Default", "Meaning", "Right values")
    return _table(head, [_option_row(option) for option in OPTIONS])


def _option_row(option: Option) -> Row:
    variables = [option.env, *([option.also_env] if option.also_env else [])]
    names = "<br>".join(f"`{name}`" for name in (option.key, *variables))
    return names, _default(option), option.help, _right_values(option)


def _default(option: Option) -> str:
    oauth = {f"oauth_{field.name}": field.default for field in fields(OAuthEndpoints)}
    value = oauth.get(option.name, option.default)
    if value is None:
        return "—"
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def _right_values(option: Option) -> str:
    """What the option itself says is right, when it is given nothing."""
    try:
        option.parse("")
    except ValueError as wrong:
        return str(wrong).removeprefix("expected ")
    raise AssertionError(f"{option.key} takes an empty value")


_FLAG_VARIABLES: Final = {
    "host": "`ANTHROPIC_PROXY_HOST`",
    "port": "`ANTHROPIC_PROXY_PORT`, `ROUTER_PORT`",
    "upstream": "`ANTHROPIC_PROXY_UPSTREAM`",
    "enable_anthropic": "`ANTHROPIC_PROXY_ENABLE_ANTHROPIC`",
    "enable_openai": "`ANTHROPIC_PROXY_ENABLE_OPENAI`",
    "disable_bearer_passthrough": "`ANTHROPIC_PROXY_CLIENT_PASSTHROUGH`",
    "verbosity": "`ANTHROPIC_PROXY_LOG_LEVEL`",
    "log_format": "`ANTHROPIC_PROXY_LOG_FORMAT`",
    "workers": "`ANTHROPIC_PROXY_WORKERS`",
}


def launcher() -> str:
    """The flags of ``anthropic-max-proxy serve``."""
    rows = []
    for param in serve.command.params:
        # The one argument has no help; the page has a sentence about it.
        text: str | None = getattr(param, "help", None)
        if text is None:
            continue
        told = re.search(r"\s*\[default: (.*)\]$", text)
        default = told[1] if told else ""
        if getattr(param, "show_default", None):
            default = str(param.default)
        given = (*param.opts, *param.secondary_opts)
        names = ", ".join(f"`{name}`" for name in given)
        variables = _FLAG_VARIABLES.get(str(param.name), "—")
        meaning = text[: told.start()] if told else text
        rows.append((names, variables, f"`{default}`" if default else "—", meaning))
    return _table(("Flag", "Variable", "Default", "Meaning"), rows)


# --- compatibility.md ---


def parameters() -> str:
    """OpenAI's own parameters."""
    return _parameter_table(extension=False)


def extensions() -> str:
    """Parameters that are not OpenAI's."""
    return _parameter_table(extension=True)


def _parameter_table(*, extension: bool) -> str:
    head = ("Parameter", "What becomes of it", "Asks for nothing", "Sent as", "Rule")
    rules = sections((DOCS / "translation.md").read_text("utf-8"))
    chosen = [row for row in PARAMETERS.values() if row.extension is extension]
    return _table(head, [_parameter_row(row, rules) for row in chosen])


def _parameter_row(row: Parameter, rules: Mapping[str, str]) -> Row:
    fate = {
        Handling.MAPPED: "",
        Handling.PROXY: "Done by the proxy: ",
        Handling.IGNORED: "**Ignored.** ",
        Handling.REJECTED: f"**Refused** (`{row.code}`). ",
    }[row.handling]
    neutral = ", ".join(f"`{json.dumps(value)}`" for value in row.neutral)
    link = f"[{row.rule}](translation.md#{rules[row.rule]})"
    return f"`{row.name}`", fate + row.sentence, neutral or "—", _sent(row), link


def _sent(row: Parameter) -> str:
    if row.becomes is None:
        return "—"
    names = row.becomes.split(", ")
    if all(re.fullmatch(r"[a-z_.]+", name) for name in names):
        return ", ".join(f"`{name}`" for name in names)
    return row.becomes


# --- translation.md ---

_CLASSES: Final[Mapping[Thinking, str]] = {
    Thinking.ALWAYS: "A1",
    Thinking.BETWEEN_TOOLS: "A2",
    Thinking.ON_BY_DEFAULT: "A3",
    Thinking.OFF_BY_DEFAULT: "A4",
    Thinking.MANUAL: "M",
}


def catalogue() -> str:
    """What each model can do."""
    head = (
        *("Model", "context", "output", "think", "effort"),
        *("samp", "prefill", "force", "sys", "bind"),
    )
    return _table(head, [_model_row(model) for model in Catalog.load()])


def _model_row(model: Model) -> Row:
    notes = [model.status] if model.status != "active" else []
    notes += [f"retires {model.retires}"] if model.retires else []
    able = (
        model.sampling,
        model.prefill,
        model.forced_tools,
        model.in_message_system,
        model.binds_thinking,
    )
    return (
        f"`{model.id}`" + (f" ({', '.join(notes)})" if notes else ""),
        _tokens(model.context_window),
        _tokens(model.max_output),
        _CLASSES[model.thinking],
        model.default_effort or "—",
        *("yes" if one else "no" for one in able),
    )


def _tokens(number: int) -> str:
    millions, rest = divmod(number, 1_000_000)
    return f"{millions}M" if millions and not rest else f"{number // 1000}K"


# --- Markdown ---

_HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_SECTION: Final = re.compile(r"([A-Z]\.\d+|[A-Z0-9])\.? ")


def anchor(heading: str) -> str:
    """The fragment under which a heading can be linked to, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(markdown: str) -> set[str]:
    """The fragments of a page."""
    return {anchor(heading) for heading in _HEADING.findall(markdown)}


def sections(markdown: str) -> dict[str, str]:
    """Number of a section → its fragment."""
    return {
        number[1]: anchor(heading)
        for heading in _HEADING.findall(markdown)
        if (number := _SECTION.match(heading))
    }


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    bars = [" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines]
    return "\n".join(f"| {line} |" for line in bars)


# --- the pages ---

TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "options": options,
    "launcher": launcher,
    "parameters": parameters,
    "extensions": extensions,
    "catalogue": catalogue,
}
_PLACE: Final = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(markdown: str) -> str:
    """A page with its tables as they are now."""
    return _PLACE.sub(
        lambda place: f"{place[1]}{TABLES[place[2]]()}\n{place[3]}", markdown
    )


def stale() -> dict[Path, str]:
    """Pages that are not what the code says, and what they should be."""
    pages = {path: path.read_text("utf-8") for path in sorted(DOCS.rglob("*.md"))}
    wanted = {path: rendered(text) for path, text in pages.items()}
    return {path: text for path, text in wanted.items() if text != pages[path]}


def main(arguments: list[str]) -> int | str:
    """What to exit with: 1 when --check finds a stale page."""
    if arguments not in ([], ["--check"]):
        return f"usage: {Path(__file__).name} [--check]"
    pages = stale()
    for path, text in pages.items():
        name = path.relative_to(ROOT)
        if arguments:
            sys.stdout.write(f"{name} is stale: python scripts/generate_docs.py\n")
        else:
            path.write_text(text, "utf-8")
            sys.stdout.write(f"{name} written\n")
    return 1 if arguments and pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

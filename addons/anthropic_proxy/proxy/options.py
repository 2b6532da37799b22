"""Options as they are set: where a value comes from, and what is wrong with it.

mitmproxy stores what it is given and, on a value of the wrong type, runs on with the
addon inactive. So each option is declared as an optional string and read here: set
option, else environment, else default. A wrong value stops the start by name.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mitmproxy import exceptions
from mitmproxy.addonmanager import Loader

from .option_table import OPTIONS, PREFIX, Option
from .option_values import Upstream, is_loopback, parse_upstream

__all__ = [
    "OPTIONS",
    "Option",
    "Upstream",
    "declare",
    "is_loopback",
    "origins",
    "parse_upstream",
    "read",
    "refuse_unknown",
]


def declare(loader: Loader) -> None:
    """Tell mitmproxy about the options; all are optional strings on its side."""
    for option in OPTIONS:
        # Not `str | None`: mitmproxy knows `Optional[str]` by both spellings, but its
        # command line parser wants a type it has a flag for.
        loader.add_option(option.key, _OPTIONAL_TEXT, None, option.help)


_OPTIONAL_TEXT: Final[Any] = str | None


def read(values: Mapping[str, str | None], env: Mapping[str, str]) -> dict[str, Any]:
    """Effective values by option name, without the prefix.

    Raises:
        OptionsError: naming the option or the variable that is wrong.
    """
    chosen = {option.name: _effective(option, values, env) for option in OPTIONS}
    if not (chosen["enable_openai"] or chosen["enable_anthropic"]):
        raise exceptions.OptionsError(
            "anthropic_enable_openai and anthropic_enable_anthropic are both false: "
            "at least one API must be served"
        )
    return chosen


def _given(
    option: Option, values: Mapping[str, str | None], env: Mapping[str, str]
) -> tuple[str, str] | None:
    """The name under which an option was set, and its text; None when it was not."""
    places = [
        (option.key, values.get(option.key)),
        (option.env, env.get(option.env)),
        (option.also_env or "", env.get(option.also_env or "")),
    ]
    found = ((where, text) for where, text in places if text is not None)
    return next(found, None)


def _effective(
    option: Option, values: Mapping[str, str | None], env: Mapping[str, str]
) -> Any:
    given = _given(option, values, env)
    if given is None:
        return option.default
    where, text = given
    try:
        return option.parse(text)
    except ValueError as wrong:
        shown = "the value given" if option.name == "local_key" else repr(text)
        message = f"{where}: {shown} is not valid: {wrong}"
        raise exceptions.OptionsError(message) from None


def origins(
    values: Mapping[str, str | None], env: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Every option that is set: its name, what it is (secrets masked), and where.

    What the launcher has set is said in the words of its own flags.
    """
    launcher = dict(_effective(_BY_NAME["origins"], values, env))
    found = []
    for option in OPTIONS:
        given = _given(option, values, env)
        if given is not None and option.name not in ("origins", "worker"):
            where, text = given
            if where == option.key:
                where = launcher.get(option.name, f"option {where}")
            shown = "***" if option.name == "local_key" else text.strip()
            found.append((option.name, shown, where))
    return found


_BY_NAME: Final = {option.name: option for option in OPTIONS}


def refuse_unknown(names: Iterable[str]) -> None:
    """mitmproxy ignores a mistyped ``--set``; for our own options that is an error.

    Raises:
        OptionsError: naming the option and the one that was probably meant.
    """
    known = [option.key for option in OPTIONS]
    for name in names:
        if name.startswith(PREFIX):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise exceptions.OptionsError(f"{name}: there is no such option.{hint}")

"""What ``serve`` uses, and from where: flag, else environment, else default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import click

from .serve_arguments import mode

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8100
DEFAULT_UPSTREAM: Final = "https://api.anthropic.com"
MAX_WORKERS: Final = 64
DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Flags:
    """What was typed; None where it was not."""

    host: str | None = None
    port: int | None = None
    workers: int | None = None
    upstream: str | None = None
    enable_anthropic: bool | None = None
    enable_openai: bool | None = None
    client_passthrough: bool | None = None
    log_level: str | None = None
    log_format: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A value, and the flag or variable that it is from."""

    text: str
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All that ``serve`` decides before mitmproxy starts."""

    host: Setting
    port: Setting
    workers: Setting
    set: Mapping[str, Setting]
    """Options of the addon, without their prefix, that the launcher sets."""
    by_hand: dict[str, str]
    """Options of the addon that stand behind the double dash, with their prefix."""

    @classmethod
    def chosen(
        cls, flags: Flags, mitmproxy_options: Sequence[str], env: Mapping[str, str]
    ) -> Settings:
        """Put flags, environment and defaults together.

        Raises:
            UsageError: a variable that is no port, or an option that is given twice.
        """
        by_hand: dict[str, str] = dict(_set_by_hand(mitmproxy_options))
        chosen = dict(_from_flags(flags))
        for name in chosen:
            if f"anthropic_{name}" in by_hand:
                raise click.UsageError(
                    f"{chosen[name].origin} and --set anthropic_{name} are the same "
                    "setting: give one of them."
                )
        for name, text in _DEFAULTS.items():
            variable = f"ANTHROPIC_PROXY_{name.upper()}"
            if not (
                name in chosen or variable in env or f"anthropic_{name}" in by_hand
            ):
                chosen[name] = Setting(text, DEFAULT)
        return cls(
            host=_host(flags, env),
            port=_port(flags, env),
            workers=_workers(flags, env),
            set=chosen,
            by_hand=by_hand,
        )

    @property
    def origins(self) -> Mapping[str, str]:
        """Name → origin of what the launcher decided."""
        told = {"host": self.host, "port": self.port, **self.set}
        return {name: found.origin for name, found in told.items()}

    def option(self, name: str, env: Mapping[str, str]) -> Any:
        """What an option of the addon, named without its prefix, comes to.

        Raises:
            OptionsError: as ``check``.
        """
        from ..proxy import options

        return options.read(self._values | self.by_hand, env)[name]

    @property
    def _values(self) -> dict[str, str]:
        return {f"anthropic_{name}": found.text for name, found in self.set.items()}

    def check(self, env: Mapping[str, str]) -> None:
        """Everything that would stop the addon, told before mitmproxy starts.

        Raises:
            UsageError: naming the flag, the option or the variable that is wrong.
        """
        # mitmproxy takes a second to load; --help must not wait for it.
        from mitmproxy import exceptions
        from mitmproxy.proxy.mode_specs import ProxyMode

        from ..proxy import checking, options

        try:
            known = {option.key for option in options.OPTIONS}
            options.refuse_unknown([name for name in self.by_hand if name not in known])
            modes = [ProxyMode.parse(mode(self))]
            checking.check(self._values | self.by_hand, env, modes)
        except exceptions.OptionsError as wrong:
            raise click.UsageError(self._in_flags(str(wrong))) from None
        except ValueError as wrong:
            raise click.UsageError(f"--host {self.host.text}: {wrong}") from None

    def _in_flags(self, message: str) -> str:
        """The message with the name of the flag that was typed."""
        for name, found in self.set.items():
            message = message.replace(f"anthropic_{name}:", f"{found.origin}:")
        return message


_DEFAULTS: Final = {"upstream": DEFAULT_UPSTREAM, "log_format": "text"}

_SWITCHES: Final = {
    ("enable_anthropic", "true"): "--enable-anthropic",
    ("enable_anthropic", "false"): "--disable-anthropic",
    ("enable_openai", "true"): "--enable-openai",
    ("enable_openai", "false"): "--disable-openai",
    ("client_passthrough", "false"): "--disable-bearer-passthrough",
    ("log_level", "quiet"): "--quiet",
    ("log_level", "minimal"): "--minimal",
    ("log_level", "verbose"): "--verbose",
}


def _from_flags(flags: Flags) -> Iterator[tuple[str, Setting]]:
    for field in fields(flags):
        name, value = field.name, getattr(flags, field.name)
        if value is None or name in ("host", "port", "workers"):
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        usual = f"--{name.replace('_', '-')}"
        yield name, Setting(text, _SWITCHES.get((name, text), usual))


def _host(flags: Flags, env: Mapping[str, str]) -> Setting:
    if flags.host is not None:
        return Setting(flags.host, "--host")
    return _variable(env, "ANTHROPIC_PROXY_HOST") or Setting(DEFAULT_HOST, DEFAULT)


def _port(flags: Flags, env: Mapping[str, str]) -> Setting:
    if flags.port is not None:
        return Setting(str(flags.port), "--port")
    found = _variable(env, "ANTHROPIC_PROXY_PORT", "ROUTER_PORT")
    if found is None:
        return Setting(str(DEFAULT_PORT), DEFAULT)
    _check_number(found, "a port", 65_535)
    return found


def _workers(flags: Flags, env: Mapping[str, str]) -> Setting:
    if flags.workers is not None:
        return Setting(str(flags.workers), "--workers")
    found = _variable(env, "ANTHROPIC_PROXY_WORKERS")
    if found is None:
        return Setting("1", DEFAULT)
    _check_number(found, "a number", MAX_WORKERS)
    return found


def _check_number(found: Setting, what: str, highest: int) -> None:
    if not found.text.isdecimal() or not 1 <= int(found.text) <= highest:
        raise click.UsageError(
            f"{found.origin}: {found.text!r} is not valid: expected {what} from 1 to "
            f"{highest}"
        )


def _variable(env: Mapping[str, str], *names: str) -> Setting | None:
    """The first variable that is set and not empty."""
    found = (
        Setting(env[name].strip(), name) for name in names if env.get(name, "").strip()
    )
    return next(found, None)


def _set_by_hand(arguments: Iterable[str]) -> Iterator[tuple[str, str]]:
    """``--set anthropic_…=…`` among mitmproxy's own arguments."""
    previous = ""
    for argument in arguments:
        given = argument if previous == "--set" else argument.removeprefix("--set=")
        name, equals, value = given.partition("=")
        is_set = previous == "--set" or argument.startswith("--set=")
        if is_set and equals and name.startswith("anthropic_"):
            yield name, value
        previous = argument

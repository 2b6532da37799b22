"""What ``serve`` uses: flag, else variable, else default."""

from __future__ import annotations

import click
import pytest

from anthropic_proxy.cli.serve_settings import Flags, Setting, Settings


@pytest.mark.parametrize(
    ("flag", "variable", "expected"),
    [
        (None, None, Setting("1", "default")),
        (None, " 4 ", Setting("4", "ANTHROPIC_PROXY_WORKERS")),
        (None, "", Setting("1", "default")),
        (2, "4", Setting("2", "--workers")),
    ],
)
def test_where_the_number_of_workers_comes_from(
    flag: int | None, variable: str | None, expected: Setting
) -> None:
    env = {} if variable is None else {"ANTHROPIC_PROXY_WORKERS": variable}
    assert Settings.chosen(Flags(workers=flag), [], env).workers == expected


@pytest.mark.parametrize("variable", ["0", "65", "-1", "two", "1.5", "²"])
def test_a_wrong_number_of_workers_is_named(variable: str) -> None:
    with pytest.raises(click.UsageError, match=r"ANTHROPIC_PROXY_WORKERS.*1 to 64"):
        Settings.chosen(Flags(), [], {"ANTHROPIC_PROXY_WORKERS": variable})


@pytest.mark.parametrize("variable", ["ANTHROPIC_PROXY_PORT", "ROUTER_PORT"])
def test_a_wrong_port_is_named(variable: str) -> None:
    with pytest.raises(click.UsageError, match=f"{variable}.*1 to 65535"):
        Settings.chosen(Flags(), [], {variable: "65536"})


@pytest.mark.parametrize(
    ("options", "env", "seconds"),
    [
        ([], {}, 10),
        ([], {"ANTHROPIC_PROXY_DRAIN": "3"}, 3),
        (["--set", "anthropic_drain=0"], {"ANTHROPIC_PROXY_DRAIN": "3"}, 0),
    ],
)
def test_what_an_option_of_the_addon_comes_to(
    options: list[str], env: dict[str, str], seconds: float
) -> None:
    assert Settings.chosen(Flags(), options, env).option("drain", env) == seconds

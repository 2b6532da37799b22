"""A hook that somebody listens to is never answered behind their back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mitmproxy import addonmanager
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster
from mitmproxy.tools.web.master import WebMaster

from anthropic_proxy.proxy.audience import _ACTIVE, Audience

HOOKS = ("requestheaders", "request", "responseheaders", "response", "error")


def wanted(
    master_class: Any, *scripts: object, **changes: object
) -> tuple[dict[str, bool], list[str]]:
    """What is wanted with these options, and every addon that has a flow hook."""

    async def look() -> tuple[dict[str, bool], list[str]]:
        master = master_class(Options())
        master.addons.add(*scripts)
        master.options.update(**changes)
        audience, chain = Audience(), master.addons.chain
        addons = master.addons
        found = {h: audience.wants((h,), addons, master.options) for h in HOOKS}
        kinds = [
            f"{type(addon).__module__.split('.')[-1]}.{type(addon).__name__}"
            for addon in addonmanager.traverse(chain)
            if any(hasattr(addon, hook) for hook in HOOKS)
        ]
        return found, kinds

    return asyncio.run(look())


def test_with_no_output_nobody_listens() -> None:
    found, _ = wanted(DumpMaster, flow_detail=0)
    assert not any(found.values())


def test_the_dumper_is_told_of_answers() -> None:
    found, _ = wanted(DumpMaster)
    assert found["response"]
    assert found["error"]
    assert not found["request"]


def test_mitmweb_is_told_of_everything_that_its_view_wants() -> None:
    found, _ = wanted(WebMaster)
    assert {hook for hook, is_wanted in found.items() if is_wanted} == set(HOOKS) - {
        "responseheaders"
    }


@pytest.mark.parametrize(
    ("option", "value", "hook"),
    [
        ("hardump", "flows.har", "response"),
        ("modify_headers", ["/~q/x/y"], "requestheaders"),
        ("modify_body", ["/~s/x/y"], "response"),
        ("map_remote", ["|x|y"], "request"),
        ("anticache", True, "request"),
        ("stickycookie", ".", "response"),
    ],
)
def test_an_option_that_needs_flows_wakes_its_addon(
    option: str, value: object, hook: str
) -> None:
    found, _ = wanted(DumpMaster, flow_detail=0, **{option: value})
    assert found[hook]


def test_saving_wakes_its_addon() -> None:
    """Asked of the table: the addon would open its file."""
    options = Options()
    assert not _ACTIVE["save.Save"](_with(options, save_stream_file=None), None)
    assert _ACTIVE["save.Save"](_with(options, save_stream_file="flows"), None)


def _with(options: Options, **changes: object) -> Any:
    return SimpleNamespace(**(dict(options.items()) | changes))


def test_a_script_is_always_told() -> None:
    class Script:
        def request(self, flow: object) -> None: ...

    found, _ = wanted(DumpMaster, Script(), flow_detail=0)
    assert found["request"]
    assert not found["response"]


def test_the_table_has_no_addon_that_mitmproxy_has_not() -> None:
    _, kinds = wanted(DumpMaster)
    assert set(_ACTIVE) - set(kinds) <= {"tlsconfig.TlsConfig"}


def test_options_and_addons_that_change_are_noticed() -> None:
    async def look() -> list[bool]:
        master = DumpMaster(Options())
        audience, addons = Audience(), master.addons
        seen = []
        for detail in (0, 1):
            master.options.update(flow_detail=detail)
            audience.forget()
            seen.append(audience.wants(("response",), addons, master.options))
        master.options.update(flow_detail=0)
        audience.forget()

        class Script:
            def request(self, flow: object) -> None: ...

        seen.append(audience.wants(("request",), addons, master.options))
        master.addons.add(Script())
        seen.append(audience.wants(("request",), addons, master.options))
        return seen

    assert asyncio.run(look()) == [False, True, False, True]


def keeps(master_class: Any, *scripts: object, **changes: object) -> bool:
    async def look() -> bool:
        master = master_class(Options())
        master.addons.add(*scripts)
        master.options.update(**changes)
        found = Audience().keeps(master.addons, master.options)
        master.options.update(save_stream_file=None)  # closes it
        return found

    return asyncio.run(look())


def test_flows_are_recorded_for_whoever_keeps_or_shows_them(tmp_path: Path) -> None:
    script = SimpleNamespace(response=lambda flow: None)
    assert keeps(WebMaster)
    assert keeps(DumpMaster, flow_detail=3)
    assert keeps(DumpMaster, flow_detail=0, save_stream_file=str(tmp_path / "flows"))
    assert keeps(DumpMaster, flow_detail=0, hardump=str(tmp_path / "flows.har"))
    assert keeps(DumpMaster, script, flow_detail=0)


def test_a_line_for_each_flow_is_no_reason_to_record_it() -> None:
    assert not keeps(DumpMaster, flow_detail=0)
    assert not keeps(DumpMaster, flow_detail=1)
    assert not keeps(DumpMaster, flow_detail=2)

"""Which flow hooks anybody listens to.

mitmproxy walks some forty addons for every hook, which is a third of what a request
costs, and with default options none of them does anything. A hook without a listener
is answered in place; one that somebody wants (a view, ``-w``, a script) goes the usual
way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from mitmproxy.addonmanager import AddonManager, traverse
from mitmproxy.options import Options


def _never(options: Any, addon: Any) -> bool:
    return False


def _set(name: str) -> Callable[[Any, Any], bool]:
    return lambda options, addon: bool(getattr(options, name))


_Table = Mapping[str, Callable[[Any, Any], bool]]

SHOWS_BODIES: Final = 3
"""``flow_detail`` from which mitmdump prints bodies."""

# mitmproxy's own addons with flow hooks, and when they do something. One that is not
# here, a script or an addon of a later version, is always told.
_ACTIVE: Final[_Table] = {
    "proxyauth.ProxyAuth": _set("proxyauth"),
    "modifyheaders.ModifyHeaders": _set("modify_headers"),
    "upstream_auth.UpstreamAuth": _set("upstream_auth"),
    "blocklist.BlockList": _set("block_list"),
    "anticache.AntiCache": _set("anticache"),
    "anticomp.AntiComp": _set("anticomp"),
    "mapremote.MapRemote": _set("map_remote"),
    "maplocal.MapLocal": _set("map_local"),
    "modifybody.ModifyBody": _set("modify_body"),
    "stickyauth.StickyAuth": _set("stickyauth"),
    "stickycookie.StickyCookie": _set("stickycookie"),
    "save.Save": _set("save_stream_file"),
    "savehar.SaveHar": _set("hardump"),
    "dumper.Dumper": lambda options, addon: options.flow_detail > 0,
    "serverplayback.ServerPlayback": _set("server_replay"),
    # About hosts and upgrades that a request prepared by us does not have.
    "disable_h2c.DisableH2C": _never,
    "onboarding.Onboarding": _never,
    "tlsconfig.TlsConfig": _never,
    "update_alt_svc.UpdateAltSvc": _never,
}


# The same for whoever keeps flows or shows their bodies.
_KEEPING: Final[_Table] = {
    "dumper.Dumper": lambda options, addon: options.flow_detail >= SHOWS_BODIES
}


class Audience:
    """Answers ``wants`` from what was found when options or addons last changed."""

    def __init__(self) -> None:
        self._wanted: dict[tuple[str, ...], bool] = {}
        self._addons = 0  # which ones were looked at

    def forget(self) -> None:
        """Options have changed."""
        self._wanted.clear()

    def wants(
        self, hooks: tuple[str, ...], addons: AddonManager, options: Options
    ) -> bool:
        """Whether an addon has to be told of one of these.

        Scripts come, go and are reloaded.
        """
        loaded = sum(map(id, addons.lookup.values()))
        if loaded != self._addons:
            self._addons = loaded
            self._wanted.clear()
        known = self._wanted.get(hooks)
        if known is None:
            known = self._wanted[hooks] = any(
                _is_wanted(hook, traverse(addons.chain), options, _ACTIVE)
                for hook in hooks
            )
        return known

    def keeps(self, addons: AddonManager, options: Options) -> bool:
        """Whether an addon keeps flows or shows their bodies."""
        if not self.wants(("response",), addons, options):
            return False
        known = self._wanted.get(())
        if known is None:
            known = self._wanted[()] = _is_wanted(
                "response", traverse(addons.chain), options, {**_ACTIVE, **_KEEPING}
            )
        return known


def _is_wanted(
    hook: str, addons: Iterable[Any], options: Options, table: _Table
) -> bool:
    for addon in addons:
        if not callable(getattr(addon, hook, None)):
            continue
        kind = type(addon)
        package, _, module = kind.__module__.rpartition(".")
        active = table.get(f"{module}.{kind.__name__}")
        if package != "mitmproxy.addons" or active is None:
            return True
        if active(options, addon):
            return True
    return False

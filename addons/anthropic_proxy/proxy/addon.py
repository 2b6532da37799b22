"""The mitmproxy addon: options in, our HTTP layer under every connection.

It has no request hooks: requests pass through ``egress``, which calls the stages in
``pipeline`` itself, because a hook that raises would let a request through untouched.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from mitmproxy import ctx, exceptions
from mitmproxy.addonmanager import Loader
from mitmproxy.log import ALERT
from mitmproxy.net.http import url
from mitmproxy.proxy import layer, layers
from mitmproxy.proxy.layers.http import HttpLayer, HTTPMode
from mitmproxy.proxy.mode_specs import ProxyMode, ReverseMode

from ..credentials.sources import choose
from ..dialects.chat_completions.memory import RecentThinking
from ..models.catalog import Catalog
from . import (
    exposure,
    har,
    log_output,
    options,
    shared_metrics,
    start_lines,
)
from .audience import Audience
from .background import Background
from .call import Call
from .direct_layer import DirectLayer
from .draining import Draining
from .flow_list import FlowList
from .forwarding import target_of
from .gathering import Refused
from .learnt_models import cache_file
from .metrics import Metrics
from .options import Upstream
from .recorded_pipeline import RecordedPipeline
from .recorder import Recorder
from .runtime import Runtime, credentials_config, model_mapping, settings
from .saving import keep_answering
from .stages import Recovery

logger = logging.getLogger(__name__)


class AnthropicProxy:
    """Loaded by ``mitmdump -s`` or by the launcher."""

    name = "anthropic_proxy"

    def __init__(self) -> None:
        self.pipeline: RecordedPipeline | None = None
        self.addons: list[object] = []  # told by mitmproxy as this one is
        self._audience = Audience()
        self._recorder = Recorder(self._recorded, FlowList(_view))
        self._log = log_output.OwnLog()
        self._draining = Draining(
            lambda: self._stages().runtime.options["drain"],
            lambda: setattr(self._stages(), "stopping", True),
        )
        self._hide: Callable[[], None] = lambda: None
        self._background = Background(
            lambda: self._stages().runtime, self._upstream, cache_file(os.environ)
        )

    # -- options -------------------------------------------------------------------

    def load(self, loader: Loader) -> None:
        """Declare the options; connect upstream only when a request needs it."""
        options.declare(loader)
        if not _SHOWS_FLOWS.isdisjoint(ctx.master.addons.lookup):
            self._show()
        ctx.options.connection_strategy = "lazy"
        if "http3" in ctx.options:
            ctx.options.http3 = False  # a second door, which nobody has tried

    def _show(self) -> None:
        """Views and commands, for whom there is somebody to look."""
        # Loading them is a twentieth of a start that shows nothing.
        from . import content_views, flow_commands

        content_views.add()
        self._hide = content_views.remove
        self.addons = [
            flow_commands.FlowCommands(lambda: self._stages().runtime, _addresses)
        ]

    def configure(self, updated: set[str]) -> None:
        """Check everything now: mitmproxy would run on with a broken addon.

        Raises:
            OptionsError: naming the option; at the start it stops the program.
        """
        options.refuse_unknown(ctx.options.deferred)
        self._audience.forget()
        if "mode" in updated:
            _check_modes(_modes())
        ours = {option.key for option in options.OPTIONS}
        if self.pipeline is None or updated & (ours | {"mode", "listen_host"}):
            runtime = self._runtime()
            if (wrong := exposure.refusal(runtime)) is not None:
                raise exceptions.OptionsError(wrong)
            self.pipeline = RecordedPipeline(runtime, self._told, self._recorder)
            chosen = runtime.options
            self._log.use(chosen["log_format"], chosen["worker"])

    def _runtime(self) -> Runtime:
        """What the options say now; what was learnt since the start is kept."""
        given = {o.key: getattr(ctx.options, o.key) for o in options.OPTIONS}
        chosen = options.read(given, os.environ)
        before = self.pipeline.runtime if self.pipeline is not None else None
        metrics = before.metrics if before is not None else _metrics()
        credentials = metrics.watching(credentials_config(chosen, os.environ))
        catalog = before.catalog if before is not None else Catalog.load()
        kept = chosen["thinking_memory"]
        memory = (
            before.memory
            if before is not None and before.options["thinking_memory"] == kept
            else RecentThinking(kept)
        )
        return Runtime(
            options=chosen,
            catalog=catalog,
            mapping=model_mapping(chosen, catalog),
            settings=settings(chosen),
            credentials=credentials,
            chosen=choose(credentials),
            memory=memory,
            metrics=metrics,
            mitmweb=_mitmweb,
            exposed_at=exposure.exposed_at(_modes(), ctx.options.listen_host),
            started=before.started if before is not None else time.time(),
        )

    def running(self) -> None:
        """Say what is in force, and begin what goes on in the background."""
        har.extend(ctx.master.addons)
        runtime = self._stages().runtime
        if runtime.options["worker"] in (None, 1):  # one of several speaks for all
            self._introduce(runtime)
        self._background.start()
        self._draining.install()
        if (save := ctx.master.addons.get("save")) is not None:
            keep_answering(save)

    def _introduce(self, runtime: Runtime) -> None:
        given = {o.key: getattr(ctx.options, o.key) for o in options.OPTIONS}
        entry = start_lines.entry(
            runtime,
            addresses=_addresses(),
            upstream=str(self._upstream()),
            settings=options.origins(given, os.environ),
        )
        log_output.tell(logger, ALERT, entry)
        if (warning := exposure.warning(runtime)) is not None:
            logger.warning("anthropic-max-proxy: %s", warning)

    def done(self) -> None:
        """The proxy stops."""
        self._background.stop()
        self._log.remove()
        self._hide()

    def _upstream(self) -> Upstream | None:
        """The upstream by option, else the first mode's target."""
        if (chosen := self._stages().runtime.upstream) is not None:
            return chosen
        return next(
            (target_of(mode) for mode in _modes() if isinstance(mode, ReverseMode)),
            None,
        )

    # -- connections ---------------------------------------------------------------

    def next_layer(self, nextlayer: layer.NextLayer) -> None:
        """Put our HTTP layer in place of mitmproxy's, and of raw TCP.

        Raw TCP is what mitmproxy falls back to when the first bytes do not look like
        HTTP; forwarded as they are, they would pass by everything that is checked here.
        """
        if nextlayer.context.client.transport_protocol != "tcp":
            nextlayer.layer = Refused(nextlayer.context)
            return
        ctx.master.addons.get("nextlayer").next_layer(nextlayer)
        parent: Any = None
        here: Any = nextlayer.layer
        while here is not None and not isinstance(here, _REPLACED):
            parent, here = here, getattr(here, "child_layer", None)
        if here is None:
            return
        mode = here.mode if isinstance(here, HttpLayer) else HTTPMode.transparent
        nextlayer.context.layers.remove(here)
        ours = DirectLayer(nextlayer.context, mode, self._stages)
        self._draining.watch(ours)
        if parent is None:
            nextlayer.layer = ours
        else:
            parent.child_layer = ours

    def _told(self, *hooks: str) -> bool:
        return self._audience.wants(hooks, ctx.master.addons, ctx.options)

    def _recorded(self) -> bool:
        return self._audience.keeps(ctx.master.addons, ctx.options)

    def _stages(self) -> RecordedPipeline:
        assert self.pipeline is not None
        return self.pipeline

    # -- what egress has to wait for -----------------------------------------------

    async def anthropic_prepare(self, call: Call) -> None:
        """Wait for a credential, a file or the token endpoint."""
        await self._stages().prepare(call)

    async def anthropic_recover(self, recovery: Recovery) -> None:
        """Decide whether a refused request is sent again."""
        await self._stages().recover(recovery)


_REPLACED = (HttpLayer, layers.TCPLayer)
_SHOWS_FLOWS = frozenset({"view", "dumper"})
"""Names of mitmproxy's addons that show the bodies of flows."""


def _view() -> Any:
    """mitmproxy's list of flows; mitmdump has none."""
    return ctx.master.addons.get("view")


def _metrics() -> Metrics:
    return Metrics(os.environ.get(shared_metrics.VARIABLE) or None)


def _modes() -> list[ProxyMode]:
    return [ProxyMode.parse(spec) for spec in ctx.options.mode]


def _addresses() -> list[str]:
    """Base URLs of the ports that are open."""
    found = ctx.master.addons.get("proxyserver").listen_addrs()
    return [f"http://{url.hostport('http', *address[:2])}" for address in found]


def _mitmweb() -> str | None:
    """The page of the mitmweb that this runs in, without its token."""
    if "web_port" not in ctx.options:
        return None
    host = ctx.options.web_host or "127.0.0.1"
    return f"http://{url.hostport('http', host, ctx.options.web_port)}/"


def _check_modes(modes: list[ProxyMode]) -> None:
    for mode in modes:
        if not isinstance(mode, ReverseMode) or mode.scheme not in ("http", "https"):
            raise exceptions.OptionsError(
                f"mode: {mode.full_spec!r} is not for this addon. Start it with "
                "--mode reverse:https://api.anthropic.com@127.0.0.1:8100"
            )

"""mitmproxy with only the addons that a reverse proxy needs, and mitmdump as a whole.

The lean master starts faster and takes less memory. What it does not know (an option, a
flag, somebody's script) makes the launcher start all of mitmdump: nothing that a user
asks for is left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

from mitmproxy import exceptions, hooks
from mitmproxy.addons import (
    block,
    core,
    errorcheck,
    next_layer,
    proxyserver,
    save,
    tlsconfig,
)
from mitmproxy.master import Master
from mitmproxy.options import Options
from mitmproxy.tools import cmdline
from mitmproxy.tools.main import run

from ..proxy.addon import AnthropicProxy
from ..proxy.option_table import PREFIX
from .allocator import keep_freed_memory
from .serve_arguments import is_lean, lean_arguments, mitmdump_arguments
from .serve_settings import Settings
from .worker import Worker, WorkerAddon, listen_on


class _NeedsMore(Exception):
    """An option is set that only other addons of mitmproxy know."""


class LeanMaster(Master):
    """Ours, and of mitmproxy's addons those that do something for us.

    ``extra`` are addons of the caller's. Not here, because with default options they
    do nothing for a flow of ours: ``audience`` has the list.
    """

    def __init__(self, options: Options, extra: Sequence[object] = ()) -> None:
        super().__init__(options, with_termlog=True)
        # For the deprecated hook ``add_log``, which none of these has: a wakeup of the
        # event loop for each line of the log.
        self._legacy_log_events.uninstall()
        self.addons.add(
            core.Core(),
            block.Block(),  # keeps public addresses out
            proxyserver.Proxyserver(),
            next_layer.NextLayer(),
            save.Save(),
            tlsconfig.TlsConfig(),
            errorcheck.ErrorCheck(),
            *extra,
        )

    async def run(self) -> None:
        """Add ours as a script is added, when all options are read; then serve.

        Raises:
            _NeedsMore: nothing listens yet.
        """
        if any(not name.startswith(PREFIX) for name in self.options.deferred):
            await self._give_up()
            raise _NeedsMore
        ours = AnthropicProxy()
        try:
            self.addons.chain.insert(0, self.addons.register(ours))
            self.addons.invoke_addon_sync(
                ours, hooks.ConfigureHook(self.options.keys())
            )
        except exceptions.OptionsError as wrong:
            print(f"{sys.argv[0]}: {wrong}", file=sys.stderr)
            sys.exit(1)
        await super().run()

    async def _give_up(self) -> None:
        """Leave the log and the files as if this master had never been."""
        self.addons.get("errorcheck").finish()
        await self.done()


def serve(
    settings: Settings, mitmproxy_options: Sequence[str], worker: Worker | None = None
) -> None:
    """Run until stopped; exits as mitmdump does. ``worker``: when this is one."""
    keep_freed_memory()
    number: int | None = None
    extra: list[object] = []
    if worker is not None:
        number, extra = worker.number, [WorkerAddon(worker)]
        listen_on(worker.listening)
    if is_lean(mitmproxy_options):
        arguments = [*lean_arguments(settings, number), *mitmproxy_options]
        try:
            run(_made(LeanMaster, extra), cmdline.mitmdump, arguments)
        except _NeedsMore:
            pass
        else:
            return
    arguments = [*mitmdump_arguments(settings, number), *mitmproxy_options]
    run(_made(_whole, extra), cmdline.mitmdump, arguments, _filters)


def _made(make: Callable[..., Master], extra: Sequence[object]) -> type[Master]:
    """What mitmproxy's ``run`` takes for a class: it is only called, with options."""
    return cast(type[Master], partial(make, extra=extra))


def _whole(options: Options, extra: Sequence[object]) -> Master:
    """All of mitmdump; loaded only here."""
    from mitmproxy.tools.dump import DumpMaster

    master = DumpMaster(options)
    master.addons.add(*extra)
    return master


def _filters(arguments: argparse.Namespace) -> dict[str, Any]:
    """mitmdump's last arguments: which flows it saves, reads and shows."""
    if not arguments.filter_args:
        return {}
    names = ("save_stream_filter", "readfile_filter", "dumper_filter")
    return dict.fromkeys(names, " ".join(arguments.filter_args))

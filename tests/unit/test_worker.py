"""What a worker refuses, and whom it shares its connections with."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Iterator

import pytest
from mitmproxy import exceptions
from mitmproxy.addons.save import Save
from mitmproxy.addons.savehar import SaveHar
from mitmproxy.master import Master
from mitmproxy.options import Options

from anthropic_proxy.cli.worker import Worker, WorkerAddon


@pytest.fixture
def addon() -> Iterator[WorkerAddon]:
    receiving, sending = multiprocessing.Pipe(duplex=False)
    alive = os.pipe()
    yield WorkerAddon(Worker(2, (), sending, alive[0]))
    for end in alive:
        os.close(end)
    receiving.close()
    sending.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"save_stream_file": "flows"}, "-w"),
        ({"hardump": "flows.har"}, "--set hardump"),
        ({"mode": ["reverse:http://127.0.0.1:1@1", "regular@2"]}, "--mode"),
    ],
)
def test_what_only_one_process_can_do_is_refused(
    changes: dict[str, object], words: str, addon: WorkerAddon
) -> None:
    async def refused() -> None:
        master = Master(Options())
        master.addons.add(addon, Save(), SaveHar())
        master.options.update(ssl_insecure=True)
        with pytest.raises(exceptions.OptionsError, match=f"--workers.*{words}"):
            master.options.update(**changes)
        await master.done()

    asyncio.run(refused())

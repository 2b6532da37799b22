"""All that could stop the addon, looked at without starting it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mitmproxy import exceptions
from mitmproxy.proxy.mode_specs import ProxyMode

from ..credentials.sources import choose
from ..dialects.chat_completions.memory import RecentThinking
from ..models.catalog import Catalog
from . import exposure, options
from .runtime import Runtime, credentials_config, model_mapping, settings
from .web_guard import WebGuard


def check(
    values: Mapping[str, str], env: Mapping[str, str], modes: Iterable[ProxyMode]
) -> None:
    """As ``configure`` of the addon would, with these options set.

    Raises:
        OptionsError: naming the option or the variable that is wrong.
    """
    chosen, catalog = options.read(values, env), Catalog.load()
    credentials = credentials_config(chosen, env)
    runtime = Runtime(
        options=chosen,
        catalog=catalog,
        mapping=model_mapping(chosen, catalog),
        settings=settings(chosen),
        credentials=credentials,
        chosen=choose(credentials),
        memory=RecentThinking(0),
        exposed_at=exposure.exposed_at(modes, ""),
    )
    WebGuard(chosen, exposed_at=runtime.exposed_at, hostname="")
    if (wrong := exposure.refusal(runtime)) is not None:
        raise exceptions.OptionsError(wrong)

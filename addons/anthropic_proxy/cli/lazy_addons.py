"""mitmproxy's addons are loaded when they are first used.

``mitmproxy.addons`` imports some forty modules, and with them an LDAP client, a web
framework and a password library: a third of the time that mitmproxy takes to load, and
10 MB, for addons that a reverse proxy with default options never meets.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import Final

_PACKAGE: Final = "mitmproxy.addons"


class _LazyAddons(MetaPathFinder):
    """Finds what Python finds; what it finds runs when an attribute is asked for.

    ``LazyLoader`` is the standard library's own way: nothing is left out or replaced.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """None for everything that is not a module of that package."""
        if fullname.rpartition(".")[0] != _PACKAGE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def install() -> None:
    """For the life of the process; before mitmproxy is imported."""
    sys.meta_path.insert(0, _LazyAddons())

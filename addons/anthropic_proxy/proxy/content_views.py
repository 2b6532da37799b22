"""Shows the views of ``inspection`` in mitmweb, the console and mitmdump.

mitmproxy 11 and 12 want content views of different shapes; both are made here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mitmproxy import http

from ..inspection.facts import Side, is_conversation
from ..inspection.message_text import raw_lines
from ..inspection.text import RULE, WARN, WRONG
from ..inspection.views import AUTOMATIC, VIEWS, Renderer
from .call import FLOW_KEY
from .recording import recorded

PRIORITY: Final = 10
"""Above mitmproxy's own views, which answer with 2 at most."""
NOT_OURS: Final = "This flow was not recorded by anthropic-max-proxy."
NO_STYLES: Final = "none"

# What a view of a damaged file can stumble over; it then shows the bytes.
_ODD: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_STYLES: Final = ((RULE, "header"), (WARN, "alert"), (WRONG, "error"))


class RecordedView:
    """One of the views, for both APIs of mitmproxy."""

    syntax_highlight = NO_STYLES

    def __init__(self, name: str, render: Renderer) -> None:
        self.name = name
        self._render = render

    # -- mitmproxy 12 --------------------------------------------------------------

    def prettify(self, data: bytes, metadata: Any) -> str:
        """The view as text."""
        text = self.text(data, metadata.flow, metadata.http_message)
        return "\n".join(map(_with_height, text.split("\n")))

    # -- mitmproxy 11 --------------------------------------------------------------

    def __call__(
        self, data: bytes, *, flow: Any = None, http_message: Any = None, **_: Any
    ) -> tuple[str, Iterator[list[tuple[str, str]]]]:
        """The view's name, and its lines in styles that console and dump know."""
        text = self.text(data, flow, http_message)
        lines = map(_with_height, text.split("\n"))
        return self.name, (_styled(line) for line in lines)

    # -- both ----------------------------------------------------------------------

    def render_priority(
        self, data: bytes, metadata: Any = None, *, flow: Any = None, **_: Any
    ) -> float:
        """Whether this is what to show when nothing was chosen."""
        facts = _facts(metadata.flow if metadata is not None else flow)
        wanted = self.name == AUTOMATIC and is_conversation(facts)
        return PRIORITY if wanted else -1

    def text(self, data: bytes, flow: Any, message: Any) -> str:
        """The view of a flow; the bytes and a reason when there is none."""
        if not _facts(flow):
            return _raw(data, NOT_OURS)
        side: Side = "response" if isinstance(message, http.Response) else "request"
        try:
            return self._render(recorded(flow), side)
        except _ODD as wrong:
            return _raw(data, f"{self.name} cannot show this: {wrong!r}")

    def __lt__(self, other: Any) -> bool:
        return bool(self.name < other.name)


def add() -> None:
    """Make the views known; those of an earlier load make room."""
    remove()
    api = _api()
    if _is_old(api):
        api.View.register(RecordedView)  # it compares views, and only with its own
    for name, render in VIEWS.items():
        api.add(RecordedView(name, render))


def remove() -> None:
    """Take the views back. mitmproxy 12 cannot, and lets newer ones replace them."""
    api = _api()
    if _is_old(api):
        for view in [view for view in api.views if view.name in VIEWS]:
            api.remove(view)


def _api() -> Any:
    """mitmproxy's own views: a twentieth of the start, and of no use to a launcher."""
    from mitmproxy import contentviews

    return contentviews


def _facts(flow: Any) -> Mapping[str, Any]:
    """What we noted of a flow; nothing when it is not ours."""
    found = flow.metadata.get(FLOW_KEY) if flow is not None else None
    return found if isinstance(found, dict) else {}


def _is_old(api: Any) -> bool:
    return hasattr(api, "views")  # 12 has a registry in its place


def _with_height(line: str) -> str:
    """mitmweb gives an empty line no height: sections would run into each other."""
    return line or " "


def _styled(line: str) -> list[tuple[str, str]]:
    start = line.lstrip()
    style = next((style for mark, style in _STYLES if start.startswith(mark)), "text")
    return [(style, line)]


def _raw(data: bytes, reason: str) -> str:
    return "\n".join([f"{WARN} {reason}", "", *raw_lines(data)])

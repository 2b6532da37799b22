"""HAR files with what was recorded of a request, which the format has no place for.

HAR knows one request and one answer: upstream's request and the client's answer. The
rest goes into a field of our own, whose name begins with ``_`` as HAR 1.2 wants it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from mitmproxy import flow
from mitmproxy.addonmanager import AddonManager

from .call import FLOW_KEY

FIELD: Final = "_anthropic_proxy"


def extend(addons: AddonManager) -> None:
    """Have mitmproxy's HAR addon, where it is loaded, write our field too."""
    har: Any = addons.get("savehar")
    if har is None:
        return
    original = type(har).flow_entry

    def flow_entry(flow: flow.Flow, servers_seen: set[Any]) -> dict[str, Any]:
        entry: dict[str, Any] = original(har, flow, servers_seen)
        return entry | fields(flow)

    har.flow_entry = flow_entry  # on this object only; it asks itself for each entry


def fields(flow: flow.Flow) -> dict[str, Any]:
    """What an entry gets besides: nothing when the flow is none of ours."""
    facts = flow.metadata.get(FLOW_KEY)
    if not facts:
        return {}
    return {"comment": flow.comment, FIELD: as_json(facts)}


def as_json(value: Any) -> Any:
    """Facts as JSON: a message's ``body`` becomes ``text``, or ``base64`` if it is not.

    A character that was cut in half at the end of a text is left out.
    """
    if isinstance(value, Mapping):
        found: dict[str, Any] = {}
        for key, item in value.items():
            found |= _body(item) if isinstance(item, bytes) else {key: as_json(item)}
        return found
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return value


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError as wrong:
        if wrong.start >= len(body) - 3:
            return {"text": body[: wrong.start].decode()}
        return {"base64": base64.b64encode(body).decode()}

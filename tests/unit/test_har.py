"""What a HAR entry holds besides what the format knows."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from mitmproxy.addons.savehar import SaveHar
from mitmproxy.test import tflow

from anthropic_proxy.proxy import har
from anthropic_proxy.proxy.call import FLOW_KEY

FACTS = {
    "request_id": "req_1",
    "client_request": {"line": "x", "body": "Grüße".encode(), "size": 7},
    "earlier": [{"request": {"body": b"\xff\xfe\xff\xfe\xff"}, "response": None}],
    "marks": [[0.5, 1, 2]],
}


def test_facts_become_json() -> None:
    found = har.as_json(FACTS)
    assert found["client_request"] == {"line": "x", "text": "Grüße", "size": 7}
    assert found["earlier"][0]["request"] == {"base64": "//7//v8="}
    assert found["marks"] == FACTS["marks"]
    json.dumps(found)


def test_a_character_that_was_cut_is_left_out() -> None:
    cut = "Grüße".encode()[:3]
    assert har.as_json({"body": cut}) == {"text": "Gr"}


def addons(*loaded: Any) -> Any:
    """Stands for mitmproxy's addon manager: finds what is there by name."""
    known = {type(addon).__name__.lower(): addon for addon in loaded}
    return SimpleNamespace(get=known.get)


def test_mitmproxys_own_addon_writes_them() -> None:
    writer = SaveHar()
    har.extend(addons(writer))
    har.extend(addons(writer))  # the script was loaded again
    ours, other = tflow.tflow(resp=True), tflow.tflow(resp=True)
    ours.metadata[FLOW_KEY] = FACTS
    ours.comment = "gpt-4o"
    written = writer.make_har([ours, other])["log"]["entries"]
    assert written[0]["comment"] == "gpt-4o"
    assert written[0][har.FIELD]["request_id"] == "req_1"
    assert written[0]["request"]["method"] == "GET"
    assert har.FIELD not in written[1]


def test_without_that_addon_nothing_happens() -> None:
    har.extend(addons())

"""The files of a bug report."""

from __future__ import annotations

import io
import json
import zipfile

from anthropic_proxy.inspection.bundle import Bundle, message_text
from anthropic_proxy.inspection.recorded import Message, Recorded

SENT = Message("POST /v1/x HTTP/1.1", [("a", "b")], b'{"n":[1]}', 9)


def unzipped(bundle: Bundle) -> dict[str, bytes]:
    views = {"report.txt": ["the report"] * len(bundle.recordings)}
    with zipfile.ZipFile(io.BytesIO(bundle.zipped(views))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_each_request_has_a_folder_with_its_messages() -> None:
    facts = {
        "request_id": "req_1/../..",
        "client_request": {"body": b"raw"},
        "report": {"entries": [{"field": "n", "disposition": "mapped", "rule": "A.1"}]},
    }
    recordings = [Recorded(facts, SENT, client_response=SENT), Recorded({})]
    files = unzipped(Bundle(recordings, b"flows", {"python": "3"}, blanked=False))
    assert sorted(files) == [
        "01-req_1______/1-client-request.txt",
        "01-req_1______/4-client-response.txt",
        "01-req_1______/facts.json",
        "01-req_1______/report.txt",
        "02-flow/facts.json",
        "02-flow/report.txt",
        "README.txt",
        "environment.json",
        "flows.mitm",
    ]
    assert files["flows.mitm"] == b"flows"
    assert files["01-req_1______/report.txt"] == b"the report\n"
    assert json.loads(files["environment.json"]) == {"python": "3"}
    told = json.loads(files["01-req_1______/facts.json"])
    assert told == {"request_id": "req_1/../..", "report": ["n: mapped [A.1]"]}


def test_the_readme_says_whether_the_conversation_is_in_it() -> None:
    kept = unzipped(Bundle([], b"", {}, blanked=False))["README.txt"]
    blanked = unzipped(Bundle([], b"", {}, blanked=True))["README.txt"]
    assert b"THE CONVERSATION IS IN HERE" in kept
    assert b"THE CONVERSATION IS IN HERE" not in blanked
    assert b"overwritten\nwith as many x" in blanked


def test_a_message_can_be_read() -> None:
    assert message_text(SENT).decode() == (
        'POST /v1/x HTTP/1.1\na: b\n\n{\n  "n": [\n    1\n  ]\n}\n'
    )
    cut = Message("200", [], b'{"n":', 100)
    assert message_text(cut).decode() == (
        '200\n\n{"n":\n… (100 bytes in all; 5 were kept)\n'
    )
    assert message_text(Message("200", [], b"data: x\n\n", 9)) == b"200\n\ndata: x\n\n"

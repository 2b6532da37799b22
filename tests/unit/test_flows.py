"""``flows``: what is in a file of saved flows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from mitmproxy import http
from mitmproxy.addons.savehar import SaveHar

from anthropic_proxy.cli.flows import command
from anthropic_proxy.proxy.har import fields
from support.recorded_flows import CHAT, foreign_flow, recorded_flow, saved

WHOLE = saved([recorded_flow("req_one"), foreign_flow(), recorded_flow("req_two")])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "traffic.flows"
    path.write_bytes(WHOLE)
    return path


def flows(file: Path | str, *flags: str, **settings: Any) -> Result:
    return CliRunner().invoke(command, [str(file), *flags], **settings)


def test_each_flow_has_a_line(file: Path) -> None:
    done = flows(file)
    assert done.exit_code == 0
    head, first, other, second = done.stdout.splitlines()
    assert head.split()[:3] == ["#", "time", "endpoint"]
    for line in (first, second):
        assert "chat completions  gpt-4o → claude-sonnet-5-5" in line
        assert line.split()[-7:] == [
            *("200", "3", "4", "stop", "0.50"),
            *("seed:ignored,", "user:hashed"),
        ]
    assert "(not ours)" in other
    assert "GET http://address:22/path → 200" in other


def test_programs_get_the_facts(file: Path) -> None:
    found = json.loads(flows(file, "--json").stdout)
    assert [one["number"] for one in found] == [1, 2, 3]
    assert found[0]["facts"]["request_id"] == "req_one"
    assert found[0]["facts"]["outcome"]["usage"]["output_tokens"] == 4
    assert "client_request" not in found[0]["facts"]
    assert found[1]["facts"] == {}


def test_programs_get_the_messages_of_one(file: Path) -> None:
    found = json.loads(flows(file, "--json", "--flow", "3").stdout)
    sent = found["messages"]["client_request"]
    assert json.loads(sent["body"]) == CHAT
    assert found["messages"]["upstream_response"]["line"] == "HTTP/1.1 200 OK"


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("translation", "seed:ignored"),
        ("client", "POST /v1/chat/completions?key=k HTTP/1.1"),
        ("upstream", "POST /v1/messages HTTP/1.1"),
        ("timeline", ""),
        ("context", "messages"),
    ],
)
def test_every_view_can_be_shown(file: Path, view: str, said: str) -> None:
    done = flows(file, "--flow", "1", "--view", view)
    assert done.exit_code == 0
    assert said in done.stdout
    assert done.stdout.strip()


def test_a_flow_is_found_by_number_or_id(file: Path) -> None:
    by_number = flows(file, "--flow", "3").stdout
    assert by_number == flows(file, "--flow", "req_two").stdout
    assert by_number == flows(file, "--flow", "req_tw").stdout
    assert "req_two" in by_number


def test_a_flow_of_others_says_so(file: Path) -> None:
    done = flows(file, "--flow", "2")
    assert "not recorded by anthropic-max-proxy" in done.stdout
    assert "GET http://address:22/path" in done.stdout


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--flow", "9"), "There is no flow '9'"),
        (("--flow", "req_"), "There are several flows 'req_'"),
        (("--view", "client"), "There are 3 flows in"),
        (("--view", "client", "--json"), "without --view"),
        (("--view", "nonsense"), "nonsense"),
    ],
)
def test_wrong_usage_is_a_sentence(
    file: Path, flags: tuple[str, ...], said: str
) -> None:
    done = flows(file, *flags)
    assert done.exit_code == 2
    assert said in done.stderr


def test_standard_input_is_read() -> None:
    assert "req" not in flows("-", input=WHOLE).stderr
    assert len(flows("-", input=WHOLE).stdout.splitlines()) == 4


def test_a_damaged_file_is_read_as_far_as_it_goes(file: Path) -> None:
    file.write_bytes(WHOLE[:-100])
    done = flows(file)
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 3
    assert "is damaged after flow 2" in done.stderr
    file.write_bytes(WHOLE + b"5:hello,rubbish")
    done = flows(file, "--flow", "3")
    assert done.exit_code == 1
    assert "req_two" in done.stdout


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b'{"a": 1}',
        b"5:hello,",
        b"2:{},}",
        b"\x89PNG",
        b"[1]",
        b"99999999999:x",
    ],
)
def test_another_kind_of_file_is_told_apart(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    done = flows(file)
    assert done.exit_code == 2
    assert "holds no flow that can be read" in done.stderr
    assert done.stdout == ""


def test_files_that_are_empty_or_not_there(file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"")
    assert flows(file).stdout == f"There are no flows in {file}.\n"
    assert "There is no file" in flows(tmp_path / "nowhere").stderr
    assert flows(tmp_path).exit_code == 2


def test_a_har_file_is_listed_without_what_it_does_not_hold(file: Path) -> None:
    message = {"httpVersion": "HTTP/1.1", "headers": []}
    entry = {
        "startedDateTime": "2026-11-22T10:00:00Z",
        "time": 5,
        "request": {"method": "GET", "url": "https://a.example/b", **message},
        "response": {"status": 204, "content": {}, **message},
    }
    file.write_text(json.dumps({"log": {"entries": [entry]}}))
    done = flows(file)
    assert done.exit_code == 0
    assert "(not ours)" in done.stdout
    assert "GET https://a.example/b → 204" in done.stdout


def test_a_har_file_of_ours_has_everything(file: Path) -> None:
    entries = [har_entry(recorded_flow("req_one")), har_entry(recorded_flow("req_two"))]
    entries[0]["_anthropic_proxy"]["client_request"] |= {"text": None, "base64": "e30="}
    file.write_text("\ufeff" + json.dumps({"log": {"entries": entries}}), "utf-8")
    assert "gpt-4o → claude-sonnet-5-5" in flows(file).stdout.splitlines()[2]
    found = json.loads(flows(file, "--json", "--flow", "req_two").stdout)
    for name, message in found["messages"].items():
        assert message["body"], name
    assert json.loads(found["messages"]["client_request"]["body"]) == CHAT
    first = json.loads(flows(file, "--json", "--flow", "req_one").stdout)
    assert first["messages"]["client_request"]["body"] == "{}"


def har_entry(flow: http.HTTPFlow) -> dict[str, Any]:
    """As mitmproxy's HAR addon writes it, with our field."""
    entry: dict[str, Any] = SaveHar().flow_entry(flow, set())
    return entry | fields(flow)


def test_nothing_in_a_file_steers_the_terminal(file: Path) -> None:
    flow = recorded_flow(chat=CHAT | {"model": "m\x1b[31m"})
    file.write_bytes(saved([flow]))
    for flags in ((), ("--flow", "1"), ("--flow", "1", "--view", "client")):
        assert "\x1b" not in flows(file, *flags).stdout

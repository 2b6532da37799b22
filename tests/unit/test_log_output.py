import io
import json
import logging
import re

import pytest

from anthropic_proxy.proxy.log_output import (
    Entry,
    Line,
    _Handler,
    handler,
    has_colours,
    tell,
)

ENTRY = Entry("response", (Line("one", "good"), Line("  two")), {"status": 200})


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def printed(request):
    stream = io.StringIO()
    installed = _Handler(stream, getattr(request, "param", "text"), None)
    logger = logging.getLogger("anthropic_proxy.test")
    foreign = logging.getLogger("mitmproxy.proxy.test")
    before = {named: (named.level, named.propagate) for named in (logger, foreign)}
    for named in (logger, foreign):
        named.addHandler(installed)
        named.setLevel(logging.DEBUG)
        named.propagate = False
    yield stream, logger, foreign
    for named, (level, propagate) in before.items():
        named.removeHandler(installed)
        named.setLevel(level)
        named.propagate = propagate


def test_an_entry_is_printed_with_its_time(printed):
    stream, logger, _ = printed
    tell(logger, logging.INFO, ENTRY)
    assert re.fullmatch(r"\[\d\d:\d\d:\d\d\] one\n  two\n", stream.getvalue())


@pytest.mark.parametrize("printed", ["json"], indirect=True)
def test_json_holds_the_facts(printed):
    stream, logger, foreign = printed
    tell(logger, logging.INFO, ENTRY)
    foreign.warning("line\nline sk-ant-api03-canary")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert (first["event"], first["status"], first["level"]) == (
        "response",
        200,
        "info",
    )
    assert first["time"].endswith("Z")
    assert second["event"] == "log"
    assert second["message"] == "line\nline sk-ant-***"


def test_several_workers_are_told_apart(printed):
    stream, _, _ = printed
    entry = logging.makeLogRecord({"msg": "hello", "levelno": logging.INFO})
    text = _Handler(stream, "text", 3).format(entry)
    assert re.fullmatch(r"\[\d\d:\d\d:\d\d #3\] hello", text)
    assert json.loads(_Handler(stream, "json", 3).format(entry))["worker"] == 3
    assert "worker" not in json.loads(_Handler(stream, "json", None).format(entry))


def test_the_launcher_logs_in_the_same_form():
    entry = logging.makeLogRecord({"msg": "hello", "levelno": logging.INFO})
    assert json.loads(handler("json").format(entry))["message"] == "hello"
    for log_format in ("text", "mitmproxy"):
        assert handler(log_format).format(entry).endswith("] hello")


def test_of_others_only_warnings_are_printed(printed):
    stream, logger, foreign = printed
    foreign.info("not this")
    logger.debug("nor this")
    foreign.warning("but this")
    logger.info("and this")
    assert re.findall(r"\] (.*)", stream.getvalue()) == ["but this", "and this"]


def test_a_traceback_is_printed_without_secrets(printed):
    stream, logger, _ = printed
    try:
        raise ValueError("Bearer sk-ant-api03-canary")
    except ValueError:
        logger.exception("failed")
    assert "Traceback" in stream.getvalue()
    assert "canary" not in stream.getvalue()


def test_mitmproxys_own_log_gets_the_lines():
    assert str(ENTRY) == "one\n  two"


@pytest.mark.parametrize(
    ("stream", "env", "expected"),
    [
        (Terminal(), {"TERM": "xterm"}, True),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "xterm", "NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_colours(stream, env, expected):
    assert has_colours(stream, env) is expected

"""Reads files of flows, as far as they go."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BufferedReader
from typing import Any, BinaryIO, Final

from mitmproxy import exceptions, http
from mitmproxy.flow import Flow
from mitmproxy.io import FlowReader
from mitmproxy.io.har import request_to_flow

from ..inspection.recorded import Recorded
from ..proxy.call import FLOW_KEY
from ..proxy.har import FIELD as HAR_FIELD
from ..proxy.masking import one_line
from ..proxy.recording import recorded

# What mitmproxy's reader lets through when a file is not what it seems.
_UNFORESEEN: Final = (
    KeyError,
    AttributeError,
    AssertionError,
    ValueError,
    TypeError,
    RecursionError,
    MemoryError,
    OverflowError,
)


class NotFlows(Exception):
    """Nothing in the file can be read. The message says what to do."""


class Damaged(Exception):
    """What comes after the flows that were read cannot be."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One flow of a file."""

    number: int
    """Its place in the file, from 1."""
    started: float
    """Unix seconds."""
    summary: str
    """Method, address and status, for flows of others."""
    recorded: Recorded
    ids: tuple[str, ...]


def read(file: str) -> Iterator[Kept]:
    """The HTTP flows of a file; ``-`` is standard input.

    Raises:
        NotFlows: the file is not there, or not one of flows.
        Damaged: after the flows that could be read.
    """
    with ExitStack() as stack:
        try:
            source: BinaryIO = (
                sys.stdin.buffer
                if file == "-"
                else stack.enter_context(open(file, "rb"))
            )
            yield from _flows(source, "standard input" if file == "-" else file)
        except FileNotFoundError:
            raise NotFlows(
                f"There is no file {file!r}. Give the path of a file that was written "
                "with -w, or saved by mitmweb."
            ) from None
        except OSError as wrong:
            raise NotFlows(f"{file}: {wrong.strerror}.") from None


def _flows(source: BinaryIO, name: str) -> Iterator[Kept]:
    count = 0
    try:
        for flow in _read(source):
            count += 1
            if isinstance(flow, http.HTTPFlow):
                yield _kept(count, flow)
    except (exceptions.FlowReadException, *_UNFORESEEN) as wrong:
        reason = one_line(str(wrong))[:200].rstrip(". ")
        if not count:
            raise NotFlows(
                f"{name} holds no flow that can be read ({reason}). Files of flows are "
                "written with -w, or saved by mitmweb; HAR files can be read, too."
            ) from None
        raise Damaged(
            f"{name} is damaged after flow {count} ({reason}). What comes before it is "
            "shown."
        ) from None


def _read(source: BinaryIO) -> Iterable[Flow]:
    """mitmproxy's reader would leave out what the proxy adds to a HAR file."""
    buffered = source if isinstance(source, BufferedReader) else BufferedReader(source)  # type: ignore[type-var]
    if buffered.peek(1)[:1] in (b"{", b"\xef"):
        return _har(buffered.read())
    return FlowReader(buffered).stream()


def _har(text: bytes) -> Iterator[Flow]:
    for entry in json.loads(text.decode("utf-8-sig"))["log"]["entries"]:
        flow = request_to_flow(entry)
        facts = entry.get(HAR_FIELD)
        if isinstance(facts, dict):
            flow.metadata[FLOW_KEY] = {
                name: _with_body(fact) for name, fact in facts.items()
            }
        yield flow


def _with_body(fact: Any) -> Any:
    """A message as it was before it became JSON; anything else as it is."""
    if not (isinstance(fact, dict) and "line" in fact):
        return fact
    text = fact.get("text")
    body = base64.b64decode(fact.get("base64", "")) if text is None else text.encode()
    return fact | {"body": body}


def _kept(number: int, flow: http.HTTPFlow) -> Kept:
    record = recorded(flow)
    status = flow.response.status_code if flow.response else "no answer"
    ids = (record.facts.get(key) for key in ("request_id", "upstream_request_id"))
    return Kept(
        number,
        flow.request.timestamp_start,
        one_line(f"{flow.request.method} {flow.request.pretty_url} → {status}"),
        record,
        (*(one for one in ids if isinstance(one, str)), flow.id),
    )
